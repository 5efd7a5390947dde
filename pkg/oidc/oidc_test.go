package oidc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/wire"
)

// start is a server and a client of it.
func start(t *testing.T, cfg idctest.Config) (*idctest.Server, *oidc.Client) {
	t.Helper()
	srv := idctest.New(t, cfg)
	return srv, clientOf(t, wire.Settings{Endpoint: srv.URL, Timeout: 5 * time.Second, MaxAttempts: 2}, srv.Region)
}

func clientOf(t *testing.T, s wire.Settings, region string) *oidc.Client {
	t.Helper()
	w, err := wire.New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.CloseIdle)
	c, err := oidc.New(w, region)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer is what a browser was shown.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

// get asks for a URL as a browser does, redirects and all.
func get(rawURL string, change ...func(*http.Request)) answer {
	req, err := http.NewRequest(http.MethodGet, rawURL, nil)
	if err != nil {
		return answer{err: err}
	}
	for _, f := range change {
		f(req)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body), err}
}

// login is an authorization code flow under way.
type login struct {
	t      *testing.T
	srv    *idctest.Server
	client *oidc.Client
	cb     *oidc.Callback
	auth   *oidc.Authorization
	done   chan struct{}
	grant  oidc.Grant
	err    error
}

// begin starts a login in the browser, up to the waiting.
func begin(t *testing.T, cfg idctest.Config) *login {
	t.Helper()
	srv, client := start(t, cfg)
	l := &login{t: t, srv: srv, client: client}
	l.begin(t.Context())
	return l
}

func (l *login) begin(ctx context.Context) {
	l.t.Helper()
	r, err := l.client.RegisterBrowser(ctx, "test", l.srv.StartURL, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	if l.cb, err = oidc.Listen(0); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { l.cb.Close() })
	if l.auth, err = l.client.Authorize(ctx, r, l.cb, "okta", nil); err != nil {
		l.t.Fatal(err)
	}
	done := make(chan struct{})
	l.done = done
	go func() {
		defer close(done)
		l.grant, l.err = l.auth.Wait(ctx)
	}()
}

// end waits for the login's end.
func (l *login) end() (oidc.Grant, error) {
	l.t.Helper()
	select {
	case <-l.done:
		return l.grant, l.err
	case <-time.After(10 * time.Second):
		l.t.Fatal("the login does not end")
		return oidc.Grant{}, nil
	}
}

// waiting fails the test if the login has ended.
func (l *login) waiting() {
	l.t.Helper()
	select {
	case <-l.done:
		l.t.Fatalf("the login has ended: %v", l.err)
	default:
	}
}

// finish does what the person would, and checks that it leads to a token.
func (l *login) finish() {
	l.t.Helper()
	l.waiting()
	if a := get(l.auth.URL); a.err != nil || a.status != http.StatusOK || !strings.Contains(a.body, `sso-login is signed in to "<bdi>okta</bdi>".`) {
		l.t.Fatalf("the browser shows %d %q (%v)", a.status, a.body, a.err)
	}
	if g, err := l.end(); err != nil || g.AccessToken == "" {
		l.t.Fatalf("the login ended with %v, %v", g, err)
	}
}

// state is the secret that only the browser has.
func (l *login) state() string {
	u, err := url.Parse(l.auth.URL)
	if err != nil {
		l.t.Fatal(err)
	}
	return u.Query().Get("state")
}

// callback is the address of the callback with a query.
func (l *login) callback(query string) string { return l.cb.RedirectURI() + "?" + query }

// wantFault checks kind, sentinel and that no secret is in the text.
func wantFault(t *testing.T, srv *idctest.Server, err error, kind fault.Kind, sentinels ...error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if fault.KindOf(err) != kind {
		t.Errorf("kind %v, want %v: %v", fault.KindOf(err), kind, err)
	}
	for _, sentinel := range sentinels {
		if !errors.Is(err, sentinel) {
			t.Errorf("%v is not %v", err, sentinel)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		text := fmt.Sprintf(verb, err)
		for _, secret := range srv.Secrets() {
			if strings.Contains(text, secret) {
				t.Errorf("%s has a secret in it", verb)
			}
		}
	}
}
