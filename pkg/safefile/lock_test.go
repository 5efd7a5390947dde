package safefile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"aws-sso-plugins/pkg/fault"
)

// fakeLock stands for file systems that this machine does not have.
type fakeLock struct {
	try      func() (bool, error)
	unlocked func()
}

func (f *fakeLock) TryLock() (bool, error)     { return f.try() }
func (f *fakeLock) Unlock() error              { f.unlocked(); return nil }
func (f *fakeLock) Stat() (fs.FileInfo, error) { return nil, fs.ErrNotExist }

func lockStore(t *testing.T) (*Store, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var said []string
	k := &Store{LockDir: filepath.Join(t.TempDir(), "sso", "lock"), Notice: func(s string) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, s)
	}}
	return k, func() []string { mu.Lock(); defer mu.Unlock(); return append([]string(nil), said...) }
}

func TestLock(t *testing.T) {
	k, said := lockStore(t)
	ctx := context.Background()
	release, err := k.Lock(ctx, "../../etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := k.TryLock(ctx, "../../etc/passwd"); ok || err != nil {
		t.Errorf("the same name: ok %v, error %v", ok, err)
	}
	other, ok, err := k.TryLock(ctx, "another")
	if !ok || err != nil {
		t.Fatalf("another name: ok %v, error %v", ok, err)
	}
	other()
	release()
	release() // harmless
	again, ok, err := k.TryLock(ctx, "../../etc/passwd")
	if !ok || err != nil {
		t.Fatalf("after release: ok %v, error %v", ok, err)
	}
	release() // of the first holder: must not free the second's
	if _, ok, _ := k.TryLock(ctx, "../../etc/passwd"); ok {
		t.Error("a second release freed the lock of another holder")
	}
	again()

	entries, err := os.ReadDir(k.LockDir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("%d lock files, want 2", len(entries))
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(e.Name()) || info.Size() != 0 {
			t.Errorf("lock file %q of %d bytes, want a hash and none", e.Name(), info.Size())
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("lock file has mode %o", info.Mode().Perm())
		}
	}
	for _, dir := range []string{k.LockDir, filepath.Dir(k.LockDir)} {
		if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %o", dir, info.Mode().Perm())
		}
	}
	if len(said()) > 0 {
		t.Errorf("said %q for nothing", said())
	}
}

func TestLockFolderIsTightened(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no such modes")
	}
	k, _ := lockStore(t)
	if err := os.MkdirAll(k.LockDir, 0o755); err != nil {
		t.Fatal(err)
	}
	release, err := k.Lock(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	release()
	if info, _ := os.Stat(k.LockDir); info.Mode().Perm() != 0o700 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
}

