package oidc

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// Grant is the result of a login or a refresh: an access token.
type Grant struct {
	AccessToken string

	// RefreshToken may be empty. After a refresh that means that the old one
	// goes on being good (RFC 6749 6).
	RefreshToken string

	// ExpiresAt is when the access token expires, at most [MaxLifetime] from now.
	// It is counted from the server's Date where that is more than two
	// minutes away from the clock here, else from the clock.
	ExpiresAt time.Time

	// Lifetime is how long the access token lives from now. It holds whatever
	// the clock says.
	Lifetime time.Duration

	// Skew is how far the server's clock is ahead of the one here (negative:
	// behind), 0 where it is two minutes or less, or where the server did not say.
	Skew time.Duration

	// Capped says that AWS named a lifetime beyond MaxLifetime.
	Capped bool
}

// MaxLifetime is the longest session that Identity Center can be set to. A token
// said to live longer is taken to live that long.
const MaxLifetime = 90 * 24 * time.Hour

// String returns when the token expires, and no secret.
func (g Grant) String() string {
	return "grant until " + g.ExpiresAt.UTC().Format(time.RFC3339)
}

// Format prints String, whatever the verb.
func (g Grant) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, g.String()) }

// token makes a CreateToken call as the registered client.
func (c *Client) token(ctx context.Context, r tokencache.Registration, in *ssooidc.CreateTokenInput) (Grant, error) {
	in.ClientId, in.ClientSecret = &r.ClientID, &r.ClientSecret
	out, err := c.sdk.CreateToken(ctx, in)
	if err != nil {
		return Grant{}, explain(err, "")
	}
	server, _ := awsmiddleware.GetServerTime(out.ResultMetadata)
	return grantOf(out, c.now(), server)
}

// grantOf checks that an answer has what a token must have. The SDK accepts {} as
// an answer: no token, and a lifetime of 0.
func grantOf(out *ssooidc.CreateTokenOutput, now, server time.Time) (Grant, error) {
	no := func(why string) error {
		return &fault.Error{Kind: fault.Login, Why: why, Err: ErrNoToken}
	}
	switch {
	case aws.ToString(out.AccessToken) == "":
		return Grant{}, no("AWS answered without an access token")
	case !wire.Carries(*out.AccessToken):
		return Grant{}, fault.New(fault.Reply, "", "AWS sent an access token with characters that HTTP cannot carry")
	case out.ExpiresIn <= 0:
		return Grant{}, no(fmt.Sprintf("AWS gave an access token that has already expired (expiresIn is %d)", out.ExpiresIn))
	}
	g := Grant{AccessToken: *out.AccessToken, RefreshToken: aws.ToString(out.RefreshToken), Skew: skew(now, server)}
	g.Lifetime = time.Duration(out.ExpiresIn) * time.Second
	if g.Lifetime > MaxLifetime {
		g.Lifetime, g.Capped = MaxLifetime, true
	}
	g.ExpiresAt = now.Add(g.Lifetime)
	if g.Skew != 0 {
		g.ExpiresAt = server.Add(g.Lifetime)
	}
	return g, nil
}

func skew(now, server time.Time) time.Duration {
	if server.IsZero() {
		return 0
	}
	if d := server.Sub(now); d.Abs() > wire.MaxSkew {
		return d.Round(time.Second)
	}
	return 0
}
