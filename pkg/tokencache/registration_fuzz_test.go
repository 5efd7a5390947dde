package tokencache

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// Whatever is in a registration's file: no panic, and what is read from it is
// the same after it was written.
func FuzzRegistration(f *testing.F) {
	for _, seed := range []string{
		`{"clientId": "c", "clientSecret": "s", "expiresAt": "2026-11-23T17:02:03Z", "scopes": ["sso:account:access"], "grantTypes": ["authorization_code", "refresh_token"]}`,
		`{"clientId":"c","clientSecret":"s","expiresAt":"2026-11-23T17:02:03.5UTC","scopes":null}`, `{"clientId":1,"clientSecret":"s"}`, `{"clientId":"\ud800","clientSecret":"\u0000","scopes":[1]}`,
		"\xef\xbb\xbf{}", `[]`, `{`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRegistration(data)
		if err != nil || !storable(r.ExpiresAt) {
			return
		}
		written := r.encode()
		if !json.Valid(written) {
			t.Fatalf("not JSON: %q", written)
		}
		again, err := parseRegistration(written)
		if err != nil || again.ClientID != r.ClientID || again.ClientSecret != r.ClientSecret || !again.ExpiresAt.Equal(r.ExpiresAt.Truncate(time.Second)) ||
			!slices.Equal(again.Scopes, r.Scopes) || !slices.Equal(again.GrantTypes, r.GrantTypes) {
			t.Fatalf("%q became %q, %v", data, written, err)
		}
	})
}
