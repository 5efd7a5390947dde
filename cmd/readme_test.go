package cmd

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/cmd/built"
	"aws-sso-plugins/pkg/idctest"
)

// Commands of the README that another test runs, by how they begin.
var runElsewhere = map[string]string{
	"make && sudo make install":      "TestInstallBelowDestdir",
	"make install prefix=":           "TestUninstallLeavesNothingBehind",
	"make install-plugins":           "TestAliasesAreAskedFor",
	"go build":                       "the build of the programs in TestMain",
	"sudo apt install":               "make snapshot-check",
	`eval "$(sso-login --completion`: "TestBashCompletes",
}

// standIns are the programs of others that the README's commands call.
var standIns = map[string]string{
	"fzf":       "head -n 1",
	"terraform": `[ "$AWS_ACCESS_KEY_ID" ] && [ "$1" = plan ]`,
	"audit.sh":  `[ "$AWS_ACCESS_KEY_ID" ] && [ "$SSO_PROFILE" ]`,
	"aws":       `case $*/$AWS_ACCESS_KEY_ID in "s3 ls --profile ReadOnlyAccess-111111111111/" | "s3api list-buckets --output json"/?*) echo '{}' ;; *) exit 1 ;; esac`,
}

// TestReadme runs the README's blocks of commands from top to bottom, as a new
// user with an empty home folder would.
func TestReadme(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are those of a POSIX shell")
	}
	bash, jq := needs(t, "bash"), needs(t, "jq")
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if words := len(strings.Fields(string(text))); words >= 2000 {
		t.Errorf("the README has %d words; that is no five minutes", words)
	}
	srv, err := idctest.Start(idctest.Config{StartURL: "https://acme.awsapps.com/start", Region: "eu-central-1",
		Accounts: []idctest.Account{
			{ID: "111111111111", Name: "Production", Roles: []string{"ReadOnlyAccess"}},
			{ID: "222222222222", Name: "Sandbox", Roles: []string{"AdministratorAccess", "ReadOnlyAccess"}},
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	home, tools := t.TempDir(), t.TempDir()
	for name, does := range standIns {
		if err := os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\n"+does+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(tools, "audit.sh"), filepath.Join(home, "audit.sh")); err != nil {
		t.Fatal(err)
	}
	env := append(built.SealedEnv(binaries, home), srv.Env()...)
	env = append(env, "BROWSER="+filepath.Join(binaries, "idc")+" browse",
		"PATH="+binaries+":"+tools+":"+filepath.Dir(jq)+":/usr/bin:/bin")
	unused := maps.Clone(runElsewhere)
	all := blocks(string(text))
	// The first one shows what it all comes to.
	for _, block := range append(all[1:], all[0]) {
		if strings.HasPrefix(block, "#!") {
			// a script of its own, for a folder that is not here
			block = strings.ReplaceAll(block, "/var/lib/node_exporter/textfile", home)
		}
		var run []string
		for line := range strings.Lines(block) {
			if prefix := elsewhere(line); prefix != "" {
				delete(unused, prefix)
				continue
			}
			run = append(run, line)
		}
		script := strings.Join(run, "")
		if strings.TrimSpace(script) == "" {
			continue
		}
		script += "\n[ \"${AWS_PROFILE-unset}\" ]" // bash hides that what export takes has failed
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		c := exec.CommandContext(ctx, bash, "-e", "-o", "pipefail", "-c", script)
		c.Dir, c.Env = home, env
		out, err := c.CombinedOutput()
		cancel()
		if err != nil {
			t.Errorf("%v of\n%s\n%s", err, script, out)
		}
	}
	for _, prefix := range slices.Sorted(maps.Keys(unused)) {
		t.Errorf("the README has no command %q", prefix)
	}
}

func elsewhere(line string) string {
	for prefix := range runElsewhere {
		if strings.HasPrefix(line, prefix) {
			return prefix
		}
	}
	return ""
}

// blocks returns the text's blocks of code that are indented by four blanks.
// Those between fences show what was printed.
func blocks(text string) []string {
	var (
		all    []string
		block  strings.Builder
		fenced bool
	)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if code, ok := strings.CutPrefix(line, "    "); ok && !fenced {
			block.WriteString(code)
			continue
		}
		if block.Len() > 0 {
			all = append(all, block.String())
			block.Reset()
		}
	}
	return all
}
