package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/cli"
)

// programs is the one list, pkg/cli/programs.txt.
var programs = cli.Programs()

// A program is a line of pkg/cli/programs.txt and a folder here. Whatever else
// builds, installs or releases the programs reads that list.
func TestOneListOfPrograms(t *testing.T) {
	var folders, pages []string
	for _, path := range glob(t, "sso-*/main.go") {
		folders = append(folders, filepath.Dir(path))
	}
	for _, path := range glob(t, "../docs/man/*.1") {
		if name := strings.TrimSuffix(filepath.Base(path), ".1"); name != "idctest" { // of a tool for tests
			pages = append(pages, name)
		}
	}
	sorted := cmp.Transformer("sort", func(names []string) map[string]bool {
		set := map[string]bool{}
		for _, name := range names {
			set[name] = true
		}
		return set
	})
	if diff := cmp.Diff(programs, folders, sorted); diff != "" {
		t.Errorf("pkg/cli/programs.txt and the folders of cmd: %s", diff)
	}
	if diff := cmp.Diff(programs, pages, sorted); diff != "" {
		t.Errorf("pkg/cli/programs.txt and docs/man: %s", diff)
	}

	// sso-login has the aliases of all, and may be named
	for _, path := range append(glob(t, "../release/*"), "../Makefile", "../.ci/run", "share.sh", "install.sh", "built/built.go", "../pkg/cli/aliases.go") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range programs[1:] {
			if strings.Contains(string(text), name) {
				t.Errorf("%s names %s instead of reading pkg/cli/programs.txt", path, name)
			}
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %v", pattern, paths, err)
	}
	return paths
}

func TestReleaseHasEveryProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are for a POSIX shell")
	}
	out, err := exec.Command("sh", "../release/config.sh").Output()
	if err != nil {
		t.Fatal(err)
	}
	config := ""
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") {
			config += line
		}
	}
	for _, name := range programs {
		plugin := strings.ReplaceAll(name, "-", "_")
		for _, line := range []string{
			"main: ./cmd/" + name,
			"- { src: " + name + ", dst: /usr/bin/kubectl-" + plugin + ", type: symlink }",
			"- { src: " + name + ", dst: /usr/bin/kubectl_complete-" + plugin + ", type: symlink }",
			"- " + name,
			"- share/man/man1/" + name + ".1",
			`binary "` + name + `", target: "kubectl-` + plugin + `"`,
			`zsh_completion "share/zsh/site-functions/_` + name + `"`,
		} {
			if n := strings.Count(config, "  "+line+"\n"); n != 1 {
				t.Errorf("%q stands %d times in what release/config.sh prints", line, n)
			}
		}
	}
	for _, word := range []string{"PROGRAM", "PLUGIN", "PURPOSE", "each program"} {
		if strings.Contains(config, word) {
			t.Errorf("release/config.sh leaves %q", word)
		}
	}
	list, err := os.ReadFile("../pkg/cli/programs.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		_, purpose, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		short, long, ok := strings.Cut(strings.TrimSpace(purpose), ": ")
		// krew shows a short description in a column
		if !ok || short == "" || len(short) > 50 || !strings.HasSuffix(long, ".") {
			t.Errorf("pkg/cli/programs.txt: not \"NAME  Short description: the long one.\": %s", line)
		}
	}
}
