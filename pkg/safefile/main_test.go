package safefile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

// children are what the test binary does instead of testing when it is run as
// a process of a test: one that is killed, runs out of disk or is another user.
var children = map[string]func(args []string) error{}

const childVariable = "SAFEFILE_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		if err := children[name](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// notes collects what a Store says.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(s string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, s)
}

func (n *notes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.lines...)
}

// only says whether there is exactly one note and it has all the words.
func (n *notes) only(t *testing.T, words ...string) {
	t.Helper()
	lines := n.all()
	if len(lines) != 1 {
		t.Fatalf("notes %q, want one with %q", lines, words)
	}
	for _, w := range words {
		if !strings.Contains(lines[0], w) {
			t.Errorf("note %q lacks %q", lines[0], w)
		}
	}
}

func store(t *testing.T) (*safefile.Store, *notes) {
	t.Helper()
	n := &notes{}
	return &safefile.Store{LockDir: filepath.Join(t.TempDir(), "lock"), Notice: n.add}, n
}

// folder is a temporary folder by its real name: macOS has links in it.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// becomes is a change to a fixed content.
func becomes(s string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(s), nil }
}

// names are the names in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// wantFault checks an error's kind, words and hint, and the house style.
func wantFault(t *testing.T, err error, kind fault.Kind, words, hint string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if got := fault.KindOf(err); got != kind {
		t.Errorf("kind %v, want %v: %v", got, kind, err)
	}
	if !strings.Contains(err.Error(), words) {
		t.Errorf("error %q lacks %q", err, words)
	}
	if got := fault.HintOf(err); !strings.Contains(got, hint) || hint == "" && got != "" {
		t.Errorf("hint %q, want %q", got, hint)
	}
	if strings.HasSuffix(err.Error(), ".") || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("not an error for a person: %q", err)
	}
}

func update(k *safefile.Store, path, to string) (bool, error) {
	return k.Update(context.Background(), safefile.Target{Path: path}, becomes(to))
}
