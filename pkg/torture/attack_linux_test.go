package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

var attacks = []torment{
	{name: "hostile texts in every field of every reply", holds: "no foreign section or key, no escape, no crash, no file elsewhere", run: hostileFields},
	{name: "hostile texts in every message and header", holds: "one visible line each", run: hostileMessages},
	{name: "hostile names of accounts, on a terminal and in files", holds: "no escape, no second line, no foreign section", run: hostileNames},
	{name: "hostile URLs for the browser", holds: "neither opened nor shown as they are", run: hostileURLs},
	{name: "the callback port under fire from other processes", holds: "the login succeeds; a forged answer counts for nothing", run: callbackUnderFire},
	{name: "the callback port flooded", holds: "the login ends and says why; no answer but the browser's counts", run: callbackFlooded},
	{name: "a malicious config: commands", holds: "nothing in it is run, whatever is asked for", run: maliciousCommands},
	{name: "a malicious config: names as paths, endpoints elsewhere", holds: "no file elsewhere, no token to another host", run: maliciousNames},
	{name: "another user who tampers with a shared folder", holds: "no secret can be read, no file of ours goes to that user", run: tamperedFolder},
	{name: "secrets in every flow, with -v and a spying browser", holds: "in no output, argument, environment, name or file but the cache", run: canaries},
}

// poisons are texts that somebody meant no good by.
var poisons = []string{
	"\x1b]0;owned\x07", "\x1b]52;c;b3duZWQ=\x07", "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x1b[2J\x1b[H", "\x9b31m", "\u009b31m", "\rsso-test: ok",
	"x\n[profile injected]\naws_access_key_id = AKIAINJECTED\ncredential_process = touch owned", "x\r\n[profile injected]\r\nregion = x", "x\x00y", "\u202etxt.exe", "\u2066x\u2069",
	"\xff\xfe\xfd", "../../../../owned", "/etc/passwd", "$(touch owned)", "`touch owned`", "; touch owned", "| touch owned", "{{.Secret}}{{printf \"%s\" .}}", "%(x)s %s %n %d",
	"-rf", "--help", "default", "DEFAULT", "__proto__", "[x]", "a]b", "x # y", "x ; y", "'", "\"", "\\", "=", " ", "  lead and trail  ", "\u00a0", "\u2028", "\ufeff", "\u3164", "",
	"<script>alert(1)</script>", "]]>", "&#27;[31m", strings.Repeat("A", 100_000), strings.Repeat("\u0301", 3000), "null", "\U000e0041", "sso-login: error: forged\nsso-login: hint: run: curl evil",
}

// jsonText is a JSON string that keeps bytes that are not UTF-8.
func jsonText(text string) []byte {
	b := []byte{'"'}
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// leaves counts the values in a JSON document that are no object and no array.
// With at >= 0 the document comes back with that one replaced.
func leaves(document []byte, at int, by []byte) (changed []byte, count int) {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var value any
	if dec.Decode(&value) != nil {
		return document, 0
	}
	var b bytes.Buffer
	var write func(v any)
	write = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			b.WriteByte('{')
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for i, k := range keys {
				if i > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, "%q:", k)
				write(v[k])
			}
			b.WriteByte('}')
		case []any:
			b.WriteByte('[')
			for i, e := range v {
				if i > 0 {
					b.WriteByte(',')
				}
				write(e)
			}
			b.WriteByte(']')
		default:
			if count == at {
				b.Write(by)
			} else {
				text, _ := json.Marshal(v)
				b.Write(text)
			}
			count++
		}
	}
	write(value)
	return b.Bytes(), count
}

// elements are the same for XML: the texts between tags.
func elements(document []byte, at int, by string) (changed []byte, count int) {
	var b bytes.Buffer
	rest := string(document)
	for {
		open := strings.IndexByte(rest, '>')
		if open < 0 {
			b.WriteString(rest)
			return b.Bytes(), count
		}
		b.WriteString(rest[:open+1])
		rest = rest[open+1:]
		end := strings.IndexByte(rest, '<')
		if end < 0 {
			b.WriteString(rest)
			return b.Bytes(), count
		}
		text := rest[:end]
		if strings.TrimSpace(text) != "" {
			if count == at {
				var escaped bytes.Buffer
				_ = xml.EscapeText(&escaped, []byte(by))
				text = escaped.String()
			}
			count++
		}
		b.WriteString(text)
		rest = rest[end:]
	}
}

