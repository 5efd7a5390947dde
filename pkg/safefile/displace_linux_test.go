package safefile

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"aws-sso-plugins/pkg/fault"
)

// without takes leases, or the exchange of files, away for a test: as on macOS,
// or on NFS.
func without(t *testing.T, leases, exchanges bool) {
	t.Helper()
	wasLease, wasExchange := takeLease, exchange
	t.Cleanup(func() { takeLease, exchange = wasLease, wasExchange })
	if leases {
		takeLease = func(*os.File) (bool, error) { return false, nil }
	}
	if exchanges {
		exchange = func(a, b string) error { return &os.LinkError{Op: "rename", Old: a, New: b, Err: unix.EINVAL} }
	}
}

func openStore(t *testing.T) (s *Store, path string, said *[]string) {
	t.Helper()
	said = &[]string{}
	s = &Store{LockDir: filepath.Join(t.TempDir(), "lock"), Notice: func(text string) { *said = append(*said, text) }}
	path = filepath.Join(t.TempDir(), "config")
	put(t, path, "old\n")
	return s, path, said
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if data, err := os.ReadFile(path); err != nil || string(data) != want {
		t.Errorf("%s holds %q, want %q (%v)", filepath.Base(path), data, want, err)
	}
}

func addOurs(old []byte) ([]byte, error) { return append(old, "ours\n"...), nil }

// A program that has the file open writes to the backup, where nothing tells
// of it, and the next update does not overwrite that.
func TestLateWriteIsInTheBackup(t *testing.T) {
	for name, exchanges := range map[string]bool{"macOS": false, "NFS": true} {
		t.Run(name, func(t *testing.T) {
			without(t, true, exchanges)
			s, path, said := openStore(t)
			late, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer late.Close()
			target := Target{Path: path, Backup: ".bak"}
			if _, err := s.Update(t.Context(), target, addOurs); err != nil {
				t.Fatal(err)
			}
			wantContent(t, path, "old\nours\n")
			wantContent(t, path+".bak", "old\n")
			if _, err := late.WriteString("theirs\n"); err != nil {
				t.Fatal(err)
			}
			wantContent(t, path+".bak", "old\ntheirs\n")
			if _, err := s.Update(t.Context(), target, addOurs); err != nil {
				t.Fatal(err)
			}
			wantContent(t, path+".bak", "old\nours\n")
			kept, _ := filepath.Glob(path + ".bak.2*")
			if len(kept) != 1 || len(*said) != 1 || !strings.Contains((*said)[0], "another program wrote to the backup") {
				t.Fatalf("kept %q, said %q", kept, *said)
			}
			wantContent(t, kept[0], "old\ntheirs\n")
			if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 3 {
				t.Errorf("left %v", entries)
			}
		})
	}
}

// A change that comes between the last look and the rename is seen in the old
// file, and that is put back.
func TestChangeAtTheLastMoment(t *testing.T) {
	for name, exchanges := range map[string]bool{"exchange": false, "link and rename": true} {
		for _, backup := range []string{"", ".bak"} {
			t.Run(name+backup, func(t *testing.T) {
				without(t, true, exchanges)
				s, path, _ := openStore(t)
				first := true
				s.gap = func(func() bool) {
					if first {
						first = false
						put(t, path, "theirs\n")
					}
				}
				if _, err := s.Update(t.Context(), Target{Path: path, Backup: backup}, addOurs); err != nil {
					t.Fatal(err)
				}
				wantContent(t, path, "theirs\nours\n")
				if backup != "" {
					wantContent(t, path+backup, "theirs\n")
				}
			})
		}
	}
}

// Two programs write at once: one to the old file, one to the new. Nothing can
// be put back then, and both are kept.
func TestTwoWritersAtTheLastMoment(t *testing.T) {
	without(t, true, false)
	s, path, _ := openStore(t)
	real := exchange
	exchange = func(a, b string) error {
		put(t, path, "one\n")
		err := real(a, b)
		put(t, path, "two\n")
		return err
	}
	changed, err := s.Update(t.Context(), Target{Path: path}, addOurs)
	if fault.KindOf(err) != fault.File || !changed || !strings.Contains(err.Error(), "two other programs wrote it at the same time") {
		t.Fatalf("changed %v, error %v", changed, err)
	}
	wantContent(t, path, "two\n")
	wantContent(t, path+otherSuffix, "one\n")
}

