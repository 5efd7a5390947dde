package torture

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/idctest"
)

func cutTokens(s *stage) {
	s.open(okta+strings.ReplaceAll(okta, "okta", "other"), idctest.Config{})
	s.login("okta")
	s.login("other")
	whole, other := s.read(tokenFile("okta")), s.read(tokenFile("other"))
	step := sized(29, 1)
	for n := 0; n < len(whole); n += step {
		s.must(os.WriteFile(s.aws(tokenFile("okta")), []byte(bad(whole[:n])), 0o600))
		s.expect(s.quick("sso-login", "okta", "--check"), 3)
		if n%(20*step) == 0 {
			s.expect(s.do("sso-profiles", "okta"), 3)
			s.expect(s.do("sso-login", "okta"), 0)
			s.expect(s.do("sso-login", "okta", "--check"), 0)
		}
	}
	if s.read(tokenFile("other")) != other {
		s.Error("the token of another session changed")
	}
	s.expect(s.do("sso-login", "other", "--check"), 0)

	// Registrations, each cut somewhere.
	s.expect(s.do("sso-login", "okta", "--force"), 0)
	entries, err := os.ReadDir(s.aws("sso", "cache"))
	s.must(err)
	for n := range sized(8, 100) {
		for _, e := range entries {
			if name := "sso/cache/" + e.Name(); name != tokenFile("okta") && name != tokenFile("other") {
				text := s.read(name)
				s.must(os.WriteFile(s.aws(name), []byte(bad(text[:min(len(text), n*237/100)])), 0o600))
			}
		}
		s.expect(s.do("sso-login", "okta", "--force"), 0)
	}
}

// garble changes some bytes of a text, in the ways in which files and replies
// go wrong.
func garble(text string, tokens []string) string {
	b := []byte(text)
	for range 1 + rand.IntN(4) {
		if len(b) == 0 {
			b = []byte("x")
		}
		at := rand.IntN(len(b))
		to := min(len(b), at+1+rand.IntN(24))
		switch rand.IntN(7) {
		case 0:
			b[at] = byte(rand.IntN(256))
		case 1: // gone
			b = append(b[:at:at], b[to:]...)
		case 2: // twice
			b = append(b[:to:to], b[at:]...)
		case 3: // cut
			b = b[:at]
		case 4: // something else in between
			token := tokens[rand.IntN(len(tokens))]
			b = append(b[:at:at], append([]byte(token), b[at:]...)...)
		case 5: // at the beginning of a line
			if n := bytes.IndexByte(b[at:], '\n'); n >= 0 {
				at += n + 1
			}
			token := tokens[rand.IntN(len(tokens))]
			b = append(b[:at:at], append([]byte(token), b[at:]...)...)
		case 6: // zeros, as after a power cut
			for i := at; i < to; i++ {
				b[i] = 0
			}
		}
	}
	return string(b)
}

var jsonTokens = []string{
	`"`, `{`, `}`, `[`, `]`, `,`, `:`, `null`, `true`, `0`, `-1e999`, `"accessToken":null,`, `"expiresAt":"2099-01-01T00:00:00Z",`,
	`"expiresAt":"",`, `"expiresAt":12345678901234567890,`, `\ud800`, "\xff", "\xef\xbb\xbf", "\x00", strings.Repeat("[", 2000),
	strings.Repeat("x", 70000),
}

func garbledTokens(s *stage) {
	s.open(okta, idctest.Config{Approval: idctest.Unattended})
	s.mangled = true // a token that was changed on the disk is sent as it is
	// By code: of a client that it does not know AWS tells only the browser.
	s.env = append(s.env, "SSO_LOGIN_USE_DEVICE_CODE=true")
	s.expect(s.do("sso-login", "okta"), 0)
	s.expect(s.do("sso-profiles", "okta"), 0)
	good := map[string]string{}
	entries, err := os.ReadDir(s.aws("sso", "cache"))
	s.must(err)
	for _, e := range entries {
		good["sso/cache/"+e.Name()] = s.read("sso/cache/" + e.Name())
	}
	config := s.read("config")
	lines := [][]string{
		{"sso-login", "okta", "--check"}, {"sso-login", "--list", "-o", "json"}, {"sso-profiles", "okta", "--list"}, {"sso-test", "-o", "json"},
		{"sso-login", "okta", "-v"}, {"sso-login", "okta", "--force", "-v"}, {"sso-login", "okta", "--logout"},
	}
	for n := range sized(21, 420) {
		var tried []string
		for name, text := range good {
			garbled := bad(garble(text, jsonTokens))
			tried = append(tried, garbled)
			s.must(os.WriteFile(s.aws(name), []byte(garbled), 0o600))
		}
		out := s.play(run{line: lines[n%len(lines)], env: []string{"AWS_MAX_ATTEMPTS=1"}})
		if s.Failed() {
			s.Fatalf("%s with %q\n%s", out.line, tried, out.stderr)
		}
	}
	if got := s.read("config"); got != config {
		s.Errorf("the config changed:\n%s", got)
	}
	s.expect(s.do("sso-login", "okta", "--force"), 0)
	s.expect(s.do("sso-test"), 0)
}