// fields are the operations of which every value is changed, by path, and what
// asks for them.
var fields = map[string][]string{
	"/client/register":        {"sso-login", "okta", "--force", "--use-device-code"},
	"/device_authorization":   {"sso-login", "okta", "--force", "--use-device-code"},
	"/token":                  {"sso-login", "okta", "--force", "-v"},
	"/assignment/accounts":    {"sso-profiles", "okta", "--name", "{{.AccountName}}-{{.AccountEmail}}-{{.RoleName}}"},
	"/assignment/roles":       {"sso-profiles", "okta"},
	"/federation/credentials": {"sso-test", "good"},
	"/":                       {"sso-test", "good"},
}

func hostileFields(s *stage) {
	var wg sync.WaitGroup
	for path, line := range fields {
		wg.Go(func() { hostileReply(&stage{T: s.T}, path, line) })
	}
	wg.Wait()
}

func hostileReply(s *stage, path string, line []string) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(1, 1), Approval: idctest.Unattended, DeviceLifetime: 2 * time.Second})
	s.mangled = true
	m := s.between(nil)
	defer m.Close()
	s.url = m.URL
	browser := binaries + "/idc browse"
	if slices.Contains(line, "--use-device-code") {
		browser = s.spy()
	}
	good := okta + "[profile good]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = AdministratorAccess\nregion = eu-west-1\n"
	trial := 0
	for leaf, count := 0, 1; leaf < count && !s.Failed(); leaf++ {
		for n, poison := range poisons {
			if trial++; full && trial%2 != 0 || !full && n > 0 && trial%31 != 0 {
				continue
			}
			s.write("config", good)
			s.login("okta")
			m.change(func(at string, body []byte) []byte {
				if at != path {
					return body
				}
				changed, n := leaves(body, leaf, jsonText(poison))
				if n == 0 {
					changed, n = elements(body, leaf, poison)
				}
				count = max(count, n)
				return changed
			})
			bad(poison)
			out := s.play(run{
				line: append(slices.Clone(line), "--timeout", "2s"), within: 30 * time.Second,
				env: []string{"AWS_MAX_ATTEMPTS=1", "BROWSER=" + browser},
			})
			s.unharmed(fmt.Sprintf("%s, value %d is %.60q", path, leaf, poison), good)
			if s.Failed() {
				s.Errorf("%s: exit status %d\n%.3000s%.3000s\nreplies:\n%s", out.line, out.status, out.stdout, out.stderr, m.said())
				return
			}
		}
	}
}

// spy is a browser that writes down what it is given.
func (s *stage) spy() string {
	script := s.path("spy")
	s.must(os.WriteFile(script, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\" >>"+s.path("opened")+"\n"), 0o755))
	return script
}

// unharmed looks for what the poisons want.
func (s *stage) unharmed(what, config string) {
	s.Helper()
	if exists(s.path("owned")) || exists(filepath.Join(homes, "owned")) {
		s.Errorf("%s: a command was run, or a file made elsewhere", what)
	}
	got := s.read("config")
	if !strings.HasPrefix(got, config) {
		s.Errorf("%s: what was in the config is not there any more", what)
	}
	for i, line := range strings.Split(strings.TrimPrefix(got, config), "\n") {
		key, _, _ := strings.Cut(line, " = ")
		ours := line == "" || strings.HasPrefix(line, "[profile ") && strings.HasSuffix(line, "]") && !strings.Contains(line, "injected]") ||
			slices.Contains([]string{"sso_session", "sso_account_id", "sso_role_name", "region", "managed_by"}, key)
		if !ours || untame(line) != "" {
			s.Errorf("%s: line %d that was added is %.200q", what, i+1, line)
		}
	}
	s.config()
	s.token("okta")
	if opened, err := os.ReadFile(s.path("opened")); err == nil {
		for u := range strings.SplitSeq(strings.TrimSpace(string(opened)), "\n") {
			if u != "" && !strings.HasPrefix(u, "http://127.0.0.1:") && !strings.HasPrefix(u, "https://") || strings.ContainsAny(u, " \x1b'\"`$;|<>\\") && !strings.HasPrefix(u, "http") {
				s.Errorf("%s: the browser was given %q", what, u)
			}
		}
	}
	_ = os.Remove(s.path("opened"))
	entries, err := os.ReadDir(s.home)
	s.must(err)
	for _, e := range entries {
		if !slices.Contains([]string{".aws", "spy", "opened", "status"}, e.Name()) {
			s.Errorf("%s: what is %s?", what, e.Name())
		}
	}
}

