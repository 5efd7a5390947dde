package oidc_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

func TestBrowserLogin(t *testing.T) {
	l := begin(t, idctest.Config{})
	l.finish()
	if l.grant.RefreshToken == "" {
		t.Error("no refresh token")
	}
	if left := time.Until(l.grant.ExpiresAt); left < 59*time.Minute || left > time.Hour || l.grant.Lifetime != time.Hour {
		t.Errorf("the token is good for %v, its lifetime is %v", left, l.grant.Lifetime)
	}
}

// The request as AWS wants it: RFC 7636 with S256, and a parameter of its own.
func TestAuthorizeURL(t *testing.T) {
	srv, client := start(t, idctest.Config{})
	seen := map[string]bool{}
	for range 2 {
		cb, err := oidc.Listen(0)
		if err != nil {
			t.Fatal(err)
		}
		defer cb.Close()
		a, err := client.Authorize(t.Context(), tokencache.Registration{ClientID: "a client"}, cb, "", []string{"one", "two"})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(a.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := u.Scheme+"://"+u.Host+u.Path, srv.URL+"/authorize"; got != want {
			t.Errorf("it leads to %s, want %s", got, want)
		}
		q := u.Query()
		for name, want := range map[string]string{
			"response_type": "code", "client_id": "a client", "scopes": "one two", "code_challenge_method": "S256",
			"redirect_uri": fmt.Sprintf("http://127.0.0.1:%d/oauth/callback", cb.Port()),
		} {
			if q.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, q.Get(name), want)
			}
		}
		for _, name := range []string{"state", "code_challenge"} {
			value := q.Get(name)
			if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(value) || seen[value] {
				t.Errorf("%s is no fresh 256 bits: %q", name, value)
			}
			seen[value] = true
		}
		if q.Has("scope") || q.Has("code_verifier") {
			t.Error("a parameter that must not be there")
		}
	}
}

func TestAuthorizeEndpoint(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings wire.Settings
		region   string
		startURL string
		want     string
	}{
		{"region", wire.Settings{}, "eu-central-1", "https://x.awsapps.com/start", "https://oidc.eu-central-1.amazonaws.com/authorize"},
		{"China", wire.Settings{}, "cn-north-1", "", "https://oidc.cn-north-1.amazonaws.com.cn/authorize"},
		{"GovCloud", wire.Settings{}, "us-gov-west-1", "", "https://oidc.us-gov-west-1.amazonaws.com/authorize"},
		{"FIPS", wire.Settings{FIPS: wire.On}, "us-east-1", "", "https://oidc-fips.us-east-1.amazonaws.com/authorize"},
		{"dual stack", wire.Settings{DualStack: wire.On}, "us-east-1", "", "https://oidc.us-east-1.api.aws/authorize"},
		{"dual-stack portal", wire.Settings{}, "us-east-1", "https://ssoins-1.portal.us-east-1.app.aws", "https://oidc.us-east-1.api.aws/authorize"},
		{"looks like a dual-stack portal", wire.Settings{}, "us-east-1", "https://evilapp.aws/start", "https://oidc.us-east-1.amazonaws.com/authorize"},
		{"own endpoint", wire.Settings{Endpoint: "https://proxy.example/oidc/"}, "us-east-1", "https://x.portal.us-east-1.app.aws", "https://proxy.example/oidc/authorize"},
		{"own endpoint wins over FIPS", wire.Settings{Endpoint: "https://proxy.example", FIPS: wire.On}, "us-east-1", "", "https://proxy.example/authorize"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cb, err := oidc.Listen(0)
			if err != nil {
				t.Fatal(err)
			}
			defer cb.Close()
			a, err := clientOf(t, tc.settings, tc.region).For(tc.startURL).Authorize(t.Context(), tokencache.Registration{}, cb, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, _, _ := strings.Cut(a.URL, "?"); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if !strings.Contains(a.URL, "scopes=sso%3Aaccount%3Aaccess") {
				t.Error("not the default scope")
			}
		})
	}
}

