package safefile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"aws-sso-plugins/pkg/fault"
)

const (
	patience   = 30 * time.Second       // how long a lock is waited for
	silence    = time.Second            // how long without a word
	firstPoll  = 5 * time.Millisecond   // the pause after the first try
	longerPoll = 100 * time.Millisecond // and, doubled each time, at most
)

// kernelLock is a lock that the kernel releases when its process ends.
type kernelLock interface {
	TryLock() (bool, error)
	Unlock() error
	Stat() (fs.FileInfo, error)
}

// Lock takes the lock of that name, which may be any text, and returns a function
// that releases it; calling that twice is harmless. After a second of waiting the
// [Store.Notice] says so, after 30 s it is an error of kind Timeout. If ctx
// ends first the error is of kind Canceled (Timeout if it was its deadline).
//
// Locks exclude processes and, within one, goroutines. They are not
// re-entrant. The kernel frees them when the process ends, however it ends,
// and programs that it started do not inherit them. Where the file system
// knows no locks (some NFS) or cannot be written at all, Notice says so once
// and goroutines alone exclude one another.
//
// [Store.Update] and [Store.Remove] lock the absolute path of the file. Any
// other name never meets theirs, so a caller who holds one may use them. Take
// such a lock first and files after it, never the other way round.
func (s *Store) Lock(ctx context.Context, name string) (release func(), err error) {
	return s.acquire(ctx, name, patience, nil)
}

// LockWait does what [Store.Lock] does, without the limit of 30 s: it waits
// until ctx ends. It is for work that waits for a person, such as a login in a
// browser.
//
// waiting, if it is not nil, is called in the place of [Store.Notice] after
// each second of waiting, with the id of the process that holds the lock, or 0
// if that is not known. If it returns an error, the wait ends and LockWait
// returns that error as it is.
func (s *Store) LockWait(ctx context.Context, name string, waiting func(pid int) error) (release func(), err error) {
	return s.acquire(ctx, name, 0, waiting)
}

// acquire polls, because no kernel has a lock call that waits for a limited
// time.
func (s *Store) acquire(ctx context.Context, name string, limit time.Duration, waiting func(pid int) error) (func(), error) {
	if err := stopped(ctx, "lock", name); err != nil {
		return nil, err
	}
	path, works, err := s.lockFile(name)
	if err != nil {
		return nil, err
	}
	bounded, cancel := ctx, context.CancelFunc(func() {})
	if limit > 0 {
		bounded, cancel = context.WithTimeout(ctx, limit)
	}
	defer cancel()
	if waiting == nil {
		waiting = s.noticeOnce(path, name)
	}
	for next, poll := time.Now().Add(silence), firstPoll; ; poll = min(2*poll, longerPoll) {
		release, err := s.try(bounded, name, path, works)
		if release != nil {
			return release, nil
		}
		if err != nil && bounded.Err() == nil {
			return nil, err
		}
		if now := time.Now(); !now.Before(next) {
			if err := waiting(holder(path)); err != nil {
				return nil, err
			}
			next = now.Add(silence)
		}
		if pause(bounded, poll) != nil {
			if err := stopped(ctx, "lock", name); err != nil {
				return nil, err
			}
			return nil, fault.New(fault.Timeout, "cannot lock "+fault.Path(name),
				fmt.Sprintf("%s has held it for more than %v", holderName(path), limit)).
				WithHint("%s", holderHint(path))
		}
	}
}

// noticeOnce returns a function that tells Notice, at its first call, whom one
// waits for.
func (s *Store) noticeOnce(path, name string) func(pid int) error {
	told := false
	return func(int) error {
		if !told {
			s.notice("waiting for %s to let go of %s", holderName(path), fault.Path(name))
			told = true
		}
		return nil
	}
}

