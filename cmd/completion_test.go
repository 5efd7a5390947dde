package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const manyNames = `[sso-session okta]
sso_start_url = https://acme.awsapps.com/start
sso_region = eu-central-1
[sso-session partner]
sso_start_url = https://partner.awsapps.com/start
sso_region = us-east-1
[profile Admin-111111111111]
sso_session = okta
sso_account_id = 111111111111
sso_role_name = Admin
region = eu-west-1
[profile Admin-222222222222]
sso_session = okta
sso_account_id = 222222222222
sso_role_name = Admin
[profile ops@acme:prod]
role_arn = arn:aws:iam::111111111111:role/ops
source_profile = Admin-111111111111
[profile 'two words']
region = eu-west-1
`

// completed are the words that a shell inserts, alone or before and after the
// one at hand. Each is typed, and TAB pressed.
var completed = []struct{ typed, want string }{
	{"sso-test --sta", "sso-test|--status"},
	{"sso-test -o js", "sso-test|-o|json"}, // as far as json and jsonl agree
	{"sso-test --format=pro", "sso-test|--format=prometheus"},
	{"sso-test -opro", "sso-test|-oprometheus"},
	{"sso-test --status wr", "sso-test|--status|wrong-identity"},
	{"sso-test --status failed,sk", "sso-test|--status|failed,skipped"},
	{"sso-test --status=failed,sk", "sso-test|--status=failed,skipped"},
	{"sso-login ok", "sso-login|okta"},
	{"sso-login okta p", "sso-login|okta|partner"},
	{"sso-login --profile Admin-2", "sso-login|--profile|Admin-222222222222"},
	{"sso-login --completion f", "sso-login|--completion|fish"},
	{"sso-test adm", "sso-test|Admin-"},
	{"sso-test Admin-111111111111 Ad", "sso-test|Admin-111111111111|Admin-222222222222"},
	{"sso-test ops", "sso-test|ops@acme:prod"},
	{"sso-test ops@acme:p", "sso-test|ops@acme:prod"},
	{"sso-test -- ops@", "sso-test|--|ops@acme:prod"},
	{"sso-test tw", "sso-test|two words"},
	{"sso-test two\\ w", "sso-test|two words"},
	{"sso-test 'two w", "sso-test|two words"},
	{"sso-profiles --client-region eu-c", "sso-profiles|--client-region|eu-central-1"},
	{"sso-exec Admin-2", "sso-exec|Admin-222222222222"},
	{"sso-exec Admin-111111111111 -- mktem", "sso-exec|Admin-111111111111|--|mktemp"},
	{"sso-exec Admin-111111111111 -- sso-test --sta", "sso-exec|Admin-111111111111|--|sso-test|--status"},
	{"sso-exec -o raw Admin-111111111111 -- sso-login okta p", "sso-exec|-o|raw|Admin-111111111111|--|sso-login|okta|partner"},
	{"sso-profiles --role !A", "sso-profiles|--role|!Admin"},
	{"sso-creds Admin-2", "sso-creds|Admin-222222222222"},
	{"sso-creds -o fi", "sso-creds|-o|fish"},
	{"sso-creds --sso-session p", "sso-creds|--sso-session|partner"},
	{"sso-creds --account 2", "sso-creds|--account|222222222222"},
	{"sso-creds --account 222222222222 --role A", "sso-creds|--account|222222222222|--role|Admin"},
	{"sso-creds --write-", "sso-creds|--write-as"},
	{"sso-console Admin-111111111111 Ad", "sso-console|Admin-111111111111|Admin-222222222222"},
	{"sso-console --account 1", "sso-console|--account|111111111111"},
	{"sso-console --dest", "sso-console|--destination"},
}

// completesIn presses TAB in a shell, and has it print the words of the line.
func completesIn(t *testing.T, x *terminal, show string, skip ...string) {
	t.Helper()
	for _, c := range completed {
		if slices.Contains(skip, c.typed) {
			continue
		}
		x.press(ctrlU + c.typed + "\t")
		// TAB works in its own time; what is typed meanwhile waits
		x.press(ctrlA + show + " \r")
		x.until("BEGIN")
		got := strings.TrimSpace(x.until("END"))
		got = strings.TrimSuffix(strings.TrimSuffix(got, "END"), "|")
		if got != c.want {
			t.Errorf("%s TAB: %q, want %q", c.typed, got, c.want)
		}
	}
}

func TestBashCompletes(t *testing.T) {
	bash := needs(t, "bash")
	withPackage := "/usr/share/bash-completion/bash_completion"
	for _, kind := range []string{"alone", "with the package bash-completion"} {
		t.Run(kind, func(t *testing.T) {
			home, env := household(t, manyNames)
			if kind != "alone" {
				if _, err := os.Stat(withPackage); err != nil {
					t.Skip("bash-completion is not installed")
				}
				installCompletions(t, home, "bash", ".local/share/bash-completion/completions/%s")
			}
			x := atTerminal(t, 80, 24, env, bash+" --norc --noprofile -i")
			x.press("PS1='ready> '; show() { printf B; printf 'EGIN'; printf '%s|' \"$@\"; printf E; echo ND; }; set +H\r")
			x.press("bind 'set enable-bracketed-paste off'\r")
			if kind == "alone" {
				x.press("for p in " + strings.Join(programs, " ") + "; do eval \"$($p --completion bash)\"; done\r")
			} else {
				x.press("source " + withPackage + "\r")
			}
			x.press("echo prepared$((1+1))\r")
			x.until("prepared2")
			completesIn(t, x, "show")

			x.press(ctrlU + "sso-test --s\t\t")
			x.until("--sso-session  (Only profiles of this session)\r\n")
			x.until("--status       (Show only these statuses, separated by commas)\r\n")
		})
	}
}