func TestNewRefusesARegionThatCannotBeOne(t *testing.T) {
	w, err := wire.New(wire.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, region := range []string{"", "x", "us-east-1.evil.example/"} {
		if _, err := oidc.New(w, region); fault.KindOf(err) != fault.Config {
			t.Errorf("%q: %v", region, err)
		}
	}
}

// Whatever else comes to the port is refused, and the login goes on.
func TestCallbackRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		path   string // {state} is the right one
		change func(*http.Request)
		status int
	}{
		{"wrong state", "/oauth/callback?code=c&state=wrong", nil, 400},
		{"state with a byte more", "/oauth/callback?code=c&state={state}x", nil, 400},
		{"no state", "/oauth/callback?code=c", nil, 400},
		{"empty state", "/oauth/callback?code=c&state=", nil, 400},
		{"forged error", "/oauth/callback?error=access_denied", nil, 400},
		{"forged error with a state", "/oauth/callback?error=access_denied&state=wrong", nil, 400},
		{"no code", "/oauth/callback?state={state}", nil, 400},
		{"empty code", "/oauth/callback?code=&state={state}", nil, 400},
		{"nothing", "/oauth/callback", nil, 400},
		{"two codes", "/oauth/callback?code=a&code=b&state={state}", nil, 400},
		{"two states", "/oauth/callback?code=a&state={state}&state=wrong", nil, 400},
		{"code and error", "/oauth/callback?code=a&error=b&state={state}", nil, 400},
		{"two errors", "/oauth/callback?error=a&error=b&state={state}", nil, 400},
		{"query that cannot be read", "/oauth/callback?code=a&state={state}&%zz", nil, 400},
		{"semicolons", "/oauth/callback?code=a;state={state}", nil, 400},
		{"favicon", "/favicon.ico", nil, 404},
		{"root", "/", nil, 404},
		{"path below", "/oauth/callback/?code=a&state={state}", nil, 404},
		{"path in other words", "/oauth%2Fcallback?code=a&state={state}", nil, 404},
		{"path with dots", "/x/../oauth/callback?code=a&state={state}", nil, 404},
		{"POST", "/oauth/callback?code=a&state={state}", func(r *http.Request) { r.Method = http.MethodPost }, 405},
		{"HEAD", "/oauth/callback?code=a&state={state}", func(r *http.Request) { r.Method = http.MethodHead }, 405},
		{"OPTIONS", "/oauth/callback", func(r *http.Request) { r.Method = http.MethodOptions }, 405},
		{"OPTIONS of the server", "/", func(r *http.Request) { r.Method, r.URL.Path, r.URL.Opaque = http.MethodOptions, "", "*" }, 404},
		{"DNS rebinding", "/oauth/callback?code=a&state={state}", func(r *http.Request) { r.Host = "evil.example:" + r.URL.Port() }, 421},
		{"localhost", "/oauth/callback?code=a&state={state}", func(r *http.Request) { r.Host = "localhost:" + r.URL.Port() }, 421},
		{"Host without port", "/oauth/callback?code=a&state={state}", func(r *http.Request) { r.Host = "127.0.0.1" }, 421},
		{"header too large", "/", func(r *http.Request) { r.Header.Set("Cookie", strings.Repeat("x", 32<<10)) }, 431},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := begin(t, idctest.Config{})
			path := strings.ReplaceAll(tc.path, "{state}", l.state())
			change := tc.change
			if change == nil {
				change = func(*http.Request) {}
			}
			a := get(fmt.Sprintf("http://127.0.0.1:%d%s", l.cb.Port(), path), change)
			if a.err != nil || a.status != tc.status {
				t.Fatalf("got %d (%v), want %d", a.status, a.err, tc.status)
			}
			if strings.Contains(a.body, l.state()) {
				t.Error("the expected state is given away")
			}
			if tc.status != 431 && a.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be cached")
			}
			if tc.status == 405 && a.header.Get("Allow") != "GET" {
				t.Error("405 without Allow: RFC 9110 15.5.6")
			}
			l.finish()
		})
	}
}

func TestCallbackBeforeALoginBeganRefuses(t *testing.T) {
	cb, err := oidc.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer cb.Close()
	for _, query := range []string{"code=a&state=", "code=a&state=b", "error=a&state="} {
		if a := get(cb.RedirectURI() + "?" + query); a.status != 400 {
			t.Errorf("%s: %d (%v)", query, a.status, a.err)
		}
	}
}

func TestForeignRequestsBeyondAHundredEndTheLogin(t *testing.T) {
	l := begin(t, idctest.Config{})
	for range 100 {
		if a := get(l.callback("code=a&state=wrong")); a.status != 400 {
			t.Fatalf("%d (%v)", a.status, a.err)
		}
	}
	l.waiting()
	get(l.callback("code=a&state=wrong"))
	_, err := l.end()
	wantFault(t, l.srv, err, fault.Login, oidc.ErrNoise)
	if a := get(l.callback("code=a&state=" + l.state())); a.err == nil {
		t.Error("the port is still open")
	}
}

