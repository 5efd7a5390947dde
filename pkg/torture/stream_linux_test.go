package torture

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

var streams = []torment{
	{name: "standard output that is full (/dev/full)", holds: "an error and status 4, whatever is written; the work is done", run: fullStdout},
	{name: "standard output that is closed", holds: "no crash; no file is written in its place", run: closedStreams},
	{name: "a pipe whose reader ends, as head does", holds: "the work is done, or 141; no noise", run: pipeEnds},
	{name: "standard error that is full or closed", holds: "the work is done all the same", run: fullStderr},
	{name: "no HOME, a relative HOME, an empty one", holds: "said, status 2; nothing is written anywhere", run: noHome},
	{name: "no terminal, in a session of its own (setsid)", holds: "no question, no code shown, no wait; the flag is named", run: noTerminal},
	{name: "no browser, one that fails, one that does not end", holds: "the URL is shown; the login goes on", run: oddBrowsers},
	{name: "standard input that never ends, is huge or is garbage", holds: "read only with -; a name is a line; no crash", run: oddInput},
	{name: "few file descriptors, little memory", holds: "a reason; nothing torn, no profile lost", run: fewResources},
	{name: "Windows: a file that another program has open", holds: "is tried again for two seconds", run: func(s *stage) { s.skip("only Windows minds; pkg/safefile tests it there") }},
}

// ready is a home with a login and profiles.
func (s *stage) ready(accounts int) {
	s.Helper()
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(accounts, 2)})
	s.settle()
}

// settle logs in and makes the profiles.
func (s *stage) settle() {
	s.Helper()
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
}

func fullStdout(s *stage) {
	s.ready(5)
	for _, line := range []string{
		"sso-login okta", "sso-login okta --force", "sso-login --list", "sso-login --list -o json", "sso-login --help", "sso-login --version",
		"sso-profiles okta", "sso-profiles okta --list", "sso-profiles okta -o json", "sso-profiles okta -o ini", "sso-profiles okta -o table --list",
		"sso-test", "sso-test -o json", "sso-test -o jsonl", "sso-test -o junit", "sso-test -o prometheus", "sso-test -o table", "sso-test --help",
	} {
		s.expect(s.sh(line+" >/dev/full"), 4, "cannot write to standard output: no space left on device")
	}
	// What was to be written to the file is there.
	s.idc.Update(func(c *idctest.Config) { c.Accounts = idctest.MakeAccounts(6, 2) })
	s.expect(s.sh("sso-profiles okta >/dev/full"), 4)
	if n := generated(s.read("config")); n != 12 {
		s.Errorf("%d profiles, want 12", n)
	}
	s.expect(s.sh("sso-profiles okta --dry-run --name '{{.RoleName}}_{{.AccountId}}' >/dev/full"), 4)
}

func closedStreams(s *stage) {
	s.ready(3)
	config := s.read("config")
	for _, closed := range []string{">&-", "<&-", "2>&-", ">&- 2>&-", "<&- >&-", "<&- >&- 2>&-"} {
		for _, line := range []string{"sso-login okta --force", "sso-profiles okta", "sso-test", "sso-login --list"} {
			out := s.sh(line + " " + closed)
			if out.status != 0 && out.status != 4 && out.status != 141 {
				s.Errorf("%s: exit status %d\n%s", out.line, out.status, out.stderr)
			}
		}
	}
	// A file that is opened must not become one of the streams that are closed.
	if s.read("config") != config {
		s.Errorf("the config is now\n%s", s.read("config"))
	}
	s.config()
	if _, found := s.token("okta"); !found {
		s.Error("the token is gone")
	}
}

func pipeEnds(s *stage) {
	s.ready(200)
	for _, line := range []string{
		"sso-test", "sso-test -o json", "sso-test -o jsonl", "sso-test -o junit", "sso-test -o prometheus", "sso-profiles okta", "sso-profiles okta --list -o json",
		"sso-profiles okta -o ini", "sso-login okta", "sso-login --list", "sso-profiles --name '{{.RoleName}}_{{.AccountId}}' --dry-run",
	} {
		for _, reader := range []string{"true", "head -1", "head -c 5"} {
			out := s.sh(fmt.Sprintf("{ %s; echo $? >status; } | %s >/dev/null", line, reader))
			data, err := os.ReadFile(s.path("status"))
			s.must(err)
			status := strings.TrimSpace(string(data))
			if status != "0" && status != "141" || out.stderr != "" {
				s.Errorf("%s | %s: exit status %s\n%s", line, reader, status, out.stderr)
			}
		}
	}
	// The file is written although nobody wants the names.
	s.must(os.WriteFile(s.aws("config"), []byte(okta), 0o600))
	s.sh("sso-profiles okta | true")
	if n := generated(s.read("config")); n != 400 {
		s.Errorf("%d profiles of 400", n)
	}
}

