package tokencache_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/tokencache"
)

var ctx = context.Background()

var okta = tokencache.SessionKey("okta")

// full is a token with everything; canonical is how the AWS CLI writes it.
var full = tokencache.Token{
	StartURL:              "https://d-1.awsapps.com/start",
	Region:                "eu-west-1",
	AccessToken:           "canary-access",
	ExpiresAt:             time.Date(2026, 11, 23, 17, 2, 3, 0, time.UTC),
	ClientID:              "client",
	ClientSecret:          "canary-client",
	RegistrationExpiresAt: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC),
	RefreshToken:          "canary-refresh",
}

const canonical = `{"startUrl": "https://d-1.awsapps.com/start", "region": "eu-west-1", "accessToken": "canary-access", ` +
	`"expiresAt": "2026-11-23T17:02:03Z", "clientId": "client", "clientSecret": "canary-client", ` +
	`"registrationExpiresAt": "2027-02-01T00:00:00Z", "refreshToken": "canary-refresh"}`

// setup is a cache in a new home, and what it notes.
func setup(t *testing.T) (*tokencache.Cache, func() []string) {
	t.Helper()
	home := t.TempDir()
	var notes []string
	return &tokencache.Cache{
		Dir:     filepath.Join(home, "sso", "cache"),
		RoleDir: filepath.Join(home, "cli", "cache"),
		Store:   &safefile.Store{LockDir: filepath.Join(home, "sso", "lock")},
		Note:    func(s string) { notes = append(notes, s) },
	}, func() []string { return notes }
}

// settled is long enough ago that no writer can still be at work.
var settled = time.Now().Add(-time.Hour)

func place(t *testing.T, dir, name, content string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, settled, settled); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// same compares tokens without printing them, and without the time of their
// files.
func same(a, b tokencache.Token) bool {
	a.LoginAt, b.LoginAt = time.Time{}, time.Time{}
	return a == b
}

