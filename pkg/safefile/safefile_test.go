package safefile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

func Example() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	k := &safefile.Store{LockDir: filepath.Join(dir, "lock")}
	target := safefile.Target{Path: filepath.Join(dir, "config")}
	add := func(old []byte) ([]byte, error) { return append(old, "[default]\n"...), nil }
	keep := func(old []byte) ([]byte, error) { return old, nil }
	for _, change := range []func([]byte) ([]byte, error){add, keep} {
		changed, err := k.Update(context.Background(), target, change)
		fmt.Println(changed, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

func TestUpdate(t *testing.T) {
	errNo := errors.New("no")
	for _, tc := range []struct {
		name    string
		old     string
		none    bool // there is no file
		mode    fs.FileMode
		secret  bool
		change  func(t *testing.T, old []byte) ([]byte, error)
		want    string
		gone    bool // there is none afterwards either
		changed bool
		wmode   fs.FileMode
		err     error
	}{
		{
			name: "replaces", old: "a", mode: 0o644, want: "b", changed: true, wmode: 0o644,
			change: func(*testing.T, []byte) ([]byte, error) { return []byte("b"), nil },
		},
		{
			name: "keeps a narrow mode", old: "a", mode: 0o600, want: "b", changed: true, wmode: 0o600,
			change: func(*testing.T, []byte) ([]byte, error) { return []byte("b"), nil },
		},
		{
			name: "keeps a mode that the umask would cut", old: "a", mode: 0o666, want: "b", changed: true, wmode: 0o666,
			change: func(*testing.T, []byte) ([]byte, error) { return []byte("b"), nil },
		},
		{
			name: "makes a file 0600", none: true, want: "b", changed: true, wmode: 0o600,
			change: func(t *testing.T, old []byte) ([]byte, error) {
				if old != nil {
					t.Errorf("old is %q, want nil for no file", old)
				}
				return []byte("b"), nil
			},
		},
		{
			name: "an empty file is not nil", old: "", mode: 0o600, want: "b", changed: true, wmode: 0o600,
			change: func(t *testing.T, old []byte) ([]byte, error) {
				if old == nil {
					t.Error("old is nil, want empty for an empty file")
				}
				return []byte("b"), nil
			},
		},
		{
			name: "empties", old: "a", mode: 0o644, want: "", changed: true, wmode: 0o644,
			change: func(*testing.T, []byte) ([]byte, error) { return nil, nil },
		},
		{
			name: "nothing for no file", none: true, gone: true,
			change: func(*testing.T, []byte) ([]byte, error) { return []byte{}, nil },
		},
		{
			name: "equal", old: "a", mode: 0o644, want: "a", wmode: 0o644,
			change: func(_ *testing.T, old []byte) ([]byte, error) { return old, nil },
		},
		{
			name: "change may scribble on old", old: "abc", mode: 0o644, want: "abc", wmode: 0o644,
			change: func(_ *testing.T, old []byte) ([]byte, error) { copy(old, "xyz"); return []byte("abc"), nil },
		},
		{
			name: "change fails", old: "a", mode: 0o644, want: "a", wmode: 0o644, err: errNo,
			change: func(*testing.T, []byte) ([]byte, error) { return []byte("b"), errNo },
		},
		{
			name: "secret is tightened", old: "a", mode: 0o644, secret: true, want: "b", changed: true, wmode: 0o600,
			change: func(*testing.T, []byte) ([]byte, error) { return []byte("b"), nil },
		},
		{
			name: "secret is tightened though equal", old: "a", mode: 0o640, secret: true, want: "a", wmode: 0o600,
			change: func(_ *testing.T, old []byte) ([]byte, error) { return old, nil },
		},
		{
			name: "secret is made", none: true, secret: true, want: "b", changed: true, wmode: 0o600,
			change: func(*testing.T, []byte) ([]byte, error) { return []byte("b"), nil },
		},
		{
			name: "read-only is fine if nothing changes", old: "a", mode: 0o444, want: "a", wmode: 0o444,
			change: func(_ *testing.T, old []byte) ([]byte, error) { return old, nil },
		},
		{
			name: "large", old: strings.Repeat("a", 5<<20), mode: 0o644, want: strings.Repeat("b", 6<<20), changed: true, wmode: 0o644,
			change: func(*testing.T, []byte) ([]byte, error) { return bytes.Repeat([]byte("b"), 6<<20), nil },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k, n := store(t)
			dir := folder(t)
			path := filepath.Join(dir, "config")
			past := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
			if !tc.none {
				write(t, path, tc.old, tc.mode)
				if err := os.Chtimes(path, past, past); err != nil {
					t.Fatal(err)
				}
			}
			changed, err := k.Update(context.Background(), safefile.Target{Path: path, Secret: tc.secret},
				func(old []byte) ([]byte, error) { return tc.change(t, old) })
			if !errors.Is(err, tc.err) || fault.KindOf(err) != fault.Unknown {
				t.Fatalf("error %v, want %v", err, tc.err)
			}
			if changed != tc.changed {
				t.Errorf("changed %v, want %v", changed, tc.changed)
			}
			if len(n.all()) > 0 {
				t.Errorf("notes %q for nothing", n.all())
			}
			if tc.gone {
				if got := names(t, dir); got != nil {
					t.Errorf("left %q", got)
				}
				return
			}
			if got := names(t, dir); !slices.Equal(got, []string{"config"}) {
				t.Errorf("the folder holds %q", got)
			}
			if got := content(t, path); got != tc.want {
				t.Errorf("content is %.40q, want %.40q", got, tc.want)
			}
			info, _ := os.Stat(path)
			if got := info.Mode().Perm(); got != tc.wmode && runtime.GOOS != "windows" {
				t.Errorf("mode %o, want %o", got, tc.wmode)
			}
			if kept := info.ModTime().Equal(past); kept == tc.changed && !tc.none {
				t.Errorf("modification time kept: %v, changed: %v", kept, tc.changed)
			}
		})
	}
}

func TestUpdateMakesFolders(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	if _, err := update(k, filepath.Join(dir, "a", "b", "config"), "x"); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"a", "a/b"} {
		info, err := os.Stat(filepath.Join(dir, d))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o700 && runtime.GOOS != "windows" {
			t.Errorf("%s is %o, want 700", d, got)
		}
	}
}

