package torture

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
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

func coreDump(s *stage) {
	s.open(okta, idctest.Config{Latency: 100 * time.Millisecond, Accounts: idctest.MakeAccounts(4, 2)})
	s.killed = true
	s.login("okta")
	s.expect(s.do("sso-profiles"), 0)
	dumps, misses := 0, time.Duration(0)
	for n := range sized(6, 30) {
		line := []string{"sso-login okta --force", "sso-profiles okta --list", "sso-test"}[n%3]
		// On a busy machine a program takes longer to start.
		after := 40*time.Millisecond + rand.N(100*time.Millisecond)*(misses+1)
		out, _ := s.strike(syscall.SIGQUIT, after, []string{"GOTRACEBACK=crash"},
			"sh", "-c", "ulimit -c unlimited && exec "+line)
		cores, _ := filepath.Glob(s.path("core*"))
		if strings.Contains(out.stderr, "goroutine ") { // else the signal hit the shell
			dumps++
			// Before main nothing has been read, and the switch may not be thrown yet.
			if len(cores) > 0 && strings.Contains(out.stderr, "main.main(") {
				s.Errorf("%s: %q were written", out.line, cores)
			}
		} else {
			misses++
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
