package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/fault"
)

// everyFlag is a command with every kind of flag.
type everyFlag struct {
	Profiles []string `arg:"" optional:"" complete:"profile" sep:"none"`

	Session []string `complete:"session" sep:"none" help:"A session. Repeatable."`
	Check   bool     `xor:"do"`
	List    bool     `xor:"do"`
	Secret  bool     `hidden:""`
	Status  string   `complete:"statuses"`
	Account []string `complete:"account" sep:"none"`
	Name    string

	Common
}

func (*everyFlag) Run(context.Context, *App) error { return nil }

// proposals are what the arguments can be completed to, with their help.
func proposals(t *testing.T, env Environment, args ...string) string {
	t.Helper()
	program := Program{
		Name: "sso-test", Formats: []string{"table", "json", "jsonl"},
		StatusValues: func() []Value {
			return []Value{{"failed", ""}, {"ok", ""}, {"access-denied", "no such assignment"}}
		},
	}
	var out bytes.Buffer
	if err := writeCompletions(t.Context(), &out, program, program.grammar(&everyFlag{}), env, args); err != nil {
		t.Fatal(err)
	}
	answer, ended := strings.CutSuffix(out.String(), noFiles+"\n")
	if !ended {
		t.Errorf("%q: the directive is missing: %q", args, answer)
	}
	return strings.TrimSuffix(answer, "\n")
}

func homeWith(t *testing.T, config, credentials string) Environment {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config": config, "credentials": credentials} {
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return environment(home)
}

func TestCompletions(t *testing.T) {
	env := homeWith(t, `[sso-session okta]
sso_start_url = https://acme.awsapps.com/start
[sso-session other]
[profile dev]
sso_session = okta
sso_account_id = 111111111111
sso_role_name = Admin
[profile Dev2]
sso_account_id = 111111111111
[profile PROD]
`, "[keys]\n[dev]\n")
	for _, tc := range []struct {
		args []string
		want string // values, without help
	}{
		{[]string{"--s"}, "--session --status"},
		{[]string{"--session", "okta", "--s"}, "--session --status"}, // one may be repeated
		{[]string{"--status", "ok", "--s"}, "--session"},
		{[]string{"--status=ok", "--s"}, "--session"},
		{[]string{"--check", "--li"}, ""},
		{[]string{"--check", "--che"}, ""},
		{[]string{"--"}, "--session --check --list --status --account --name --format --quiet --no-color --verbose --timeout --deadline --help --version --completion"},
		{[]string{"-"}, "--session --check --list --status --account --name --format --quiet --no-color --verbose --timeout --deadline --help --version --completion"},
		{[]string{"--format", ""}, "table json jsonl"},
		{[]string{"--format=js"}, "--format=json --format=jsonl"},
		{[]string{"-o", "js"}, "json jsonl"},
		{[]string{"-ojs"}, "-ojson -ojsonl"},
		{[]string{"-qo", "js"}, "json jsonl"},
		{[]string{"-qojs"}, "-qojson -qojsonl"},
		{[]string{"-q", "--q"}, ""},
		{[]string{"-qv", "--ver"}, "--version"},
		{[]string{"-ojson", "--for"}, ""},
		{[]string{"--status", "f"}, "failed"},
		{[]string{"--status", "failed,"}, "failed,ok failed,access-denied"},
		{[]string{"--status=ok,a"}, "--status=ok,access-denied"},
		{[]string{"--session", ""}, "okta other"},
		{[]string{"--session", "okta", "--session", ""}, "other"},
		{[]string{"--session=okta", "--session="}, "--session=other"},
		{[]string{"--account", "!1"}, "!111111111111"},
		{[]string{"--completion", ""}, "bash zsh fish powershell"},
		{[]string{"--name", ""}, ""},
		{[]string{"--name", "--f"}, ""}, // a value, whatever it looks like
		{[]string{"--unknown", "d"}, "dev"},
		{[]string{"--unknown="}, ""},
		{[]string{"-x"}, ""},
		{nil, "dev Dev2 PROD keys"},
		{[]string{""}, "dev Dev2 PROD keys"},
		{[]string{"dev", "d"}, "Dev2"},
		{[]string{"de"}, "dev"},
		{[]string{"pro"}, "PROD"},
		{[]string{"DEV"}, ""}, // dev and Dev2 do not begin alike
		{[]string{"dev", "-", ""}, "Dev2 PROD keys"},
		{[]string{"--", "--f"}, ""},
		{[]string{"--", "de"}, "dev"},
	} {
		var values []string
		for line := range strings.Lines(proposals(t, env, tc.args...)) {
			value, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			values = append(values, value)
		}
		if diff := cmp.Diff(tc.want, strings.Join(values, " ")); diff != "" {
			t.Errorf("%q: %s", tc.args, diff)
		}
	}
	for _, tc := range []struct{ arg, want string }{
		{"--sess", "--session\tA session"},
		{"de", "dev\t111111111111 Admin"},
		{"--session=ok", "--session=okta\thttps://acme.awsapps.com/start"},
		{"--status=acc", "--status=access-denied\tno such assignment"},
	} {
		if got := proposals(t, env, tc.arg); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.arg, got, tc.want)
		}
	}
}