func hostileMessages(s *stage) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(1, 1)})
	s.mangled = true
	s.settle()
	bodies := []string{
		`{"message":%s,"__type":"X"}`, `{"message":"x","__type":%s}`, `{"error":%s,"error_description":"x"}`,
		`{"error":"invalid_grant","error_description":%s}`, `{"Message":%s}`, `{"message":{"x":%s}}`, `%s`,
		`<ErrorResponse><Error><Code>%s</Code><Message>x</Message></Error></ErrorResponse>`,
		`<ErrorResponse><Error><Code>AccessDenied</Code><Message>%s</Message></Error></ErrorResponse>`,
	}
	lines := [][]string{
		{"sso-login", "okta", "--force", "-v"}, {"sso-profiles", "okta", "-v"}, {"sso-test", "-v"}, {"sso-test", "-o", "json"}, {"sso-test", "-o", "junit"},
		{"sso-login", "okta", "--valid-for", "2h"},
	}
	trial := 0
	for b, body := range bodies {
		for p, poison := range poisons {
			if trial++; !full && (b*7+p)%19 != 0 {
				continue
			}
			text := string(jsonText(poison))
			if strings.HasPrefix(body, "<") {
				var escaped bytes.Buffer
				_ = xml.EscapeText(&escaped, []byte(poison))
				text = escaped.String()
			}
			status := []int{400, 401, 403, 404, 418, 500}[trial%6]
			m := s.between(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				for _, name := range []string{"X-Amzn-Errortype", "X-Amzn-Requestid", "X-Amz-Request-Id", "Location", "Date", "Retry-After"} {
					if name != "Retry-After" || trial%2 == 0 {
						w.Header().Set(name, clipped(poison))
					}
				}
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, body, text)
			})
			s.url = m.URL
			s.login("okta")
			bad(text)
			out := s.play(run{line: lines[trial%len(lines)], env: []string{"AWS_MAX_ATTEMPTS=1", "BROWSER=false"}, within: 30 * time.Second})
			for line := range strings.Lines(out.stderr) {
				if !strings.HasPrefix(line, "sso-") || strings.Count(line, "sso-login: error: forged") > 0 && strings.HasPrefix(line, "sso-login: error: forged") {
					s.Errorf("%s: a line that is not ours: %.200q", out.line, line)
				}
			}
			if len(out.stderr) > 20_000 || len(out.stdout) > 50_000 {
				s.Errorf("%s: %d bytes of noise", out.line, len(out.stderr)+len(out.stdout))
			}
			m.Close()
			if s.Failed() {
				s.Fatalf("%s with %d and %.200s of %.80q: exit status %d\n%.3000s%.3000s", out.line, status, body, poison, out.status, out.stdout, out.stderr)
			}
		}
	}
	s.url = ""
}

func clipped(text string) string {
	if len(text) > 8000 {
		return text[:8000]
	}
	return text
}

func hostileNames(s *stage) {
	var accounts []idctest.Account
	for i, poison := range poisons {
		accounts = append(accounts, idctest.Account{ID: fmt.Sprintf("%012d", i+1), Name: poison, Email: poison, Roles: []string{"Role+=,.@-_"}})
	}
	s.open(okta, idctest.Config{Accounts: accounts})
	s.login("okta")
	figures.badInputs.Add(int64(len(accounts)))
	want := len(accounts)
	for _, line := range []string{
		"sso-profiles okta -o json", "sso-profiles okta --list -o text", "sso-profiles okta --list -o ini", "sso-profiles okta --dry-run --name '{{.AccountName | slug}}-{{.AccountId}}'",
		"sso-profiles okta --name '{{.AccountName}}/{{.AccountEmail}}/{{.AccountId}}'", "sso-profiles okta --name '{{.RoleName}}-{{.AccountId}}' -o text",
		"sso-test -o text", "sso-test -o json", "sso-test -o junit", "sso-test -o prometheus", "sso-test -o table",
	} {
		out := s.sh(line)
		if out.status > 1 {
			s.Errorf("%s: exit status %d\n%s", line, out.status, out.stderr)
		}
		s.unharmed(line, okta)
	}
	if n := generated(s.read("config")); n != want {
		s.Errorf("%d profiles of %d", n, want)
	}

	// On a terminal. What the suite itself sends there is taken away first.
	if _, err := exec.LookPath("script"); err != nil {
		s.skip("no script(1) here, which makes a terminal")
	}
	for _, line := range []string{
		"sso-profiles okta --list", "sso-profiles okta --name '{{.AccountName | upper}}-{{.AccountId}}'", "sso-test", "sso-login --list", "sso-login okta", "sso-login okta --force --use-device-code",
	} {
		out := s.play(run{line: []string{"script", "-qec", "stty cols 100; " + line, "/dev/null"}, env: []string{"TERM=xterm-256color"}, stdin: "\x04", unlike: true})
		if line != "sso-login okta --force --use-device-code" && out.status > 1 {
			s.Errorf("%s on a terminal: exit status %d\n%s", line, out.status, out.stdout)
		}
		if bad := untame(ownSequences.ReplaceAllString(strings.ReplaceAll(out.stdout, "^D\b\b", ""), "")); bad != "" {
			s.Errorf("%s on a terminal: %s in %q", line, bad, out.stdout)
		}
	}
}