// installCompletions puts the completion of each program where a shell looks
// for it.
func installCompletions(t *testing.T, home, shell, place string) {
	t.Helper()
	for _, name := range programs {
		path := filepath.Join(home, filepath.FromSlash(fmt.Sprintf(place, name)))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(output(t, name, "--completion", shell)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestZshCompletes(t *testing.T) {
	zsh := needs(t, "zsh")
	for _, kind := range []string{"evaluated", "in fpath"} {
		t.Run(kind, func(t *testing.T) {
			home, env := household(t, manyNames)
			x := atTerminal(t, 80, 24, env, zsh+" -f -i")
			x.press("PS1='ready> '; show() { printf B; printf EGIN; printf '%s|' \"$@\"; printf E; echo ND }; unsetopt banghist automenu; unset zle_bracketed_paste; bindkey -e\r")
			if kind == "evaluated" {
				x.press("for p in " + strings.Join(programs, " ") + "; do eval \"$($p --completion zsh)\"; done\r")
			} else {
				installCompletions(t, home, "zsh", "functions/_%s")
				x.press("fpath=(~/functions $fpath); autoload -Uz compinit && compinit -D -u\r")
			}
			x.press("echo prepared$((1+1))\r")
			x.until("prepared2")
			// zsh takes the case as it is typed, unless told otherwise
			completesIn(t, x, "show", "sso-test adm")

			x.press(ctrlU + "sso-test --s\t\t")
			x.until("--status       -- Show only these statuses, separated by commas")
			x.until("--sso-session  -- Only profiles of this session")
		})
	}
}

func TestFishCompletes(t *testing.T) {
	fish := needs(t, "fish")
	home, env := household(t, manyNames)
	installCompletions(t, home, "fish", ".config/fish/completions/%s.fish")
	for line, want := range map[string][]string{
		"sso-test --sta":              {"--status"},
		"sso-test -o js":              {"json", "jsonl"},
		"sso-test --format=pro":       {"--format=prometheus"},
		"sso-test --status failed,sk": {"failed,skipped"},
		"sso-login okta ":             {"partner"},
		"sso-login --profile ":        {"Admin-111111111111", "Admin-222222222222"},
		"sso-test ops@acme:p":         {"ops@acme:prod"},
		"sso-test tw":                 {"two words"},
		"sso-test 'two w":             {"two words"},
		"sso-test adm":                {"Admin-111111111111", "Admin-222222222222"},
		"sso-test --nothing-like-it":  nil,
		"sso-creds -o fi":             {"fish"},
		"sso-creds --account ":        {"111111111111", "222222222222"},
		"sso-creds --role ":           {"Admin"},
		"sso-creds Admin-2":           {"Admin-222222222222"},
		"sso-console --account 1":     {"111111111111"},
		"sso-console --sso-session p": {"partner"},
	} {
		c := exec.Command(fish, "-c", "complete -C "+"\""+line+"\"")
		c.Env = env
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, firstFields(string(out))); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
	c := exec.Command(fish, "-c", "sso-login --completion fish | source; complete -C 'sso-login --comp'")
	c.Env = env
	if out, err := c.CombinedOutput(); string(out) != "--completion\tPrint the completion script of bash, zsh, fish or powershell\n" {
		t.Errorf("sourced: %q, %v", out, err)
	}
}

func firstFields(text string) []string {
	var fields []string
	for line := range strings.Lines(text) {
		first, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		fields = append(fields, first)
	}
	return fields
}

func TestKubectlCompletes(t *testing.T) {
	kubectl := needs(t, "kubectl")
	_, env := household(t, manyNames)
	plugins := t.TempDir()
	for _, name := range programs {
		for _, prefix := range []string{"kubectl-", "kubectl_complete-"} {
			link := filepath.Join(plugins, prefix+strings.ReplaceAll(name, "-", "_"))
			if err := os.Symlink(filepath.Join(binaries, name), link); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := func(args ...string) string {
		c := exec.Command(kubectl, args...)
		c.Env = append(slices.Clone(env), "PATH="+plugins+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, _ := c.Output()
		return string(out)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"sso-test", "--sta"}, "--status\tShow only these statuses, separated by commas\n:4\n"},
		{[]string{"sso-login", "okta", ""}, "partner\thttps://partner.awsapps.com/start\n:4\n"},
		{[]string{"sso-test", "-o", "pro"}, "prometheus\tmetrics for node_exporter's textfile collector\n:4\n"},
	} {
		if diff := cmp.Diff(c.want, run(append([]string{"__complete"}, c.args...)...)); diff != "" {
			t.Errorf("%q: %s", c.args, diff)
		}
	}
	help := run("sso-login", "--help")
	for _, want := range []string{
		"kubectl sso-login - log in", "Usage: kubectl sso-login [SESSION", "  kubectl sso-login --list ",
		"  kubectl sso-login okta | kubectl sso-profiles - | kubectl sso-test -",
	} {
		if !strings.Contains(help, want) {
			t.Errorf("the help lacks %q:\n%s", want, help)
		}
	}
}

// Completion asks files, and is done before a person notices, which make bench
// holds: TestBenchCompletion.
func TestCompletionOfTenThousandProfiles(t *testing.T) {
	t.Logf("took %s", completeTenThousand(t))
}

func completeTenThousand(t *testing.T) time.Duration {
	t.Helper()
	var config strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&config, "[profile Role-%05d]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = Role\n", i)
	}
	_, env := household(t, config.String())
	c := exec.Command(filepath.Join(binaries, "sso-test"), "__complete", "Role-0123")
	c.Env = env
	start := time.Now()
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(firstFields(string(out))); n != 11 {
		t.Errorf("%d lines, want 10 and the directive:\n%s", n, out)
	}
	return time.Since(start)
}