func TestUpdateRefuses(t *testing.T) {
	makeWritable := "run: chmod u+w "
	if runtime.GOOS == "windows" {
		makeWritable = "run: attrib -r "
	}
	for _, tc := range []struct {
		name  string
		make  func(t *testing.T, dir string) string
		words string
		hint  string
		is    error
	}{
		{"relative path", func(*testing.T, string) string { return "config" }, `"config": the path is not absolute`, "", nil},
		{"empty path", func(*testing.T, string) string { return "" }, "not absolute", "", nil},
		{"folder", func(_ *testing.T, dir string) string { return dir }, "it is a folder", "", safefile.ErrNotRegular},
		{"trailing separator", func(_ *testing.T, dir string) string { return dir + string(filepath.Separator) }, "it is a folder", "", safefile.ErrNotRegular},
		{"two dots", func(_ *testing.T, dir string) string { return dir + string(filepath.Separator) + ".." }, "it is a folder", "", safefile.ErrNotRegular},
		{"read-only", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "it's"), "old", 0o444)
			return filepath.Join(dir, "it's")
		}, "read-only", makeWritable, nil},
		{"readable only by its owner", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "config"), "old", 0o400)
			return filepath.Join(dir, "config")
		}, "read-only", makeWritable, nil},
		{"file as a folder", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "f"), "old", 0o644)
			return filepath.Join(dir, "f", "config")
		}, "f", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k, _ := store(t)
			dir := folder(t)
			path := tc.make(t, dir)
			before := names(t, dir)
			for _, secret := range []bool{false, true} {
				changed, err := k.Update(context.Background(), safefile.Target{Path: path, Secret: secret}, becomes("new"))
				wantFault(t, err, fault.File, tc.words, tc.hint)
				if changed {
					t.Error("says that it changed something")
				}
				if tc.is != nil && !errors.Is(err, tc.is) {
					t.Errorf("%v is not %v", err, tc.is)
				}
			}
			if err := safefile.Rehearse(path, 1); err == nil {
				t.Error("Rehearse sees no reason")
			}
			if diff := cmp.Diff(before, names(t, dir)); diff != "" {
				t.Errorf("folder changed: %s", diff)
			}
			for _, name := range before {
				if got := content(t, filepath.Join(dir, name)); got != "old" {
					t.Errorf("%s is %q now", name, got)
				}
			}
		})
	}
}

func TestRehearseAccepts(t *testing.T) {
	dir := folder(t)
	write(t, filepath.Join(dir, "config"), "x", 0o644)
	for _, path := range []string{"config", "new", filepath.Join("not", "yet", "new")} {
		if err := safefile.Rehearse(filepath.Join(dir, path), 1); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"config", "not"}) {
		t.Errorf("it made %q", got)
	}
}