func TestPutToken(t *testing.T) {
	for _, tc := range []struct {
		name  string
		token func(tokencache.Token) tokencache.Token
		want  string
	}{
		{"everything", func(t tokencache.Token) tokencache.Token { return t }, canonical},
		{"no refresh token", func(t tokencache.Token) tokencache.Token { t.RefreshToken = ""; return t },
			strings.Replace(canonical, `, "refreshToken": "canary-refresh"`, "", 1)},
		{"the least", func(t tokencache.Token) tokencache.Token {
			return tokencache.Token{AccessToken: "a", ExpiresAt: t.ExpiresAt}
		}, `{"accessToken": "a", "expiresAt": "2026-11-23T17:02:03Z"}`},
		{"another zone and fractions", func(t tokencache.Token) tokencache.Token {
			t.ExpiresAt = t.ExpiresAt.Add(999 * time.Millisecond).In(time.FixedZone("x", 3600))
			return t
		}, canonical},
		{"escaping", func(t tokencache.Token) tokencache.Token {
			return tokencache.Token{AccessToken: "a<b>&\"\\/\u00e9\u20ac\U0001F600\n\r\t\b\f\x00\x1f\x7f", ExpiresAt: t.ExpiresAt}
		}, `{"accessToken": "a<b>&\"\\/\u00e9\u20ac\ud83d\ude00\n\r\t\b\f\u0000\u001f\u007f", "expiresAt": "2026-11-23T17:02:03Z"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, notes := setup(t)
			if err := c.PutToken(ctx, okta, tc.token(full)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(c.Dir, okta.File())
			if diff := cmp.Diff(tc.want, content(t, path)); diff != "" {
				t.Error(diff)
			}
			if runtime.GOOS != "windows" {
				for p, want := range map[string]fs.FileMode{path: 0o600, c.Dir: 0o700} {
					if info, _ := os.Stat(p); info.Mode().Perm() != want {
						t.Errorf("%s has mode %o", p, info.Mode().Perm())
					}
				}
			}
			got, found, err := c.Token(ctx, okta)
			want := tc.token(full)
			want.ExpiresAt = want.ExpiresAt.UTC().Truncate(time.Second)
			if err != nil || !found || !same(got, want) {
				t.Errorf("read back: %v, found %v, error %v", got, found, err)
			}
			if entries, _ := os.ReadDir(c.Dir); len(entries) != 1 {
				t.Errorf("%d files", len(entries))
			}
			if len(notes()) > 0 {
				t.Errorf("notes %q", notes())
			}
		})
	}
}

func TestPutTokenRefuses(t *testing.T) {
	for _, tc := range []struct {
		name  string
		key   tokencache.Key
		spoil func(*tokencache.Token)
		words string
	}{
		{"no key", tokencache.Key{}, func(*tokencache.Token) {}, "neither a session nor a start URL"},
		{"no access token", okta, func(t *tokencache.Token) { t.AccessToken = "" }, "no access token"},
		{"no expiry", okta, func(t *tokencache.Token) { t.ExpiresAt = time.Time{} }, "expires"},
		{"expiry in the year 58864", okta, func(t *tokencache.Token) { t.ExpiresAt = time.Unix(1795453323000, 0) }, "expires"},
		{"expiry before the epoch", okta, func(t *tokencache.Token) { t.ExpiresAt = time.Unix(-1, 0) }, "expires"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := setup(t)
			token := full
			tc.spoil(&token)
			err := c.PutToken(ctx, tc.key, token)
			if fault.KindOf(err) != fault.Reply || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("error %v", err)
			}
			if _, err := os.Stat(c.Dir); err == nil {
				t.Error("made the cache for nothing")
			}
		})
	}
}

func TestPutTokenWithoutRegistrationExpiry(t *testing.T) {
	c, _ := setup(t)
	token := full
	token.RegistrationExpiresAt = time.Time{}
	if err := c.PutToken(ctx, okta, token); err != nil {
		t.Fatal(err)
	}
	if got := content(t, filepath.Join(c.Dir, okta.File())); strings.Contains(got, "registrationExpiresAt") {
		t.Errorf("wrote %s", got)
	}
}

func TestPutTokenKeepsForeignKeys(t *testing.T) {
	const foreign = `{"receivedAt": "2026-01-01T00:00:00Z", "nothing": null, "startUrl": "https://d-1.awsapps.com/start",
  "nested": {"a":[1, 2.50,{"b":"\u00e9<"}],"c":{}, "d":[], "e":true,"f":null}, "region": "eu-west-1",
  "refreshToken": "stale", "accessToken": "stale", "n": -1e5, "receivedAt": "later"}`
	const kept = `, "receivedAt": "later", "nested": {"a": [1, 2.50, {"b": "\u00e9<"}], "c": {}, "d": [], "e": true, "f": null}, "n": -1e5}`
	for _, tc := range []struct{ name, old, tail string }{
		{"same login", foreign, kept},
		{"and bytes after it", foreign + `"}`, kept},
		{"another start URL", strings.Replace(foreign, "d-1", "d-2", 1), "}"},
		{"another region", strings.Replace(foreign, "eu-west-1", "eu-west-2", 1), "}"},
		{"broken", foreign[:len(foreign)-1], "}"},
		{"no object", `["a"]`, "}"},
		{"empty", "", "}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := setup(t)
			path := place(t, c.Dir, okta.File(), tc.old)
			token := full
			token.RefreshToken = "" // the old one must not come back
			if err := c.PutToken(ctx, okta, token); err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(canonical, `, "refreshToken": "canary-refresh"}`, tc.tail, 1)
			if diff := cmp.Diff(want, content(t, path)); diff != "" {
				t.Error(diff)
			}
			info, _ := os.Stat(path)
			if err := os.Chtimes(path, settled, settled); err != nil {
				t.Fatal(err)
			}
			if err := c.PutToken(ctx, okta, token); err != nil {
				t.Fatal(err)
			}
			if again, _ := os.Stat(path); !os.SameFile(info, again) || !again.ModTime().Equal(settled) {
				t.Error("the same token was written again")
			}
		})
	}
}

