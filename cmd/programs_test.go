package cmd

import (
	"debug/buildinfo"
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

	for _, name := range programs {
		test, err := os.ReadFile(filepath.Join(name, "grammar_test.go"))
		if err != nil || !strings.Contains(string(test), "grammartest.ReadsAsKong(") || !strings.Contains(string(test), `grammar.Of("`+name+`"`) {
			t.Errorf("no test of %s holds what is read of its command line against kong, as the other programs' do", name)
		}
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

// Whoever gets a binary gets the licences of all that is in it.
func TestNoticesNameWhatIsLinked(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are for a POSIX shell")
	}
	out, err := exec.Command("sh", "../release/notices.sh").Output()
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{} // by module and version
	rule := strings.Repeat("-", 72) + "\n"
	parts := strings.Split(string(out), rule)
	for i := 1; i+1 < len(parts); i += 2 {
		sections[strings.TrimSpace(parts[i])] = parts[i+1]
	}
	linked := 0
	for _, name := range append([]string{"idc"}, programs...) {
		info, err := buildinfo.ReadFile(filepath.Join(binaries, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, module := range info.Deps {
			linked++
			if text := sections[module.Path+" "+module.Version]; !strings.Contains(text, "Copyright") && !strings.Contains(text, "Apache License") {
				t.Errorf("%s contains %s, of which there is no licence but %.40q", name, module.Path, text)
			}
		}
	}
	if linked == 0 || !strings.Contains(sections["The Go standard library"], "The Go Authors") {
		t.Errorf("%d modules; the standard library: %.40q", linked, sections["The Go standard library"])
	}
	config, err := exec.Command("sh", "../release/config.sh").Output()
	if err != nil || strings.Count(string(config), "src: bin/staged/THIRD_PARTY_NOTICES,") != 3 {
		t.Errorf("not every kind of artefact has THIRD_PARTY_NOTICES: %v", err)
	}
}
