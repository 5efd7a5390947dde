package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// The recipes of docs/idctest.md are run as they stand there, by the line "run as:" where they have one. What needs a
// package runs where that is: RECIPE_PATH comes first on the PATH, and RECIPE_NODE_MODULES has the packages of Node.js.
// make recipes installs both.

var recipeBlock = regexp.MustCompile("(?s)<!-- recipe: (\\S+) -->\n```\\w*\n(.*?)```\n")

// recipe writes a recipe, and idctest, into a directory of its own, and returns it with the environment to run it in.
func recipe(t *testing.T, names ...string) (dir string, env []string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the recipes are for a POSIX system")
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "idctest.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, name := range names {
		found := false
		for _, m := range recipeBlock.FindAllSubmatch(page, -1) {
			if string(m[1]) == name {
				found = true
				if err := os.WriteFile(filepath.Join(dir, name), m[2], 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !found {
			t.Fatalf("the page has no recipe %s", name)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	// The test binary is idctest where asIDC is set, and its children are as they were.
	script := "#!/bin/sh\nexec env " + asIDC + "=1 GORACE=atexit_sleep_ms=0 '" + self + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "idctest"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	path := bin
	for _, more := range []string{os.Getenv("RECIPE_PATH"), os.Getenv("PATH")} {
		if more != "" {
			path += string(os.PathListSeparator) + more
		}
	}
	return dir, append(os.Environ(), "PATH="+path, "AWS_PAGER=", "TMPDIR="+t.TempDir())
}

// cook runs a command of a recipe.
func cook(t *testing.T, dir string, env []string, argv ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%q: %v\n%s", argv, err, out)
	}
}

// asWritten runs a recipe by the line that says how, in a shell.
func asWritten(t *testing.T, dir string, env []string, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	_, line, ok := strings.Cut(string(text), "# run as: ")
	if !ok {
		t.Fatalf("%s does not say how it is run", name)
	}
	line, _, _ = strings.Cut(line, "\n")
	cook(t, dir, env, "sh", "-c", line)
}

// has reports whether a command succeeds in the environment of a recipe.
func has(t *testing.T, env []string, command string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Env = env
	return cmd.Run() == nil
}

func TestRecipeShell(t *testing.T) {
	t.Parallel()
	dir, env := recipe(t, "check.sh")
	// The endpoint variables came with version 2.13 of the AWS CLI.
	if !has(t, env, "command -v curl && aws --version && ! aws --version | grep -E '^aws-cli/2[.]([0-9]|1[0-2])[.]'") {
		t.Skip("curl, or an AWS CLI that knows the endpoint variables, is not here")
	}
	asWritten(t, dir, env, "check.sh")
}

func TestRecipePytest(t *testing.T) {
	t.Parallel()
	dir, env := recipe(t, "test_accounts.py")
	if !has(t, env, "pytest --version && python3 -c 'import boto3'") {
		t.Skip("pytest or boto3 is not here; make recipes installs them")
	}
	asWritten(t, dir, env, "test_accounts.py")
}

func TestRecipeNode(t *testing.T) {
	t.Parallel()
	dir, env := recipe(t, "accounts.test.mjs")
	modules := os.Getenv("RECIPE_NODE_MODULES")
	if _, err := exec.LookPath("node"); err != nil || modules == "" {
		t.Skip("node or @aws-sdk/client-sts is not here; make recipes installs the package")
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	cook(t, dir, env, "node", "--test", "accounts.test.mjs")
}

func TestRecipeGo(t *testing.T) {
	t.Parallel()
	dir, env := recipe(t, "accounts_test.go", "go.mod")
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("go is not here")
	}
	repository, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	// The clone is elsewhere, and no registry is asked: the project has the versions of the SDK that the suite has.
	read := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	mod := read(filepath.Join(dir, "go.mod"))
	if !strings.Contains(mod, "=> ../aws-sso-plugins\n") {
		t.Fatalf("go.mod names no clone:\n%s", mod)
	}
	mod = strings.Replace(mod, "=> ../aws-sso-plugins\n", "=> "+repository+"\n", 1)
	_, requires, _ := strings.Cut(read(filepath.Join(repository, "go.mod")), "\nrequire")
	for name, text := range map[string]string{"go.mod": mod + "\nrequire" + requires, "go.sum": read(filepath.Join(repository, "go.sum"))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cook(t, dir, append(env, "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off"), "go", "test", "./...")
}

func TestRecipeAccounts(t *testing.T) {
	dir, _ := recipe(t, "accounts.json")
	f, err := os.Open(filepath.Join(dir, "accounts.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	byURL, err := idctest.ReadAccounts(f)
	if err != nil || len(byURL[""]) != 2 || byURL[""][0].Email != "aws+prod@example.com" {
		t.Errorf("%+v %v", byURL, err)
	}
}

// Of the compose file the syntax is checked, and that idctest takes the command line.
func TestRecipeCompose(t *testing.T) {
	dir, _ := recipe(t, "compose.yaml")
	text, err := os.ReadFile(filepath.Join(dir, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, command, ok := strings.Cut(string(text), "command: go run ./pkg/idctest/idc ")
	if !ok {
		t.Fatalf("no command in:\n%s", text)
	}
	command, _, _ = strings.Cut(command, "\n")
	o := &options{}
	fs := o.flags("idctest")
	fs.SetOutput(io.Discard)
	if err := fs.Parse(strings.Fields(command)); err != nil || fs.NArg() > 0 || !o.server.AllowRemote {
		t.Errorf("%q: %v", command, err)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to read YAML")
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Skip("python3 has no yaml module")
	}
	var file struct {
		Services map[string]struct {
			Image, Command, Build string
			Environment           map[string]string
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(file.Services) != 2 || file.Services["app"].Environment["AWS_ENDPOINT_URL_STS"] != o.server.PublicURL {
		t.Errorf("%+v", file)
	}
}

// Every flag that the page names is one.
func TestPageNamesFlags(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "idctest.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"-h": true}
	(&options{}).flags("idctest").VisitAll(func(f *flag.Flag) { known["-"+f.Name] = true })
	for _, m := range regexp.MustCompile("`(-[a-z-]+)[ `\\n]").FindAllSubmatch(page, -1) {
		if !known[string(m[1])] {
			t.Errorf("the page names %s, which is no flag", m[1])
		}
	}
}
