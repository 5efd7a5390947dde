package safefile_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"aws-sso-plugins/pkg/safefile"
)

// whole is a content that shows whether it is complete.
func whole(n int) []byte {
	body := bytes.Repeat(fmt.Appendf(nil, "%016d", n), 8<<10)
	return append(fmt.Appendf(nil, "%x\n", sha256.Sum256(body)), body...)
}

func isWhole(data []byte) bool {
	sum, body, ok := bytes.Cut(data, []byte("\n"))
	return ok && string(sum) == fmt.Sprintf("%x", sha256.Sum256(body))
}

func init() {
	children["rewrite for ever"] = func(args []string) error {
		k := &safefile.Store{LockDir: args[1]}
		delay, err := time.ParseDuration(args[2])
		if err != nil {
			return err
		}
		time.AfterFunc(delay, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
		for n := os.Getpid() << 20; ; n++ {
			_, err := k.Update(context.Background(), safefile.Target{Path: args[0]}, func(old []byte) ([]byte, error) {
				if !isWhole(old) {
					return nil, errors.New("the file is torn")
				}
				return whole(n), nil
			})
			if err != nil {
				return err
			}
		}
	}
}

func TestKill(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 20
	}
	dir := folder(t)
	path, lock := filepath.Join(dir, "config"), filepath.Join(folder(t), "lock")
	if err := os.WriteFile(path, whole(0), 0o644); err != nil {
		t.Fatal(err)
	}
	// Two at a time, so that locks are killed under waiting processes as well.
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range kills / 2 {
				cmd := command("rewrite for ever", path, lock, (time.Duration(rand.IntN(12000)) * time.Microsecond).String())
				out, err := cmd.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
					t.Errorf("the child was not killed: %v: %s", err, out)
					return
				}
				data, err := os.ReadFile(path)
				if err != nil || !isWhole(data) {
					t.Errorf("torn after a kill: %v", err)
				}
			}
		})
	}
	wg.Wait()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	temps := len(names(t, dir)) - 1
	old := time.Now().Add(-2 * time.Hour)
	for _, name := range names(t, dir) {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	n := &notes{}
	k := &safefile.Store{LockDir: lock, Notice: n.add}
	changed, err := k.Update(ctx, safefile.Target{Path: path}, becomes("after"))
	if err != nil || !changed {
		t.Fatalf("the lock survived: changed %v, error %v", changed, err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("%d leftovers survived", len(got)-1)
	}
	if temps > 0 {
		n.only(t, fmt.Sprintf("removed %d leftover", temps))
	}
	info, _ := os.Stat(path)
	if info.Mode().Perm() != 0o644 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	t.Logf("%d kills, %d leftovers swept", kills, temps)
}

// Another program writes between the last look and the rename, as a busy
// machine gives it the time to.
func TestChangeInTheGap(t *testing.T) {
	for name, there := range map[string]string{"of a file": "old", "of no file": ""} {
		for way, edit := range map[string]func(path string) error{
			"by rename": func(path string) error {
				if err := os.WriteFile(path+"~", []byte("theirs"), 0o644); err != nil {
					return err
				}
				return os.Rename(path+"~", path)
			},
			"in place": func(path string) error { return os.WriteFile(path, []byte("theirs"), 0o644) },
		} {
			t.Run(name+" "+way, func(t *testing.T) {
				k, n := store(t)
				dir := folder(t)
				path := filepath.Join(dir, "config")
				if there != "" {
					write(t, path, there, 0o644)
				}
				edits := 0
				var editing sync.WaitGroup
				k.InTheGap(func(interrupted func() bool) {
					if edits++; edits > 1 {
						return
					}
					done := make(chan struct{})
					editing.Go(func() { // it waits for the lease, where there is one
						defer close(done)
						if err := edit(path); err != nil {
							t.Error(err)
						}
					})
					for !interrupted() {
						select {
						case <-done:
							return
						default:
							runtime.Gosched()
						}
					}
				})
				changed, err := k.Update(context.Background(), safefile.Target{Path: path}, func(old []byte) ([]byte, error) {
					return append(old, " and ours"...), nil
				})
				editing.Wait()
				if err != nil || !changed {
					t.Fatalf("changed %v, error %v", changed, err)
				}
				if got := content(t, path); got != "theirs and ours" {
					t.Errorf("content %q", got)
				}
				if got := names(t, dir); len(got) != 1 {
					t.Errorf("left %q", got)
				}
				n.only(t, "was changed by another program meanwhile")
			})
		}
	}
}

func init() {
	children["append"] = func(args []string) error {
		k := &safefile.Store{LockDir: args[1]}
		times, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		for n := range times {
			_, err := k.Update(context.Background(), safefile.Target{Path: args[0]}, func(old []byte) ([]byte, error) {
				return fmt.Appendf(old, "%s.%d\n", args[2], n), nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func TestEightProcesses(t *testing.T) {
	const processes, times = 8, 25
	path, lock := filepath.Join(folder(t), "config"), filepath.Join(folder(t), "lock")
	var wg sync.WaitGroup
	for p := range processes {
		wg.Go(func() {
			cmd := command("append", path, lock, strconv.Itoa(p), strconv.Itoa(times))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	got := map[string]int{}
	for line := range strings.Lines(content(t, path)) {
		got[line]++
	}
	for p := range processes {
		for n := range times {
			if line := fmt.Sprintf("%d.%d\n", p, n); got[line] != 1 {
				t.Errorf("edit %q is there %d times", line, got[line])
			}
		}
	}
}

func init() {
	children["hold"] = func(args []string) error {
		k := &safefile.Store{LockDir: args[0]}
		if _, err := k.Lock(context.Background(), args[1]); err != nil {
			return err
		}
		fmt.Println("held")
		_, _ = os.Stdin.Read(make([]byte, 1)) // until killed, or the test is over
		return nil
	}
}

// The message names the process, and its death frees the lock.
func TestHolderIsNamedAndKilled(t *testing.T) {
	lock := filepath.Join(folder(t), "lock")
	cmd := command("hold", lock, "okta")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	want := fmt.Sprintf("process %d", cmd.Process.Pid)
	if !listed(t, lock, cmd.Process.Pid) {
		want = "another process"
		t.Log("this file system gives its locks another device number than its files, so the process stays unknown")
	}
	n := &notes{}
	k := &safefile.Store{LockDir: lock, Notice: func(s string) {
		n.add(s)
		_ = cmd.Process.Kill()
	}}
	release, err := k.Lock(ctx, "okta")
	if err != nil {
		t.Fatal(err)
	}
	release()
	_ = cmd.Wait()
	n.only(t, fmt.Sprintf("waiting for %s to let go of %q", want, "okta"))
}

// listed says whether the kernel lists a lock of the process on the only file
// in a folder.
func listed(t *testing.T, dir string, pid int) bool {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(filepath.Join(dir, names(t, dir)[0]), &st); err != nil {
		t.Fatal(err)
	}
	list, _ := os.ReadFile("/proc/locks")
	file := fmt.Sprintf(" %d %02x:%02x:%d ", pid, unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	return strings.Contains(string(list), file)
}

func init() {
	children["limit"] = func(args []string) error {
		limit := syscall.Rlimit{Cur: 4096, Max: 4096}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		k := &safefile.Store{LockDir: args[1]}
		if err := safefile.Rehearse(args[0], 64<<10); !errors.Is(err, syscall.EFBIG) {
			return fmt.Errorf("the rehearsal says %w", err)
		}
		if err := safefile.Rehearse(args[0], 1<<10); err != nil {
			return fmt.Errorf("the small rehearsal says %w", err)
		}
		changed, err := update(k, args[0], strings.Repeat("x", 64<<10))
		if changed || !errors.Is(err, syscall.EFBIG) {
			return fmt.Errorf("changed %v, error %w", changed, err)
		}
		return expect(err, "file too large, the file is as it was", "")
	}
}

// ulimit -f, a quota of a sort: the kernel sends SIGXFSZ, too.
func TestFileTooLarge(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "config")
	write(t, path, "old", 0o644)
	run(t, command("limit", path, filepath.Join(folder(t), "lock")))
	if got := content(t, path); got != "old" {
		t.Errorf("content %q", got)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left %q", got)
	}
}

// mounting runs a child in a mount namespace of its own.
func mounting(t *testing.T, child string, args ...string) {
	t.Helper()
	cmd := command(child, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case !errors.As(err, &exit):
		t.Skip("no mount namespaces here: ", err)
	case strings.Contains(string(out), cannotMount):
		t.Skip(strings.TrimSpace(string(out)))
	default:
		t.Fatalf("%v: %s", err, out)
	}
}

const cannotMount = "cannot mount here"

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := syscall.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf(cannotMount+": %w", err)
	}
	return nil
}

func init() {
	children["full disk"] = func(args []string) error {
		dir := args[0]
		if err := mount("none", dir, "tmpfs", 0, "size=64k,mode=700"); err != nil {
			return err
		}
		old := strings.Repeat("old,", 5<<10)
		path := dir + "/config"
		if err := os.WriteFile(path, []byte(old), 0o644); err != nil {
			return err
		}
		k := &safefile.Store{LockDir: args[1]}
		still := func(entries int) error {
			data, err := os.ReadFile(path)
			if err != nil || string(data) != old {
				return fmt.Errorf("the file holds %d bytes, %w", len(data), err)
			}
			list, err := os.ReadDir(dir)
			if err != nil || len(list) != entries {
				return fmt.Errorf("the folder holds %v, %w", list, err)
			}
			return nil
		}
		check := func(t safefile.Target, size, entries int) error {
			changed, err := k.Update(context.Background(), t, becomes(strings.Repeat("x", size)))
			if changed || !errors.Is(err, syscall.ENOSPC) {
				return fmt.Errorf("changed %v, error %w", changed, err)
			}
			return errors.Join(expect(err, "no space left on device", ""), still(entries))
		}
		if err := safefile.Rehearse(path, 200<<10); !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("the rehearsal says %w", err)
		}
		// No room for the new content. The backup needs none: it is the old file.
		if err := check(safefile.Target{Path: path}, 200<<10, 1); err != nil {
			return err
		}
		if _, err := k.Update(context.Background(), safefile.Target{Path: path, Backup: ".bak"}, becomes(strings.Repeat("x", 40<<10))); err != nil {
			return err
		}
		if err := os.Rename(path+".bak", path); err != nil {
			return err
		}
		if err := still(1); err != nil {
			return err
		}
		// A mount of its own on the full disk: the write in place fails half
		// way, and the old content is put back.
		if err := mount(path, path, "", syscall.MS_BIND, ""); err != nil {
			return err
		}
		// 16 pages: 5 of the file, 6 of the temporary file, 5 of the backup.
		changed, err := k.Update(context.Background(), safefile.Target{Path: path}, becomes(strings.Repeat("x", 21<<10)))
		if changed || !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("changed %v, error %w", changed, err)
		}
		if err := expect(err, `config": no space left on device, the file is as it was`, ""); err != nil {
			return err
		}
		return still(1)
	}
}

func TestFullDisk(t *testing.T) {
	mounting(t, "full disk", folder(t), filepath.Join(folder(t), "lock"))
}

func init() {
	children["bind mount"] = func(args []string) error {
		dir := args[0]
		path, other := dir+"/config", dir+"/outside"
		if err := os.WriteFile(other, []byte("old and longer"), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			return err
		}
		if err := mount(other, path, "", syscall.MS_BIND, ""); err != nil {
			return err
		}
		n := &notes{}
		k := &safefile.Store{LockDir: args[1], Notice: n.add}
		holds := func(name, want string, mode os.FileMode) error {
			data, err := os.ReadFile(dir + "/" + name)
			if err != nil {
				return err
			}
			info, err := os.Stat(dir + "/" + name)
			if err != nil || string(data) != want || info.Mode().Perm() != mode {
				return fmt.Errorf("%s is %q with mode %o, want %q with %o", name, data, info.Mode().Perm(), want, mode)
			}
			return nil
		}
		said := func(count int, words string) error {
			if got := n.all(); len(got) != count || !strings.Contains(got[count-1], words) {
				return fmt.Errorf("said %q, want %q", got, words)
			}
			return nil
		}
		const backup = "config.aws-sso-plugins.bak"

		if changed, err := update(k, path, "new"); err != nil || !changed {
			return fmt.Errorf("changed %v, error %w", changed, err)
		}
		err := errors.Join(holds("config", "new", 0o644), holds("outside", "new", 0o644),
			holds(backup, "old and longer", 0o600), said(1, dir+"/"+backup))
		if err != nil {
			return err
		}

		// The target's own backup is enough, and a foreign edit is seen.
		first := true
		target := safefile.Target{Path: path, Backup: ".bak"}
		_, err = k.Update(context.Background(), target, func(old []byte) ([]byte, error) {
			if first {
				first = false
				_ = os.WriteFile(path, []byte("theirs"), 0o644)
			}
			return append(old, "+ours"...), nil
		})
		err = errors.Join(err, holds("config", "theirs+ours", 0o644), holds("config.bak", "theirs", 0o600),
			holds(backup, "old and longer", 0o600), said(3, "config.bak"))
		if err != nil {
			return err
		}

		// A secret leaves no copy, and its mode is tightened.
		_, err = k.Update(context.Background(), safefile.Target{Path: path, Secret: true}, becomes("token"))
		if err = errors.Join(err, holds("outside", "token", 0o600), said(4, "in place")); err != nil {
			return err
		}
		if _, err := os.Stat(dir + "/" + backup); err == nil {
			return errors.New("a copy of the secret is left")
		}

		existed, err := k.Remove(context.Background(), path)
		if err = errors.Join(err, holds("outside", "", 0o600), said(5, "emptied")); err != nil || !existed {
			return fmt.Errorf("existed %v, error %w", existed, err)
		}
		list, err := os.ReadDir(dir)
		if err != nil || len(list) != 3 {
			return fmt.Errorf("left %v, %w", list, err)
		}
		return nil
	}
}

func TestBindMount(t *testing.T) {
	mounting(t, "bind mount", folder(t), filepath.Join(folder(t), "lock"))
}

func init() {
	children["read-only home"] = func(args []string) error {
		home, outside := args[0], args[1]
		if err := mount("none", home, "tmpfs", syscall.MS_RDONLY, ""); err != nil {
			return err
		}
		n := &notes{}
		k := &safefile.Store{LockDir: home + "/.aws/sso/lock", Notice: n.add}
		for _, to := range []string{"1", "2"} {
			if _, err := update(k, outside+"/config", to); err != nil {
				return err
			}
		}
		if got := n.all(); len(got) != 1 || !strings.Contains(got[0], "locks do not work in") {
			return fmt.Errorf("said %q", got)
		}
		_, err := update(k, home+"/.aws/config", "x")
		return expect(err, "read-only file system", "")
	}
}

func TestReadOnlyHome(t *testing.T) {
	mounting(t, "read-only home", folder(t), folder(t))
}
