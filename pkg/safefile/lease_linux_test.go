package safefile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

// Another program has the file open, writes a part, and the rest later. What it
// writes must be in the file in the end.
func TestWriterHasTheFileOpen(t *testing.T) {
	for name, flags := range map[string]int{"append": os.O_APPEND, "truncate and write": os.O_TRUNC, "in place": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, _ := store(t)
				path := filepath.Join(folder(t), "config")
				write(t, path, "old\n", 0o644)
				f, err := os.OpenFile(path, os.O_WRONLY|flags, 0)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.WriteString("[theirs]\n"); err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(1500*time.Millisecond, func() {
					_, err := f.WriteString("key = value\n")
					if err := errors.Join(err, f.Close()); err != nil {
						t.Error(err)
					}
				})
				changed, err := k.Update(t.Context(), safefile.Target{Path: path}, func(old []byte) ([]byte, error) {
					return append(old, "ours\n"...), nil
				})
				if err != nil || !changed {
					t.Fatalf("changed %v, error %v", changed, err)
				}
				if got := content(t, path); !strings.Contains(got, "[theirs]\nkey = value\n") || !strings.HasSuffix(got, "ours\n") {
					t.Errorf("content %q", got)
				}
			})
		})
	}
}

func TestWriterThatNeverCloses(t *testing.T) {
	k, n := store(t)
	dir := folder(t)
	path := filepath.Join(dir, "config")
	write(t, path, "old\n", 0o644)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		changed, err := k.Update(t.Context(), safefile.Target{Path: path, Backup: ".bak"}, becomes("new"))
		wantFault(t, err, fault.File, "has had it open for writing for more than 2s, the file is as it was", "run: lsof "+path)
		if took := time.Since(start); changed || took < 2*time.Second || took > 3*time.Second {
			t.Errorf("changed %v after %v", changed, took)
		}
		data, err := safefile.Read(t.Context(), path, 100, nil)
		if took := time.Since(start); string(data) != "old\n" || err != nil || took > 6*time.Second {
			t.Errorf("read %q, error %v after %v", data, err, took)
		}
		_, err = safefile.Read(t.Context(), path, 100, func([]byte) bool { return false })
		wantFault(t, err, fault.File, "has had it open for writing for more than 2s", "run: lsof "+path)
		stopped, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		start = time.Now()
		_, err = safefile.Read(stopped, path, 100, func([]byte) bool { return false })
		wantFault(t, err, fault.Timeout, "cannot read", "")
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("a run that was stopped waited %v longer", took)
		}
	})
	if got := content(t, path); got != "old\n" || len(names(t, dir)) != 1 {
		t.Errorf("content %q, folder %q, notes %q", got, names(t, dir), n.all())
	}
}

// Read returns what a program that rewrites a file in place makes of it.
func TestReadWaitsForTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(folder(t), "config")
		write(t, path, "old\n", 0o644)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() {
			_, err := f.WriteString("new\n")
			if err := errors.Join(err, f.Close()); err != nil {
				t.Error(err)
			}
		})
		if data, err := safefile.Read(t.Context(), path, 100, nil); string(data) != "new\n" || err != nil {
			t.Errorf("%q, %v", data, err)
		}
		start := time.Now()
		if data, err := safefile.Read(t.Context(), path, 100, nil); string(data) != "new\n" || err != nil || time.Since(start) > 0 {
			t.Errorf("%q, %v after %v", data, err, time.Since(start))
		}
	})
}

// Two that append a header, flush and append a key, as botocore does, and one
// that truncates and rewrites, against runs of ours in a loop.
func TestRaceWithWriters(t *testing.T) {
	edits := 400
	if testing.Short() {
		edits = 60
	}
	for name, writers := range map[string][]func(path, mark string) error{
		"one appends":  {appendSlowly},
		"two append":   {appendSlowly, appendSlowly},
		"one rewrites": {rewrite},
		"one renames":  {renameOver},
		"in place":     {writeInTheMiddle},
		"one syncs":    {appendSlowly, appendAndSync},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, _ := store(t)
			k.Notice = nil
			path := filepath.Join(folder(t), "config")
			write(t, path, strings.Repeat("# comment\n", 100), 0o644)
			var stop atomic.Bool
			var theirs, ours sync.WaitGroup
			ours.Go(func() {
				for n := 0; !stop.Load(); n++ {
					_, err := k.Update(context.Background(), safefile.Target{Path: path, Backup: ".bak"}, func(old []byte) ([]byte, error) {
						text, _, _ := strings.Cut(string(old), "[ours]")
						return fmt.Appendf(nil, "%s[ours]\nn = %d\n%s", text, n, cutOurs(string(old))), nil
					})
					if err != nil && !strings.Contains(err.Error(), "again and again") && !strings.Contains(err.Error(), "open for writing") {
						t.Error(err)
					}
				}
			})
			for w, edit := range writers {
				theirs.Go(func() {
					for n := range edits {
						if err := edit(path, fmt.Sprintf("[theirs-%d-%d]\nkey = value\n", w, n)); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			theirs.Wait()
			stop.Store(true)
			ours.Wait()
			got, lost := content(t, path), 0
			for w := range writers {
				for n := range edits {
					if !strings.Contains(got, fmt.Sprintf("[theirs-%d-%d]\nkey", w, n)) && !strings.Contains(got, fmt.Sprintf("[theirs-%d-%d]\n[", w, n)) {
						lost++
					}
				}
			}
			if lost > 0 {
				t.Errorf("%d of %d edits lost", lost, edits*len(writers))
			}
		})
	}
}

// cutOurs is what follows our section.
func cutOurs(text string) string {
	_, rest, found := strings.Cut(text, "[ours]\n")
	if !found {
		return ""
	}
	_, rest, _ = strings.Cut(rest, "\n")
	return rest
}

func appendSlowly(path, mark string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	header, key, _ := strings.Cut(mark, "\n")
	_, err1 := f.WriteString(header + "\n")
	_, err2 := f.WriteString(key)
	return errors.Join(err1, err2, f.Close())
}

func rewrite(path, mark string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err1 := f.Write(data)
	_, err2 := f.WriteString(mark)
	return errors.Join(err1, err2, f.Close())
}

func writeInTheMiddle(path, mark string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(mark), info.Size())
	return errors.Join(err, f.Close())
}

func renameOver(path, mark string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	temp := path + "~"
	return errors.Join(os.WriteFile(temp, append(data, mark...), 0o644), os.Rename(temp, path))
}

// appendAndSync appends and that keeps the file open for a while.
func appendAndSync(path, mark string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	for part := range strings.Lines(mark) {
		if _, err := f.WriteString(part); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return f.Close()
}
