package cmd

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// globals are the options that the AWS CLI takes out of the line of an alias
// before the alias sees it.
var globals = []string{
	"--debug", "--endpoint-url", "--no-verify-ssl", "--no-paginate", "--output", "--query", "--profile", "--region",
	"--version", "--color", "--no-sign-request", "--ca-bundle", "--cli-read-timeout", "--cli-connect-timeout",
	"--cli-binary-format", "--no-cli-pager", "--cli-auto-prompt", "--no-cli-auto-prompt", "--cli-error-format",
}

// lost are flags of ours that an alias does not get, and that have another way:
// -- before them, an argument, a word.
var lost = []string{"--profile", "--version"}

// flagsOf are the flags of a program, as its completion has them.
func flagsOf(t *testing.T, name string) []string {
	t.Helper()
	flags := firstFields(output(t, name, "__complete", "--"))
	return slices.DeleteFunc(flags, func(f string) bool { return f == ":4" || slices.Contains(lost, f) })
}

func TestNoFlagIsOneOfTheAWSCLI(t *testing.T) {
	for _, name := range programs {
		for _, flag := range flagsOf(t, name) {
			for _, global := range globals {
				if strings.HasPrefix(global, flag) {
					t.Errorf("%s %s: aws would take it for %s", name, flag, global)
				}
			}
		}
	}
}

// The AWS CLI itself, as it is installed, hands every flag on to an alias.
func TestTheAWSCLIHandsFlagsOn(t *testing.T) {
	needs(t, "aws")
	home, env := household(t, "")
	write(t, filepath.Join(home, ".aws", "cli", "alias"), "[toplevel]\nshow = !f() { printf '%s\\n' \"$@\"; }; f\n")
	var flags []string
	for _, name := range programs {
		flags = append(flags, flagsOf(t, name)...)
	}
	// version 2 took --help, until lately
	flags = slices.DeleteFunc(flags, func(f string) bool { return f == "--help" })
	for _, aws := range []string{"aws", "/usr/bin/aws"} {
		if _, err := exec.LookPath(aws); err != nil {
			continue
		}
		c := exec.Command(aws, append([]string{"show"}, flags...)...)
		c.Env = env
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", aws, err, out)
		}
		if diff := cmp.Diff(flags, firstFields(string(out))); diff != "" {
			t.Errorf("%s: %s", aws, diff)
		}
	}
}
