package tokencache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"aws-sso-plugins/pkg/safefile"
)

// Token holds what a login left: the access token, and what renews it. However
// it is printed, logged or encoded, its secrets are not shown; only PutToken
// writes them.
type Token struct {
	StartURL     string // as configured, not as a vanity URL was resolved
	Region       string // of the Identity Center instance
	AccessToken  string
	ExpiresAt    time.Time // zero: the file says nothing that can be trusted, take it as expired
	ClientID     string    // the registration that can refresh the token
	ClientSecret string
	// RegistrationExpiresAt is when that registration ends; zero if unknown.
	RegistrationExpiresAt time.Time
	RefreshToken          string // empty: there is none

	// LoginAt is when the login was, as far as is known: the modification time
	// of the file, which a refresh by this suite keeps. [Cache.PutToken] dates
	// the file to it; zero is now.
	LoginAt time.Time

	// Odd says of a token that was read that some client does not read its file,
	// or that other users may: [Cache.Heal] mends that.
	Odd bool
}

// BelongsTo reports whether the token is of a start URL and a region. A token
// that does not say where it is from belongs everywhere: every client writes
// only two of its fields always.
func (t Token) BelongsTo(startURL, region string) bool {
	return (t.StartURL == "" || portal(t.StartURL) == portal(startURL)) && (t.Region == "" || t.Region == region)
}

// portal returns a start URL without what does not tell one portal from
// another: people paste https://x.awsapps.com/start/#/ and
// https://x.awsapps.com/start.
func portal(startURL string) string {
	u, err := url.Parse(startURL)
	if err != nil {
		return startURL
	}
	return strings.ToLower(u.Host) + strings.TrimRight(u.Path, "/")
}

// Refreshable reports whether the token has all that a refresh at the time now
// needs: a refresh token and a client registration that is not over.
func (t Token) Refreshable(now time.Time) bool {
	return t.RefreshToken != "" && t.ClientID != "" && t.ClientSecret != "" && now.Before(t.RegistrationExpiresAt)
}

// The keys of a token file, in the AWS CLI's order.
const (
	keyStartURL              = "startUrl"
	keyRegion                = "region"
	keyAccessToken           = "accessToken"
	keyExpiresAt             = "expiresAt"
	keyClientID              = "clientId"
	keyClientSecret          = "clientSecret"
	keyRegistrationExpiresAt = "registrationExpiresAt"
	keyRefreshToken          = "refreshToken"
)

var tokenKeys = []string{
	keyStartURL, keyRegion, keyAccessToken, keyExpiresAt,
	keyClientID, keyClientSecret, keyRegistrationExpiresAt, keyRefreshToken,
}

// Token reads the token of a key. It is not found where there is no file, or one
// that makes no sense, of which [Cache.Note] is told. A token is returned whether
// or not it is still valid. The error is of a file that cannot be
// read, because it belongs to somebody else as a rule.
func (c *Cache) Token(ctx context.Context, k Key) (Token, bool, error) {
	t, found, err := load(ctx, c, c.TokenPath(k), parseToken)
	if !found || err != nil {
		return Token{}, false, err
	}
	// The time is read after the content: if another client logs in in between,
	// what is older than its login must not pass for newer.
	if info, err := os.Stat(c.TokenPath(k)); err == nil {
		t.LoginAt = info.ModTime()
		t.Odd = t.Odd || shared(info)
	}
	return t, true, nil
}

// seenToken is a token that was read, and the file that it was read from.
type seenToken struct {
	mu    sync.Mutex
	path  string
	file  fs.FileInfo
	token Token
}

// settled is how old a file must be that it has another time after a change: more
// than the clock of a file system goes on in one step.
const settled = 2 * time.Second

// unchangedToken returns what Token returns. It does not read the file again that
// it has read last: many roles of one session need its token.
func (c *Cache) unchangedToken(ctx context.Context, k Key) (Token, bool, error) {
	path := c.TokenPath(k)
	before, err := os.Stat(path)
	if err != nil {
		return c.Token(ctx, k)
	}
	if token, ok := c.seen.same(path, before); ok {
		return token, true, safefile.CheckPrivate(path)
	}
	token, found, err := c.Token(ctx, k)
	if err == nil && found && token.LoginAt.Equal(before.ModTime()) && time.Since(before.ModTime()) > settled {
		c.seen.set(path, before, token)
	}
	return token, found, err
}

func (s *seenToken) same(path string, file fs.FileInfo) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := s.path == path && os.SameFile(s.file, file) && s.file.Size() == file.Size() && s.file.ModTime().Equal(file.ModTime())
	return s.token, same
}

func (s *seenToken) set(path string, file fs.FileInfo, token Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.path, s.file, s.token = path, file, token
}

