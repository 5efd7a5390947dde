package torture

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"aws-sso-plugins/pkg/idctest"
)

var handouts = []torment{
	{name: "every format of sso-creds, its cache and --write", holds: "keys of roles on standard output, in the cache and in marked sections, 0600; tokens nowhere", run: handOut},
	{name: "sso-console with a login", holds: "no call and no secret, in no format", run: consoleLinks},
	{name: "no space left for sso-creds --write and for its cache", holds: "the reason is told; the credentials file is as it was, and a role is handed out all the same", run: fullDiskForKeys},
	{name: "kill -9 of sso-creds --write", holds: "the sections of others stay, the file is whole, and the next run works", run: killKeys},
}

// mine is a section of the user's own in the credentials file.
const mine = "[mine]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = of-my-own\n"

// openHandout makes a home with two profiles and a login.
func openHandout(s *stage) {
	config := okta
	for _, account := range []string{"111111111111", "222222222222"} {
		config += fmt.Sprintf("[profile %s]\nsso_session = okta\nsso_account_id = %s\nsso_role_name = Admin\nregion = eu-west-1\n", "p"+account[:1], account)
	}
	s.open(config, idctest.Config{Accounts: []idctest.Account{
		{ID: "111111111111", Name: "one", Roles: []string{"Admin"}}, {ID: "222222222222", Name: "two", Roles: []string{"Admin"}},
	}})
	s.login("okta")
	s.write("credentials", mine)
	s.must(os.Chmod(s.aws("credentials"), 0o600))
}

// keyFormats are what sso-creds prints keys in.
var keyFormats = []string{"env", "env-no-export", "fish", "powershell", "windows-cmd", "ini", "process", "json", "jsonl"}

func handOut(s *stage) {
	openHandout(s)
	for _, more := range [][]string{{"--no-cache"}, nil} {
		for _, format := range keyFormats {
			line := append([]string{"sso-creds", "p1", "-v", "-o", format}, more...)
			out := s.play(run{line: line, handsOut: true})
			s.expect(out, 0)
			if !strings.Contains(out.stdout, idctest.Canary) {
				s.Errorf("%s: no key on standard output", out.line)
			}
		}
	}
	s.expect(s.do("sso-creds", "p1", "p2", "--write", "-v"), 0)
	s.expect(s.do("sso-creds", "p1", "--write-as", "again"), 0)
	text := s.read("credentials")
	if !strings.HasPrefix(text, mine) || strings.Count(text, idctest.Canary) < 3 {
		s.Errorf("the credentials file holds\n%s", text)
	}
	s.expect(s.do("sso-test", "p1", "again", "-o", "json"), 0)
	for _, format := range keyFormats { // failures print no key
		out := s.do("sso-creds", "nobody", "-o", format)
		s.expect(out, 2, `there is no profile "nobody"`)
	}
	s.expect(s.do("sso-login", "okta", "--logout"), 0)
	if text := s.read("credentials"); strings.Contains(text, idctest.Canary) {
		s.Errorf("after the logout the credentials file holds\n%s", text)
	}
	if left, _ := os.ReadDir(s.aws("cli", "cache")); len(left) > 0 {
		s.Errorf("after the logout the cache holds %v", left)
	}
	for _, format := range keyFormats {
		s.expect(s.do("sso-creds", "p1", "-o", format), 3, "sso-login okta")
	}
}

func consoleLinks(s *stage) {
	openHandout(s)
	for _, format := range []string{"url", "text", "json"} {
		s.expect(s.do("sso-console", "p1", "p2", "--destination", "s3", "-o", format), 0)
	}
	if n := s.idc.Count(); n != 0 {
		s.Errorf("%d calls were made", n)
	}
}

func fullDiskForKeys(s *stage) {
	openHandout(s)
	text := mine + strings.Repeat("# a comment of mine that takes its place on the disk\n", 600)
	s.write("credentials", text)
	s.must(os.Chmod(s.aws("credentials"), 0o600))
	s.must(os.MkdirAll(s.aws("sso", "lock"), 0o700))
	prepare := `cp -a $AWS $HOME/before; mount -t tmpfs -o size=96k,mode=700 none $AWS; cp -a $HOME/before/. $AWS/; ` +
		`set +e; dd if=/dev/zero of=$AWS/filler bs=1k count=200 2>/dev/null; `
	finish := `; echo status $?; rm $AWS/filler; cp -a $AWS $HOME/after`
	for _, c := range []struct{ line, status, told string }{
		{"sso-creds p1 --write", "status 4\n", "no space left on device"},
		{"sso-creds p1 -o json", "status 0\n", ""},
	} {
		out := s.play(run{line: inAWS(prepare + c.line + finish), around: s.namespace(), handsOut: true})
		if !strings.Contains(out.stdout, c.status) || !strings.Contains(out.stderr, c.told) {
			s.Errorf("%s: want %q and %q in\n%s%s", c.line, c.status, c.told, out.stdout, out.stderr)
		}
		if held := strings.Contains(out.stdout, idctest.Canary); held != (c.status == "status 0\n") {
			s.Errorf("%s: keys on standard output: %t", c.line, held)
		}
		s.sameAfter(c.line, "credentials", text)
		s.noLeftovers(c.line)
		_ = os.RemoveAll(s.path("before"))
		_ = os.RemoveAll(s.path("after"))
	}
}

func killKeys(s *stage) {
	openHandout(s)
	s.killing(sized(20, 500), func() {}, func() {
		if text := s.read("credentials"); !strings.HasPrefix(text, mine) {
			s.Fatalf("the credentials file holds\n%s", text)
		}
		s.config()
	}, func(int) []string { return []string{"sso-creds", "p1", "p2", "--write", "--no-cache"} })
	s.expect(s.do("sso-creds", "p1", "p2", "--write"), 0)
	out := s.play(run{line: []string{"sso-creds", "p1", "-o", "json"}, handsOut: true})
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out.stdout), &rows); err != nil || len(rows) != 1 {
		s.Errorf("%v\n%s", err, out.stderr)
	}
}
