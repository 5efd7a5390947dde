package safefile

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"aws-sso-plugins/pkg/fault"
)

// Remove removes a file and reports whether there was one. Links stay: the file
// that they lead to is removed, for that is where the secret is. Temporary
// files of an interrupted Update of the same file go with it. A file that is a
// mount of its own is emptied instead. Remove waits for the lock as
// [Store.Update] does, and makes no lock where there is no file.
func (s *Store) Remove(ctx context.Context, path string) (existed bool, err error) {
	err = s.redo(ctx, path, "remove", func() error {
		existed, err = s.remove(ctx, path)
		return err
	})
	return existed, err
}

func (s *Store) remove(ctx context.Context, path string) (bool, error) {
	at, err := resolve(path)
	if err != nil || !exists(at.path) {
		return false, err
	}
	at, release, err := s.hold(ctx, path, false)
	if err != nil {
		return false, err
	}
	defer release()
	info, err := os.Lstat(at.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err == nil && info.Mode()&fs.ModeSymlink != 0:
		return false, errChanged
	case err == nil:
		err = checkRegular(info)
	}
	if err != nil {
		return false, failed("remove", path, err)
	}
	if err := at.checkOwner(); err != nil {
		return false, err
	}
	err = retryWhileOpen(ctx, func() error { return os.Remove(at.path) })
	switch {
	case isMountPoint(err):
		if err := os.Truncate(at.path, 0); err != nil {
			return false, failed("empty", path, err)
		}
		s.notice("%s is a mount of its own and cannot be removed, emptied it", fault.Path(path))
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, failed("remove", path, err)
	}
	removeTemps(at.dir, tempName(at.path), 0)
	return true, confirm(at)
}
