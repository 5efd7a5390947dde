package safefile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

// nobody is a user that is neither root nor we.
const nobody = 65534

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to other users")
	}
}

func chown(t *testing.T, path string, uid, gid int) {
	t.Helper()
	if err := os.Lchown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

func ids(t *testing.T, path string) [2]int {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	return [2]int{int(st.Uid), int(st.Gid)}
}

func perm(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// asNobody runs a child as another user than root, without the rights of root.
func asNobody(t *testing.T, child string, args ...string) {
	t.Helper()
	needsRoot(t)
	run(t, command(child, args...))
}

func command(child string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVariable+"="+child, "GORACE=atexit_sleep_ms=0")
	return cmd
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// public makes a folder that another user can reach and belongs to them.
func public(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	for d := dir; d != filepath.Clean(os.TempDir()) && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			break
		}
	}
	chown(t, dir, nobody, nobody)
	return dir
}

func TestRootKeepsTheOwner(t *testing.T) {
	needsRoot(t)
	k, _ := store(t)
	dir := folder(t)
	path := filepath.Join(dir, "config")
	write(t, path, "old", 0o640)
	chown(t, path, 1234, 2345)
	target := safefile.Target{Path: path, Backup: ".bak"}
	if _, err := k.Update(context.Background(), target, becomes("new")); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, path); got != [2]int{1234, 2345} || perm(t, path) != 0o640 {
		t.Errorf("owner %v, mode %o", got, perm(t, path))
	}
	if got := ids(t, path+".bak"); got != [2]int{1234, 2345} || perm(t, path+".bak") != 0o600 {
		t.Errorf("backup: owner %v, mode %o", got, perm(t, path+".bak"))
	}
}

// sudo with the user's HOME: all that root makes there must be the user's.
func TestRootLeavesNothingOfItsOwn(t *testing.T) {
	needsRoot(t)
	home := folder(t)
	chown(t, home, 1234, 2345)
	k := &safefile.Store{LockDir: filepath.Join(home, ".aws", "sso", "lock")}
	if _, err := update(k, filepath.Join(home, ".aws", "sso", "cache", "x.json"), "new"); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
		n++
		if got := ids(t, path); got != [2]int{1234, 2345} {
			t.Errorf("%s belongs to %v", path, got)
		}
		return err
	})
	if err != nil || n != 7 {
		t.Errorf("%d things, %v; want home, .aws, sso, cache, x.json, lock and its file", n, err)
	}
	if _, err := update(k, filepath.Join(home, ".aws", "sso", "cache", "x.json"), "newer"); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

func TestLinksOfOthersAreRefused(t *testing.T) {
	needsRoot(t)
	for _, tc := range []struct {
		name string
		make func(t *testing.T, d string)
	}{
		{"file of another", func(t *testing.T, d string) { chown(t, d+"/x/real", 1234, 0) }},
		{"folder of another", func(t *testing.T, d string) { chown(t, d+"/x", 1234, 0) }},
		{"folder of another, nothing in it", func(t *testing.T, d string) {
			chown(t, d+"/x", 1234, 0)
			if err := os.Remove(d + "/x/real"); err != nil {
				t.Fatal(err)
			}
		}},
		{"link of another", func(t *testing.T, d string) { chown(t, d+"/config", 1234, 0) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k, _ := store(t)
			d := folder(t)
			folders(t, d+"/x")
			write(t, d+"/x/real", "old", 0o644)
			link(t, "x/real", d+"/config")
			tc.make(t, d)
			before := names(t, d+"/x")
			_, err := update(k, d+"/config", "new")
			wantFault(t, err, fault.File, "belongs to another user (uid 1234)", "")
			if len(before) > 0 {
				_, err = k.Remove(context.Background(), d+"/config")
				wantFault(t, err, fault.File, "belongs to another user (uid 1234)", "")
				if got := content(t, d+"/x/real"); got != "old" {
					t.Errorf("content %q", got)
				}
			}
			if err := safefile.Rehearse(d+"/config", 1); err == nil {
				t.Error("Writable sees no reason")
			}
			if got := names(t, d+"/x"); !slices.Equal(got, before) {
				t.Errorf("folder now holds %q", got)
			}
		})
	}
}

