package oidc

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// A URL of a server that passes can be printed and be the argument of a
// program.
func FuzzCheckURL(f *testing.F) {
	for _, u := range []string{
		"https://x.awsapps.com/start", "http://127.0.0.1:1/", "http://127.0.0.1.evil.example/", "javascript:x", "-h", "https://a:b@c/", "https://[::1]/", "http://[::1]/",
		"https://x/\x1b", "https:x", "//x", "https://x/%00", "HTTPS://X", "https://x?`", "https://\u0430",
	} {
		f.Add(u)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		_ = KnownHost(raw)
		if checkURL(raw) != nil {
			return
		}
		for _, b := range []byte(raw) {
			if b <= ' ' || b > '~' || strings.IndexByte("\"<>\\^`{|}", b) >= 0 {
				t.Fatalf("%q has %q", raw, b)
			}
		}
		u, err := url.Parse(raw)
		if err != nil || u.User != nil || u.Host == "" || raw[0] == '-' || len(raw) > maxURL {
			t.Fatalf("%q: %v", raw, err)
		}
		if lower := strings.ToLower(raw); !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") {
			t.Fatalf("%q", raw)
		}
	})
}

// A request to the callback counts only with the state, whatever else is in it,
// and once.
func FuzzCallback(f *testing.F) {
	const state = "0123456789abcdef0123456789abcdef0123456789a"
	for _, target := range []string{
		callbackPath + "?code=a&state=" + state, callbackPath + "?state=" + state + "&error=x", callbackPath, "/", callbackPath + "?code=a&state=" + state + "&state=x",
		callbackPath + "?code=a;state=" + state, callbackPath + "?%63ode=a&st%61te=" + state, "/oauth%2fcallback?code=a&state=" + state, callbackPath + "/../callback?code=a&state=" + state,
	} {
		f.Add("GET", target, "127.0.0.1:4711")
	}
	f.Fuzz(func(t *testing.T, method, target, host string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		cb := &Callback{port: 4711, listener: newInMemory(), tooMany: make(chan struct{})}
		cb.expect(state)
		r := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{}}
		got, status := cb.read(r)
		if status != http.StatusOK {
			if got.code != "" || got.denial != "" {
				t.Fatalf("%d with an answer", status)
			}
			w := httptest.NewRecorder()
			cb.refuse(w, status)
			if body := w.Body.String(); strings.Contains(body, state) || body != http.StatusText(status)+"\n" {
				t.Fatalf("said %q", body)
			}
			return
		}
		q := u.Query()
		if method != http.MethodGet || host != "127.0.0.1:4711" || q.Get("state") != state || len(q["state"]) != 1 || (got.code == "") == (got.denial == "") {
			t.Fatalf("%s %s of %s was taken for the answer", method, target, host)
		}
		if _, again := cb.read(r); again == http.StatusOK {
			t.Fatal("taken twice")
		}
	})
}