var configTokens = []string{
	"[", "]", "=", "#", ";", "\n", "\r", "\r\n", "\t", " ", "\x00", "\xff", "\xef\xbb\xbf", "\u2028", "\u00a0", "\x0b", "\x0c", "\x1c",
	"[default]\n", "[profile x]\n", "[profile ReadOnlyAccess-111111111111]\n", "[sso-session okta]\n", "[DEFAULT]\n", "[profile]\n", "[]\n",
	"[services x]\n", "managed_by = sso-profiles\n", "region =\n", "= x\n", "stray\n", "  nested = 1\n", "'\"", "%(x)s", "[profile 'a b']\n",
	"include = /etc/passwd\n", "[plugins]\n", strings.Repeat("[profile y]\n", 40), strings.Repeat("a", 66000) + "\n",
}

func garbledConfigs(s *stage) {
	// To an endpoint of one's own a request is signed with whatever region the
	// config has, a garbled one too.
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(3, 2), Warn: []idctest.Rule{idctest.BadSignature}})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	whole := handWritten + "\n" + s.read("config") + "\n[profile after]\nregion = us-east-1\n"
	lines := [][]string{
		{"sso-profiles", "okta"}, {"sso-profiles", "okta", "--name", "{{.AccountName | slug}}-{{.RoleName}}"},
		{"sso-profiles", "okta", "--prune", "--overwrite", "--set", "output=json"},
		{"sso-login", "second", "--sso-start-url", startURL, "--sso-region", "eu-central-1", "--check"}, {"sso-test", "--all", "-o", "json"},
	}
	readable, refused := 0, 0
	for n := range sized(40, 1000) {
		before := bad(garble(whole, configTokens))
		s.must(os.WriteFile(s.aws("config"), []byte(before), 0o644))
		out := s.do(lines[n%len(lines)]...)
		after := s.read("config")
		loads := awsconfig.Parse("config", awsconfig.ConfigFile, []byte(before)).Err() == nil
		switch {
		case after == before:
			refused++
		case !loads:
			s.Errorf("a config that AWS could not read was written to")
		default:
			readable++
			if err := awsconfig.Parse("config", awsconfig.ConfigFile, []byte(after)).Err(); err != nil {
				s.Errorf("AWS cannot read the outcome: %v", err)
			}
			if n%len(lines) == 0 && !keepsLines(before, after) {
				s.Error("lines that are not ours are gone")
			}
		}
		if s.Failed() {
			s.Fatalf("%s\nbefore %q\nafter  %q\n%s", out.line, before, after, out.stderr)
		}
	}
	if readable == 0 || refused == 0 {
		s.Errorf("%d written, %d left as they were: not a fair mix", readable, refused)
	}
	s.Logf("%d written, %d left as they were", readable, refused)
}

// keepsLines says whether all lines of before stand in after, in their order,
// but for keys that a run may set.
func keepsLines(before, after string) bool {
	rest := strings.Split(after, "\n")
	for line := range strings.SplitSeq(before, "\n") {
		key, _, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key = strings.TrimSpace(key); key == "region" || strings.HasPrefix(key, "sso_") || key == "managed_by" {
			continue
		}
		at := -1
		for i, candidate := range rest {
			if strings.TrimRight(candidate, "\r") == strings.TrimRight(line, "\r") {
				at = i
				break
			}
		}
		if at < 0 {
			return false
		}
		rest = rest[at+1:]
	}
	return true
}