// PutToken writes the token of a key, as the AWS CLI does. What is empty is
// left out. Keys that other tools added to the file are kept if it is of the
// same start URL and region. If the file says the same already it stays
// untouched, its rights aside. A token without an access token or an expiry is
// refused: no client could use the file.
func (c *Cache) PutToken(ctx context.Context, k Key, t Token) error {
	switch {
	case k.text == "":
		return refuse("token", "neither a session nor a start URL is named")
	case t.AccessToken == "":
		return refuse("token", "the answer has no access token")
	case !storable(t.ExpiresAt):
		return refuse("token", "the answer says nothing sensible about when it expires")
	}
	target := c.target(k)
	target.ModTime = t.LoginAt
	if err := safefile.CheckPrivate(target.Path); err != nil {
		return err
	}
	_, err := c.Store.Update(ctx, target, func(old []byte) ([]byte, error) {
		return t.encode(foreign(old, t)), nil
	})
	return err
}

// Heal rewrites a token file that is read here but not by every AWS client:
// with bytes after the object, nulls, or times that some refuse. It says
// whether it did. Rights of other users are taken away as well. A file that is
// missing or makes no sense is left alone, and so is one without an expiry
// that can be read, which only a new token can mend. Where nothing is to be
// done it costs one read and no lock. A file that is rewritten is dated to now.
func (c *Cache) Heal(ctx context.Context, k Key) (healed bool, err error) {
	t, found, err := c.Token(ctx, k)
	if err != nil || !found || !t.Odd {
		return false, err
	}
	return c.Store.Update(ctx, c.target(k), func(old []byte) ([]byte, error) {
		t, err := parseToken(old)
		if err != nil || !t.Odd || !storable(t.ExpiresAt) {
			return old, nil
		}
		return t.encode(foreign(old, t)), nil
	})
}

// RemoveToken removes the token of a key and reports whether there was one. It
// does not tell the service.
func (c *Cache) RemoveToken(ctx context.Context, k Key) (existed bool, err error) {
	return c.Store.Remove(ctx, c.TokenPath(k))
}

// TokenPath returns the path of the token file of a key, whether the file
// exists or not.
func (c *Cache) TokenPath(k Key) string { return filepath.Join(c.Dir, k.File()) }

func (c *Cache) target(k Key) safefile.Target {
	return safefile.Target{Path: c.TokenPath(k), Secret: true}
}

// shared reports whether other users have any right to a file.
func shared(info fs.FileInfo) bool { return runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 }

// parseToken reads the content of a token file.
func parseToken(data []byte) (Token, error) {
	p, err := parse(data)
	if err != nil {
		return Token{}, err
	}
	t := Token{
		StartURL:     p.text(keyStartURL),
		Region:       p.text(keyRegion),
		AccessToken:  p.text(keyAccessToken),
		ClientID:     p.text(keyClientID),
		ClientSecret: p.text(keyClientSecret),
		RefreshToken: p.text(keyRefreshToken),
		Odd:          !p.clean,
	}
	if t.AccessToken == "" {
		return Token{}, errors.New("it has no access token")
	}
	for _, key := range tokenKeys {
		if raw := p.raw(key); raw != nil && raw[0] != '"' {
			t.Odd = true
		}
	}
	for key, at := range map[string]*time.Time{keyExpiresAt: &t.ExpiresAt, keyRegistrationExpiresAt: &t.RegistrationExpiresAt} {
		text := p.text(key)
		*at = ParseTime(text)
		t.Odd = t.Odd || text != "" && !portable(text)
	}
	return t, nil
}

// encode returns the file of a token, with the members of other tools at the
// end.
func (t Token) encode(others []member) []byte {
	var members []member
	add := func(key, value string) {
		if value != "" {
			members = append(members, member{key, value})
		}
	}
	add(keyStartURL, t.StartURL)
	add(keyRegion, t.Region)
	add(keyAccessToken, t.AccessToken)
	add(keyExpiresAt, formatTime(t.ExpiresAt))
	add(keyClientID, t.ClientID)
	add(keyClientSecret, t.ClientSecret)
	if storable(t.RegistrationExpiresAt) {
		add(keyRegistrationExpiresAt, formatTime(t.RegistrationExpiresAt))
	}
	add(keyRefreshToken, t.RefreshToken)
	return spaced.object(append(members, others...))
}

// foreign returns what other tools keep in the file of this login: all members
// but a token's own, and no nulls. The name of a session outlives its start
// URL, and what belonged to the old one must not pass to the new.
func foreign(old []byte, t Token) []member {
	p, err := parse(old)
	if err != nil || p.text(keyAccessToken) == "" || p.text(keyStartURL) != t.StartURL || p.text(keyRegion) != t.Region {
		return nil
	}
	return slices.DeleteFunc(p.members, func(m member) bool {
		return slices.Contains(tokenKeys, m.key) || string(p.raw(m.key)) == "null"
	})
}

// String returns a description of the token without its secrets.
func (t Token) String() string {
	renewable := ""
	if t.RefreshToken != "" {
		renewable = ", with a refresh token"
	}
	return fmt.Sprintf("token of %q in %s until %s%s", t.StartURL, t.Region, shown(t.ExpiresAt), renewable)
}

// Format prints [Token.String], whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, t.String()) }

// MarshalJSON encodes [Token.String]; only PutToken writes secrets.
func (t Token) MarshalJSON() ([]byte, error) { return appendString(nil, t.String()), nil }

func shown(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return formatTime(t)
}