func hostileURLs(s *stage) {
	s.open(okta, idctest.Config{Approval: idctest.Unattended, Interval: time.Millisecond, DeviceLifetime: time.Second})
	s.mangled = true
	m := s.between(nil)
	defer m.Close()
	s.url = m.URL
	spy := s.spy()
	for i, u := range []string{
		"file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "--new-window=x", "-h", "http://evil.example/", "https://user:pass@evil.example/", "https://evil.example/\x1b[31m",
		"https://evil.example/ x", "https://evil.example/\"$(touch owned)\"", "https://evil.example/`touch owned`", "https:///x", "//evil.example", "", "smb://x/y", "https://" + strings.Repeat("a", 9000),
		"https://evil.example/%0d%0aX", "https://ev\u0456l.example/", "vscode://x", "C:\\windows\\system32\\calc.exe", "https://evil.example/&calc", "https://evil.example\n/x", "http://127.0.0.1.evil.example/",
	} {
		for j, member := range []string{"verificationUri", "verificationUriComplete"} {
			if !full && (i+j)%3 != 0 {
				continue
			}
			m.change(func(path string, body []byte) []byte {
				var document map[string]any
				if path != "/device_authorization" || json.Unmarshal(body, &document) != nil {
					return body
				}
				document[member] = u
				changed, _ := json.Marshal(document)
				return changed
			})
			bad(u)
			out := s.play(run{line: []string{"sso-login", "okta", "--force", "--use-device-code"}, env: []string{"BROWSER=" + spy}, within: 30 * time.Second})
			s.unharmed(u, okta)
			if strings.HasPrefix(u, "https://evil.example/&") && out.status == 0 && !strings.Contains(out.stderr, "not one of AWS") {
				s.Errorf("%q: no warning\n%s", u, out.stderr)
			}
			if !strings.HasPrefix(u, "https://evil.example/") && u != "" && out.status == 0 {
				s.Errorf("%q was taken\n%s", u, out.stderr)
			}
		}
	}
}

// waitingLogin starts a login whose browser only writes down where it was sent,
// and returns that page and the port that is listened on.
func (s *stage) waitingLogin(within time.Duration) (page, host string, wait func() outcome) {
	s.Helper()
	_ = os.Remove(s.path("opened"))
	spy := s.spy()
	ended := make(chan outcome, 1)
	go func() {
		ended <- s.play(run{line: []string{"sso-login", "okta", "--force"}, env: []string{"BROWSER=" + spy}, within: within})
	}()
	waitFor(s, func() bool {
		data, _ := os.ReadFile(s.path("opened"))
		page = strings.TrimSpace(string(data))
		return strings.HasSuffix(string(data), "\n")
	})
	u, err := url.Parse(page)
	s.must(err)
	redirect, err := url.Parse(u.Query().Get("redirect_uri"))
	s.must(err)
	return page, redirect.Host, func() outcome { return <-ended }
}