// A file that makes no sense and was just written is read again where nothing
// tells of writers, until it is a second old.
func TestFreshFileIsReadAgain(t *testing.T) {
	without(t, true, false)
	s, path, _ := openStore(t)
	now := time.Now()
	whole := func(data []byte) bool { return strings.HasSuffix(string(data), "end\n") }
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now)) // the bubble's clock starts in the year 2000
		half := func() {
			put(t, path, "begin\n")
			if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		half()
		start := time.Now()
		data, err := Read(t.Context(), path, 100, whole)
		if took := time.Since(start); string(data) != "begin\n" || err != nil || took < 900*time.Millisecond || took > 1200*time.Millisecond {
			t.Errorf("%q, %v after %v", data, err, took)
		}
		if data, err := Read(t.Context(), path, 100, nil); string(data) != "begin\n" || err != nil {
			t.Errorf("%q, %v", data, err)
		}
		half()
		time.AfterFunc(300*time.Millisecond, func() { put(t, path, "begin\nend\n") })
		if data, err := Read(t.Context(), path, 100, whole); string(data) != "begin\nend\n" || err != nil {
			t.Errorf("%q, %v", data, err)
		}
		half()
		time.AfterFunc(300*time.Millisecond, func() { put(t, path, "begin\nend\n") })
		_, err = s.Update(t.Context(), Target{Path: path}, func(old []byte) ([]byte, error) {
			if !whole(old) {
				return nil, fault.New(fault.Config, "config", "it makes no sense")
			}
			return addOurs(old)
		})
		if err != nil {
			t.Error(err)
		}
		wantContent(t, path, "begin\nend\nours\n")
	})
}

// A file system that always says that somebody writes is not believed.
func TestLeasesThatAreAlwaysDenied(t *testing.T) {
	without(t, true, false)
	takeLease = func(*os.File) (bool, error) { return false, errWriter }
	s, path, _ := openStore(t)
	// One that is believed is waited for, and then the update fails.
	if _, err := s.Update(t.Context(), Target{Path: path}, addOurs); err != nil {
		t.Error(err)
	}
	wantContent(t, path, "old\nours\n")
}

// The folder is swept once, not at every write.
func TestSweepOnce(t *testing.T) {
	s, path, said := openStore(t)
	for n := range 3 {
		left := tempPath(path)
		put(t, left, "left by a kill")
		old := time.Now().Add(-2 * time.Hour)
		if err := os.Chtimes(left, old, old); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Update(context.Background(), Target{Path: path}, addOurs); err != nil {
			t.Fatal(err)
		}
		if exists(left) != (n > 0) {
			t.Errorf("write %d: the leftover is there: %v", n, exists(left))
		}
	}
	if len(*said) != 1 {
		t.Errorf("said %q", *said)
	}
}

// What another program adds to an empty file while it is being removed is in the
// file afterwards.
func TestRemoveEmptyLosesNothing(t *testing.T) {
	add := func(t *testing.T, path string) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			_, err = f.WriteString("theirs\n")
			_ = f.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
	for _, test := range []struct {
		name   string
		leases bool
		gap    func(t *testing.T, path string, interrupted func() bool)
	}{
		{"with a lease", true, func(t *testing.T, path string, interrupted func() bool) {
			go add(t, path)
			for !interrupted() {
				time.Sleep(time.Millisecond)
			}
		}},
		{"without", false, func(t *testing.T, path string, _ func() bool) { add(t, path) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !test.leases {
				without(t, true, false)
			}
			s, path, _ := openStore(t)
			put(t, path, "")
			tries := 0
			s.gap = func(interrupted func() bool) {
				if tries++; tries == 1 {
					test.gap(t, path, interrupted)
				}
			}
			if removed, err := s.RemoveEmpty(t.Context(), path); removed || err != nil || tries != 1 {
				t.Errorf("removed %v, error %v, after %d tries", removed, err, tries)
			}
			wantContent(t, path, "theirs\n")
			if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
				t.Errorf("left %v", left)
			}
		})
	}
	t.Run("nobody writes", func(t *testing.T) {
		s, path, _ := openStore(t)
		if removed, err := s.RemoveEmpty(t.Context(), path); removed || err != nil {
			t.Errorf("with content: removed %v, error %v", removed, err)
		}
		wantContent(t, path, "old\n")
		put(t, path, "")
		removed, err := s.RemoveEmpty(t.Context(), path)
		if left, _ := os.ReadDir(filepath.Dir(path)); !removed || err != nil || len(left) != 0 {
			t.Errorf("empty: removed %v, error %v, left %v", removed, err, left)
		}
		if removed, err := s.RemoveEmpty(t.Context(), path); removed || err != nil {
			t.Errorf("no file: removed %v, error %v", removed, err)
		}
	})
}
