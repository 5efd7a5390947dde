package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/cmd/built"
	"aws-sso-plugins/pkg/idctest"
)

// recording is a session at a terminal that the documentation shows, as text
// and as a picture: docs/NAME.txt and docs/NAME.svg. The commands are those of
// the text, and what they print is really printed, by the binaries as built, in
// a terminal of 80 columns, against an Identity Center.
type recording struct {
	title string
	idc   idctest.Config
	// config is ~/.aws/config before the first command.
	config string
}

var recordings = map[string]recording{
	"first-run": {
		title: "a first login, the profiles it brings, why one fails, and one at work",
		idc: idctest.Config{
			StartURL: "https://acme.awsapps.com/start",
			Accounts: []idctest.Account{
				{ID: "111111111111", Name: "Payments Production", Roles: []string{"ReadOnlyAccess"}},
				{ID: "222222222222", Name: "Payments Staging", Roles: []string{"PowerUserAccess", "ReadOnlyAccess"}},
				{ID: "333333333333", Name: "Sandbox", Roles: []string{"AdministratorAccess"}},
			},
		},
		config: `[profile billing]
sso_session = okta
sso_account_id = 444444444444
sso_role_name = Billing
region = eu-central-1
`,
	},
}

// frozen is what differs from run to run, and what stands for it.
var frozen = []struct {
	varies *regexp.Regexp
	shown  string
}{
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+/authorize\?\S+`), "https://oidc.eu-central-1.amazonaws.com/authorize?response_type=code&…"},
	{regexp.MustCompile(`valid until \d\d:\d\d\b`), "valid until 17:02"},
}

// TestRecordings holds that the documentation shows what the binaries print.
// With -update it makes the recordings.
func TestRecordings(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("script(1), which gives a program a terminal, is not here")
	}
	for name, r := range recordings {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("..", "docs", name)
			was, err := os.ReadFile(path + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			shown := r.play(t, typedIn(string(was)))
			for ending, now := range map[string]string{".txt": shown.text(), ".svg": shown.svg(r.title)} {
				golden(t, path+ending, now)
			}
		})
	}
}

func golden(t *testing.T, path, now string) {
	t.Helper()
	was, err := os.ReadFile(path)
	if err == nil && string(was) == now {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s is not what the binaries print now; make docs makes it anew:\n%s", path, cmp.Diff(string(was), now))
}

// prompt begins what is typed in a recording. A line that ends with a backslash
// goes on in the next.
const prompt = "$ "

// typedIn are the commands in the text of a recording.
func typedIn(text string) []string {
	var commands []string
	goesOn := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch command, typed := strings.CutPrefix(line, prompt); {
		case goesOn:
			commands[len(commands)-1] += "\n" + line
		case typed:
			commands = append(commands, command)
		default:
			continue
		}
		goesOn = strings.HasSuffix(line, `\`)
	}
	return commands
}

// play runs the commands one after the other in a home folder of their own and
// returns what the terminal shows.
func (r recording) play(t *testing.T, commands []string) *screen {
	t.Helper()
	if len(commands) == 0 {
		t.Fatal("there is no command in the recording")
	}
	home := t.TempDir()
	aws := filepath.Join(home, ".aws")
	if err := os.Mkdir(aws, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(aws, "config"), []byte(r.config), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := idctest.New(t, r.idc)
	env := append(built.SealedEnv(binaries, home), srv.Env()...)
	env = append(env, "TERM=xterm-256color", "LANG=C.UTF-8", "BROWSER="+filepath.Join(binaries, "idc")+" browse")

	shown := &screen{columns: 80}
	for _, command := range commands {
		shown.typed(prompt + command)
		out := atTerminal(t, shown.columns, 24, env, command).end()
		for _, secret := range append(srv.Secrets(), idctest.Canary) {
			if strings.Contains(out, secret) {
				t.Fatalf("%s prints a secret", command)
			}
		}
		out = strings.ReplaceAll(out, home, "/home/jane")
		for _, f := range frozen {
			out = f.varies.ReplaceAllString(out, f.shown)
		}
		if err := shown.write(out); err != nil {
			t.Fatalf("%s: %v", command, err)
		}
	}
	return shown
}