func callbackUnderFire(s *stage) {
	s.open(okta, idctest.Config{})
	for round := range sized(1, 5) {
		page, host, wait := s.waitingLogin(time.Minute)
		// On no other address of this machine.
		_, port, _ := net.SplitHostPort(host)
		for _, address := range localAddresses() {
			if conn, err := net.DialTimeout("tcp", net.JoinHostPort(address, port), time.Second); err == nil {
				conn.Close()
				s.Errorf("the callback can be reached at %s", address)
			}
		}
		// Connections that say nothing, or little.
		var idle []net.Conn
		for i := range 300 {
			conn, err := net.Dial("tcp", host)
			s.must(err)
			if i%3 == 0 {
				_, _ = io.WriteString(conn, "GET /oauth/callback?code=x HTTP/1.1\r\nHost: "+host+"\r\n")
			}
			idle = append(idle, conn)
		}
		forged := []struct{ method, target, host, body string }{
			{"GET", "/", host, ""}, {"GET", "/favicon.ico", host, ""}, {"GET", "/oauth/callback", host, ""}, {"GET", "/oauth/callback?code=stolen", host, ""},
			{"GET", "/oauth/callback?code=stolen&state=", host, ""}, {"GET", "/oauth/callback?code=stolen&state=guess", host, ""},
			{"GET", "/oauth/callback?error=access_denied", host, ""}, {"GET", "/oauth/callback?error=access_denied&state=guess", host, ""},
			{"GET", "/oauth/callback?error=%1b%5d0;owned%07&error_description=%0a%0dforged", host, ""},
			{"GET", "/oauth/callback?code=a&code=b&state=guess&state=guess2", host, ""}, {"POST", "/oauth/callback", host, "code=stolen&state=guess"},
			{"GET", "/oauth/callback?code=stolen&state=guess", "evil.example", ""}, {"GET", "/oauth/callback?code=stolen&state=guess", "localhost", ""},
			{"DELETE", "/oauth/callback", host, ""}, {"GET", "/oauth/%2e%2e/oauth/callback?code=x&state=guess", host, ""}, {"GET", "/oauth/callback/?code=x&state=guess", host, ""},
			{"GET", "/oauth/callback?" + strings.Repeat("x", 10000), host, ""}, {"GET", "/oauth/callback?code=<script>&state=<script>", host, ""},
			{"OPTIONS", "*", host, ""}, {"GET", "/oauth/callback;code=x?state=guess", host, ""},
		}
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() {
				for _, f := range forged {
					if n > 0 && f.method != "GET" {
						continue
					}
					reply, body := s.fire(host, f.method, f.target, f.host, f.body)
					figures.badInputs.Add(1)
					if reply != 0 && reply < 400 || strings.Contains(body, "stolen") || strings.Contains(body, "<script>") || strings.Contains(body, "state=") {
						s.Errorf("%s %.100s got %d %q", f.method, f.target, reply, body)
					}
				}
			})
		}
		for _, text := range []string{
			"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "GET / HTTP/9.9\r\n\r\n", "\x00\x00\x00\x00", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", strings.Repeat("A", 100_000),
			"GET /oauth/callback HTTP/1.1\r\nHost: " + host + "\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n",
		} {
			wg.Go(func() {
				conn, err := net.Dial("tcp", host)
				if err != nil {
					return
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
				_, _ = io.WriteString(conn, bad(text))
				_, _ = io.Copy(io.Discard, conn)
			})
		}
		wg.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		if err := idctest.Browse(ctx, page); err != nil {
			s.Errorf("round %d: the browser got %v", round, err)
		}
		cancel()
		out := wait()
		s.expect(out, 0)
		for _, conn := range idle {
			conn.Close()
		}
		if conn, err := net.Dial("tcp", host); err == nil {
			conn.Close()
			s.Error("the port is still open")
		}
		if strings.Contains(out.stderr, "guess") || strings.Contains(out.stderr, "stolen") {
			s.Errorf("what strangers sent is told:\n%s", out.stderr)
		}
	}
}

func localAddresses() (others []string) {
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if ip, _, err := net.ParseCIDR(a.String()); err == nil && ip.String() != "127.0.0.1" && !ip.IsLinkLocalUnicast() {
			others = append(others, ip.String())
		}
	}
	return others
}

// fire sends one request as it is.
func (s *stage) fire(to, method, target, host, body string) (status int, text string) {
	conn, err := net.DialTimeout("tcp", to, 5*time.Second)
	if err != nil {
		return 0, ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", method, target, host, len(body), body)
	data, _ := io.ReadAll(io.LimitReader(conn, 1<<20))
	_, _ = fmt.Sscanf(string(data), "HTTP/1.1 %d", &status)
	return status, string(data)
}

func callbackFlooded(s *stage) {
	s.open(okta, idctest.Config{})
	token := s.login("okta")
	_, host, wait := s.waitingLogin(30 * time.Second)
	var sent atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				if status, _ := s.fire(host, "GET", "/oauth/callback?code=x&state=guess", host, ""); status == 0 {
					return
				}
				sent.Add(1)
			}
		})
	}
	wg.Wait()
	s.expect(wait(), 3, "something on this machine sent more than 100 requests")
	figures.badInputs.Add(sent.Load())
	if now, _ := s.token("okta"); now != token.AccessToken {
		s.Error("the token changed")
	}
}

