// Package safefile is the one writer of the suite: every file that the tools
// change is changed here.
//
// What it promises, kill -9, a full disk and other programs included:
//
//   - A reader sees the old content or the new, never a mix. New content goes
//     to a temporary file beside the target, is synced, and takes the target's
//     place by rename.
//   - No update is lost. Read, change and write happen under a kernel lock,
//     which the suite's own tools honour; and because the AWS CLI and editors
//     know no lock, the target is read again right before the rename, and the
//     work is done anew if it is not what it was. Between that look and the
//     rename lie microseconds; on Linux the two files are exchanged instead, so
//     that what came meanwhile is seen and put back.
//   - The file stays the file that the user made. Symbolic links are followed
//     and stay links, mode, owner, group and, on Linux, extended attributes
//     are kept, a file that was made read-only is refused although a rename
//     could replace it, and what belongs to another user than root is never
//     written through a link. Other hard links keep the old content, and
//     Notice says so. On Windows mode and owner are what the folder lends.
//
// A file that cannot be renamed over, because it is a mount of its own
// (docker run -v ~/.aws/config:...), is the one exception to the first rule:
// it is written in place, after a backup.
//
// The package knows no environment, no home folder and no file formats.
// Faults are *fault.Error of kind File, Timeout (a lock) or Canceled.
package safefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// Store writes, removes and locks files for one user. Its methods may be
// used by several goroutines, which exclude one another as processes do. A
// Store must not be copied once it is used.
type Store struct {
	// LockDir is the folder of the lock files, ~/.aws/sso/lock in the suite.
	// It is made when first needed, 0700. A lock file is empty and has a
	// hashed name; none is ever removed, since a lock on a removed file locks
	// nobody out.
	LockDir string

	// Notice is told what a person should know although all went well: that a
	// lock is being waited for, that a file was written in place. It gets one
	// line in lower case without a full stop, and may be called from several
	// goroutines. Nil tells nobody.
	Notice func(string)

	mu       sync.Mutex
	held     map[string]bool // lock files that this Store holds
	unlocked sync.Once       // whether the user was told that locks do not work

	newKernelLock func(path string) kernelLock // nil: flock; for tests
	gap           func()                       // nil; for tests, between the last look and the rename
}

// Target is a file to be changed.
type Target struct {
	// Path is the file, absolute. Where it is a symbolic link, or a chain of
	// them, the file at its end is changed, and made if it does not exist.
	Path string

	// Secret is for tokens: the file is 0600 whatever it was before, also when
	// its content stays. Otherwise an existing file keeps its mode and a new
	// one is 0600. New folders are 0700 in either case.
	Secret bool

	// Backup is asked, right before the file is replaced, whether the old
	// content should be kept: a suffix that is not empty keeps it as
	// Path+suffix, 0600, replacing an older backup of that name. It is not
	// asked for a file that did not exist. Nil keeps nothing.
	Backup func(old, new []byte) (suffix string)

	// ModTime is the modification time that the new file gets. Zero is now.
	ModTime time.Time

	// Held says that the caller holds a lock that everybody takes who writes
	// the file, so that Update needs no lock of its own. It is for caches of
	// thousands of files, since a lock file is never removed.
	Held bool
}

// redos is how often an update is done again because another program changed
// the file meanwhile.
const redos = 3

// errChanged says that the target is not what it was when it was read.
var errChanged = errors.New("another program changes it again and again")

// Update replaces the content of a file by what change makes of it, and says
// whether it did.
//
// change is given the content, nil if there is no file, and returns the new
// one. It may do to old what it likes. If both are equal nothing is written,
// and the file keeps its modification time; nothing and no file are equal too.
// change is called again, up to three times, when another program has changed
// the file meanwhile, so it must not keep what it learned. An error of change
// ends the update, with the file as it was, and is returned unchanged.
//
// Update holds the lock named like the file that Path leads to. A caller may
// hold any lock of its own by [Store.Lock] meanwhile; change must not update
// or remove the same file, or it waits for itself until the lock times out.
//
// With an error the file is as it was, with two exceptions. changed is true
// beside an error when the new content is in place but the disk would not
// confirm that it will survive a power cut. And where a file that cannot be
// renamed over could neither be written nor be put back, the hint is the
// command that restores it from the backup.
func (s *Store) Update(ctx context.Context, t Target, change func(old []byte) (new []byte, err error)) (changed bool, err error) {
	err = s.redo(t.Path, "write", func() error {
		changed, err = s.update(ctx, t, change)
		return err
	})
	return changed, err
}

