// Package safefile writes files: every file that the suite changes is changed
// here.
//
// What it guarantees, kill -9, a full disk and other programs included:
//
//   - A reader sees the old content or the new, never a mix. New content goes
//     to a temporary file beside the target, is synced, and replaces the target
//     by rename.
//   - No change of another program is lost. The suite's own programs exclude one
//     another by a kernel lock. The AWS CLI and editors take no lock, so the
//     target is only read, and only replaced, while nobody has it open for
//     writing. On Linux a file lease tells, and makes a program that opens the
//     file for writing wait until the replacement is done; then the old and the
//     new file are exchanged in one step, and exchanged back if the old one is
//     not what was read. docs/reliability.md says what holds on other systems.
//   - The file stays the file that the user made. Symbolic links are followed
//     and stay links. Mode, owner, group and, on Linux, extended attributes are
//     kept. A read-only file is refused, although a rename could replace it.
//     A file of another user is never written through a link. Other hard links
//     keep the old content, and Notice says so. On Windows mode and owner are
//     those that the folder gives.
//
// A file that cannot be renamed over, because it is a mount point of its own
// (docker run -v ~/.aws/config:...), is the one exception to the first rule: it
// is written in place, after a backup.
//
// The package knows no environment, no home folder and no file formats. Errors
// are *fault.Error of kind File, Timeout (a lock) or Canceled.
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

// Store writes, removes and locks files for one user. Several goroutines may
// use its methods; they exclude one another as processes do. A Store must not
// be copied after its first use.
type Store struct {
	// LockDir is the folder of the lock files, ~/.aws/sso/lock in the suite.
	// It is created when first needed, 0700. A lock file is empty and has a
	// hashed name. None is ever removed, because a lock on a removed file
	// excludes nobody.
	LockDir string

	// Notice is called with what a person should know although the work
	// succeeded: that a lock is being waited for, that a file was written in
	// place. The text is one line in lower case without a full stop. Several
	// goroutines may call it. Nil: nobody is told.
	Notice func(string)

	mu       sync.Mutex
	held     map[string]bool // lock files that this Store holds
	swept    map[string]bool // folders without leftovers of earlier runs
	unlocked sync.Once       // whether the user was told that locks do not work

	newKernelLock func(path string) kernelLock  // nil: flock; for tests
	gap           func(interrupted func() bool) // nil; for tests, between the last look and the rename
}

// Target is a file to be changed.
type Target struct {
	// Path is the file, absolute. If it is a symbolic link, or a chain of
	// them, the file at its end is changed, and created if it does not exist.
	Path string

	// Secret is for tokens: the file becomes 0600 whatever it was before, also
	// when its content stays. Otherwise an existing file keeps its mode and a
	// new one is 0600. New folders are 0700 in either case.
	Secret bool

	// Backup, if not empty, keeps the old file as Path+Backup, 0600, in place of
	// an older backup. Another program that still writes to the old file then
	// writes to the backup. A backup that was written to is itself kept, under a
	// name with its time, and Notice says so. No backup is made of a file that
	// did not exist.
	Backup string

	// ModTime is the modification time that the new file gets. Zero is now.
	ModTime time.Time

	// Held says that the caller holds a lock that everybody takes who writes
	// the file, so that Update needs no lock of its own. It is for caches of
	// thousands of files, since a lock file is never removed.
	Held bool
}

const (
	// redos and writerPatience limit how often and how long an update begins
	// again because another program changes the file: it ends after both.
	redos          = 3
	writerPatience = 2 * time.Second
	writerPoll     = time.Millisecond
	// freshAge is the age at which a file counts as complete where the system
	// does not tell who has it open.
	freshAge = time.Second
)

// errChanged says that the target is not what it was when it was read.
var errChanged = errors.New("another program changes it again and again")

