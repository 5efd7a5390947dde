package safefile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
}

func folders(t *testing.T, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := os.MkdirAll(p, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLinks(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(t *testing.T, dir string) (path, file string)
	}{
		{"one", func(t *testing.T, d string) (string, string) {
			write(t, d+"/real", "old", 0o644)
			link(t, d+"/real", d+"/config")
			return d + "/config", d + "/real"
		}},
		{"relative", func(t *testing.T, d string) (string, string) {
			folders(t, d+"/dotfiles", d+"/aws")
			write(t, d+"/dotfiles/real", "old", 0o644)
			link(t, "../dotfiles/real", d+"/aws/config")
			return d + "/aws/config", d + "/dotfiles/real"
		}},
		{"chain", func(t *testing.T, d string) (string, string) {
			folders(t, d+"/a", d+"/b")
			write(t, d+"/b/real", "old", 0o644)
			link(t, d+"/b/real", d+"/a/3")
			link(t, "a/3", d+"/2")
			link(t, d+"/2", d+"/1")
			return d + "/1", d + "/b/real"
		}},
		{"linked folder", func(t *testing.T, d string) (string, string) {
			folders(t, d+"/dotfiles")
			write(t, d+"/dotfiles/config", "old", 0o644)
			link(t, d+"/dotfiles", d+"/aws")
			return d + "/aws/config", d + "/dotfiles/config"
		}},
		{"two dots behind a linked folder", func(t *testing.T, d string) (string, string) {
			folders(t, d+"/deep/down", d+"/aws")
			write(t, d+"/deep/real", "old", 0o644)
			write(t, d+"/real", "not this", 0o644)
			link(t, d+"/deep/down", d+"/down")
			link(t, d+"/down/../real", d+"/aws/config") // as the kernel sees it: deep/real
			return d + "/aws/config", d + "/deep/real"
		}},
		{"dangling", func(t *testing.T, d string) (string, string) {
			link(t, "real", d+"/config")
			return d + "/config", d + "/real"
		}},
		{"dangling into no folder", func(t *testing.T, d string) (string, string) {
			link(t, "not/yet/real", d+"/config")
			return d + "/config", d + "/not/yet/real"
		}},
		{"40 of them", func(t *testing.T, d string) (string, string) {
			write(t, d+"/real", "old", 0o644)
			to := "real"
			for i := range 40 {
				name := "l" + string(rune('A'+i))
				link(t, to, d+"/"+name)
				to = name
			}
			return d + "/" + to, d + "/real"
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k, _ := store(t)
			path, file := tc.make(t, folder(t))
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := safefile.Rehearse(path, 1); err != nil {
				t.Error(err)
			}
			if changed, err := update(k, path, "new"); err != nil || !changed {
				t.Fatalf("changed %v, error %v", changed, err)
			}
			if after, _ := os.Lstat(path); after.Mode().Type() != before.Mode().Type() {
				t.Error("the link is one no more")
			}
			if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
				t.Fatalf("the file is no file: %v", err)
			}
			if got := content(t, file); got != "new" {
				t.Errorf("the file holds %q", got)
			}
			existed, err := k.Remove(context.Background(), path)
			if err != nil || !existed {
				t.Errorf("removing: existed %v, error %v", existed, err)
			}
			if _, err := os.Lstat(file); err == nil {
				t.Error("the secret is still there")
			}
			if _, err := os.Lstat(filepath.Dir(path)); err != nil {
				t.Error("the link's folder is gone")
			}
		})
	}
}

func TestLinksThatLeadNowhere(t *testing.T) {
	for _, tc := range []struct {
		name, words string
		make        func(t *testing.T, d string) string
	}{
		{"circle", "a circle of them", func(t *testing.T, d string) string {
			link(t, "b", d+"/a")
			link(t, "a", d+"/b")
			return d + "/a"
		}},
		{"itself", "a circle of them", func(t *testing.T, d string) string {
			link(t, "a", d+"/a")
			return d + "/a"
		}},
		{"circle in a folder", "too many links", func(t *testing.T, d string) string {
			link(t, "a", d+"/a")
			return d + "/a/config"
		}},
		{"41 of them", "more than 40", func(t *testing.T, d string) string {
			write(t, d+"/real", "old", 0o644)
			to := "real"
			for i := range 41 {
				name := "l" + string(rune('A'+i))
				link(t, to, d+"/"+name)
				to = name
			}
			return d + "/" + to
		}},
		{"to a folder", "it is a folder", func(t *testing.T, d string) string {
			folders(t, d+"/x")
			link(t, "x", d+"/a")
			return d + "/a"
		}},
		{"to a folder by dots", "it is a folder", func(t *testing.T, d string) string {
			link(t, "..", d+"/a")
			return d + "/a"
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k, _ := store(t)
			dir := folder(t)
			path := tc.make(t, dir)
			before := names(t, dir)
			_, err := update(k, path, "new")
			wantFault(t, err, fault.File, tc.words, "")
			if !slices.Equal(before, names(t, dir)) {
				t.Errorf("folder now holds %q", names(t, dir))
			}
		})
	}
}

