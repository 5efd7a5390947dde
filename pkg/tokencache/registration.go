package tokencache

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"aws-sso-plugins/pkg/safefile"
)

// Registration is this client as Identity Center knows it. It is good for
// about 90 days and for one flow. Like a [Token] it hides its secret.
type Registration struct {
	ClientID     string
	ClientSecret string
	ExpiresAt    time.Time // zero: unknown, take it as expired
	Scopes       []string  // empty: none were asked for
	GrantTypes   []string  // empty: the service's default, which is the device code
}

// Flow is a way to log in, by the name that OAuth gives to its grant.
type Flow string

// The flows. A registration for one does not serve for the other.
const (
	AuthorizationCode Flow = "authorization_code"
	DeviceCode        Flow = "device_code"
)

// Flow returns the flow that the registration is for. AWS refuses one that asks
// for both.
func (r Registration) Flow() Flow {
	if slices.Contains(r.GrantTypes, string(AuthorizationCode)) {
		return AuthorizationCode
	}
	return DeviceCode
}

// RegistrationKey says what a registration was made for.
type RegistrationKey struct {
	Region      string
	StartURL    string   // as configured
	SessionName string   // empty: a legacy profile
	Scopes      []string // in the order of the config; nil and empty are two keys
	Flow        Flow
}

// file returns the name of the file in [Cache.Dir]. It is never one of the AWS
// CLI's, whose tool is "botocore": before 2.22 that does not look what a
// registration is for, and would use one for the wrong flow.
func (k RegistrationKey) file() string { return k.fileOf("aws-sso-plugins " + string(k.Flow)) }

// fileOf returns the name that a tool gives the file: the AWS CLI's hash of the
// key.
func (k RegistrationKey) fileOf(tool string) string {
	var session any // null
	if k.SessionName != "" {
		session = k.SessionName
	}
	return hashed(spaced.object([]member{
		{"region", k.Region}, {"scopes", k.Scopes}, {"session_name", session}, {"startUrl", k.StartURL}, {"tool", tool},
	}))
}

// Registration reads a registration, as [Cache.Token] does a token. It is
// returned whether or not it is still valid.
func (c *Cache) Registration(ctx context.Context, k RegistrationKey) (Registration, bool, error) {
	return load(ctx, c, filepath.Join(c.Dir, k.file()), parseRegistration)
}

// PutRegistration writes a registration. One without an id, a secret or an
// expiry is refused.
func (c *Cache) PutRegistration(ctx context.Context, k RegistrationKey, r Registration) error {
	switch {
	case r.ClientID == "" || r.ClientSecret == "":
		return refuse("client registration", "the answer has no client id or no client secret")
	case !storable(r.ExpiresAt):
		return refuse("client registration", "the answer says nothing sensible about when it expires")
	}
	target := safefile.Target{Path: filepath.Join(c.Dir, k.file()), Secret: true}
	if err := safefile.CheckPrivate(target.Path); err != nil {
		return err
	}
	_, err := c.Store.Update(ctx, target, func([]byte) ([]byte, error) { return r.encode(), nil })
	return err
}

// RemoveRegistration removes a registration and reports whether there was one.
// It is for one that the service does not know any more.
func (c *Cache) RemoveRegistration(ctx context.Context, k RegistrationKey) (existed bool, err error) {
	return c.Store.Remove(ctx, filepath.Join(c.Dir, k.file()))
}

func parseRegistration(data []byte) (Registration, error) {
	p, err := parse(data)
	if err != nil {
		return Registration{}, err
	}
	r := Registration{
		ClientID:     p.text("clientId"),
		ClientSecret: p.text("clientSecret"),
		Scopes:       p.texts("scopes"),
		GrantTypes:   p.texts("grantTypes"),
	}
	if r.ClientID == "" || r.ClientSecret == "" {
		return Registration{}, errors.New("it has no client id or no client secret")
	}
	r.ExpiresAt = ParseTime(p.text("expiresAt"))
	return r, nil
}

func (r Registration) encode() []byte {
	members := []member{{"clientId", r.ClientID}, {"clientSecret", r.ClientSecret}, {"expiresAt", formatTime(r.ExpiresAt)}}
	if len(r.Scopes) > 0 {
		members = append(members, member{"scopes", r.Scopes})
	}
	if len(r.GrantTypes) > 0 {
		members = append(members, member{"grantTypes", r.GrantTypes})
	}
	return spaced.object(members)
}

// String names the flow and the expiry, and no secret.
func (r Registration) String() string {
	flow := "browser"
	if r.Flow() == DeviceCode {
		flow = "device code"
	}
	return flow + " client until " + shown(r.ExpiresAt)
}

// Format prints [Registration.String], whatever the verb.
func (r Registration) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, r.String()) }

// MarshalJSON encodes [Registration.String]; only PutRegistration writes the
// secret.
func (r Registration) MarshalJSON() ([]byte, error) { return appendString(nil, r.String()), nil }
