package tokencache

import (
	"encoding/json"
	"testing"
)

// Whatever is in a file: no panic, and what is read from it is the same after
// it was written.
func FuzzToken(f *testing.F) {
	for _, seed := range []string{
		`{"startUrl": "https://d-1.awsapps.com/start", "region": "eu-west-1", "accessToken": "a", "expiresAt": "2026-11-23T17:02:03Z", "clientId": "c", "clientSecret": "s", "registrationExpiresAt": "2027-02-01T00:00:00Z", "refreshToken": "r"}`,
		`{"accessToken":"a","expiresAt":"2026-11-23T17:02:03.123456789Z","x":{"y":[1,null,{}],"z":[]}}"}`,
		`{"accessToken":"\ud83d\ude00\u0000\ud800","expiresAt":"2026-11-23 18:02:03+0100","refreshToken":null}`,
		`{"accessToken":"a","accessToken":"b","expiresAt":"0001-01-01T00:00:00Z"}`,
		"\xef\xbb\xbf{\"accessToken\":\"\xff\",\"expiresAt\":\"9999-12-31T23:59:59-23:00\"}",
		`[]`, `null`, `12345`, `"accessToken"`, `{`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = parseRegistration(data)
		read, err := parseToken(data)
		if err != nil || !storable(read.ExpiresAt) {
			return
		}
		written := read.encode(foreign(data, read))
		if !json.Valid(written) {
			t.Fatalf("not JSON: %q", written)
		}
		for _, b := range written {
			if b < ' ' || b > '~' {
				t.Fatalf("byte %#x in %q", b, written)
			}
		}
		again, err := parseToken(written)
		if err != nil {
			t.Fatalf("%q: %v", written, err)
		}
		want := read
		want.Odd = false
		for _, at := range []*Token{&want, &again} {
			at.ExpiresAt = at.ExpiresAt.Truncate(1e9)
			if !storable(at.RegistrationExpiresAt) {
				at.RegistrationExpiresAt = Token{}.RegistrationExpiresAt
			}
			at.RegistrationExpiresAt = at.RegistrationExpiresAt.Truncate(1e9)
		}
		if again != want {
			t.Fatalf("%q became %q", data, written)
		}
		if third := again.encode(foreign(written, again)); string(third) != string(written) {
			t.Fatalf("%q, then %q", written, third)
		}
	})
}