// Two names of one file have one lock, so no update of either is lost.
func TestLinkSharesTheLock(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	write(t, dir+"/real", "", 0o644)
	link(t, "real", dir+"/config")
	for _, name := range []string{"real", "config"} {
		_, err := k.Update(context.Background(), safefile.Target{Path: filepath.Join(dir, name)}, func(old []byte) ([]byte, error) {
			if _, ok, err := k.TryLock(context.Background(), filepath.Join(dir, "real")); ok || err != nil {
				t.Errorf("updating %s does not hold the lock of the file: %v, %v", name, ok, err)
			}
			return append(old, 'x'), nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The link is pointed elsewhere between reading and rename: the other file is
// what the user wants changed.
func TestLinkMoved(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	write(t, dir+"/one", "1", 0o644)
	write(t, dir+"/two", "1", 0o644) // as alike as two files can be
	link(t, "one", dir+"/config")
	first := true
	_, err := k.Update(context.Background(), safefile.Target{Path: dir + "/config"}, func(old []byte) ([]byte, error) {
		if first {
			first = false
			if err := os.Remove(dir + "/config"); err != nil {
				t.Fatal(err)
			}
			link(t, "two", dir+"/config")
		}
		return append(old, '!'), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if one, two := content(t, dir+"/one"), content(t, dir+"/two"); one != "1" || two != "1!" {
		t.Errorf("one is %q, two is %q", one, two)
	}
}

// The link is pointed elsewhere while its old target's lock is waited for:
// that is the wrong lock then.
func TestLinkMovedWhileWaiting(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	write(t, dir+"/one", "", 0o644)
	write(t, dir+"/two", "", 0o644)
	link(t, "one", dir+"/config")
	synctest.Test(t, func(t *testing.T) {
		other := &safefile.Store{LockDir: k.LockDir}
		release, err := other.Lock(t.Context(), dir+"/one")
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(100*time.Millisecond, func() {
			if err := errors.Join(os.Remove(dir+"/config"), os.Symlink("two", dir+"/config")); err != nil {
				t.Error(err)
			}
			release()
		})
		_, err = k.Update(t.Context(), safefile.Target{Path: dir + "/config"}, func([]byte) ([]byte, error) {
			if _, ok, err := other.TryLock(t.Context(), dir+"/two"); ok || err != nil {
				t.Errorf("the lock of the other file is free: %v, %v", ok, err)
			}
			return []byte("new"), nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	if one, two := content(t, dir+"/one"), content(t, dir+"/two"); one != "" || two != "new" {
		t.Errorf("one is %q, two is %q", one, two)
	}
}

func TestBackupThroughALink(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	folders(t, dir+"/dotfiles", dir+"/aws")
	write(t, dir+"/dotfiles/config", "old", 0o644)
	link(t, "../dotfiles/config", dir+"/aws/config")
	write(t, dir+"/precious", "precious", 0o644)
	link(t, "../precious", dir+"/aws/config.bak") // must not be written through
	target := safefile.Target{Path: dir + "/aws/config", Backup: ".bak"}
	if _, err := k.Update(context.Background(), target, becomes("new")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, dir+"/aws/config.bak"); got != "old" {
		t.Errorf("backup %q", got)
	}
	if got := content(t, dir+"/precious"); got != "precious" {
		t.Errorf("the link's target is %q now", got)
	}
	if got := names(t, dir+"/dotfiles"); !slices.Equal(got, []string{"config"}) {
		t.Errorf("dotfiles hold %q", got)
	}
}
