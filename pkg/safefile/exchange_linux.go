package safefile

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// exchange swaps two files in one step. It is a variable for tests.
var exchange = func(a, b string) error { return renameAt2(a, b, unix.RENAME_EXCHANGE) }

// renameNew renames a file to a name that must not exist.
func renameNew(from, to string) error { return renameAt2(from, to, unix.RENAME_NOREPLACE) }

func renameAt2(from, to string, flags uint) error {
	if err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, flags); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// notSupported reports whether the kernel or the file system (NFS, some of
// FUSE) knows only the plain rename.
func notSupported(err error) bool {
	return isErrno(err, syscall.EINVAL, syscall.ENOSYS, syscall.ENOTSUP, syscall.EOPNOTSUPP)
}