// Another program knows no lock: it writes between our reading and our rename.
func TestForeignWriter(t *testing.T) {
	for _, tc := range []struct {
		name    string
		meddles int // how often it writes
		calls   int
		fails   bool
	}{
		{"once", 1, 2, false},
		{"three times", 3, 4, false},
		{"for ever", 1 << 20, 4, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k, n := store(t)
			dir := folder(t)
			path := filepath.Join(dir, "config")
			write(t, path, "", 0o644)
			calls := 0
			changed, err := k.Update(context.Background(), safefile.Target{Path: path}, func(old []byte) ([]byte, error) {
				if calls++; calls <= tc.meddles {
					f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
					if err != nil {
						return nil, err
					}
					defer f.Close()
					if _, err := fmt.Fprintf(f, "theirs %d\n", calls); err != nil {
						return nil, err
					}
				}
				return append(old, "ours\n"...), nil
			})
			if calls < tc.calls || calls > tc.calls && !tc.fails {
				t.Errorf("%d calls, want %d", calls, tc.calls)
			}
			n.only(t, path, "changed by another program")
			got := content(t, path)
			for i := range min(tc.meddles, calls) {
				if !strings.Contains(got, fmt.Sprintf("theirs %d\n", i+1)) {
					t.Errorf("their edit %d is lost", i+1)
				}
			}
			if tc.fails {
				wantFault(t, err, fault.File, "again and again", "run this again")
				if changed || strings.Contains(got, "ours") {
					t.Errorf("changed %v, content %q", changed, got)
				}
			} else if err != nil || !changed || strings.Count(got, "ours\n") != 1 {
				t.Errorf("changed %v, error %v, content %q", changed, err, got)
			}
			if got := names(t, dir); len(got) != 1 {
				t.Errorf("left %q", got)
			}
		})
	}
}

