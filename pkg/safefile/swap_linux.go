package safefile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// takePlace puts temp in the place of what was read, and of nothing else.
// Between any look at a file and a rename over it another program may write; so
// the two are exchanged in one step, and what was in the place is looked at
// then. If it is not what was read it goes back. errChanged says so.
func takePlace(temp string, at place, was snapshot) error {
	if was.info == nil {
		err := renameAt2(temp, at.path, unix.RENAME_NOREPLACE)
		switch {
		case errors.Is(err, fs.ErrExist):
			return errChanged
		case unknownRename(err):
			return os.Rename(temp, at.path)
		}
		return err
	}
	if err := renameAt2(temp, at.path, unix.RENAME_EXCHANGE); err != nil {
		if unknownRename(err) {
			return os.Rename(temp, at.path)
		}
		return err
	}
	if replaced, err := take(place{path: temp}); err == nil && replaced.equal(was) {
		return nil
	}
	if err := renameAt2(temp, at.path, unix.RENAME_EXCHANGE); err != nil {
		return err
	}
	return errChanged
}

func renameAt2(from, to string, flags uint) error {
	if err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, flags); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// unknownRename says whether the kernel or the file system (NFS, some of FUSE)
// has nothing but the plain rename.
func unknownRename(err error) bool {
	return isErrno(err, syscall.EINVAL, syscall.ENOSYS, syscall.ENOTSUP, syscall.EOPNOTSUPP)
}
