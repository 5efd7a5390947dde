package cmd

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

// inhabited is a household whose Identity Center is at hand.
func inhabited(t *testing.T, cfg idctest.Config, config string) (home string, env []string, center *idctest.Server) {
	t.Helper()
	center, err := idctest.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(center.Close)
	home, env = household(t, config)
	env = append(append(env, center.Env()...), "BROWSER="+filepath.Join(binaries, "idc")+" browse")
	return home, env, center
}

const twoSessions = `[sso-session okta]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
[sso-session partner]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
`

// surroundings are terminals that differ in what they can show.
var surroundings = map[string][]string{
	"an ordinary terminal": nil,
	"TERM=dumb":            {"TERM=dumb"},
	"NO_COLOR":             {"NO_COLOR=1"},
}

// checkLook holds what a program showed against what the terminal can.
func checkLook(t *testing.T, columns int, kind, shown string) {
	t.Helper()
	for line := range strings.SplitSeq(shown, "\r\n") {
		line = line[strings.LastIndexByte(line, '\r')+1:]
		plain := controls.ReplaceAllString(line, "")
		// messages are one line however long, and so are URLs: a terminal wraps them
		if n := len([]rune(plain)); n > columns && !message.MatchString(plain) {
			t.Errorf("%s: %d columns of %d: %q", kind, n, columns, plain)
		}
	}
	if kind == "TERM=dumb" && strings.Contains(shown, "\x1b") {
		t.Errorf("%s: it gets escape sequences: %q", kind, shown)
	}
	if kind == "NO_COLOR" && colours.MatchString(shown) {
		t.Errorf("%s: it gets colours: %q", kind, shown)
	}
}

var (
	message  = regexp.MustCompile(`sso-(login|profiles|test): |https?:`)
	controls = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)
	colours  = regexp.MustCompile(`\x1b\[[0-9;]*m`)
)

func TestFirstQuestions(t *testing.T) {
	for kind, vars := range surroundings {
		t.Run(kind, func(t *testing.T) {
			home, env, _ := inhabited(t, idctest.Config{}, "")
			x := atTerminal(t, 80, 24, append(env, vars...), "sso-login")
			shown := x.until("SSO session name: ")
			x.press("\r")
			shown += x.until("this needs an answer; Ctrl-C gives up")
			x.press("my session\r")
			shown += x.until("hint: use letters, digits and ")
			x.press("okta\r")
			shown += x.until("SSO start URL: ")
			x.press("http://example.com\r")
			shown += x.until("hint: a start URL looks like ")
			x.press("https://d-1234567890.awsapps.com/start/#/?tab=accounts\r")
			shown += x.until("SSO region: ")
			x.press("mars\r")
			shown += x.until("hint: a region looks like eu-central-1")
			x.press("eu-central-1\r")
			shown += x.until("SSO registration scopes (Enter is right) [sso:account:access]: ")
			x.press("\r")
			shown += x.until("sso-login: okta: valid until ")
			shown += x.end()
			checkLook(t, 80, kind, shown)
			config, err := os.ReadFile(filepath.Join(home, ".aws", "config"))
			want := "[sso-session okta]\nsso_start_url = https://d-1234567890.awsapps.com/start\n" +
				"sso_region = eu-central-1\nsso_registration_scopes = sso:account:access\n"
			if err != nil || string(config) != want {
				t.Errorf("the config is %q, %v", config, err)
			}
		})
	}
}

// Who gives up in the middle of the questions has changed nothing.
func TestFirstQuestionsGivenUp(t *testing.T) {
	for name, keys := range map[string]string{"Ctrl-C": "\x03", "Ctrl-D": "\x04"} {
		home, env := household(t, "")
		x := atTerminal(t, 80, 24, env, "sso-login")
		x.until("SSO session name: ")
		x.press("okta\r")
		x.until("SSO start URL: ")
		x.press(keys)
		x.end()
		if left := tree(t, home); len(left) != 1 {
			t.Errorf("%s left %q", name, slices.Collect(maps.Keys(left)))
		}
	}
}

// At a terminal, where sso-login asks, its name alone is all one need type.
func TestFirstHints(t *testing.T) {
	_, env := household(t, "")
	for _, command := range []string{"sso-login --list", "sso-profiles", "sso-test"} {
		shown := atTerminal(t, 80, 24, env, command).end()
		if !strings.HasSuffix(shown, " hint: run: sso-login\r\n") {
			t.Errorf("%s: %q", command, shown)
		}
	}
	_, env = household(t, twoSessions)
	if shown := atTerminal(t, 80, 24, env, "sso-profiles").end(); !strings.HasSuffix(shown, " hint: run: sso-login\r\n") {
		t.Errorf("two sessions without a login: %q", shown)
	}
}