func TestTokenReadsWhatOthersWrite(t *testing.T) {
	at := full.ExpiresAt
	noExpiry := time.Time{}
	for _, tc := range []struct {
		name, content string
		expires       time.Time
		odd           bool // some client refuses it
	}{
		{"AWS CLI", canonical, at, false},
		{"Go SDK", `{"accessToken":"canary-access","clientId":"client","expiresAt":"2026-11-23T17:02:03Z","region":"eu-west-1"}` + "\n", at, false},
		{"JavaScript SDK", "{\n  \"accessToken\": \"canary-access\",\n  \"expiresAt\": \"2026-11-23T17:02:03.000Z\"\n}", at, false},
		{"Java SDK", `{"accessToken":"canary-access","expiresAt":"2026-11-23T17:02:03.000000000Z"}`, at, false},
		{"old AWS CLI", `{"accessToken": "canary-access", "expiresAt": "2026-11-23T17:02:03UTC"}`, at, true},
		{"fraction and offset", `{"accessToken": "canary-access", "expiresAt": "2026-11-23T18:02:03.0+01:00"}`, at, true},
		{"offset without colon", `{"accessToken": "canary-access", "expiresAt": "2026-11-23T18:02:03+0100"}`, at, true},
		{"short offset", `{"accessToken": "canary-access", "expiresAt": "2026-11-23T18:02:03+01"}`, at, true},
		{"python's str", `{"accessToken": "canary-access", "expiresAt": "2026-11-23 17:02:03+00:00"}`, at, true},
		{"lower case", `{"accessToken": "canary-access", "expiresAt": "2026-11-23t17:02:03z"}`, at, true},
		{"bytes after it", canonical + `"}`, at, true},
		{"another object after it", canonical + canonical, at, true},
		{"garbage after it", canonical + "\x00\xff", at, true},
		{"space around it", " \r\n" + canonical + "\r\n\t ", at, false},
		{"byte order mark", "\xef\xbb\xbf" + canonical, at, true},
		{"nulls", `{"accessToken": "canary-access", "expiresAt": "2026-11-23T17:02:03Z", "refreshToken": null, "clientId": null, "region": null}`, at, true},
		{"numbers for texts", `{"accessToken": "canary-access", "expiresAt": "2026-11-23T17:02:03Z", "clientId": 7}`, at, true},
		{"unknown keys", `{"x": {"accessToken": "no"}, "accessToken": "canary-access", "expiresAt": "2026-11-23T17:02:03Z"}`, at, false},
		{"key twice", `{"accessToken": "no", "accessToken": "canary-access", "expiresAt": "2026-11-23T17:02:03Z"}`, at, false},
		{"key in another case", `{"accessToken": "canary-access", "AccessToken": "no", "expiresAt": "2026-11-23T17:02:03Z"}`, at, false},
		{"no zone", `{"accessToken": "canary-access", "expiresAt": "2026-11-23T17:02:03"}`, noExpiry, true},
		{"seconds", `{"accessToken": "canary-access", "expiresAt": 1795453323}`, noExpiry, true},
		{"no time", `{"accessToken": "canary-access", "expiresAt": "soon"}`, noExpiry, true},
		{"no day", `{"accessToken": "canary-access", "expiresAt": "2026-02-30T00:00:00Z"}`, noExpiry, true},
		{"null for a time", `{"accessToken": "canary-access", "expiresAt": null}`, noExpiry, true},
		{"no expiry", `{"accessToken": "canary-access"}`, noExpiry, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, notes := setup(t)
			path := place(t, c.Dir, okta.File(), tc.content)
			got, found, err := c.Token(ctx, okta)
			if err != nil || !found || got.AccessToken != "canary-access" || !got.ExpiresAt.Equal(tc.expires) {
				t.Errorf("%v, found %v, error %v", got, found, err)
			}
			if len(notes()) > 0 {
				t.Errorf("notes %q", notes())
			}
			healed, err := c.Heal(ctx, okta)
			if want := tc.odd && !tc.expires.IsZero(); err != nil || healed != want || want && !got.Odd || got.Odd && !tc.odd {
				t.Errorf("healed %v, want %v, error %v; odd %v", healed, want, err, got.Odd)
			}
			if !healed {
				if content(t, path) != tc.content {
					t.Error("it changed the file all the same")
				}
				return
			}
			got.Odd = false
			if again, found, err := c.Token(ctx, okta); err != nil || !found || !same(got, again) {
				t.Errorf("after healing: %v, found %v, error %v", again, found, err)
			}
			if healed, err := c.Heal(ctx, okta); err != nil || healed {
				t.Errorf("a second time: healed %v, error %v", healed, err)
			}
		})
	}
}