// Update replaces the content of a file by what change returns, and reports
// whether it did.
//
// change gets the content, nil if there is no file, and returns the new one. It
// may modify old. If both are equal nothing is written, and the file keeps its
// modification time; nothing and no file are equal too. change is called again
// when another program has changed the file meanwhile, so it must not keep what
// it learned. An error of change ends the update, with the file as it was, and
// is returned unchanged.
//
// A file that another program has open for writing is waited for. After two
// seconds the error says so, and the file is as it was. The same holds for a
// file that others change again and again.
//
// Update holds the lock named like the file that Path leads to. A caller may
// hold any lock of its own by [Store.Lock] meanwhile; change must not update or
// remove the same file, or it waits for itself until the lock times out.
//
// With an error the file is as it was, with three exceptions. changed is true
// beside an error when the new content is in place but the disk does not
// confirm that it will survive a power cut, or when two other programs wrote at
// the same time and the content of one is in another file, which the error
// names. And where a file that cannot be renamed over could neither be written
// nor be restored, the hint is the command that restores it from the backup.
func (s *Store) Update(ctx context.Context, t Target, change func(old []byte) (new []byte, err error)) (changed bool, err error) {
	err = s.redo(ctx, t.Path, "write", func() error {
		changed, err = s.update(ctx, t, change)
		return err
	})
	return changed, err
}

// redo calls work until the file was left alone meanwhile.
func (s *Store) redo(ctx context.Context, path, verb string, work func() error) error {
	start, wait := time.Now(), time.Millisecond
	for n := 0; ; n++ {
		err := work()
		switch {
		case !errors.Is(err, errChanged):
			return err
		case n >= redos && time.Since(start) >= writerPatience:
			return failed(verb, path, errChanged).
				WithHint("close the program that is changing it, then run this again")
		case n == 0:
			s.notice("%s was changed by another program meanwhile, beginning again with its new content", fault.Path(path))
		}
		if err := pause(ctx, wait); err != nil {
			return stopped(ctx, verb, path)
		}
		wait = min(2*wait, longerPoll/2)
	}
}

func (s *Store) update(ctx context.Context, t Target, change func([]byte) ([]byte, error)) (bool, error) {
	at, release, err := s.hold(ctx, t.Path, t.Held)
	if err != nil {
		return false, err
	}
	defer release()
	was, g, err := s.readGuarded(ctx, at)
	if err != nil {
		return false, err
	}
	g.release() // change may take long, and who opens the file would wait
	content, err := change(bytes.Clone(was.data))
	if err != nil {
		if !g.leased && changesSoon(ctx, at, was) {
			return false, errChanged
		}
		return false, err
	}
	if err := stopped(ctx, "write", t.Path); err != nil {
		return false, err
	}
	if bytes.Equal(content, was.data) {
		return false, tighten(t, at, was)
	}
	if err := was.checkReplaceable(at); err != nil {
		return false, err
	}
	return s.replace(ctx, t, at, was, content)
}

// hold resolves a path and locks the file that it leads to.
func (s *Store) hold(ctx context.Context, path string, held bool) (location, func(), error) {
	at, err := resolve(path)
	if err != nil {
		return location{}, nil, err
	}
	if held {
		return at, func() {}, nil
	}
	release, err := s.acquire(ctx, at.path, patience, nil)
	if err != nil {
		return location{}, nil, err
	}
	// If somebody pointed a link elsewhere while we waited for the lock, it is
	// the lock of another file.
	again, err := resolve(path)
	switch {
	case err != nil:
		release()
		return location{}, nil, err
	case again.path != at.path:
		release()
		return location{}, nil, errChanged
	}
	return again, release, nil
}

