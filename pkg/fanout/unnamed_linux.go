package fanout

import (
	"cmp"
	"os"

	"golang.org/x/sys/unix"
)

// createUnnamed opens a new file that has no name, so that nothing is left of it
// however this process ends. File systems without O_TMPFILE, such as NFS, have a
// name for a moment.
func createUnnamed(dir string) (*os.File, error) {
	dir = cmp.Or(dir, os.TempDir())
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return createAndUnlink(dir)
	}
	return os.NewFile(uintptr(fd), dir), nil
}
