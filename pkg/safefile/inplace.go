package safefile

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// inPlaceSuffix names the backup that is made before a file is written in
// place, if its target asks for none.
const inPlaceSuffix = ".aws-sso-plugins.bak"

// writeInPlace writes a file that cannot be renamed over: Docker mounts single
// files, and a mount point is always busy. The caller has released its guard.
// If the write fails the old content is restored.
func (s *Store) writeInPlace(ctx context.Context, t Target, at location, was snapshot, content []byte, b backup) (bool, error) {
	own := b.path == ""
	if own {
		b.path = at.path + inPlaceSuffix
	}
	if !b.made {
		if err := b.copy(ctx, was); err != nil {
			return false, err
		}
	}
	drop := func() {
		if own {
			_ = os.Remove(b.path)
		}
	}
	complete, err := overwrite(ctx, t, at, was, content)
	switch {
	case errors.Is(err, errChanged):
		drop()
		return false, err
	case err != nil && complete:
		drop()
		return false, unchanged(at.path, err)
	case err != nil:
		return false, failed("write", at.path, err).WithHint("run: cp %s %s", fault.Word(b.path), fault.Word(at.path))
	case own && t.Secret:
		// A token that stays in a backup outlives its logout.
		drop()
		s.notice("%s is a mount point and cannot be replaced, wrote it in place", fault.Path(t.Path))
	default:
		s.notice("%s is a mount point and cannot be replaced, wrote it in place, the old content is in %s", fault.Path(t.Path), fault.Path(b.path))
	}
	return true, nil
}

// overwrite writes a file in place, unless it is not what was read any more.
// complete reports whether the file holds the old content or the new, and not a
// mix. On Linux others can neither read nor write meanwhile, where nobody has
// the file open.
func overwrite(ctx context.Context, t Target, at location, was snapshot, content []byte) (complete bool, err error) {
	var f *os.File
	err = retryWhile(ctx, func() (err error) {
		f, err = os.OpenFile(at.path, os.O_RDWR|nonBlocking|noFollow, 0)
		return err
	}, isBusy) // a run of ours reads it
	if err != nil {
		return true, err
	}
	defer f.Close()
	for start, wait := time.Now(), time.Millisecond; !takeExclusiveLease(f); wait *= 2 {
		if time.Since(start) >= writerPatience/10 || pause(ctx, wait) != nil {
			break // somebody keeps it open, for reading as a rule
		}
	}
	defer dropLease(f)
	now, err := snapshotOf(f, at)
	if err != nil {
		return true, err
	}
	if !bytes.Equal(now.data, was.data) || now.info.Mode() != was.info.Mode() {
		return true, errChanged
	}
	if t.Secret {
		if err := f.Chmod(0o600); err != nil {
			return true, err
		}
	}
	if err := writeAll(f, content); err != nil {
		return writeAll(f, was.data) == nil, err
	}
	return true, nil
}

// writeAll makes content all that is in the file. It cuts the file at the end
// and not at the beginning, so that at no moment the file is empty.
func writeAll(f *os.File, content []byte) error {
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	if err := f.Truncate(int64(len(content))); err != nil {
		return err
	}
	return f.Sync()
}