func TestTokenThatIsNone(t *testing.T) {
	for _, tc := range []struct{ name, content string }{
		{"empty", ""},
		{"white space", "\n"},
		{"cut", canonical[:100]},
		{"zeros", strings.Repeat("\x00", 512)},
		{"null", "null"},
		{"number", "12345"},
		{"text", `"accessToken"`},
		{"list", `[` + canonical + `]`},
		{"garbage before it", "x" + canonical},
		{"python", "{'accessToken': 'a'}"},
		{"no access token", `{"expiresAt": "2026-11-23T17:02:03Z"}`},
		{"empty access token", `{"accessToken": "", "expiresAt": "2026-11-23T17:02:03Z"}`},
		{"null access token", `{"accessToken": null, "expiresAt": "2026-11-23T17:02:03Z"}`},
		{"a list for an access token", `{"accessToken": ["a"], "expiresAt": "2026-11-23T17:02:03Z"}`},
		{"deep", strings.Repeat(`{"accessToken":`, 50000)},
		{"large", canonical + strings.Repeat(" ", 1<<20)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, notes := setup(t)
			path := place(t, c.Dir, okta.File(), tc.content)
			got, found, err := c.Token(ctx, okta)
			if err != nil || found || !same(got, tokencache.Token{}) {
				t.Errorf("%v, found %v, error %v", got, found, err)
			}
			if len(notes()) != 1 || !strings.Contains(notes()[0], okta.File()) || strings.Contains(notes()[0], "canary") {
				t.Errorf("notes %q", notes())
			}
			if healed, err := c.Heal(ctx, okta); healed || err != nil || content(t, path) != tc.content {
				t.Errorf("healed %v, error %v", healed, err)
			}
			if err := c.PutToken(ctx, okta, full); err != nil {
				t.Fatal(err)
			}
			if got := content(t, path); got != canonical {
				t.Errorf("not replaced: %d bytes", len(got))
			}
		})
	}
}