// replace puts content in the target's place. Unless it succeeds the target is
// as it was and the temporary file is gone.
func (s *Store) replace(ctx context.Context, t Target, at location, was snapshot, content []byte) (bool, error) {
	if err := makeFolder(at.dir); err != nil {
		return false, cannotMake("the folder", at.dir, err)
	}
	s.sweep(at)
	temp, err := writeTemp(at.path, content, attributes{like: was.info, mode: t.mode(was), bare: t.Secret})
	if err != nil {
		return false, unchanged(at.path, err)
	}
	defer os.Remove(temp)
	if !t.ModTime.IsZero() {
		if err := os.Chtimes(temp, t.ModTime, t.ModTime); err != nil {
			return false, unchanged(at.path, err)
		}
	}
	b, err := prepareBackup(ctx, t, at, was)
	if err != nil {
		return false, err
	}
	if err := stopped(ctx, "write", t.Path); err != nil {
		return false, err
	}
	g, err := s.stillThere(ctx, t, at, was)
	if err != nil {
		return false, err
	}
	defer g.release()
	if s.gap != nil {
		s.gap(g.interrupted)
	}
	if g.interrupted() {
		return false, errChanged
	}
	old, err := displace(ctx, temp, at, was, g)
	switch {
	case err == nil:
	case isMountPoint(err) && was.info != nil:
		g.release() // or we would wait for ourselves
		return s.writeInPlace(ctx, t, at, was, content, b)
	case errors.Is(err, errChanged):
		return false, err
	case errors.Is(err, fs.ErrNotExist):
		// A logout of the AWS CLI deletes every file beside the tokens that
		// holds one, the temporary file too.
		return false, errChanged
	default:
		return false, unchanged(at.path, err)
	}
	if old != "" {
		defer os.Remove(old)
		b.mark(old)
		if now, err := g.readAgain(location{path: old}); err != nil || !now.equal(was) || g.interrupted() {
			return s.giveBack(t, at, old, content)
		}
	}
	err = confirm(at)
	// A program that opened the file just before the exchange may have been
	// held up in the middle of that.
	if old != "" && g.interrupted() {
		return s.giveBack(t, at, old, content)
	}
	if hardLinked(was.info) {
		s.notice("%s had other names (hard links), which keep its old content", fault.Path(at.path))
	}
	return true, errors.Join(err, s.keepBackup(ctx, b, old, was))
}

// giveBack puts the old file back, because another program changed it or is
// about to. Where yet another program has changed the new file by then, both
// are kept.
func (s *Store) giveBack(t Target, at location, old string, content []byte) (changed bool, err error) {
	now, g, err := tryGuarded(at)
	if err == nil {
		defer g.release()
		if bytes.Equal(now.data, content) {
			exchanged, err := putBack(old, at.path)
			switch {
			case err != nil:
				return true, failed("write", at.path, err)
			case !exchanged || !g.interrupted():
				return false, errChanged
			}
		}
	}
	return true, keepOther(t.Path, old)
}

// keepOther keeps old, which another program changed, beside the file that yet
// another one has put in its place, and returns the fault that tells of both.
func keepOther(path, old string) error {
	kept := freeName(path + otherSuffix)
	if err := os.Rename(old, kept); err != nil {
		return failed("keep the change of another program in", kept, err)
	}
	return fault.New(fault.File, fmt.Sprintf("cannot write %s alone", fault.Path(path)),
		"two other programs wrote it at the same time; what one of them wrote is in "+fault.Path(kept)).
		WithHint("compare the two files, then remove %s", fault.Word(kept))
}

// otherSuffix names the file with the change of another program that could not
// be put back.
const otherSuffix = ".aws-sso-plugins.other"

// mode returns the mode that the target should have.
func (t Target) mode(was snapshot) fs.FileMode {
	if t.Secret || was.info == nil {
		return 0o600
	}
	return was.info.Mode().Perm()
}

// stillThere returns errChanged unless the path still leads to the same file
// and that still has the content, mode and owner that were read. The guard on
// the file is the caller's to release.
func (s *Store) stillThere(ctx context.Context, t Target, at location, was snapshot) (*guard, error) {
	again, err := resolve(t.Path)
	if err != nil {
		return nil, err
	}
	if again.path != at.path {
		return nil, errChanged
	}
	now, g, err := s.readGuarded(ctx, again)
	if err != nil {
		return nil, err
	}
	if !now.equal(was) {
		g.release()
		return nil, errChanged
	}
	return g, nil
}

// confirm makes a rename in the target's folder survive a power cut.
func confirm(at location) error {
	if err := syncFolder(at.dir); err != nil {
		return fault.New(fault.File, fmt.Sprintf("wrote %s, but the disk does not confirm it", fault.Path(at.path)), fault.Reason(err))
	}
	return nil
}

func (s *Store) notice(format string, args ...any) {
	if s.Notice != nil {
		s.Notice(fmt.Sprintf(format, args...))
	}
}