func fullStderr(s *stage) {
	s.ready(3)
	for _, line := range []string{"sso-login okta --force -v", "sso-profiles okta -v", "sso-test -v"} {
		for _, where := range []string{"2>/dev/full", "2>&-"} {
			out := s.sh(line + " " + where)
			if out.status != 0 || out.stdout == "" {
				s.Errorf("%s %s: exit status %d, %q", line, where, out.status, out.stdout)
			}
		}
	}
	s.expect(s.sh("sso-test nobody 2>/dev/full || test $? = 2"), 0)
}

func noHome(s *stage) {
	s.ready(1)
	work := s.path("work")
	s.must(os.Mkdir(work, 0o700))
	for _, home := range []string{"env -u HOME", "env HOME=", "env HOME=relative", "env HOME=.", "env HOME=~"} {
		for _, line := range []string{"sso-login okta", "sso-login --list", "sso-profiles", "sso-test", "sso-login x --sso-start-url " + startURL + " --sso-region eu-central-1"} {
			s.expect(s.sh("cd work && "+home+" "+line), 2, "HOME")
		}
	}
	if entries, err := os.ReadDir(work); err != nil || len(entries) > 0 {
		s.Errorf("the working folder holds %v (%v)", entries, err)
	}
	s.expect(s.sh("cd work && env HOME=/nonexistent/home sso-login okta"), 2, "no [sso-session")
	s.expect(s.sh("cd work && env HOME=/proc/1/nowhere sso-login x --sso-start-url "+startURL+" --sso-region eu-central-1"), 4)
	s.expect(s.sh("cd work && env HOME=/dev/null sso-login x --sso-start-url "+startURL+" --sso-region eu-central-1"), 4)
}

func noTerminal(s *stage) {
	s.open("", idctest.Config{Approval: idctest.Never})
	s.env = append(s.env, "BROWSER=", "DISPLAY=", "WAYLAND_DISPLAY=")
	for line, status := range map[string]int{"sso-login": 2, "sso-profiles": 2, "sso-login --all": 1} {
		s.expect(s.sh("setsid -w "+line+" </dev/null"), status, "hint: run: sso-login NAME --sso-start-url")
	}
	s.write("config", okta+strings.ReplaceAll(okta, "okta", "other"))
	s.expect(s.sh("setsid -w sso-login </dev/null"), 2, "which session?")
	s.expect(s.sh("setsid -w sso-login okta </dev/null"), 3, "hint: ")
	s.expect(s.sh("setsid -w sso-profiles </dev/null"), 3)
	if n := s.idc.Count(); n != 0 {
		s.Errorf("%d calls were made", n)
	}
	s.write("config", okta+"[profile p]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = Admin\n")
	s.expect(s.sh("setsid -w sso-test </dev/null"), 3, "hint: run: sso-login okta")
	for _, line := range []string{"sso-login --list", "sso-test"} {
		if out := s.sh("TERM=xterm-256color CLICOLOR_FORCE=1 setsid -w " + line + " </dev/null"); strings.Contains(out.stdout+out.stderr, "\x1b") {
			s.Errorf("%s: colours without a terminal", line)
		}
	}
}

func oddBrowsers(s *stage) {
	s.open(okta, idctest.Config{Approval: idctest.Unattended})
	for _, browser := range []string{"false", "/nonexistent/browser", "sh -c 'exit 3'"} {
		_ = os.Remove(s.path("said"))
		said := ""
		out := s.play(run{
			line: []string{"sh", "-c", "exec sso-login okta 2>said"}, env: []string{"BROWSER=" + browser},
			during: func(cmd *exec.Cmd) {
				waitFor(s, func() bool {
					data, _ := os.ReadFile(s.path("said"))
					said = string(data)
					return strings.Contains(said, s.idc.URL+"/authorize?")
				})
				s.must(cmd.Process.Signal(syscall.SIGINT))
			},
		})
		if out.status != 130 {
			s.Errorf("%s: exit status %d\n%s", browser, out.status, said)
		}
	}
	// It hands the page to another program and stays; or prints a lot; or waits for an answer.
	visit := binaries + "/idc browse"
	for _, browser := range []string{
		`sh -c '` + visit + ` "$0" & sleep 60'`, `sh -c 'yes | head -c 1000000; exec ` + visit + ` "$0"'`,
		`sh -c 'read x; exec ` + visit + ` "$0"'`, `sh -c '` + visit + ` "$0"; exit 1'`,
		"/nonexistent/browser:" + visit, `sh -c '` + visit + ` "$1" # %s' x %s`,
	} {
		out := s.play(run{line: []string{"sso-login", "okta", "--force"}, env: []string{"BROWSER=" + browser}, within: 20 * time.Second})
		s.expect(out, 0)
		if out.stdout != "okta\n" || exceeds(out.took, 5*time.Second) {
			s.Errorf("%s: %q after %v", browser, out.stdout, out.took)
		}
	}
}