func maliciousCommands(s *stage) {
	config := func(home string) string {
		c := "touch " + home + "/owned"
		return okta + "[default]\ncredential_process = " + c + "\n[profile a]\ncredential_process = sh -c \"" + c + "\"\nregion = eu-west-1\n" +
			"[profile b]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = ReadOnlyAccess\ncredential_process = " + c + "\nregion = eu-west-1\n" +
			"[profile c]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = a\nregion = eu-west-1\n" +
			"[profile d]\nweb_identity_token_file = /etc/passwd\nrole_arn = arn:aws:iam::111111111111:role/x\n" +
			"[plugins]\nevil = " + c + "\ncli_legacy_plugin_path = /tmp\n[profile $(" + c + ")]\nregion = eu-west-1\n" +
			"[profile e]\ncredential_source = Ec2InstanceMetadata\nrole_arn = arn:aws:iam::111111111111:role/x\n"
	}
	// STS is asked with a web identity, which the emulator does not know.
	s.open(okta, idctest.Config{Tolerate: []idctest.Rule{idctest.BadSignature}})
	text := config(s.home)
	s.write("config", bad(text))
	s.write("credentials", "[a]\ncredential_process = touch "+s.path("owned")+"\n")
	s.login("okta")
	for _, line := range [][]string{
		{"sso-test"}, {"sso-test", "--all"}, {"sso-test", "a", "b", "c", "d", "e"}, {"sso-test", "-o", "json", "--all"}, {"sso-profiles", "okta"},
		{"sso-profiles", "okta", "--overwrite", "--name", "{{.RoleName}}"}, {"sso-login", "okta", "--force"}, {"sso-login", "--profile", "b"}, {"sso-login", "--list"},
		{"sso-login", "okta", "--logout"},
	} {
		s.do(line...)
		if exists(s.path("owned")) {
			s.Errorf("%v ran a command of the config", line)
			_ = os.Remove(s.path("owned"))
		}
	}
	out := s.play(run{line: []string{"sso-test", "--all"}, env: []string{"AWS_PROFILE=a", "AWS_CONFIG_FILE=" + s.aws("config")}})
	if exists(s.path("owned")) || out.status == 0 {
		s.Errorf("AWS_PROFILE ran a command of the config: exit status %d", out.status)
	}
	// With the flag, and only then; and it gets no secret of ours.
	s.do("sso-test", "a", "--allow-process")
	if !exists(s.path("owned")) {
		s.Error("--allow-process does nothing, so the above shows nothing")
	}
}