// lockFile returns the file of a lock, in a folder that exists. works is false
// where that folder cannot exist, because everything is read-only.
func (s *Store) lockFile(name string) (path string, works bool, err error) {
	if !filepath.IsAbs(s.LockDir) {
		return "", false, fault.New(fault.File, "cannot lock "+fault.Path(name),
			fmt.Sprintf("the path of the lock folder, %s, is not absolute", fault.Path(s.LockDir)))
	}
	sum := sha256.Sum256([]byte(name))
	path = filepath.Join(s.LockDir, hex.EncodeToString(sum[:]))
	if err := prepareLock(s.LockDir, path); err != nil {
		if noLocks(err) {
			return path, false, nil
		}
		var refused *fault.Error
		if errors.As(err, &refused) {
			return "", false, err
		}
		return "", false, cannotMake("a lock in", s.LockDir, err)
	}
	return path, true, nil
}

// prepareLock creates the folder and, where its owner could not open a file that
// the kernel lock creates, the file.
func prepareLock(dir, path string) error {
	if err := checkLinks(dir); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeFolder(dir); err == nil {
			info, err = os.Stat(dir)
		}
	}
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: dir, Err: errors.New("it is not a folder")}
	}
	if err == nil {
		err = checkLockOwner(dir, info)
	}
	if err != nil {
		return err
	}
	if sharedWithOthers(info) {
		// Anybody who may open a lock file may hold the lock for ever.
		if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder
			return err
		}
	}
	return giveLockToOwner(path, info)
}

// try takes the lock if nobody holds it. If both results are nil somebody does.
func (s *Store) try(ctx context.Context, name, path string, works bool) (release func(), err error) {
	if !s.claim(path) {
		return nil, nil
	}
	unlock := func() {}
	if works {
		unlock, err = s.tryKernel(ctx, path)
	}
	if !works || noLocks(err) {
		s.unlocked.Do(func() {
			s.notice("locks do not work in %s, so do not run two commands that change a file at the same time", fault.Path(s.LockDir))
		})
		unlock, err = func() {}, nil
	}
	if err != nil || unlock == nil {
		s.unclaim(path)
		if err != nil {
			err = failed("lock", name, err)
		}
		return nil, err
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			unlock()
			s.unclaim(path)
		})
	}, nil
}

// tryKernel asks the kernel, but not longer than ctx lives: on NFS whose
// server is away even a call that should not wait does. unlock is nil where
// another holds the lock.
func (s *Store) tryKernel(ctx context.Context, path string) (unlock func(), err error) {
	lock := s.kernelLock(path)
	type answer struct {
		ok  bool
		err error
	}
	got := make(chan answer, 1)
	go func() {
		ok, err := lock.TryLock()
		got <- answer{ok, err}
	}()
	select {
	case <-ctx.Done():
		go func() {
			if a := <-got; a.ok {
				_ = lock.Unlock()
			}
		}()
		return nil, ctx.Err()
	case a := <-got:
		if a.err != nil || !a.ok {
			return nil, a.err
		}
	}
	if !current(lock, path) {
		_ = lock.Unlock()
		return nil, nil
	}
	return func() { _ = lock.Unlock() }, nil
}

// current reports whether the lock is on the file that others will find, and not
// on one that a person has removed meanwhile.
func current(lock kernelLock, path string) bool {
	mine, err := lock.Stat()
	if err != nil {
		return false
	}
	found, err := os.Stat(path)
	return err == nil && os.SameFile(mine, found)
}

func (s *Store) kernelLock(path string) kernelLock {
	if s.newKernelLock != nil {
		return s.newKernelLock(path)
	}
	return flock.New(path)
}

// claim takes the lock among goroutines. Where the kernel's lock works, it would
// exclude them as well; it does not work everywhere.
func (s *Store) claim(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[path] {
		return false
	}
	if s.held == nil {
		s.held = map[string]bool{}
	}
	s.held[path] = true
	return true
}

func (s *Store) unclaim(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, path)
}

// holderName returns who holds a lock, as far as that is known.
func holderName(path string) string {
	if pid := holder(path); pid > 0 && pid != os.Getpid() {
		return fmt.Sprintf("process %d", pid)
	}
	return "another process"
}

// pause waits, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