func TestTokenMissing(t *testing.T) {
	c, notes := setup(t)
	got, found, err := c.Token(ctx, okta)
	if err != nil || found || !same(got, tokencache.Token{}) || len(notes()) > 0 {
		t.Errorf("%v, found %v, error %v, notes %q", got, found, err, notes())
	}
	if healed, err := c.Heal(ctx, okta); healed || err != nil {
		t.Errorf("healed %v, error %v", healed, err)
	}
	existed, err := c.RemoveToken(ctx, okta)
	if existed || err != nil {
		t.Errorf("removed: %v, %v", existed, err)
	}
	if _, err := os.Stat(c.Store.LockDir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("made a lock for nothing")
	}
	if err := os.MkdirAll(filepath.Join(c.Dir, okta.File()), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, found, err := c.Token(ctx, okta); found || err != nil || len(notes()) != 1 {
		t.Errorf("a folder: found %v, error %v, notes %q", found, err, notes())
	}
	c.Dir = ""
	if _, _, err := c.Token(ctx, okta); fault.KindOf(err) != fault.File {
		t.Errorf("without a folder: %v", err)
	}
}

// A crash of another program can cut a file anywhere.
func TestTruncation(t *testing.T) {
	c, _ := setup(t)
	for n := range len(canonical) {
		path := place(t, c.Dir, okta.File(), canonical[:n])
		if got, found, err := c.Token(ctx, okta); err != nil || found {
			t.Fatalf("%d bytes: %v, found %v, error %v", n, got, found, err)
		}
		if n%40 == 0 {
			if err := c.PutToken(ctx, okta, full); err != nil || content(t, path) != canonical {
				t.Fatalf("%d bytes are not replaced: %v", n, err)
			}
		}
	}
	key := tokencache.RegistrationKey{Flow: tokencache.DeviceCode}
	r := tokencache.Registration{ClientID: "a", ClientSecret: "b", ExpiresAt: full.ExpiresAt, Scopes: []string{"x"}}
	if err := c.PutRegistration(ctx, key, r); err != nil {
		t.Fatal(err)
	}
	whole := content(t, filepath.Join(c.Dir, key.File()))
	for n := range len(whole) {
		place(t, c.Dir, key.File(), whole[:n])
		if _, found, err := c.Registration(ctx, key); err != nil || found {
			t.Fatalf("%d bytes of a registration: found %v, error %v", n, found, err)
		}
	}
}

// The AWS CLI writes in place: between its truncate and its write there is
// nothing. That must not cost a login.
func TestTokenBeingWritten(t *testing.T) {
	c, notes := setup(t)
	path := place(t, c.Dir, okta.File(), "")
	now := time.Now()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now)) // the bubble's clock starts in the year 2000
		if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(25*time.Millisecond, func() {
			if err := os.WriteFile(path, []byte(canonical), 0o600); err != nil {
				t.Error(err)
			}
		})
		got, found, err := c.Token(ctx, okta)
		if err != nil || !found || !same(got, full) || len(notes()) > 0 {
			t.Errorf("%v, found %v, error %v, notes %q", got, found, err, notes())
		}

		place(t, c.Dir, okta.File(), "broken long ago")
		start := time.Now()
		if _, found, _ := c.Token(ctx, okta); found || time.Since(start) != 0 {
			t.Errorf("found %v, waited %v for a writer that is long gone", found, time.Since(start))
		}
		if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		start = time.Now()
		if _, found, _ := c.Token(ctx, okta); found || time.Since(start) > 100*time.Millisecond {
			t.Errorf("found %v, waited %v", found, time.Since(start))
		}
	})
}

func TestRights(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no such modes")
	}
	c, _ := setup(t)
	path := place(t, c.Dir, okta.File(), canonical)
	for _, act := range []func() error{
		func() error { _, err := c.Heal(ctx, okta); return err },
		func() error { return c.PutToken(ctx, okta, full) },
	} {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := act(); err != nil {
			t.Fatal(err)
		}
		info, _ := os.Stat(path)
		if info.Mode().Perm() != 0o600 || !info.ModTime().Equal(settled) {
			t.Errorf("mode %o, written at %v", info.Mode().Perm(), info.ModTime())
		}
	}

	const goSDK = `{"accessToken":"a","expiresAt":"2026-11-23T17:02:03Z"}` + "\n"
	place(t, c.Dir, okta.File(), goSDK)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, _, err := c.Token(ctx, okta); err != nil || !got.Odd {
		t.Errorf("others may read it: odd %v, error %v", got.Odd, err)
	}
	healed, err := c.Heal(ctx, okta)
	if info, _ := os.Stat(path); err != nil || healed || content(t, path) != goSDK || info.Mode().Perm() != 0o600 {
		t.Errorf("healed %v, error %v, mode %o, content %q", healed, err, info.Mode().Perm(), content(t, path))
	}
}

