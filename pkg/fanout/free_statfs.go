//go:build linux || darwin

package fanout

import (
	"os"

	"golang.org/x/sys/unix"
)

// freeSpace returns how many bytes the file system of a file can take.
func freeSpace(f *os.File) (int64, bool) {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:unconvert // the types differ between systems
}
