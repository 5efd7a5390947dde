package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/tokencache"
)

// loginTimeout is how long a login in the browser may take.
const loginTimeout = 10 * time.Minute

// Authorization is a login under way in a browser. [Authorization.Wait] ends
// it.
type Authorization struct {
	// URL is where the browser must go. It has the state in it, so it is for
	// the browser and, where none opens, for the person; never for a log.
	URL string

	// ExpiresAt is when waiting ends, ten minutes after the beginning.
	ExpiresAt time.Time

	client       *Client
	session      string
	registration tokencache.Registration
	callback     *Callback
	verifier     string
}

// String returns until when the login lasts, and no secret.
func (a *Authorization) String() string {
	return "login until " + a.ExpiresAt.UTC().Format(time.RFC3339)
}

// Format prints [Authorization.String], whatever the verb.
func (a *Authorization) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, a.String()) }

// Authorize begins the authorization code flow with PKCE (RFC 7636, method
// S256) for a client of [Client.RegisterBrowser]. State and verifier are new
// each time, 256 bits each. session is what the browser's last page calls the
// login; it may be empty. Without scopes it is [DefaultScope].
func (c *Client) Authorize(ctx context.Context, r tokencache.Registration, cb *Callback, session string, scopes []string) (*Authorization, error) {
	u, err := c.authorizeURL(ctx)
	if err != nil {
		return nil, err
	}
	state, verifier := secret(), secret()
	u.RawQuery = url.Values{
		"response_type": {"code"},
		"client_id":     {r.ClientID},
		"redirect_uri":  {cb.redirectURI()},
		"state":         {state},
		// RFC 6749 calls it scope; Identity Center reads scopes.
		"scopes":                {strings.Join(orDefault(scopes), " ")},
		"code_challenge_method": {"S256"},
		"code_challenge":        {challenge(verifier)},
	}.Encode()
	cb.expect(state)
	return &Authorization{
		URL: u.String(), ExpiresAt: time.Now().Add(loginTimeout),
		client: c, session: session, registration: r, callback: cb, verifier: verifier,
	}, nil
}

// Wait returns when the browser has come back and its code has been exchanged
// for a token, when the time is up, or when ctx is done. Only after the
// exchange the browser is told how it ended, and the port is closed. It is
// called once.
//
// The faults: [ErrDenied], [ErrExpired], [ErrInvalidGrant], [ErrInvalidClient],
// [ErrNoToken]; kind Canceled when ctx was.
func (a *Authorization) Wait(ctx context.Context) (Grant, error) {
	defer a.callback.Close()
	got, err := a.callback.wait(ctx, a.ExpiresAt)
	if err != nil {
		return Grant{}, err
	}
	g, err := a.exchange(ctx, got)
	if err != nil {
		got.show(pageFailed(a.session))
		return Grant{}, err
	}
	got.show(pageDone(a.session))
	return g, nil
}

func (a *Authorization) exchange(ctx context.Context, got answer) (Grant, error) {
	if got.denial != "" {
		return Grant{}, denied(got)
	}
	return a.client.token(ctx, a.registration, &ssooidc.CreateTokenInput{
		GrantType: aws.String(grantCode), Code: &got.code, CodeVerifier: &a.verifier, RedirectUri: aws.String(a.callback.redirectURI()),
	})
}

// denied returns the fault of a login page that answered with an error instead of
// a code (RFC 6749 4.1.2.1).
func denied(got answer) error {
	f := fault.New(fault.Login, "", fmt.Sprintf("the login page answered %.80q", got.denial))
	if got.denial == "access_denied" {
		f.Why, f.Err = ErrDenied.Error(), ErrDenied
	}
	if got.denialText != "" {
		f.Why += fmt.Sprintf(" (AWS says %.200q)", got.denialText)
	}
	return f
}

// secret returns 256 random bits as 43 characters that need no escaping
// (RFC 7636 4.1 and 7.1).
func secret() string {
	bits := make([]byte, 32)
	_, _ = rand.Read(bits) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(bits)
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