func TestCompletionsOfOddFiles(t *testing.T) {
	for name, tc := range map[string]struct{ config, want string }{
		"what AWS cannot read":             {"[profile a]\nx\n[profile b]\n[profile b]\n", "a\nb"},
		"a name that a terminal would act": {"[profile a\x1b[2J]\n[profile b]\nsso_account_id = 1\u202e2\n", "b\t1\\u202e2"},
		"nothing":                          {"", ""},
	} {
		if got := proposals(t, homeWith(t, tc.config, ""), ""); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	for name, env := range map[string]Environment{
		"no home":                       environment(""),
		"no files":                      environment(t.TempDir()),
		"a folder for a file":           environment(t.TempDir(), "AWS_CONFIG_FILE="+t.TempDir()),
		"a config file that is nowhere": environment(t.TempDir(), "AWS_CONFIG_FILE=/nowhere/at/all"),
	} {
		if got := proposals(t, env, ""); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestCompletionScriptsAreOfTheProgram(t *testing.T) {
	for _, shell := range texts(shells[:]) {
		script, err := completionScript("sso-profiles", shell)
		if err != nil {
			t.Fatal(err)
		}
		for _, left := range []string{"sso-login", "sso_login"} {
			if strings.Contains(script, left) {
				t.Errorf("%s: %s is left in the script", shell, left)
			}
		}
	}
	if _, err := completionScript("sso-test", "tcsh"); fault.KindOf(err) != fault.Usage {
		t.Errorf("an unknown shell: %v", err)
	}
}

func TestCalledAs(t *testing.T) {
	for _, tc := range []struct {
		arg0, called string
		rest         []string
	}{
		{"/usr/bin/sso-test", "sso-test", []string{"a"}},
		{"kubectl-sso_test", "kubectl sso-test", []string{"a"}},
		{"/opt/kubectl-sso_test.exe", "kubectl sso-test", []string{"a"}},
		{"/opt/kubectl_complete-sso_test", "sso-test", []string{completeWord, "a"}},
		{"", "sso-test", []string{"a"}},
	} {
		called, rest := typedAs("sso-test", tc.arg0, []string{"a"})
		if called != tc.called || !cmp.Equal(rest, tc.rest) {
			t.Errorf("%q: %q %q", tc.arg0, called, rest)
		}
	}
}

func TestAsTyped(t *testing.T) {
	for text, want := range map[string]string{
		"run: sso-login okta":                          "run: kubectl sso-login okta",
		"sso-login okta | sso-profiles - | sso-test -": "kubectl sso-login okta | kubectl sso-profiles - | kubectl sso-test -",
		"managed_by = sso-profiles":                    "managed_by = sso-profiles",
	} {
		if got := asTyped("kubectl sso-test", text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := asTyped("sso-test", text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
