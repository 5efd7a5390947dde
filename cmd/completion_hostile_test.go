package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hostile are names that hold what a shell acts on, as they stand in a config
// of their own, where somebody else may have put them. A shell that runs one
// makes the file ran.
var hostile = []struct{ header, name string }{
	{"$(touch${IFS}ran)", "$(touch${IFS}ran)"},
	{"`touch${IFS}ran`", "`touch${IFS}ran`"},
	{"a;touch${IFS}ran;", "a;touch${IFS}ran;"},
	{"a&touch${IFS}ran", "a&touch${IFS}ran"},
	{"a|touch${IFS}ran", "a|touch${IFS}ran"},
	{"a>ran", "a>ran"},
	{`"a b'$(touch ran)"`, "a b'$(touch ran)"},
	{`'a b"$(touch ran)'`, `a b"$(touch ran)`},
	{`'a"; touch ran; "'`, `a"; touch ran; "`},
	{`"a'; touch ran; '"`, `a'; touch ran; '`},
	{`'a\$(touch ran)'`, `a\$(touch ran)`},
	{"a:$(touch${IFS}ran)", "a:$(touch${IFS}ran)"},
	{"a!x", "a!x"},
	{"~root", "~root"},
	{"(touch${IFS}ran)", "(touch${IFS}ran)"},
}

// inQuotes are the ways to begin a word.
var inQuotes = []string{"", `"`, "'", `""`, `''`, `"a`, `'a`, `a"`, "a'"}

// hostileHomes writes the configs 0, 1, and so on.
func hostileHomes(t *testing.T, home string) {
	t.Helper()
	for i, h := range hostile {
		text := fmt.Sprintf("[profile %s]\nregion = eu-west-1\n[sso-session %s]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\n", h.header, h.header)
		write(t, filepath.Join(home, fmt.Sprint(i)), text)
	}
}

// completesHostile presses TAB in a shell, and Enter: whatever the word then
// is, no part of it runs. Outside quotes and within double and single ones the
// program gets the name as it is in the file, wherever the shell can say it so.
func completesHostile(t *testing.T, x *terminal, home, show string, cannot func(quote, name string) bool) {
	t.Helper()
	hostileHomes(t, home)
	for i, h := range hostile {
		x.press(fmt.Sprintf("%sset_config %d\r", ctrlU, i))
		x.until(fmt.Sprintf("config-%d-is-set", i))
		for _, program := range []string{"sso-test", "sso-login"} {
			for _, typed := range inQuotes {
				quote := strings.Trim(typed, "a")
				if !strings.HasPrefix(h.name, strings.Trim(typed, `"'`)) {
					continue
				}
				x.press(ctrlU + program + " " + typed + "\t")
				// What is open is closed, and what is not is not opened; the
				// second line ends what may be open nevertheless.
				x.press(ctrlA + show + " \r")
				if cannot(quote, h.name) {
					x.press(quote + "\r")
				}
				x.until("BEGIN")
				got := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(x.until("END")), "END"), "|")
				if want := program + "|" + h.name; got != want && len(quote) < 2 && !cannot(quote, h.name) {
					t.Errorf("%s %s TAB: %q, want %q", program, typed, got, want)
				}
				for _, dir := range []string{home, "."} {
					if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
						t.Fatalf("%s %s TAB runs %s", program, typed, h.name)
					}
				}
			}
		}
	}
}

func TestBashCompletesNamesAsData(t *testing.T) {
	bash := needs(t, "bash")
	home, env := household(t, "")
	x := atTerminal(t, 80, 24, env, "cd '"+home+"' && "+bash+" --norc --noprofile -i")
	x.press("PS1='ready> '; PS2=; show() { printf B; printf 'EGIN'; printf '%s|' \"$@\"; printf E; echo ND; }\r")
	x.press("bind 'set enable-bracketed-paste off'; set_config() { export AWS_CONFIG_FILE=~/$1; echo config-$1-is-set; }\r")
	x.press("for p in " + strings.Join(programs, " ") + "; do eval \"$($p --completion bash)\"; done\r")
	completesHostile(t, x, home, "show", func(quote, name string) bool {
		return quote == "'" && strings.Contains(name, "'") || quote == `"` && strings.Contains(name, "!")
	})
}

func TestZshCompletesNamesAsData(t *testing.T) {
	zsh := needs(t, "zsh")
	home, env := household(t, "")
	x := atTerminal(t, 80, 24, env, "cd '"+home+"' && "+zsh+" -f -i")
	x.press("PS1='ready> '; PS2=; show() { printf B; printf EGIN; printf '%s|' \"$@\"; printf E; echo ND }; unsetopt automenu; unset zle_bracketed_paste; bindkey -e\r")
	x.press("set_config() { export AWS_CONFIG_FILE=~/$1; echo config-$1-is-set }\r")
	x.press("for p in " + strings.Join(programs, " ") + "; do eval \"$($p --completion zsh)\"; done\r")
	completesHostile(t, x, home, "show", func(_, _ string) bool { return false })
}

func TestFishCompletesNamesAsData(t *testing.T) {
	fish := needs(t, "fish")
	home, env := household(t, "")
	installCompletions(t, home, "fish", ".config/fish/completions/%s.fish")
	x := atTerminal(t, 80, 24, env, "cd '"+home+"' && "+fish+" --private -i")
	x.press("function fish_prompt; echo 'ready> '; end; function show; printf B; printf EGIN; printf '%s|' $argv; printf E; echo ND; end\r")
	x.press("function set_config; set -gx AWS_CONFIG_FILE ~/$argv; echo config-$argv-is-set; end\r")
	completesHostile(t, x, home, "show", func(quote, name string) bool { return quote == "" && strings.HasPrefix(name, "~") })
}