func oddInput(s *stage) {
	s.ready(3)
	// Not asked for, not read: an input that never ends holds nobody up.
	hold, write, err := os.Pipe()
	s.must(err)
	defer write.Close()
	for _, line := range [][]string{{"sso-login", "okta"}, {"sso-profiles", "okta"}, {"sso-test"}} {
		cmd := s.command(s.Context(), run{line: line})
		cmd.Stdin = hold
		done := make(chan error, 1)
		s.must(cmd.Start())
		go func() { done <- cmd.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				s.Errorf("%v: %v", line, err)
			}
		case <-time.After(20 * time.Second):
			s.Errorf("%v: waits for standard input", line)
			_ = cmd.Process.Kill()
		}
	}
	hold.Close()
	programs := []string{"sso-login", "sso-profiles", "sso-test"}
	inputs := map[string]string{
		"nothing": "", "blank lines": "\n \n\t\n", "no newline": "okta", "CRLF": "okta\r\n", "tabs": "okta\tmore\tand more\n",
		"zeros": strings.Repeat("\x00", 1000), "escapes": "\x1b]0;x\x07\n\x1b[2J\n", "invalid": "\xff\xfe\xfd\n", "a path": "../../../etc/passwd\n",
		"a flag": "--help\n--force\n-o\n", "a dash": "-\n", "bidi": "\u202eokta\n", "a line of 2 MiB": strings.Repeat("x", 2<<20),
		"many": strings.Repeat("okta\n", 50000), "many names": manyNames(20000),
	}
	for name, input := range inputs {
		for _, program := range programs {
			out := s.play(run{line: []string{program, "-"}, stdin: bad(input), within: 40 * time.Second})
			switch {
			case out.status > 4:
				s.Errorf("%s of %s: exit status %d\n%.500s", program, name, out.status, out.stderr)
			case strings.TrimSpace(input) == "" && out.status == 0:
				s.Errorf("%s of %s: success", program, name)
			}
		}
	}
	for range sized(5, 100) {
		input := bad(garble("okta\nReadOnlyAccess-111111111111\tok\n", configTokens))
		for _, program := range programs {
			s.play(run{line: []string{program, "-"}, stdin: input})
		}
	}
	// An endless one is stopped by Ctrl-C.
	for _, program := range programs {
		cmd := s.command(s.Context(), run{line: []string{program, "-"}})
		cmd.Stdin = endless{}
		s.must(cmd.Start())
		time.AfterFunc(400*time.Millisecond, func() { _ = cmd.Process.Signal(syscall.SIGINT) })
		start := time.Now()
		_ = cmd.Wait()
		if statusOf(cmd.ProcessState) != 130 || exceeds(time.Since(start), 2*time.Second) {
			s.Errorf("%s -: exit status %d after %v", program, statusOf(cmd.ProcessState), time.Since(start))
		}
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "name-%d\n", i)
	}
	return b.String()
}

// endless is a line every millisecond.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return copy(p, "okta\n"), nil
}

func fewResources(s *stage) {
	if _, err := exec.LookPath("prlimit"); err != nil {
		s.skip("no prlimit here")
	}
	s.ready(60)
	s.idc.Update(func(c *idctest.Config) { c.Approval = idctest.Unattended })
	config := s.read("config")
	for _, limit := range []string{"--nofile=12", "--nofile=16", "--nofile=24", "--as=2000000000"} {
		for _, line := range [][]string{{"sso-login", "okta", "--force", "--use-device-code"}, {"sso-profiles", "okta", "--set", "output=json"}, {"sso-profiles", "okta", "--set", "output="}, {"sso-test", "-q"}} {
			out := s.play(run{line: line, around: []string{"prlimit", limit}, env: []string{"AWS_MAX_ATTEMPTS=2"}})
			if out.status > 4 {
				s.Errorf("%s with %s: exit status %d\n%s", out.line, limit, out.status, out.stderr)
			}
			s.config()
			if n := generated(s.read("config")); n != 120 {
				s.Errorf("%s with %s: %d profiles of 120", out.line, limit, n)
			}
		}
	}
	s.expect(s.do("sso-profiles", "okta", "--set", "output="), 0)
	if s.read("config") != config {
		s.Error("the config is not what it was")
	}
}
