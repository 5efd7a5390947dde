package safefile

import (
	"context"
	"os"
)

// inPlaceSuffix names the backup that is made before a file is written in
// place, if its target asks for none.
const inPlaceSuffix = ".aws-sso-plugins.bak"

// writeInPlace writes a file that cannot be renamed over: Docker mounts single
// files, and a mount point is busy for ever. kept is a backup that was made
// already. If the write fails the old content is put back.
func (s *Store) writeInPlace(ctx context.Context, t Target, at place, was snapshot, content []byte, kept string) (bool, error) {
	own := kept == ""
	if own {
		kept = at.path + inPlaceSuffix
		if err := keep(ctx, kept, was); err != nil {
			return false, err
		}
	}
	drop := func() {
		if own {
			_ = os.Remove(kept)
		}
	}
	if err := stillThere(t, at, was); err != nil {
		drop()
		return false, err
	}
	whole, err := overwrite(t, at, was, content)
	switch {
	case err != nil && whole:
		drop()
		return false, unchanged(at.path, err)
	case err != nil:
		return false, failed("write", at.path, err).WithHint("run: cp %s %s", shellWord(kept), shellWord(at.path))
	case own && t.Secret:
		// A token that lives on in a backup outlives its logout.
		drop()
		s.notice("%q is a mount of its own and cannot be replaced, wrote it in place", t.Path)
	default:
		s.notice("%q is a mount of its own and cannot be replaced, wrote it in place, the old content is in %q", t.Path, kept)
	}
	return true, nil
}

// overwrite writes a file in place. whole says whether the file holds the old
// content or the new, and not a mix.
func overwrite(t Target, at place, was snapshot, content []byte) (whole bool, err error) {
	f, err := os.OpenFile(at.path, os.O_WRONLY|nonBlocking|noFollow, 0)
	if err != nil {
		return true, err
	}
	defer f.Close()
	if t.Secret {
		if err := f.Chmod(0o600); err != nil {
			return true, err
		}
	}
	if err := pour(f, content); err != nil {
		return pour(f, was.data) == nil, err
	}
	return true, nil
}

// pour makes content all that is in the file. It is cut at the end and not at
// the beginning, so that at no moment the file is empty.
func pour(f *os.File, content []byte) error {
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	if err := f.Truncate(int64(len(content))); err != nil {
		return err
	}
	return f.Sync()
}
