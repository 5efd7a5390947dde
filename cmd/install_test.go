package cmd

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// workshop is a folder with bin/ and share/ as make leaves them, from which
// install.sh installs.
func workshop(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are for a POSIX shell")
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range programs {
		if err := os.Symlink(filepath.Join(binaries, name), filepath.Join(dir, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(binaries, "idc"), filepath.Join(dir, "bin", "idctest")); err != nil {
		t.Fatal(err)
	}
	shell(t, dir, nil, "share.sh", "bin", "share")
	return dir
}

// shell runs one of the scripts beside this test, and returns what it says.
func shell(t *testing.T, dir string, env []string, script string, args ...string) string {
	t.Helper()
	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", append([]string{path}, args...)...)
	c.Dir = dir
	c.Env = env
	if env == nil {
		c.Env = os.Environ()
	}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", script, args, err, out)
	}
	return string(out)
}

// tree is everything below a folder: mode and content by path.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case entry.Type()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		case entry.Type().IsRegular():
			var data []byte
			data, err = os.ReadFile(path)
			content = string(data)
		}
		all[strings.TrimPrefix(path, root)] = fmt.Sprintf("%s %s", info.Mode(), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUninstallLeavesNothingBehind(t *testing.T) {
	from := workshop(t)
	for _, tc := range []struct {
		name  string
		files map[string]string // in the home folder, of which ~/.local is the prefix
	}{
		{"an empty home folder", nil},
		{"others live here", map[string]string{
			".local/bin/other":                                   "#!/bin/sh\n",
			".local/bin/kubectl-sso_test":                        "#!/bin/sh\n", // somebody else's
			".local/share/man/man1/other.1":                      ".TH OTHER 1\n",
			".local/share/fish/vendor_completions.d/empty/there": "",
			".aws/config":                                        "[default]\n",
			".aws/cli/alias":                                     "[toplevel]\r\nwhoami = sts get-caller-identity",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			home, env := household(t, "")
			for path, text := range tc.files {
				write(t, filepath.Join(home, path), text)
			}
			if len(tc.files) > 0 {
				if err := os.MkdirAll(filepath.Join(home, ".local/share/zsh/site-functions"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			prefix := filepath.Join(home, ".local")
			env = append(env, "prefix="+prefix, "YES=1")
			before := tree(t, home)
			for range 2 { // the second time is an upgrade
				shell(t, from, env, "install.sh", "install")
				shell(t, from, env, "install.sh", "plugins")
			}
			checkInstalled(t, prefix, env)
			shell(t, from, env, "install.sh", "uninstall")
			if diff := cmp.Diff(before, tree(t, home)); diff != "" {
				t.Error(diff)
			}
			shell(t, from, env, "install.sh", "uninstall") // there is nothing, and nothing is wrong
		})
	}
}

func checkInstalled(t *testing.T, prefix string, env []string) {
	t.Helper()
	env = append(slices.Clone(env), "PATH="+filepath.Join(prefix, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, name := range programs {
		for _, path := range []string{
			"bin/" + name, "bin/kubectl-" + strings.ReplaceAll(name, "-", "_"),
			"bin/kubectl_complete-" + strings.ReplaceAll(name, "-", "_"),
			"share/man/man1/" + name + ".1", "share/bash-completion/completions/" + name,
			"share/zsh/site-functions/_" + name, "share/fish/vendor_completions.d/" + name + ".fish",
		} {
			if info, err := os.Stat(filepath.Join(prefix, path)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	for _, path := range []string{
		"bin/idctest", "share/man/man1/idctest.1", "share/bash-completion/completions/idctest",
		"share/zsh/site-functions/_idctest", "share/fish/vendor_completions.d/idctest.fish",
	} {
		if info, err := os.Stat(filepath.Join(prefix, path)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	run := func(program string, args ...string) string {
		c := exec.Command(program, args...)
		c.Env = env
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%s %q: %v", program, args, err)
		}
		return string(out)
	}
	if got := run(filepath.Join(prefix, "bin", "idctest"), "-version"); got != "idctest devel\n" {
		t.Errorf("the emulator: %q", got)
	}
	if got := run(filepath.Join(prefix, "bin", "kubectl-sso_login"), "version"); got != "sso-login devel\n" {
		t.Errorf("as a plugin of kubectl: %q", got)
	}
	if got := run(filepath.Join(prefix, "bin", "kubectl_complete-sso_login"), "--comp"); !strings.HasPrefix(got, "--completion\t") {
		t.Errorf("asked for completions: %q", got)
	}
	for _, aws := range []string{"aws", "/usr/bin/aws"} { // version 1, 2, whatever is there
		if path, err := exec.LookPath(aws); err == nil {
			if got := run(path, "sso-login", "version"); got != "sso-login devel\n" {
				t.Errorf("%s sso-login: %q", path, got)
			}
		}
	}
}

func TestInstallBelowDestdir(t *testing.T) {
	from := workshop(t)
	home, env := household(t, "")
	root := t.TempDir()
	env = append(env, "prefix=/usr", "DESTDIR="+root, "YES=1")
	shell(t, from, env, "install.sh", "install")
	shell(t, from, env, "install.sh", "plugins")
	for _, path := range []string{"usr/bin/sso-test", "usr/bin/kubectl-sso_test", "usr/share/man/man1/sso-test.1"} {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Error(err)
		}
	}
	for path, file := range tree(t, root) {
		if strings.HasPrefix(path, "/usr/share/") && strings.Contains(file, root) {
			t.Errorf("%s names the folder in which the package was made", path)
		}
	}
	if got := tree(t, home); len(got) != 1 {
		t.Errorf("a package in the making touches the home folder: %q", got)
	}
	shell(t, from, env, "install.sh", "uninstall")
	if got := tree(t, root); len(got) != 1 {
		t.Errorf("left behind: %q", got)
	}
}

// Without YES nobody's file is changed unless somebody says so at a terminal.
func TestAliasesAreAskedFor(t *testing.T) {
	from := workshop(t)
	for _, tc := range []struct {
		answer string
		added  bool
	}{{"\r", false}, {"n\r", false}, {"\x03", false}, {"maybe\ryes\r", true}} {
		home, env := household(t, "")
		env = append(env, "prefix="+filepath.Join(home, ".local"))
		shell(t, from, env, "install.sh", "install")
		script, err := filepath.Abs("install.sh")
		if err != nil {
			t.Fatal(err)
		}
		x := atTerminal(t, 80, 24, env, "cd '"+from+"' && sh '"+script+"' plugins")
		x.until("    sso-test = !sso-test")
		x.until("[no]: ")
		x.press(tc.answer)
		x.end()
		if _, err := os.Stat(filepath.Join(home, ".aws", "cli", "alias")); (err == nil) != tc.added {
			t.Errorf("answer %q: the file: %v", tc.answer, err)
		}
	}
	home, env := household(t, "")
	said := shell(t, from, append(env, "prefix="+filepath.Join(home, ".local")), "install.sh", "install") +
		shell(t, from, append(env, "prefix="+filepath.Join(home, ".local")), "install.sh", "plugins")
	if !strings.Contains(said, "sso-test = !sso-test\n") {
		t.Errorf("no terminal: the lines are not shown:\n%s", said)
	}
	if !strings.Contains(said, "nothing was added") || !strings.Contains(said, "hint: to add them, run: sso-login __aliases add --yes\n") {
		t.Errorf("no terminal: it is not said that nothing was added, and how to:\n%s", said)
	}
	if _, err := os.Stat(filepath.Join(home, ".aws")); err == nil {
		t.Error("no terminal: the file was written")
	}
}

// Who may write into the folder of the binaries may have put links there, which
// lead to files that root owns, or to a folder.
func TestInstallFollowsNoPlantedLink(t *testing.T) {
	from := workshop(t)
	home, env := household(t, "")
	prefix := filepath.Join(home, "prefix")
	env = append(env, "prefix="+prefix, "YES=1")
	precious := filepath.Join(home, "precious")
	write(t, precious, "as it was")
	elsewhere := filepath.Join(home, "elsewhere")
	write(t, filepath.Join(elsewhere, "there"), "")
	for path, target := range map[string]string{
		"bin/sso-login.new":                          precious,
		"bin/sso-login":                              precious,
		"bin/sso-test":                               elsewhere,
		"bin/kubectl-sso_login":                      elsewhere,
		"bin/kubectl-sso_profiles":                   filepath.Join(home, "dangling"),
		"share/man/man1/sso-login.1":                 precious,
		"share/man/man1/sso-login.1.new":             precious,
		"share/aws-sso-plugins/made-folders.new":     precious,
		"share/bash-completion/completions/sso-test": elsewhere,
	} {
		path = filepath.Join(prefix, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, elsewhere)
	shell(t, from, env, "install.sh", "install")
	shell(t, from, env, "install.sh", "plugins")
	if text, err := os.ReadFile(precious); err != nil || string(text) != "as it was" {
		t.Errorf("a file that a link leads to was changed: %.20q, %v", text, err)
	}
	if diff := cmp.Diff(before, tree(t, elsewhere)); diff != "" {
		t.Errorf("a folder that a link leads to was changed: %s", diff)
	}
	for _, name := range []string{"bin/sso-login", "bin/sso-test", "share/man/man1/sso-login.1"} {
		if info, err := os.Lstat(filepath.Join(prefix, name)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}
