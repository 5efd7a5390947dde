package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/cmd/built"
)

// The man pages are committed, so that a package or a reader of the repository
// needs no Go to have them: make docs makes them anew.
func TestManualsAreCurrent(t *testing.T) {
	for _, name := range programs {
		page := output(t, name, "__manual")
		path := filepath.Join("..", "docs", "man", name+".1")
		if *update {
			if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		committed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// a checkout on Windows may have CRLF
		if diff := cmp.Diff(strings.ReplaceAll(string(committed), "\r\n", "\n"), page); diff != "" {
			t.Errorf("%s is not what the program says now; make docs makes it anew\n%s", path, diff)
		}
	}
}

func TestManualsHaveTheirSections(t *testing.T) {
	for _, name := range programs {
		page := output(t, name, "__manual")
		at := 0
		for _, section := range []string{
			"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO",
		} {
			i := strings.Index(page, "\n.SH "+section+"\n")
			if i < at {
				t.Errorf("%s: section %s is missing, or not in its place", name, section)
			}
			at = max(at, i)
		}
	}
}

func TestMandocFindsNothing(t *testing.T) {
	mandoc := needs(t, "mandoc")
	for _, name := range programs {
		path := filepath.Join(t.TempDir(), name+".1")
		if err := os.WriteFile(path, []byte(output(t, name, "__manual")), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(mandoc, "-T", "lint", path).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// needs is where a program is that only this test needs; without it the test
// is skipped.
func needs(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed", program)
	}
	return path
}

// output is what one of the programs prints in an empty home folder.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	c := exec.Command(filepath.Join(binaries, name), args...)
	c.Env = built.SealedEnv(binaries, t.TempDir())
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}