// Root in the home of a user, who has put a link in the place of a folder:
// nothing is made, tightened or removed where it leads.
func TestRootFollowsNoFolderLinksOfOthers(t *testing.T) {
	needsRoot(t)
	for _, tc := range []struct{ name, link, to string }{
		{"the home's own folder", ".aws", "roots"},
		{"the cache", ".aws/sso/cache", "roots"},
		{"the locks", ".aws/sso/lock", "roots"},
		{"a link to a link", ".aws/sso/lock", "lock"},
		{"a link on the way of a link", ".aws/sso/cache", "on/the/way"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := folder(t)
			folders(t, d+"/home/.aws/sso/cache", d+"/home/.aws/sso/lock", d+"/roots/sso/cache", d+"/roots/the/way")
			write(t, d+"/roots/x.json", "root's", 0o644)
			if err := os.Chmod(d+"/roots", 0o755); err != nil {
				t.Fatal(err)
			}
			link(t, "roots", d+"/lock")
			link(t, "roots", d+"/on")
			chown(t, d+"/on", 1234, 1234)
			at := filepath.Join(d, "home", tc.link)
			if err := os.RemoveAll(at); err != nil {
				t.Fatal(err)
			}
			link(t, filepath.Join(d, tc.to), at)
			if tc.to != "on/the/way" {
				chown(t, at, 1234, 1234)
			}
			k := &safefile.Store{LockDir: d + "/home/.aws/sso/lock"}
			_, err := update(k, d+"/home/.aws/sso/cache/x.json", "new")
			wantFault(t, err, fault.File, "belongs to another user (uid 1234)", "")
			if tc.link != ".aws/sso/lock" {
				_, err = k.Remove(context.Background(), d+"/home/.aws/sso/cache/x.json")
				wantFault(t, err, fault.File, "belongs to another user (uid 1234)", "")
			}
			if got := perm(t, d+"/roots"); got != 0o755 {
				t.Errorf("the folder's mode is %o now", got)
			}
			if got := content(t, d+"/roots/x.json"); got != "root's" {
				t.Errorf("content %q", got)
			}
			if got := names(t, d+"/roots"); len(got) != 3 {
				t.Errorf("the folder holds %q", got)
			}
		})
	}
}

func init() {
	children["nobody"] = func(args []string) error {
		if err := syscall.Setgroups(nil); err != nil {
			return err
		}
		if err := syscall.Setegid(nobody); err != nil {
			return err
		}
		if err := syscall.Seteuid(nobody); err != nil {
			return err
		}
		return nobodyDoes[args[0]](args[1])
	}
}

// nobodyDoes is what a user without the rights of root can see, in a folder of
// that user's own.
var nobodyDoes = map[string]func(dir string) error{
	"own file": func(dir string) error {
		k := &safefile.Store{LockDir: dir + "/lock"}
		_, err := update(k, dir+"/own", "new")
		return err
	},
	"root's file": func(dir string) error {
		k := &safefile.Store{LockDir: dir + "/lock"}
		_, err := update(k, dir+"/roots", "new")
		return expect(err, "belongs to root", `run: sudo chown "$(id -un)" `+dir+"/roots")
	},
	"root's file writable to all": func(dir string) error {
		k := &safefile.Store{LockDir: dir + "/lock"}
		_, err := update(k, dir+"/all", "new")
		return expect(err, "belongs to root", `run: sudo chown "$(id -un)" `+dir+"/all")
	},
	"unreadable file": func(dir string) error {
		k := &safefile.Store{LockDir: dir + "/lock"}
		_, err := update(k, dir+"/secret", "new")
		if err := expect(err, "permission denied", `run: sudo chown "$(id -un)" `+dir+"/secret"); err != nil {
			return err
		}
		if !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%w is no ErrPermission", err)
		}
		_, err = safefile.Read(context.Background(), dir+"/secret", 10, nil)
		return expect(err, "permission denied", `run: sudo chown "$(id -un)" `+dir+"/secret")
	},
	"root's folder": func(dir string) error {
		k := &safefile.Store{LockDir: dir + "/lock"}
		if err := expect(safefile.Rehearse(dir+"/.aws/config", 1), "belongs to root", `run: sudo chown -R "$(id -un)" `+dir+"/.aws"); err != nil {
			return err
		}
		_, err := update(k, dir+"/.aws/new", "new")
		return expect(err, "permission denied", `run: sudo chown -R "$(id -un)" `+dir+"/.aws")
	},
	"root's lock folder": func(dir string) error {
		k := &safefile.Store{LockDir: dir + "/.aws/lock"}
		_, err := update(k, dir+"/own", "new")
		return expect(err, "permission denied", `run: sudo chown -R "$(id -un)" `+dir+"/.aws")
	},
	"folder without write": func(dir string) error {
		k := &safefile.Store{LockDir: dir + "/lock"}
		if err := os.Mkdir(dir+"/ro", 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(dir+"/ro/config", []byte("old"), 0o600); err != nil {
			return err
		}
		if err := os.Chmod(dir+"/ro", 0o555); err != nil {
			return err
		}
		defer func() { _ = os.Chmod(dir+"/ro", 0o755) }() // so that the folder can be removed
		_, err := update(k, dir+"/ro/config", "new")
		if err := expect(err, "permission denied, the file is as it was", ""); err != nil {
			return err
		}
		if data, _ := os.ReadFile(dir + "/ro/config"); string(data) != "old" {
			return fmt.Errorf("content %q", data)
		}
		return nil
	},
	"link to root's file": func(dir string) error {
		k := &safefile.Store{LockDir: dir + "/lock"}
		if err := os.Symlink("all", dir+"/link"); err != nil {
			return err
		}
		_, err := update(k, dir+"/link", "new")
		return expect(err, "belongs to root", "")
	},
	"foreign group": func(dir string) error {
		k := &safefile.Store{LockDir: dir + "/lock"}
		_, err := update(k, dir+"/group", "new")
		return err
	},
}