// A name from a config is never a path.
func TestHostileNames(t *testing.T) {
	c, _ := setup(t)
	outside := filepath.Dir(filepath.Dir(c.Dir))
	for _, name := range []string{"../../x", "/etc/x", "..", "a\x00b", strings.Repeat("a", 5000), "C:\\x", "\xff", "\n"} {
		for _, key := range []tokencache.Key{tokencache.SessionKey(name), tokencache.LegacyKey(name)} {
			if err := c.PutToken(ctx, key, full); err != nil {
				t.Errorf("%q: %v", name, err)
			}
			if existed, err := c.RemoveToken(ctx, key); !existed || err != nil {
				t.Errorf("%q: existed %v, %v", name, existed, err)
			}
		}
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 1 {
		t.Errorf("%v", entries)
	}
	if entries, _ := os.ReadDir(c.Dir); len(entries) != 0 {
		t.Errorf("%v", entries)
	}
}

func TestRemoveToken(t *testing.T) {
	c, _ := setup(t)
	other := tokencache.SessionKey("other")
	for _, k := range []tokencache.Key{okta, other} {
		if err := c.PutToken(ctx, k, full); err != nil {
			t.Fatal(err)
		}
	}
	existed, err := c.RemoveToken(ctx, okta)
	if !existed || err != nil {
		t.Errorf("existed %v, error %v", existed, err)
	}
	_, gone, _ := c.Token(ctx, okta)
	_, there, _ := c.Token(ctx, other)
	if gone || !there {
		t.Errorf("removed found: %v, other found: %v", gone, there)
	}
}

func TestRegistration(t *testing.T) {
	key := tokencache.RegistrationKey{Region: "eu-west-1", StartURL: full.StartURL, SessionName: "okta", Flow: tokencache.AuthorizationCode}
	for _, tc := range []struct {
		name string
		r    tokencache.Registration
		want string
	}{
		{"device code", tokencache.Registration{ClientID: "id", ClientSecret: "canary", ExpiresAt: full.ExpiresAt},
			`{"clientId": "id", "clientSecret": "canary", "expiresAt": "2026-11-23T17:02:03Z"}`},
		{"with scopes", tokencache.Registration{ClientID: "id", ClientSecret: "canary", ExpiresAt: full.ExpiresAt, Scopes: []string{"a:b", "c"}},
			`{"clientId": "id", "clientSecret": "canary", "expiresAt": "2026-11-23T17:02:03Z", "scopes": ["a:b", "c"]}`},
		{"authorization code", tokencache.Registration{
			ClientID: "id", ClientSecret: "canary", ExpiresAt: full.ExpiresAt, Scopes: []string{"sso:account:access"},
			GrantTypes: []string{"authorization_code", "refresh_token"},
		}, `{"clientId": "id", "clientSecret": "canary", "expiresAt": "2026-11-23T17:02:03Z", "scopes": ["sso:account:access"], "grantTypes": ["authorization_code", "refresh_token"]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := setup(t)
			if _, found, err := c.Registration(ctx, key); found || err != nil {
				t.Errorf("before: found %v, error %v", found, err)
			}
			if err := c.PutRegistration(ctx, key, tc.r); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(c.Dir, key.File())
			if diff := cmp.Diff(tc.want, content(t, path)); diff != "" {
				t.Error(diff)
			}
			if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
				t.Errorf("mode %o", info.Mode().Perm())
			}
			got, found, err := c.Registration(ctx, key)
			if err != nil || !found || got.ClientSecret != "canary" || got.ClientID != "id" || !got.ExpiresAt.Equal(tc.r.ExpiresAt) ||
				!slices.Equal(got.Scopes, tc.r.Scopes) || !slices.Equal(got.GrantTypes, tc.r.GrantTypes) {
				t.Errorf("read back: %v, found %v, error %v", got, found, err)
			}
			other := key
			other.Flow = tokencache.DeviceCode
			if _, found, _ := c.Registration(ctx, other); found {
				t.Error("the other flow finds it")
			}
			if existed, err := c.RemoveRegistration(ctx, key); !existed || err != nil {
				t.Errorf("existed %v, error %v", existed, err)
			}
			if _, found, _ := c.Registration(ctx, key); found {
				t.Error("still there")
			}
		})
	}
}

func TestRegistrationThatIsNone(t *testing.T) {
	key := tokencache.RegistrationKey{Flow: tokencache.DeviceCode}
	for _, bad := range []string{"", "[]", "{}", `{"clientId": "a"}`, `{"clientId": "", "clientSecret": "b"}`, `{"clientId": 1, "clientSecret": "b"}`} {
		c, notes := setup(t)
		place(t, c.Dir, key.File(), bad)
		if _, found, err := c.Registration(ctx, key); found || err != nil || len(notes()) != 1 {
			t.Errorf("%q: found %v, error %v, notes %q", bad, found, err, notes())
		}
	}
	c, _ := setup(t)
	place(t, c.Dir, key.File(), `{"clientId": "a", "clientSecret": "b", "expiresAt": "2026-11-23T17:02:03", "scopes": "x", "grantTypes": [1]} tail`)
	got, found, err := c.Registration(ctx, key)
	if err != nil || !found || !got.ExpiresAt.IsZero() || got.Scopes != nil || len(got.GrantTypes) != 0 {
		t.Errorf("%v, found %v, error %v", got, found, err)
	}
	for _, r := range []tokencache.Registration{
		{ClientSecret: "b", ExpiresAt: full.ExpiresAt},
		{ClientID: "a", ExpiresAt: full.ExpiresAt},
		{ClientID: "a", ClientSecret: "b"},
	} {
		if err := c.PutRegistration(ctx, key, r); fault.KindOf(err) != fault.Reply {
			t.Errorf("%v: %v", r, err)
		}
	}
}

func pairs(list ...string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := 0; i < len(list); i += 2 {
			if !yield(list[i], list[i+1]) {
				return
			}
		}
	}
}

func TestRemoveRoles(t *testing.T) {
	c, _ := setup(t)
	if n, err := c.RemoveRoles(ctx, okta, pairs("1", "A")); n != 0 || err != nil {
		t.Errorf("no folder: %d, %v", n, err)
	}
	place(t, filepath.Dir(filepath.Dir(c.RoleDir)), filepath.Base(filepath.Dir(c.RoleDir)), "a file in the folder's place")
	if n, err := c.RemoveRoles(ctx, okta, pairs("1", "A")); n != 0 || err != nil {
		t.Errorf("a file in the folder's place: %d, %v", n, err)
	}
	if err := os.Remove(filepath.Dir(c.RoleDir)); err != nil {
		t.Fatal(err)
	}
	legacy := tokencache.LegacyKey("okta")
	for _, name := range []string{okta.RoleFile("1", "A"), okta.RoleFile("2", "B"), okta.RoleFile("3", "C"), legacy.RoleFile("1", "A"), "session.db"} {
		place(t, c.RoleDir, name, `{"ProviderType": "sso"}`)
	}
	// One that cannot be removed must not save the others.
	if err := os.MkdirAll(filepath.Join(c.RoleDir, okta.RoleFile("0", "Z"), "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	n, err := c.RemoveRoles(ctx, okta, pairs("0", "Z", "1", "A", "1", "none", "2", "B", "2", "B"))
	if n != 2 {
		t.Errorf("removed %d, want 2", n)
	}
	if fault.KindOf(err) != fault.File || !strings.Contains(err.Error(), okta.RoleFile("0", "Z")) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	for name, want := range map[string]bool{
		okta.RoleFile("1", "A"): false, okta.RoleFile("2", "B"): false, okta.RoleFile("3", "C"): true,
		legacy.RoleFile("1", "A"): true, "session.db": true,
	} {
		if _, err := os.Stat(filepath.Join(c.RoleDir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if n, err := c.RemoveRoles(stopped, okta, pairs("3", "C")); n != 0 || fault.KindOf(err) != fault.Canceled {
		t.Errorf("after the end: %d, %v", n, err)
	}
	c.RoleDir = "cli/cache"
	if _, err := c.RemoveRoles(ctx, okta, pairs("3", "C")); fault.KindOf(err) != fault.File {
		t.Errorf("relative folder: %v", err)
	}
}

// However it is printed, a token shows nothing that is worth stealing.
func TestSecretsStaySecret(t *testing.T) {
	r := tokencache.Registration{ClientID: "id", ClientSecret: "canary-secret", ExpiresAt: full.ExpiresAt}
	type around struct {
		Token        tokencache.Token
		Registration *tokencache.Registration
		List         []tokencache.Token
		Map          map[string]tokencache.Registration
		Any          any
	}
	for name, v := range map[string]any{
		"token": full, "pointer": &full, "registration": r,
		"around": around{full, &r, []tokencache.Token{full}, map[string]tokencache.Registration{"x": r}, full},
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3v"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v, errors.New(fmt.Sprint(v)))
		if data, err := json.Marshal(v); err != nil {
			t.Errorf("%s: %v", name, err)
		} else {
			out.Write(data)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v, slog.Group("g", "v", v))
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v, slog.Group("g", "v", v))
		if got := out.String(); strings.Contains(got, "canary") || strings.Contains(got, fmt.Sprintf("%x", "canary")) || strings.Contains(got, fmt.Sprintf("%X", "canary")) {
			t.Errorf("%s shows a secret: %s", name, got)
		}
	}
	if got, want := full.String(), `token of "https://d-1.awsapps.com/start" in eu-west-1 until 2026-11-23T17:02:03Z, with a refresh token`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := (tokencache.Token{}).String(), `token of "" in  until unknown`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestRefreshable(t *testing.T) {
	now := full.RegistrationExpiresAt.Add(-time.Second)
	if !full.Refreshable(now) || full.Refreshable(now.Add(time.Second)) {
		t.Error("the end of the registration does not count")
	}
	for _, spoil := range []func(*tokencache.Token){
		func(t *tokencache.Token) { t.RefreshToken = "" },
		func(t *tokencache.Token) { t.ClientID = "" },
		func(t *tokencache.Token) { t.ClientSecret = "" },
		func(t *tokencache.Token) { t.RegistrationExpiresAt = time.Time{} },
	} {
		token := full
		if spoil(&token); token.Refreshable(now) {
			t.Errorf("%v", token)
		}
	}
}

// Writers and readers at once: a reader finds a whole token at any time.
func TestConcurrentUse(t *testing.T) {
	c, _ := setup(t)
	c.Note = nil
	if err := c.PutToken(ctx, okta, full); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			token := full
			token.AccessToken = strings.Repeat(fmt.Sprint(i), 100*(i+1))
			for range 20 {
				if err := c.PutToken(ctx, okta, token); err != nil {
					t.Error(err)
				}
				got, found, err := c.Token(ctx, okta)
				if err != nil || !found || strings.Trim(got.AccessToken, got.AccessToken[:1]) != "" && got.AccessToken != full.AccessToken {
					t.Errorf("found %v, error %v", found, err)
				}
			}
		})
	}
	wg.Wait()
}

// The caller's own lock is another than the file's.
func TestUnderTheCallersLock(t *testing.T) {
	c, _ := setup(t)
	release, err := c.Store.Lock(ctx, "login okta")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := c.PutToken(limited, okta, full); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RemoveToken(limited, okta); err != nil {
		t.Fatal(err)
	}
}