func TestADeniedLoginIsDenied(t *testing.T) {
	l := begin(t, idctest.Config{Approval: idctest.Declined})
	a := get(l.auth.URL)
	if a.err != nil || !strings.Contains(a.body, "The login did not succeed") || strings.Contains(a.body, "signed in") {
		t.Errorf("the browser shows %q (%v)", a.body, a.err)
	}
	if strings.Contains(a.body, "declined") || strings.Contains(a.body, "access_denied") {
		t.Error("the page repeats what was in the request")
	}
	_, err := l.end()
	wantFault(t, l.srv, err, fault.Login, oidc.ErrDenied)
	if !strings.Contains(err.Error(), "The request was declined.") {
		t.Errorf("AWS's own words are missing: %v", err)
	}
	if l.srv.Count(idctest.CreateToken) != 0 {
		t.Error("a token was asked for")
	}
}

func TestAnUnknownErrorOfThePageIsQuoted(t *testing.T) {
	l := begin(t, idctest.Config{})
	get(l.callback("error=" + url.QueryEscape("bad\x1b[2J") + "&error_description=" + url.QueryEscape("a\nb\u202e") + "&state=" + l.state()))
	_, err := l.end()
	wantFault(t, l.srv, err, fault.Login)
	if text := err.Error(); strings.ContainsAny(text, "\x1b\n\u202e") || !strings.Contains(text, `"bad\x1b[2J"`) {
		t.Errorf("raw text of the server: %q", text)
	}
}

func TestAReplayFindsThePortClosed(t *testing.T) {
	l := begin(t, idctest.Config{})
	// The code goes to the callback by itself, so that its URL is known.
	first := l.firstHop()
	if a := get(first); a.status != 200 {
		t.Fatalf("%d (%v)", a.status, a.err)
	}
	if _, err := l.end(); err != nil {
		t.Fatal(err)
	}
	if a := get(first); a.err == nil {
		t.Errorf("the replay was answered with %d", a.status)
	}
	if n := l.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("the code was exchanged %d times", n)
	}
}

// firstHop is where the page of AWS sends the browser.
func (l *login) firstHop() string {
	l.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(l.auth.URL)
	if err != nil {
		l.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.Header.Get("Location")
}

// While the code is exchanged the port is closed already.
func TestAReplayDuringTheExchangeFindsThePortClosed(t *testing.T) {
	l := begin(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: idctest.Slow, Delay: 500 * time.Millisecond}}})
	first := l.firstHop()
	shown := make(chan answer, 1)
	go func() { shown <- get(first) }()
	l.until(func() bool { return portClosed(l.cb.Port()) })
	select {
	case a := <-shown:
		t.Fatalf("the browser shows %q before the code was exchanged", a.body)
	default:
	}
	if a := get(first); a.err == nil {
		t.Errorf("the replay was answered with %d", a.status)
	}
	if _, err := l.end(); err != nil {
		t.Error(err)
	}
	if a := <-shown; !strings.Contains(a.body, "You are signed in") {
		t.Errorf("the browser shows %q", a.body)
	}
}

func portClosed(port int) bool {
	conn, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		conn.Close()
	}
	return err != nil
}

// until waits for something that happens in another goroutine of the server.
func (l *login) until(happened func() bool) {
	l.t.Helper()
	for end := time.Now().Add(10 * time.Second); !happened(); {
		if time.Now().After(end) {
			l.t.Fatal("it does not happen")
		}
		runtime.Gosched()
	}
}

func TestTheSuccessPageComesAfterTheExchange(t *testing.T) {
	for _, kind := range []idctest.FaultKind{
		idctest.Empty, idctest.Hollow, idctest.Nulls, idctest.HTML, idctest.Truncated, idctest.ServerError,
		"InvalidGrantException", "InvalidClientException", "AccessDeniedException", "InvalidRequestException",
	} {
		t.Run(string(kind), func(t *testing.T) {
			l := begin(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: kind}}})
			if a := get(l.auth.URL); !strings.Contains(a.body, "The login did not succeed") {
				t.Errorf("the browser shows %q (%v)", a.body, a.err)
			}
			g, err := l.end()
			if err == nil || g.AccessToken != "" {
				t.Fatalf("%v, %v", g, err)
			}
			if n := l.srv.Count(idctest.CreateToken); n != 1 {
				t.Errorf("the code was sent %d times", n)
			}
		})
	}
}