// The terminal shows ^C where the cursor is. What comes next, the prompt of the
// shell as a rule, has a line of its own.
func TestCtrlCEndsTheLine(t *testing.T) {
	_, env, _ := inhabited(t, idctest.Config{}, twoSessions)
	for command, until := range map[string]string{
		"sso-login":                        "[okta]: ",
		"sso-login okta --use-device-code": "started this login yourself.\r\n\r\n",
	} {
		// exec, or the shell dies of the signal and takes the terminal along
		x := atTerminal(t, 80, 24, env, "echo ready; exec "+command)
		x.until("ready\r\n")
		x.until(until)
		x.press("\x03")
		if shown := x.end(); !strings.HasSuffix(shown, "^C\r\n") {
			t.Errorf("%s: %q", command, shown)
		}
	}
}

func TestChoiceOfSession(t *testing.T) {
	for kind, vars := range surroundings {
		_, env, center := inhabited(t, idctest.Config{}, twoSessions)
		x := atTerminal(t, 80, 24, append(env, vars...), "sso-login")
		shown := x.until("  1  okta\r\n  2  partner\r\n")
		shown += x.until("Session, by number or name [okta]: ")
		x.press("3\r")
		shown += x.until(`warning: "3" is none of them`)
		x.press("partnr\r")
		shown += x.until(`hint: did you mean "partner"?`)
		x.press("2\r")
		shown += x.until("sso-login: partner: valid until ") + x.end()
		checkLook(t, 80, kind, shown)
		if n := center.Count(idctest.CreateToken); n != 1 {
			t.Errorf("%s: %d tokens were issued, want 1", kind, n)
		}
	}
}

func TestTablesFitTheTerminal(t *testing.T) {
	home, env, center := inhabited(t, idctest.Config{Accounts: idctest.MakeAccounts(40, 2)}, twoSessions)
	token := center.IssueToken("")
	for _, session := range []string{"okta", "partner"} {
		if _, err := token.WriteCache(home, session); err != nil {
			t.Fatal(err)
		}
	}
	for _, columns := range []int{80, 120} {
		for _, command := range []string{
			"sso-login --list",
			"sso-profiles okta --list",
			"sso-profiles okta",
			"sso-profiles okta --name '{{.RoleName}}-{{.AccountId}}-at-" + fmt.Sprint(columns) + "'",
			"sso-test",
			"sso-test --help", "sso-login --help", "sso-profiles --help",
		} {
			shown := atTerminal(t, columns, 24, env, command).end()
			checkLook(t, columns, fmt.Sprintf("%s at %d", command, columns), shown)
			if strings.Contains(command, "--help") || strings.Contains(command, "--name") {
				continue
			}
			for line := range strings.Lines(controls.ReplaceAllString(shown, "")) {
				if first, _, _ := strings.Cut(line, " "); strings.Contains(first, "…") {
					t.Errorf("%s at %d columns: the name is cut: %q", command, columns, line)
				}
			}
		}
	}
}

func TestProgressLineFollowsTheTerminal(t *testing.T) {
	config := twoSessions
	accounts := idctest.MakeAccounts(40, 1)
	for _, a := range accounts {
		config += fmt.Sprintf("[profile %s]\nsso_session = okta\nsso_account_id = %s\nsso_role_name = %s\nregion = eu-west-1\n", a.ID, a.ID, a.Roles[0])
	}
	home, env, center := inhabited(t, idctest.Config{Accounts: accounts, Latency: 100 * time.Millisecond}, config)
	if _, err := center.IssueToken("").WriteCache(home, "okta"); err != nil {
		t.Fatal(err)
	}
	command := "tty; sso-test --concurrency 2"
	x := atTerminal(t, 80, 24, env, command)
	tty := strings.TrimSpace(x.until("\n"))
	x.until("checking profiles  [")
	if out, err := exec.Command("stty", "-F", tty, "cols", "40").CombinedOutput(); err != nil {
		t.Fatalf("stty: %v %s", err, out)
	}
	frame := func() string { return strings.TrimSuffix(x.until("\r\x1b[K"), "\r\x1b[K") }
	before := frame()
	for len([]rune(before)) >= 40 {
		before = frame() // drawn before the screen was narrow
	}
	for range 3 {
		if f := frame(); len([]rune(f)) >= 40 || !strings.Contains(f, "/40  ") {
			t.Errorf("at 40 columns: %q", f)
		}
	}
	x.until("sso-test: 40 ok")

	for _, vars := range [][]string{{"TERM=dumb"}, {"CI=true"}} {
		shown := atTerminal(t, 80, 24, append(slices.Clone(env), vars...), "sso-test --concurrency 20").end()
		if strings.Contains(shown, "checking profiles") {
			t.Errorf("%q: a live line: %q", vars, shown)
		}
	}
}
