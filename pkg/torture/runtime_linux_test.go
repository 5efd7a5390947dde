package torture

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

var runtimes = []torment{
	{name: "GODEBUG=http2debug=2", holds: "no header is printed, over HTTP/2 either", run: http2Debug},
	{name: "a crash with core dumps allowed", holds: "writes no core, which would hold every secret", run: coreDump},
}

// http2Debug: the setting makes Go print each header, the bearer token too.
func http2Debug(s *stage) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(2, 2)})
	s.login("okta")
	m := s.between(nil)
	defer m.Close()
	var newer atomic.Int64
	m.tls = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			newer.Add(1)
		}
		m.proxy.ServeHTTP(w, r)
	}))
	m.tls.Config.ErrorLog = quiet
	m.tls.EnableHTTP2 = true
	m.tls.StartTLS()
	bundle := s.path("bundle.pem")
	s.must(os.WriteFile(bundle, m.certificate(), 0o644))
	s.env = append(s.env, "AWS_CA_BUNDLE="+bundle, "AWS_ENDPOINT_URL_SSO="+m.tls.URL, "AWS_ENDPOINT_URL_SSO_OIDC="+m.tls.URL, "AWS_ENDPOINT_URL_STS="+m.tls.URL)
	for _, setting := range []string{"http2debug=2", "madvdontneed=1,http2debug=1", "http2debug=2,http2client=1"} {
		for _, line := range [][]string{{"sso-login", "okta", "--valid-for", "2h"}, {"sso-profiles", "okta"}, {"sso-test"}} {
			out := s.play(run{line: line, env: []string{"GODEBUG=" + setting}}) // looks for secrets
			s.expect(out, 0)
			if strings.Contains(out.stderr, "http2: ") {
				s.Errorf("%s: the runtime prints what it sends:\n%s", out.line, out.stderr)
			}
		}
	}
	if newer.Load() == 0 {
		s.Error("nothing went over HTTP/2")
	}
}

// forbidsCores waits until a process has become a program of ours, which has lowered
// its limit of core dumps: a signal may come before that on a busy machine.
func forbidsCores(pid int) bool {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); filepath.Dir(exe) != binaries {
			continue // the limit is the shell's
		}
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
		if err != nil {
			return false
		}
		for line := range strings.Lines(string(limits)) {
			if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
				if soft := strings.Fields(rest)[0]; soft == "0" || soft == "1" {
					return true
				}
			}
		}
	}
	return false
}

func coreDump(s *stage) {
	s.open(okta, idctest.Config{Latency: 100 * time.Millisecond, Accounts: idctest.MakeAccounts(4, 2)})
	s.killed = true
	s.login("okta")
	s.expect(s.do("sso-profiles"), 0)
	dumps := 0
	for n := range sized(6, 30) {
		line := []string{"sso-login okta --force", "sso-profiles okta --list", "sso-test"}[n%3]
		out := s.play(run{
			line: []string{"sh", "-c", "ulimit -c unlimited && exec " + line}, env: []string{"GOTRACEBACK=crash"}, unlike: true,
			during: func(cmd *exec.Cmd) {
				if !forbidsCores(cmd.Process.Pid) {
					s.Errorf("%s: core dumps stay allowed", line)
				}
				time.Sleep(rand.N(100 * time.Millisecond))
				_ = cmd.Process.Signal(syscall.SIGQUIT)
			},
		})
		cores, _ := filepath.Glob(s.path("core*"))
		if strings.Contains(out.stderr, "goroutine ") { // else it had ended by itself
			dumps++
		}
		if len(cores) > 0 {
			s.Errorf("%s: %q were written", out.line, cores)
		}
		for _, core := range cores {
			if data, err := os.ReadFile(core); err != nil || strings.Contains(string(data), idctest.Canary) {
				s.Errorf("%s: a secret is in %s (%v)", out.line, core, err)
			}
			s.must(os.Remove(core))
		}
	}
	if dumps == 0 {
		s.Error("there was no crash")
	}
}