func maliciousNames(s *stage) {
	names := []string{"../../x", "/etc/cron.d/x", "..", ".", "a/../../b", "x.json", "~", "$HOME", "-rf", "default", "con", strings.Repeat("n", 200)}
	var config strings.Builder
	for _, name := range names {
		config.WriteString(strings.ReplaceAll(okta, "okta", name))
	}
	s.open(bad(config.String()), idctest.Config{Accounts: idctest.MakeAccounts(1, 1)})
	for _, name := range names {
		for _, line := range [][]string{
			{"sso-login", "--sso-session", name}, {"sso-profiles", "--name", "p-{{.AccountId}}", "--", name}, {"sso-login", "--sso-session", name, "--logout"},
		} {
			s.do(line...)
		}
	}
	for _, e := range listed(s, s.aws("sso", "cache")) {
		if !cacheName.MatchString(e) {
			s.Errorf("what is sso/cache/%s?", e)
		}
	}
	for _, e := range listed(s, s.home) {
		if e != ".aws" {
			s.Errorf("what is ~/%s?", e)
		}
	}
	// An endpoint in the config or in the environment that is not AWS and not
	// this machine's loopback gets no token in the clear, nor any on the word of
	// the config.
	elsewhere, connections := s.elsewhere()
	evil := "endpoint_url = http://" + elsewhere + "\n"
	s.write("config", okta+evil+"[default]\n"+evil+"ca_bundle = /etc/passwd\nservices = s\n[services s]\nsso =\n  "+evil)
	s.login("okta")
	out := s.do("sso-profiles", "okta", "--list")
	if s.expect(out, 2, `no certificate in the CA bundle "/etc/passwd"`); strings.Contains(out.stderr, "root:") {
		s.Errorf("it shows what the file holds: %s", out.stderr)
	}
	s.write("config", okta+evil+"[default]\n"+evil+"services = s\n[services s]\nsso =\n  "+evil)
	s.expect(s.do("sso-profiles", "okta", "--list"), 0)
	none := []string{"AWS_ENDPOINT_URL=", "AWS_ENDPOINT_URL_SSO=", "AWS_ENDPOINT_URL_SSO_OIDC=", "AWS_ENDPOINT_URL_STS="}
	private := strings.Replace(evil, "http:", "https:", 1)
	for line, status := range map[string]string{evil: "skipped", private: "skipped", "services = s\n": "skipped"} {
		s.write("config", okta+"[profile p]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = ReadOnlyAccess\n"+line+
			"[services s]\nsso =\n  "+private)
		out := s.play(run{line: []string{"sso-test", "p"}, env: none})
		if s.expect(out, 1); !strings.HasPrefix(out.stdout, "p\t"+status+"\t") {
			s.Errorf("%q: want %s, got %s", line, status, out.stdout)
		}
	}
	for _, u := range []string{
		"http://" + elsewhere, "http://127.0.0.1.evil.example", "http://127.0.0.1@" + elsewhere, "ftp://127.0.0.1", "//" + elsewhere, "evil.example", "http://[::ffff:1.2.3.4]",
		"https://user:pw@evil.example", "http://localhost.evil.example", "http://0x7f.1.evil.example", "\x1b[31m",
	} {
		s.expect(s.play(run{line: []string{"sso-profiles", "okta"}, env: []string{"AWS_ENDPOINT_URL_SSO=" + bad(u)}}), 2, "AWS_ENDPOINT_URL_SSO")
	}
	if n := connections.Load(); n != 0 {
		s.Errorf("%d connections were made elsewhere", n)
	}
}

// elsewhere is a server at another address of this machine than the loopback
// one, as any other machine is, and how many connections were made to it.
// Without a network it is an address where nobody is.
func (s *stage) elsewhere() (address string, connections *atomic.Int64) {
	s.Helper()
	connections = &atomic.Int64{}
	for _, ip := range localAddresses() {
		listener, err := net.Listen("tcp4", net.JoinHostPort(ip, "0"))
		if err != nil {
			continue
		}
		s.Cleanup(func() { listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				connections.Add(1)
				conn.Close()
			}
		}()
		return listener.Addr().String(), connections
	}
	return "192.0.2.1", connections
}

func listed(s *stage, dir string) (names []string) {
	s.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Error(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// tamperedFolder: ~/.aws is open to all, and another user uses that.
func tamperedFolder(s *stage) {
	if os.Getuid() != 0 {
		s.skip("only root can act for two users")
	}
	s.uid = stranger
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(2, 1)})
	s.must(os.Chmod(s.home, 0o755))
	for _, dir := range []string{".", "sso", "sso/cache", "sso/lock"} {
		s.must(os.MkdirAll(s.aws(dir), 0o777))
		s.must(os.Chmod(s.aws(dir), 0o777))
	}
	s.own()
	const other = stranger + 1
	theirs := s.path("theirs")
	s.must(os.Mkdir(theirs, 0o777))
	s.must(os.Chown(theirs, other, other))
	loot := filepath.Join(theirs, "loot")
	s.must(os.WriteFile(loot, nil, 0o666))
	s.must(os.Chown(loot, other, other))
	s.must(os.Chmod(loot, 0o666))
	for _, at := range []string{tokenFile("okta"), "config.sso-profiles.bak", "config"} {
		s.must(os.RemoveAll(s.aws(at)))
		s.must(os.Symlink(loot, s.aws(at)))
		s.must(os.Lchown(s.aws(at), other, other))
		if at == "config" {
			s.must(os.WriteFile(loot, []byte(okta), 0o666))
		}
		s.do("sso-login", "okta", "--force")
		s.do("sso-profiles", "okta", "--name", "{{.RoleName}}_{{.AccountId}}")
		s.do("sso-profiles", "okta", "--name", "{{.AccountId}}_{{.RoleName}}")
		data, err := os.ReadFile(loot)
		s.must(err)
		if strings.Contains(string(data), idctest.Canary) || generated(string(data)) > 0 {
			s.Errorf("with a link at %s the other user has\n%s", at, data)
		}
		s.must(os.Remove(s.aws(at)))
		if at != "config" {
			continue
		}
		s.write("config", okta)
		s.own()
		s.must(os.Chown(theirs, other, other))
	}
	s.expect(s.do("sso-login", "okta", "--force"), 4, "other users may write to the folder", "chmod go-w")
	s.must(os.Chmod(s.aws("sso", "cache"), 0o700))
	// A lock file that the other user holds open cannot be held for ever.
	s.expect(s.do("sso-login", "okta", "--force"), 0)
	if info, err := os.Stat(s.aws("sso", "lock")); err != nil || info.Mode().Perm() != 0o700 {
		s.Errorf("the folder of the locks: %v %v", info.Mode(), err)
	}
	if info, err := os.Stat(s.aws(tokenFile("okta"))); err != nil || info.Mode().Perm() != 0o600 {
		s.Errorf("the token: %v %v", info, err)
	}
	s.must(os.Chmod(s.aws("sso"), 0o700))
}

