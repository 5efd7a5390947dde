// Package oidc speaks the IAM Identity Center OIDC protocol: it registers a
// client, sends a person through one of two flows and comes back with an
// access token.
//
//   - The authorization code flow with PKCE (RFC 6749 4.1, RFC 7636), for a
//     native app with a loopback redirect (RFC 8252): [Listen], [Client.RegisterBrowser],
//     [Client.Authorize], [Authorization.Wait].
//   - The device code flow (RFC 8628): [Client.RegisterDevice],
//     [Client.StartDevice], [Client.WaitDevice].
//
// [Client.Refresh] trades a refresh token for another access token, without a
// person.
//
// The service speaks JSON bodies instead of forms and has names of its own for
// some parameters; its API is documented at
// https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/. The
// package opens no browser, prints nothing and writes no file: which flow is
// right, and where a token is kept, its caller knows.
//
// Values with a secret in them ([Grant], [tokencache.Registration], [DeviceCode],
// [Authorization]) print without it, whatever the verb.
package oidc

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// Client asks the OIDC service of one region. It is safe for concurrent use.
type Client struct {
	// Now returns the wall clock's time, from which expiries are counted;
	// nil: time.Now. It must not change once the client is in use.
	Now func() time.Time

	sdk *ssooidc.Client
}

// New returns a client of the OIDC service in region, which is the session's
// sso_region. A region that cannot be one is a fault of kind Config.
func New(w *wire.Wire, region string) (*Client, error) {
	cfg, err := w.Config(wire.OIDC, region, nil)
	if err != nil {
		return nil, err
	}
	return &Client{sdk: ssooidc.NewFromConfig(cfg)}, nil
}

// For returns the client that a session with this start URL needs. Portals under
// .app.aws are reached by IPv6 and IPv4, and a code that the IPv4 endpoint gave
// out leads to a page that does not know them, so their client uses the
// dual-stack endpoint. An endpoint that the user gave stays as it is.
func (c *Client) For(startURL string) *Client {
	u, err := url.Parse(startURL)
	o := c.sdk.Options()
	if err != nil || o.BaseEndpoint != nil || !strings.HasSuffix(u.Hostname(), ".app.aws") {
		return c
	}
	o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	return &Client{Now: c.Now, sdk: ssooidc.New(o)}
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// authorizeURL returns the login page that the browser opens. The service has no
// operation for it, so it is built from the endpoint that the operations use: the
// region's, a FIPS or dual-stack variant of it, or the user's own.
func (c *Client) authorizeURL(ctx context.Context) (*url.URL, error) {
	o := c.sdk.Options()
	endpoint, err := o.EndpointResolverV2.ResolveEndpoint(ctx, ssooidc.EndpointParameters{
		Region:       &o.Region,
		Endpoint:     o.BaseEndpoint,
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	}.WithDefaults())
	if err != nil {
		return nil, fault.Annotate(err, "no login page for region %q", o.Region).OrKind(fault.Config)
	}
	return endpoint.URI.JoinPath("authorize"), nil
}
