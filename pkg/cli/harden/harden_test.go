package harden

import (
	"slices"
	"testing"
)

func TestWithoutHTTP2Debug(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "http2debug=2": "", "http2debug=1,netdns=go": "netdns=go", "netdns=go,http2debug=2,madvdontneed=1": "netdns=go,madvdontneed=1",
		"netdns=go": "netdns=go", "xhttp2debug=2": "",
	} {
		if got := withoutHTTP2Debug(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestEnvironHasTheOriginal(t *testing.T) {
	defer func(o string, s bool) { original, set = o, s }(original, set)
	original, set = "http2debug=2,netdns=go", true
	t.Setenv("GODEBUG", "netdns=go")
	env := Environ()
	if !slices.Contains(env, "GODEBUG=http2debug=2,netdns=go") || slices.Contains(env, "GODEBUG=netdns=go") {
		t.Errorf("%q", env)
	}
	set = false
	if slices.ContainsFunc(Environ(), func(e string) bool { return len(e) > 7 && e[:8] == "GODEBUG=" }) {
		t.Error("GODEBUG is there, though it was not")
	}
}
