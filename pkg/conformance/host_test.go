//go:build conformance

package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/idctest"
)

var suite = cli.Programs()

// swallowed are the flags that the AWS CLI takes for its own wherever they
// stand, and keeps. They arrive after "--".
var swallowed = []string{"-h", "--help", "--version", "--profile"}

// The suite as commands of aws, by the aliases that it adds itself, and of
// kubectl, by links.
func TestRunAsCommandsOfAHost(t *testing.T) {
	each(t, hosting, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{})
		host := h.install(c)
		for _, name := range suite {
			h.flagsArrive(c, host, name)
		}

		// not recorded but run, alone and in a pipe
		h.unrecord()
		h.exits(2, host, "sso-login", "--no-such-flag")
		h.must(host, "sso-login", "okta", "--sso-start-url", startURL, "--sso-region", region)
		rows := h.must("sh", "-c", host+" sso-login okta | "+host+" sso-profiles - --client-region eu-west-1 | "+host+" sso-test -")
		if n := strings.Count(rows, "\tok\t"); n != 6 {
			t.Errorf("%d profiles are ok, want 6:\n%s", n, rows)
		}
		for _, argv := range [][]string{{"sso-login", "--list", "-o", "json"}, {"sso-profiles", "--list", "-o", "json"}} {
			hosted, alone := h.must(append([]string{host}, argv...)...), h.must(argv...)
			if alone == "" || hosted != alone {
				t.Errorf("%s %v prints %q, alone it prints %q", host, argv, hosted, alone)
			}
		}
		for _, name := range suite {
			if help := h.must(host, name, "help"); !strings.Contains(help, name+" - ") || !strings.Contains(help, "\nExit status:\n") {
				t.Errorf("%s %s help prints %q", host, name, help)
			}
		}
		if c.isCLI && strings.HasPrefix(c.version, "2.") {
			// [command sso] is of version 2
			if rows := h.must(host, "sso", "profiles", "okta", "-o", "name"); strings.Count(rows, "\n") != 6 {
				t.Errorf("aws sso profiles prints %q", rows)
			}
		}
		h.must(host, "sso-login", "okta", "--logout")
		h.exits(3, host, "sso-login", "okta", "--check")
	})
}

// install puts the suite where the host finds it, behind programs that record
// their arguments, and the host under its plain name first on the PATH.
func (h *home) install(c *client) (host string) {
	h.t.Helper()
	h.env = append(h.env, "PATH="+h.path("bin")+string(filepath.ListSeparator)+binaries+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for _, name := range suite {
		h.program(name, `printf '%s\n' "$@" >"$HOME/arrived"`)
	}
	if !c.isCLI {
		for _, name := range suite {
			// kubectl reads a dash in a file's name as a space
			link := h.path("bin/kubectl-" + strings.ReplaceAll(name, "-", "_"))
			if err := os.Symlink(name, link); err != nil {
				h.t.Fatal(err)
			}
		}
		return c.argv[0]
	}
	var quoted []string
	for _, arg := range c.argv {
		quoted = append(quoted, "'"+arg+"'")
	}
	h.program("aws", "exec "+strings.Join(quoted, " ")+` "$@"`)
	h.must(filepath.Join(binaries, "sso-login"), "__aliases", "add", "--yes")
	return "aws"
}

func (h *home) program(name, script string) {
	h.t.Helper()
	h.write("bin/"+name, "#!/bin/sh\n"+script+"\n")
	if err := os.Chmod(h.path("bin/"+name), 0o700); err != nil {
		h.t.Fatal(err)
	}
}

// unrecord puts the real programs in the place of those that record.
func (h *home) unrecord() {
	h.t.Helper()
	for _, name := range suite {
		if err := os.Remove(h.path("bin/" + name)); err != nil {
			h.t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(binaries, name), h.path("bin/"+name)); err != nil {
			h.t.Fatal(err)
		}
	}
}

// flagsArrive hands every flag that --help knows through the host, with a value
// that shells like to take apart.
func (h *home) flagsArrive(c *client, host, name string) {
	h.t.Helper()
	var all, kept []string
	for _, flag := range flagsOf(h.t, h.must(filepath.Join(binaries, name), "--help")) {
		if c.isCLI && slices.Contains(swallowed, flag[0]) {
			kept = append(kept, flag...)
		} else {
			all = append(all, flag...)
		}
	}
	args := append([]string{"okta"}, append(all, "-")...)
	h.arrive(args, append([]string{host, name}, args...)...)
	if len(kept) > 0 {
		h.arrive(kept, append([]string{host, name, "--"}, kept...)...)
	}
	for _, word := range []string{"help", "version"} {
		h.arrive([]string{word}, host, name, word)
	}
}

// arrive holds what has arrived against what was sent.
func (h *home) arrive(want []string, argv ...string) {
	h.t.Helper()
	if err := os.RemoveAll(h.path("arrived")); err != nil {
		h.t.Fatal(err)
	}
	h.must(argv...)
	if got := strings.Split(strings.TrimSuffix(h.read("arrived"), "\n"), "\n"); !slices.Equal(got, want) {
		h.t.Errorf("%q arrives as\n%q, want\n%q", argv, got, want)
	}
}

// helpFlag is a flag in --help: a short name, a long one, and what it takes.
var helpFlag = regexp.MustCompile(`^ +(?:(-\w), )?(--[a-z-]+)(?: ([A-Z|=\[\]%]+))?(?:  |$)`)

// flagsOf are the flags of a help text, each in all its spellings and with its
// value.
func flagsOf(t *testing.T, help string) [][]string {
	t.Helper()
	const value = `it's "a b" $HOME *`
	var flags [][]string
	for line := range strings.Lines(help) {
		m := helpFlag.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		for _, name := range m[1:3] {
			switch {
			case name == "":
			case m[3] != "":
				flags = append(flags, []string{name, value})
			default:
				flags = append(flags, []string{name})
			}
		}
	}
	if len(flags) < 10 {
		t.Fatalf("only %d flags are in the help:\n%s", len(flags), help)
	}
	return flags
}