func TestForeignWriterWithoutChangingLength(t *testing.T) {
	k, _ := store(t)
	path := filepath.Join(folder(t), "config")
	write(t, path, "aaaa", 0o644)
	info, _ := os.Stat(path)
	first := true
	_, err := k.Update(context.Background(), safefile.Target{Path: path}, func(old []byte) ([]byte, error) {
		if first {
			first = false
			write(t, path, "bbbb", 0o644)
			if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}
		return append(old, 'c'), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "bbbbc" {
		t.Errorf("content %q: their edit is lost", got)
	}
}

// Every way in which a file can become another one is seen.
func TestForeignChanges(t *testing.T) {
	for _, tc := range []struct {
		name   string
		meddle func(t *testing.T, path string)
		want   string
		mode   fs.FileMode
	}{
		{"replaced by rename", func(t *testing.T, path string) {
			write(t, path+".x", "theirs,", 0o644)
			if err := os.Rename(path+".x", path); err != nil {
				t.Fatal(err)
			}
		}, "theirs,ours", 0o644},
		{"removed", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "ours", 0o600},
		{"mode changed", func(t *testing.T, path string) {
			if err := os.Chmod(path, 0o640); err != nil {
				t.Fatal(err)
			}
		}, "old,ours", 0o640},
		{"read in the middle of a write in place", func(t *testing.T, path string) {
			write(t, path, "complete,", 0o644)
		}, "complete,ours", 0o644},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && tc.name == "mode changed" {
				t.Skip("windows has no such modes")
			}
			k, _ := store(t)
			path := filepath.Join(folder(t), "config")
			write(t, path, "old,", 0o644)
			first := true
			_, err := k.Update(context.Background(), safefile.Target{Path: path}, func(old []byte) ([]byte, error) {
				if first {
					first = false
					tc.meddle(t, path)
				}
				return append(old, "ours"...), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := content(t, path); got != tc.want {
				t.Errorf("content %q, want %q", got, tc.want)
			}
			if info, _ := os.Stat(path); info.Mode().Perm() != tc.mode && runtime.GOOS != "windows" {
				t.Errorf("mode %o, want %o", info.Mode().Perm(), tc.mode)
			}
		})
	}
}

func TestCreatedMeanwhile(t *testing.T) {
	k, _ := store(t)
	path := filepath.Join(folder(t), "config")
	_, err := k.Update(context.Background(), safefile.Target{Path: path}, func(old []byte) ([]byte, error) {
		if old == nil {
			write(t, path, "theirs,", 0o644)
		}
		return append(old, "ours"...), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "theirs,ours" {
		t.Errorf("content %q", got)
	}
}

// The AWS CLI's logout deletes what looks like a token beside the tokens.
func TestTempRemovedMeanwhile(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	path := filepath.Join(dir, "token.json")
	write(t, path, "old", 0o600)
	swept := 0
	k.InTheGap(func(func() bool) {
		for _, name := range names(t, dir) {
			if strings.HasSuffix(name, ".tmp") && swept == 0 {
				swept++
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	target := safefile.Target{Path: path, Secret: true}
	if _, err := k.Update(context.Background(), target, becomes("new")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "new" || swept != 1 {
		t.Errorf("content %q, swept %d", got, swept)
	}
}

func TestBackup(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	path := filepath.Join(dir, "config")
	ask := func(suffix string) safefile.Target {
		return safefile.Target{Path: path, Backup: suffix}
	}
	for _, step := range []struct {
		suffix, to string
		want       map[string]string
	}{
		{".bak", "1", map[string]string{"config": "1"}}, // there was none
		{"", "2", map[string]string{"config": "2"}},
		{".bak", "2", map[string]string{"config": "2"}}, // nothing new
		{".bak", "3", map[string]string{"config": "3", "config.bak": "2"}},
		{".bak", "4", map[string]string{"config": "4", "config.bak": "3"}},
		{".other", "5", map[string]string{"config": "5", "config.bak": "3", "config.other": "4"}},
	} {
		if _, err := k.Update(context.Background(), ask(step.suffix), becomes(step.to)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, name := range names(t, dir) {
			got[name] = content(t, filepath.Join(dir, name))
			info, _ := os.Stat(filepath.Join(dir, name))
			if name != "config" && info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
				t.Errorf("%s has mode %o", name, info.Mode().Perm())
			}
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestBackupThatFailsStopsTheWrite(t *testing.T) {
	for _, tc := range []struct{ name, suffix, words string }{
		{"another folder", "/../evil", "names another folder"},
		{"a folder in the way", ".bak", "it is a folder"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k, _ := store(t)
			dir := folder(t)
			path := filepath.Join(dir, "config")
			write(t, path, "old", 0o644)
			if err := os.Mkdir(path+".bak", 0o700); err != nil {
				t.Fatal(err)
			}
			target := safefile.Target{Path: path, Backup: tc.suffix}
			changed, err := k.Update(context.Background(), target, becomes("new"))
			wantFault(t, err, fault.File, tc.words, "")
			if changed || content(t, path) != "old" || len(names(t, dir)) != 2 {
				t.Errorf("changed %v, content %q, folder %q", changed, content(t, path), names(t, dir))
			}
		})
	}
}

func TestSweep(t *testing.T) {
	k, n := store(t)
	dir := folder(t)
	path := filepath.Join(dir, "config")
	old, young := time.Now().Add(-61*time.Minute), time.Now().Add(-59*time.Minute)
	for name, at := range map[string]time.Time{
		".aws-sso-plugins-0123456789abcdef-OLD.tmp":   old,
		".aws-sso-plugins-0123456789abcdef-YOUNG.tmp": young,
		".aws-sso-plugins-0123456789abcdef-OTHER":     old,
		"aws-sso-plugins-0123456789abcdef-OTHER.tmp":  old,
		"token.json.tmp-17":                           old, // the Go SDK's
	} {
		write(t, filepath.Join(dir, name), "secret", 0o600)
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".aws-sso-plugins-folder.tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(dir, ".aws-sso-plugins-folder.tmp"), old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := update(k, path, "x"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		".aws-sso-plugins-0123456789abcdef-OTHER",
		".aws-sso-plugins-0123456789abcdef-YOUNG.tmp",
		".aws-sso-plugins-folder.tmp",
		"aws-sso-plugins-0123456789abcdef-OTHER.tmp",
		"config",
		"token.json.tmp-17",
	}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Error(diff)
	}
	n.only(t, "removed 1 leftover temporary file of", dir)
}

func TestRemove(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	path := filepath.Join(dir, "token.json")
	existed, err := k.Remove(context.Background(), path)
	if existed || err != nil {
		t.Errorf("no file: existed %v, error %v", existed, err)
	}
	if _, err := os.Stat(k.LockDir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("made a lock for nothing")
	}
	existed, err = k.Remove(context.Background(), filepath.Join(dir, "no", "folder", "x"))
	if existed || err != nil {
		t.Errorf("no folder: existed %v, error %v", existed, err)
	}
	write(t, path, "secret", 0o400) // a rewrite would be refused; removing is what is asked for
	existed, err = k.Remove(context.Background(), path)
	if !existed || err != nil || len(names(t, dir)) != 0 {
		t.Errorf("existed %v, error %v, left %q", existed, err, names(t, dir))
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = k.Remove(context.Background(), path)
	wantFault(t, err, fault.File, "it is a folder", "")
	_, err = k.Remove(context.Background(), "token.json")
	wantFault(t, err, fault.File, "not absolute", "")
}

// A token must not survive its logout in what a killed run left behind.
func TestRemoveTakesTheTempsOfTheSameFile(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	mine, other := filepath.Join(dir, "a.json"), filepath.Join(dir, "b.json")
	for _, path := range []string{mine, other} {
		// Catch the temporary file of a write by making a copy of it.
		k.InTheGap(func(func() bool) {
			for _, name := range names(t, dir) {
				if strings.HasSuffix(name, ".tmp") && !strings.Contains(name, "left") {
					write(t, filepath.Join(dir, strings.TrimSuffix(name, ".tmp")+"left.tmp"), "secret", 0o600)
				}
			}
		})
		write(t, path, "1", 0o600)
		if _, err := k.Update(context.Background(), safefile.Target{Path: path}, becomes("2")); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(names(t, dir)); got != 4 {
		t.Fatalf("%d files, want 2 tokens and 2 leftovers", got)
	}
	if _, err := k.Remove(context.Background(), mine); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 2 || got[1] != "b.json" {
		t.Errorf("left %q, want the other token and its leftover", got)
	}
}

func TestCanceled(t *testing.T) {
	k, _ := store(t)
	dir := folder(t)
	path := filepath.Join(dir, "config")
	write(t, path, "old", 0o644)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := k.Update(ctx, safefile.Target{Path: path}, func([]byte) ([]byte, error) {
		cancel()
		return []byte("new"), nil
	})
	wantFault(t, err, fault.Canceled, "canceled", "")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not context.Canceled", err)
	}
	_, err = k.Remove(ctx, path)
	wantFault(t, err, fault.Canceled, "canceled", "")
	if got := content(t, path); got != "old" {
		t.Errorf("content %q", got)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left %q", got)
	}
}

// Ctrl-C while another run holds the file ends the wait at once.
func TestCanceledWhileWaiting(t *testing.T) {
	k, _ := store(t)
	path := filepath.Join(folder(t), "config")
	write(t, path, "old", 0o644)
	synctest.Test(t, func(t *testing.T) {
		release, err := (&safefile.Store{LockDir: k.LockDir}).Lock(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		time.AfterFunc(2500*time.Millisecond, cancel)
		_, err = k.Update(ctx, safefile.Target{Path: path}, becomes("new"))
		wantFault(t, err, fault.Canceled, "canceled", "")
		if took := time.Since(start); took != 2500*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
	if got := content(t, path); got != "old" {
		t.Errorf("content %q", got)
	}
}

// A panic in change must leave no lock behind.
func TestPanic(t *testing.T) {
	k, _ := store(t)
	path := filepath.Join(folder(t), "config")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_, _ = k.Update(context.Background(), safefile.Target{Path: path}, func([]byte) ([]byte, error) { panic("bug") })
	}()
	if _, err := update(k, path, "x"); err != nil {
		t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "f")
	write(t, path, "12345", 0o600)
	for _, max := range []int64{5, 6, 1 << 20} {
		if got, err := safefile.Read(t.Context(), path, max, nil); err != nil || string(got) != "12345" {
			t.Errorf("max %d: %q, %v", max, got, err)
		}
	}
	_, err := safefile.Read(t.Context(), path, 4, nil)
	wantFault(t, err, fault.File, "too large, more than 4 bytes", "")
	if !errors.Is(err, safefile.ErrTooLarge) {
		t.Errorf("%v is not ErrTooLarge", err)
	}
	if _, err = safefile.Read(t.Context(), dir, 4, nil); !errors.Is(err, safefile.ErrNotRegular) {
		t.Errorf("folder: %v", err)
	}
	if _, err = safefile.Read(t.Context(), filepath.Join(dir, "none"), 4, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	_, err = safefile.Read(t.Context(), "f", 4, nil)
	wantFault(t, err, fault.File, "not absolute", "")
}