func TestACodeThatExpiredIsAnExpiredLogin(t *testing.T) {
	l := begin(t, idctest.Config{Approval: idctest.TooLate})
	get(l.auth.URL)
	_, err := l.end()
	if fault.KindOf(err) != fault.Login {
		t.Errorf("%v: %v", fault.KindOf(err), err)
	}
}

// Browsers open a connection ahead of need and say nothing on it.
func TestIdleAndSlowConnectionsBlockNothing(t *testing.T) {
	l := begin(t, idctest.Config{})
	for _, said := range []string{"", "GET /oauth/callback?code=a HTTP/1.1\r\nHost: 127"} {
		conn, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", l.cb.Port()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte(said)); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	l.finish()
	if took := time.Since(begun); took > loginTime {
		t.Errorf("the login took %v", took)
	}
}

func TestWhatIsNoHTTPIsRefused(t *testing.T) {
	l := begin(t, idctest.Config{})
	conn, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", l.cb.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "\x16\x03\x01 hello\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != 400 {
		t.Errorf("%v, %v", resp, err)
	}
	l.finish()
}

func TestCallbackListensOnLoopbackOnly(t *testing.T) {
	cb, err := oidc.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer cb.Close()
	if want := fmt.Sprintf("http://127.0.0.1:%d/oauth/callback", cb.Port()); cb.RedirectURI() != want {
		t.Errorf("%s, want %s", cb.RedirectURI(), want)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range append(addrs, &net.IPNet{IP: net.ParseIP("127.0.0.2")}) {
		ip := addr.(*net.IPNet).IP
		if ip.Equal(net.IPv4(127, 0, 0, 1)) || ip.IsLinkLocalUnicast() {
			continue
		}
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), fmt.Sprint(cb.Port())), time.Second)
		if err == nil {
			conn.Close()
			t.Errorf("it can be reached at %v", ip)
		}
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	cb, err := oidc.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer cb.Close()
	_, err = oidc.Listen(cb.Port())
	if fault.KindOf(err) != fault.Login || !strings.Contains(err.Error(), fmt.Sprint(cb.Port())) {
		t.Errorf("%v: %v", fault.KindOf(err), err)
	}
	cb.Close()
	again, err := oidc.Listen(cb.Port())
	if err != nil {
		t.Fatalf("the port is not free after Close: %v", err)
	}
	again.Close()
}

func TestCancelingEndsALogin(t *testing.T) {
	srv, client := start(t, idctest.Config{Approval: idctest.Never})
	ctx, cancel := context.WithCancel(t.Context())
	l := &login{t: t, srv: srv, client: client}
	l.begin(ctx)
	get(l.auth.URL)
	l.waiting()
	cancel()
	_, err := l.end() // or never
	wantFault(t, srv, err, fault.Canceled, context.Canceled)
	if !portClosed(l.cb.Port()) {
		t.Error("the port is still open")
	}
}

func TestCancelingDuringTheExchangeEndsIt(t *testing.T) {
	srv, client := start(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: idctest.Hang}}})
	ctx, cancel := context.WithCancel(t.Context())
	l := &login{t: t, srv: srv, client: client}
	l.begin(ctx)
	shown := make(chan answer, 1)
	go func() { shown <- get(l.auth.URL) }()
	l.until(func() bool { return portClosed(l.cb.Port()) })
	cancel()
	_, err := l.end() // or never
	wantFault(t, srv, err, fault.Canceled)
	if a := <-shown; a.err == nil && !strings.Contains(a.body, "did not succeed") {
		t.Errorf("the browser shows %q", a.body)
	}
}

func TestAClosedTabDoesNotLoseTheLogin(t *testing.T) {
	l := begin(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: idctest.Slow, Delay: 300 * time.Millisecond}}})
	u, err := url.Parse(l.firstHop())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp4", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", u.RequestURI(), u.Host)
	l.until(func() bool { return portClosed(l.cb.Port()) })
	conn.Close()
	if g, err := l.end(); err != nil || g.AccessToken == "" {
		t.Errorf("%v, %v", g, err)
	}
}

func TestThePage(t *testing.T) {
	l := begin(t, idctest.Config{})
	a := get(l.auth.URL)
	if a.err != nil {
		t.Fatal(a.err)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Content-Type": "text/html; charset=utf-8",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policy := a.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	for _, no := range []string{"<script", "http://", "https://", "code=", "state=", l.state(), "{"} {
		if no != "{" && strings.Contains(a.body, no) || no == "{" && strings.Contains(strings.SplitAfter(a.body, "</style>")[1], no) {
			t.Errorf("the page has %q in it", no)
		}
	}
}