func TestLockFolderThatIsNone(t *testing.T) {
	k, _ := lockStore(t)
	if err := os.MkdirAll(filepath.Dir(k.LockDir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(k.LockDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := k.Lock(context.Background(), "x")
	if fault.KindOf(err) != fault.File || !strings.Contains(err.Error(), "it is not a folder") {
		t.Errorf("error %v", err)
	}
	_, err = (&Store{LockDir: "lock"}).Lock(context.Background(), "x")
	if fault.KindOf(err) != fault.File || !strings.Contains(err.Error(), "not absolute") {
		t.Errorf("error %v", err)
	}
}

// Two Stores are two processes as far as the kernel's lock goes.
func TestWaitingIsAnnouncedAndLimited(t *testing.T) {
	for _, tc := range []struct {
		name  string
		other bool // held through another Store
	}{{"another goroutine", false}, {"another process", true}} {
		t.Run(tc.name, func(t *testing.T) {
			k, said := lockStore(t)
			synctest.Test(t, func(t *testing.T) {
				holder := k
				if tc.other {
					holder = &Store{LockDir: k.LockDir}
				}
				release, err := holder.Lock(t.Context(), "login okta")
				if err != nil {
					t.Fatal(err)
				}
				defer release()
				start := time.Now()
				failed := make(chan error)
				go func() {
					_, err := k.Lock(t.Context(), "login okta")
					failed <- err
				}()
				time.Sleep(silence - time.Millisecond)
				synctest.Wait()
				if len(said()) != 0 {
					t.Errorf("said %q at once", said())
				}
				time.Sleep(longerPoll + time.Millisecond)
				synctest.Wait()
				if got := said(); len(got) != 1 || !strings.Contains(got[0], `waiting for another process to let go of "login okta"`) {
					t.Errorf("said %q after a second", got)
				}
				err = <-failed
				if took := time.Since(start); took != patience {
					t.Errorf("gave up after %v", took)
				}
				if fault.KindOf(err) != fault.Timeout || !strings.Contains(err.Error(), "has held it for more than 30s") || fault.HintOf(err) == "" {
					t.Errorf("error %v, kind %v, hint %q", err, fault.KindOf(err), fault.HintOf(err))
				}
				if len(said()) != 1 {
					t.Errorf("said %q", said())
				}
			})
		})
	}
}

func TestLockWaitHasNoLimit(t *testing.T) {
	k, said := lockStore(t)
	synctest.Test(t, func(t *testing.T) {
		release, err := k.Lock(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		time.AfterFunc(10*time.Minute, release)
		second, err := k.LockWait(t.Context(), "x", nil)
		if err != nil {
			t.Fatal(err)
		}
		second()
		if took := time.Since(start); took < 10*time.Minute || took > 10*time.Minute+longerPoll {
			t.Errorf("took %v", took)
		}
		if len(said()) != 1 {
			t.Errorf("said %q", said())
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	k, _ := lockStore(t)
	synctest.Test(t, func(t *testing.T) {
		release, err := k.Lock(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		time.AfterFunc(5*time.Second+time.Millisecond, cancel)
		_, err = k.LockWait(ctx, "x", nil)
		if took := time.Since(start); took != 5*time.Second+time.Millisecond {
			t.Errorf("took %v", took)
		}
		if fault.KindOf(err) != fault.Canceled || !errors.Is(err, context.Canceled) {
			t.Errorf("error %v of kind %v", err, fault.KindOf(err))
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = k.Lock(ctx, "x")
		if fault.KindOf(err) != fault.Timeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v of kind %v", err, fault.KindOf(err))
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := k.Lock(ctx, "free"); fault.KindOf(err) != fault.Canceled {
			t.Errorf("a free lock after the end: %v", err)
		}
		if _, ok, err := k.TryLock(ctx, "free"); ok || fault.KindOf(err) != fault.Canceled {
			t.Errorf("trying after the end: %v, %v", ok, err)
		}
	})
}

// Goroutines exclude one another: also where the kernel has no locks.
func TestGoroutines(t *testing.T) {
	for _, tc := range []struct {
		name string
		lock func(path string) kernelLock
	}{
		{"with kernel locks", nil},
		{"without", func(string) kernelLock {
			return &fakeLock{try: func() (bool, error) { return false, lockless[0] }}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k, said := lockStore(t)
			k.newKernelLock = tc.lock
			path := filepath.Join(t.TempDir(), "count")
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 10 {
						_, err := k.Update(context.Background(), Target{Path: path}, func(old []byte) ([]byte, error) {
							return append(old, 'x'), nil
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			if data, err := os.ReadFile(path); err != nil || len(data) != 80 {
				t.Errorf("%d of 80 updates, %v", len(data), err)
			}
			// On a busy machine some wait long enough to say so.
			news := slices.DeleteFunc(said(), func(notice string) bool { return strings.HasPrefix(notice, "waiting for ") })
			if len(news) > 1 || len(news) == 1 != (tc.lock != nil) {
				t.Errorf("said %q", news)
			}
		})
	}
}

func TestNoLocksHere(t *testing.T) {
	for _, err := range lockless {
		k, said := lockStore(t)
		k.newKernelLock = func(path string) kernelLock {
			return &fakeLock{try: func() (bool, error) { return false, &fs.PathError{Op: "flock", Path: path, Err: err} }}
		}
		for range 2 {
			release, lerr := k.Lock(context.Background(), "x")
			if lerr != nil {
				t.Fatalf("%v: %v", err, lerr)
			}
			release()
		}
		if got := said(); len(got) != 1 || !strings.Contains(got[0], "locks do not work") {
			t.Errorf("%v: said %q, want it once", err, got)
		}
	}
}

func TestLockThatFails(t *testing.T) {
	k, said := lockStore(t)
	k.newKernelLock = func(string) kernelLock {
		return &fakeLock{try: func() (bool, error) { return false, syscall.EIO }}
	}
	for range 2 { // the second shows that the claim was given back
		_, err := k.Lock(context.Background(), "x")
		if fault.KindOf(err) != fault.File || !errors.Is(err, syscall.EIO) {
			t.Errorf("error %v", err)
		}
	}
	if len(said()) > 0 {
		t.Errorf("said %q", said())
	}
}

// flock on NFS whose server is gone hangs even when told not to wait.
func TestLockThatHangs(t *testing.T) {
	k, _ := lockStore(t)
	synctest.Test(t, func(t *testing.T) {
		back := make(chan struct{})
		unlocked := make(chan struct{})
		k.newKernelLock = func(string) kernelLock {
			return &fakeLock{
				try:      func() (bool, error) { <-back; return true, nil },
				unlocked: func() { close(unlocked) },
			}
		}
		start := time.Now()
		_, err := k.Lock(t.Context(), "x")
		if took := time.Since(start); took != patience || fault.KindOf(err) != fault.Timeout {
			t.Errorf("error %v after %v", err, took)
		}
		close(back) // the server is back, and grants a lock that nobody waits for
		<-unlocked
	})
}

// Somebody cleans the lock folder while a lock is waited for: a lock on the
// removed file would exclude nobody.
func TestLockFileReplaced(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be removed there")
	}
	k, _ := lockStore(t)
	n := 0
	k.newKernelLock = func(path string) kernelLock {
		lock := flock.New(path)
		return &fakeLockOn{Flock: lock, after: func() {
			if n++; n == 1 {
				if err := os.Remove(path); err != nil {
					t.Error(err)
				}
			}
		}}
	}
	release, err := k.Lock(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if n != 2 {
		t.Errorf("%d tries, want a second on the new file", n)
	}
	if _, ok, _ := (&Store{LockDir: k.LockDir}).TryLock(context.Background(), "x"); ok {
		t.Error("the lock excludes nobody")
	}
}

type fakeLockOn struct {
	*flock.Flock
	after func()
}

func (f *fakeLockOn) TryLock() (bool, error) {
	ok, err := f.Flock.TryLock()
	f.after()
	return ok, err
}

func TestPersist(t *testing.T) {
	held := errors.New("held")
	again := func(err error) bool { return errors.Is(err, held) }
	for _, tc := range []struct {
		name  string
		frees time.Duration // when the other program closes the file
		then  error
		want  error
		took  time.Duration
	}{
		{"at once", 0, nil, nil, 0},
		{"soon", 500 * time.Millisecond, nil, nil, 600 * time.Millisecond},
		{"another error", 0, fs.ErrNotExist, fs.ErrNotExist, 0},
		{"never", time.Hour, nil, held, grace + longerPoll},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				err := retryWhile(t.Context(), func() error {
					if time.Since(start) < tc.frees {
						return held
					}
					return tc.then
				}, again)
				if took := time.Since(start); !errors.Is(err, tc.want) || took > tc.took {
					t.Errorf("error %v after %v", err, took)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := retryWhile(ctx, func() error { return held }, again)
		if took := time.Since(start); !errors.Is(err, held) || took > 20*time.Millisecond {
			t.Errorf("canceled: error %v after %v", err, took)
		}
	})
}