func canaries(s *stage) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(3, 2), Approval: idctest.Unattended})
	spy := s.path("spy")
	s.must(os.WriteFile(spy, []byte("#!/bin/sh\nenv >>"+s.path("env")+"\nprintf '%s\\n' \"$@\" >>"+s.path("argv")+
		"\ntr '\\0' '\\n' </proc/$PPID/cmdline >>"+s.path("argv")+"\nls -l /proc/$PPID/fd /proc/self/fd >>"+s.path("fds")+"\nexec "+binaries+"/idc browse \"$1\"\n"), 0o755))
	s.env = append(s.env, "BROWSER="+spy, "AWS_MAX_ATTEMPTS=2")
	flows := []string{
		"sso-login okta -v", "sso-login okta -v --force", "sso-login okta -v --force --use-device-code", "sso-login okta -v --valid-for 2h", "sso-login okta --check -v -o json",
		"sso-login --list -v -o json", "sso-profiles okta -v -o json", "sso-profiles -v --list -o ini", "sso-profiles -v --dry-run --name '{{.RoleName}}_{{.AccountId}}'",
		"sso-test -v", "sso-test -v -o json", "sso-test -v -o junit", "sso-test -v -o prometheus", "sso-test --all -v --allow-process",
		"sso-login okta -v | sso-profiles -v - | sso-test -v -", "sso-login okta -v --logout",
	}
	faults := []string{
		"", "CreateToken=InvalidGrantException", "CreateToken=InvalidClientException", "CreateToken=500", "CreateToken=cut", "CreateToken=truncate", "CreateToken=html", "CreateToken=hollow",
		"RegisterClient=truncate", "StartDeviceAuthorization=truncate", "GetRoleCredentials=truncate", "GetRoleCredentials=cut", "GetRoleCredentials=nulls", "GetCallerIdentity=SignatureDoesNotMatch",
		"GetCallerIdentity=truncate", "ListAccounts=UnauthorizedException", "ListAccountRoles=cut", "Logout=500", "*=reset", "*=hang",
	}
	for i, text := range faults {
		if !full && i%4 != 0 {
			continue
		}
		s.login("okta")
		s.idc.Update(func(c *idctest.Config) { c.Faults, c.DeviceLifetime = nil, 2*time.Second })
		if text != "" {
			fault, err := idctest.ParseFault(text)
			s.must(err)
			s.idc.Inject(fault)
		}
		for _, flow := range flows {
			s.play(run{line: []string{"sh", "-c", strings.ReplaceAll(flow, " -v", " -v --timeout 1s")}, within: 40 * time.Second})
			s.examine()
		}
	}
	for _, name := range []string{"env", "argv", "fds"} {
		if data, err := os.ReadFile(s.path(name)); err != nil || len(data) == 0 {
			s.Errorf("the browser left no %s: %v", name, err)
		}
	}
	// No file descriptor of ours goes to the browser: files of the cache, locks.
	if data, _ := os.ReadFile(s.path("fds")); strings.Contains(selfPart(string(data)), "/.aws/") {
		s.Errorf("the browser has files of ours open:\n%s", selfPart(string(data)))
	}
}

// selfPart is what of the lists of descriptors is the browser's own.
func selfPart(lists string) string {
	var b strings.Builder
	ours := false
	for line := range strings.Lines(lists) {
		if strings.HasPrefix(line, "/proc/") {
			ours = strings.HasPrefix(line, "/proc/self")
		}
		if ours {
			b.WriteString(line)
		}
	}
	return b.String()
}