func expect(err error, words, hint string) error {
	if err == nil {
		return errors.New("no error")
	}
	if !strings.Contains(err.Error(), words) || !strings.Contains(fault.HintOf(err), hint) || fault.KindOf(err) != fault.File {
		return fmt.Errorf("error %q of kind %v, hint %q; want %q, %q", err, fault.KindOf(err), fault.HintOf(err), words, hint)
	}
	return nil
}

func TestNotRoot(t *testing.T) {
	needsRoot(t)
	for name := range nobodyDoes {
		t.Run(name, func(t *testing.T) {
			dir := public(t)
			for file, mode := range map[string]fs.FileMode{"own": 0o640, "roots": 0o644, "all": 0o666, "secret": 0o600, "group": 0o664} {
				write(t, filepath.Join(dir, file), "old", mode)
			}
			chown(t, dir+"/own", nobody, nobody)
			chown(t, dir+"/group", nobody, 12345)
			folders(t, dir+"/.aws")
			if err := os.Chmod(dir+"/.aws", 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, dir+"/.aws/config", "old", 0o644)
			asNobody(t, "nobody", name, dir)
			for _, file := range []string{"roots", "all", "secret", ".aws/config"} {
				if got := content(t, filepath.Join(dir, file)); got != "old" {
					t.Errorf("%s is %q now", file, got)
				}
			}
			switch name {
			case "own file":
				if got := content(t, dir+"/own"); got != "new" || perm(t, dir+"/own") != 0o640 {
					t.Errorf("content %q, mode %o", got, perm(t, dir+"/own"))
				}
			case "foreign group":
				// What the old group could do must not pass to another group.
				if got := perm(t, dir+"/group"); got != 0o644 {
					t.Errorf("mode %o", got)
				}
			}
			for _, file := range names(t, dir) {
				if strings.HasSuffix(file, ".tmp") {
					t.Errorf("left %q", file)
				}
			}
		})
	}
}

// Opening a pipe would hang until somebody writes to it.
func TestNotRegular(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no pipes here: ", err)
	}
	for _, path := range []string{pipe, os.DevNull} {
		_, err := update(k, path, "x")
		if !errors.Is(err, safefile.ErrNotRegular) || fault.KindOf(err) != fault.File {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := k.Remove(context.Background(), path); !errors.Is(err, safefile.ErrNotRegular) {
			t.Errorf("removing %s: %v", path, err)
		}
		if _, err := safefile.Read(t.Context(), path, 10, nil); !errors.Is(err, safefile.ErrNotRegular) {
			t.Errorf("reading %s: %v", path, err)
		}
	}
	if _, err := os.Lstat(pipe); err != nil {
		t.Error("the pipe is gone")
	}
}

func TestHardLink(t *testing.T) {
	k, n := store(t)
	dir := folder(t)
	write(t, dir+"/config", "old", 0o644)
	if err := os.Link(dir+"/config", dir+"/other"); err != nil {
		t.Skip("no hard links here: ", err)
	}
	if _, err := update(k, dir+"/config", "new"); err != nil {
		t.Fatal(err)
	}
	n.only(t, dir+"/config", "hard links")
	if got := content(t, dir+"/other"); got != "old" {
		t.Errorf("the other name holds %q", got)
	}
}

// Without its access list the group bits of a file's mode mean something else.
func TestAttributes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("extended attributes are kept on Linux only")
	}
	k, _ := store(t)
	path := filepath.Join(folder(t), "config")
	write(t, path, "old", 0o640)
	if err := unix.Setxattr(path, "user.test", []byte("value"), 0); err != nil {
		t.Skip("no extended attributes here: ", err)
	}
	// Version 2; owner rw-, user 1234 r--, group ---, mask r--, others ---.
	acl := []byte("\x02\x00\x00\x00" + "\x01\x00\x06\x00\xff\xff\xff\xff" + "\x02\x00\x04\x00\xd2\x04\x00\x00" +
		"\x04\x00\x00\x00\xff\xff\xff\xff" + "\x10\x00\x04\x00\xff\xff\xff\xff" + "\x20\x00\x00\x00\xff\xff\xff\xff")
	if err := unix.Setxattr(path, "system.posix_acl_access", acl, 0); err != nil {
		t.Skip("no access lists here: ", err)
	}
	if _, err := update(k, path, "new"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"user.test": []byte("value"), "system.posix_acl_access": acl} {
		got := make([]byte, 100)
		n, err := unix.Getxattr(path, name, got)
		if err != nil || !bytes.Equal(got[:n], want) {
			t.Errorf("%s is %q, %v", name, got[:max(n, 0)], err)
		}
	}
	if _, err := k.Update(context.Background(), safefile.Target{Path: path, Secret: true}, becomes("secret")); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Getxattr(path, "system.posix_acl_access", make([]byte, 100)); err == nil {
		t.Error("a secret kept an access list")
	}
	if got := perm(t, path); got != 0o600 {
		t.Errorf("mode %o", got)
	}
}
