package safefile

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// displace puts temp in the place of the file that was read. It returns the
// name under which that file is now, or "" if it is gone. errChanged says that
// there is a file now where none was.
//
// Between any look at a file and a rename over it another program may write, so
// the caller looks at the old file afterwards.
func displace(ctx context.Context, temp string, at location, was snapshot, g *guard) (old string, err error) {
	if was.info == nil {
		return "", createOnly(temp, at.path)
	}
	switch err := exchange(temp, at.path); {
	case err == nil:
		return temp, nil
	case !notSupported(err):
		return "", err
	}
	// NFS, some of FUSE and systems without an exchange: a second name keeps
	// the old file.
	old = tempPath(at.path)
	if os.Link(at.path, old) != nil {
		old = ""
	}
	if deniesWriters {
		g.release() // or it denies the rename, too
	}
	if err := retryWhileOpen(ctx, func() error { return os.Rename(temp, at.path) }); err != nil {
		if old != "" {
			_ = os.Remove(old)
		}
		return "", err
	}
	return old, nil
}

// createOnly renames temp to a name that must not exist.
func createOnly(temp, path string) error {
	err := renameNew(temp, path)
	if notSupported(err) {
		// A link is not made over a file either.
		if err = os.Link(temp, path); err == nil {
			return os.Remove(temp)
		}
		if !errors.Is(err, fs.ErrExist) {
			return os.Rename(temp, path)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return errChanged
	}
	return err
}

// putBack makes old the file at path again. exchanged reports whether what was
// there is under the name of old now, rather than gone.
func putBack(old, path string) (exchanged bool, err error) {
	if err := exchange(old, path); !notSupported(err) {
		return err == nil, err
	}
	return false, os.Rename(old, path)
}
