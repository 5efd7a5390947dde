package oidc

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/tokencache"
)

// The grant types of the browser flow, as they are registered. A client that
// is registered with these cannot use the device code flow, and one registered
// for both is refused.
const (
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
)

// DefaultScope is what listing accounts and getting role credentials takes. A
// login with it gets a refresh token.
const DefaultScope = "sso:account:access"

// callbackPath is where the browser comes back to. The registered address has
// no port: AWS takes any port of 127.0.0.1 for it (RFC 8252 7.3).
const (
	callbackPath       = "/oauth/callback"
	registeredRedirect = "http://127.0.0.1" + callbackPath
)

// RegisterDevice registers a client for the device code flow
// (https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_RegisterClient.html).
// name is shown to the person who approves the login; scopes may be empty, and
// the login then gets no refresh token. A refusal is a fault of kind Login.
func (c *Client) RegisterDevice(ctx context.Context, name string, scopes []string) (tokencache.Registration, error) {
	return c.register(ctx, &ssooidc.RegisterClientInput{ClientName: &name, Scopes: scopes})
}

// RegisterBrowser registers a client for the authorization code flow with
// PKCE, for the portal at startURL. name is shown to the person who approves
// the login; without scopes it is [DefaultScope]. A refusal is a fault of kind
// Login.
func (c *Client) RegisterBrowser(ctx context.Context, name, startURL string, scopes []string) (tokencache.Registration, error) {
	return c.register(ctx, &ssooidc.RegisterClientInput{
		ClientName:   &name,
		Scopes:       orDefault(scopes),
		GrantTypes:   []string{grantCode, grantRefresh},
		RedirectUris: []string{registeredRedirect},
		IssuerUrl:    &startURL,
	})
}

func orDefault(scopes []string) []string {
	if len(scopes) == 0 {
		return []string{DefaultScope}
	}
	return scopes
}

func (c *Client) register(ctx context.Context, in *ssooidc.RegisterClientInput) (tokencache.Registration, error) {
	const what = "cannot register with IAM Identity Center"
	in.ClientType = aws.String("public")
	out, err := c.sdk.RegisterClient(ctx, in)
	if err != nil {
		return tokencache.Registration{}, explain(err, what)
	}
	r := tokencache.Registration{
		ClientID: aws.ToString(out.ClientId), ClientSecret: aws.ToString(out.ClientSecret),
		Scopes: slices.Clone(in.Scopes), GrantTypes: slices.Clone(in.GrantTypes),
	}
	if r.ClientID == "" || r.ClientSecret == "" {
		return tokencache.Registration{}, fault.New(fault.Reply, what, "AWS answered without a client id or secret")
	}
	if out.ClientSecretExpiresAt > 0 {
		r.ExpiresAt = time.Unix(out.ClientSecretExpiresAt, 0).UTC()
	}
	return r, nil
}