// redo calls work until the file held still meanwhile.
func (s *Store) redo(path, verb string, work func() error) error {
	for n := 0; ; n++ {
		err := work()
		switch {
		case !errors.Is(err, errChanged):
			return err
		case n == redos:
			return failed(verb, path, errChanged).
				WithHint("close the program that is changing it, then run this again")
		case n == 0:
			s.notice("%q was changed by another program meanwhile, beginning again with its new content", path)
		}
	}
}

func (s *Store) update(ctx context.Context, t Target, change func([]byte) ([]byte, error)) (bool, error) {
	at, release, err := s.hold(ctx, t.Path, t.Held)
	if err != nil {
		return false, err
	}
	defer release()
	was, err := take(at)
	if err != nil {
		return false, err
	}
	content, err := change(bytes.Clone(was.data))
	if err != nil {
		return false, err
	}
	if err := stopped(ctx, "write", t.Path); err != nil {
		return false, err
	}
	if bytes.Equal(content, was.data) {
		return false, tighten(t, at, was)
	}
	if err := was.replaceable(at); err != nil {
		return false, err
	}
	return s.replace(ctx, t, at, was, content)
}

// hold resolves a path and locks the file that it leads to.
func (s *Store) hold(ctx context.Context, path string, held bool) (place, func(), error) {
	at, err := resolve(path)
	if err != nil {
		return place{}, nil, err
	}
	if held {
		return at, func() {}, nil
	}
	release, err := s.acquire(ctx, at.path, patience)
	if err != nil {
		return place{}, nil, err
	}
	// While waiting for the lock somebody may have pointed a link elsewhere;
	// then this is the lock of another file.
	again, err := resolve(path)
	switch {
	case err != nil:
		release()
		return place{}, nil, err
	case again.path != at.path:
		release()
		return place{}, nil, errChanged
	}
	return again, release, nil
}

// replace puts content in the target's place. On every way out but success
// the target is as it was and the temporary file is gone.
func (s *Store) replace(ctx context.Context, t Target, at place, was snapshot, content []byte) (bool, error) {
	if err := makeFolder(at.dir); err != nil {
		return false, failed("make the folder", at.dir, err)
	}
	s.sweep(at)
	temp, err := writeTemp(at.path, content, dress{like: was.info, mode: t.mode(was), bare: t.Secret})
	if err != nil {
		return false, unchanged(at.path, err)
	}
	defer os.Remove(temp)
	if !t.ModTime.IsZero() {
		if err := os.Chtimes(temp, t.ModTime, t.ModTime); err != nil {
			return false, unchanged(at.path, err)
		}
	}
	kept, err := t.backup(ctx, was, content)
	if err != nil {
		return false, err
	}
	if err := stopped(ctx, "write", t.Path); err != nil {
		return false, err
	}
	if err := stillThere(t, at, was); err != nil {
		return false, err
	}
	if s.gap != nil {
		s.gap()
	}
	err = patiently(ctx, func() error { return takePlace(temp, at, was) })
	switch {
	case errors.Is(err, errChanged):
		return false, err
	case err == nil:
		if hardLinked(was.info) {
			s.notice("%q had other names (hard links), which keep its old content", at.path)
		}
		return true, confirm(at)
	case mounted(err) && was.info != nil:
		return s.writeInPlace(ctx, t, at, was, content, kept)
	case errors.Is(err, fs.ErrNotExist):
		// A logout of the AWS CLI deletes every file beside the tokens that
		// holds one, the temporary file too.
		return false, errChanged
	default:
		return false, unchanged(at.path, err)
	}
}

// mode is the mode that the target should have.
func (t Target) mode(was snapshot) fs.FileMode {
	if t.Secret || was.info == nil {
		return 0o600
	}
	return was.info.Mode().Perm()
}

// stillThere is errChanged unless the path still leads to the same file and
// that still has the content, mode and owner that were read.
func stillThere(t Target, at place, was snapshot) error {
	again, err := resolve(t.Path)
	if err != nil {
		return err
	}
	if again.path != at.path {
		return errChanged
	}
	now, err := take(again)
	if err != nil {
		return err
	}
	if !now.equal(was) {
		return errChanged
	}
	return nil
}

// confirm makes a rename in the target's folder survive a power cut.
func confirm(at place) error {
	if err := syncFolder(at.dir); err != nil {
		return fault.New(fault.File, fmt.Sprintf("wrote %q, but the disk does not confirm it", at.path), reason(err))
	}
	return nil
}

func (s *Store) notice(format string, args ...any) {
	if s.Notice != nil {
		s.Notice(fmt.Sprintf(format, args...))
	}
}
