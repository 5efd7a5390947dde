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

// RemoveEmpty removes a file that holds nothing, and reports whether it did. It
// loses nothing that another program writes meanwhile, as [Store.Update] does:
// such a file stays, and so does one that is a mount of its own.
func (s *Store) RemoveEmpty(ctx context.Context, path string) (removed bool, err error) {
	err = s.redo(ctx, path, "remove", func() error {
		removed, err = s.removeEmpty(ctx, path)
		return err
	})
	return removed, err
}

func (s *Store) removeEmpty(ctx context.Context, path string) (bool, error) {
	at, release, err := s.hold(ctx, path, false)
	if err != nil {
		return false, err
	}
	defer release()
	was, g, err := s.readGuarded(ctx, at)
	if err != nil {
		return false, err
	}
	defer g.release()
	if was.info == nil || len(was.data) > 0 {
		return false, nil
	}
	if err := was.checkReplaceable(at); err != nil {
		return false, err
	}
	if s.gap != nil {
		s.gap(g.interrupted)
	}
	if g.interrupted() {
		return false, errChanged
	}
	if deniesWriters {
		g.release() // or it denies the rename, too
	}
	aside := tempPath(at.path)
	err = retryWhileOpen(ctx, func() error { return os.Rename(at.path, aside) })
	switch {
	case isMountPoint(err), errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, failed("remove", path, err)
	}
	if now, err := g.readAgain(location{path: aside}); err != nil || !now.equal(was) || g.interrupted() {
		if err := createOnly(aside, at.path); err != nil {
			return false, keepOther(path, aside)
		}
		return false, errChanged
	}
	if err := os.Remove(aside); err != nil {
		return false, failed("remove", aside, err)
	}
	return true, confirm(at)
}
