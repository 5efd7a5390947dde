package oidc

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"aws-sso-plugins/pkg/tokencache"
)

// Refresh trades a refresh token for another access token (RFC 6749 6), with
// the client that the login was made with. The refresh token is spent by it:
// two processes that refresh at once spend it twice, so the caller holds a
// lock. Where the grant has no refresh token, the old one stays good.
//
// [ErrInvalidGrant] says that the refresh token is spent or the session over,
// [ErrInvalidClient] that the registration is.
func (c *Client) Refresh(ctx context.Context, r tokencache.Registration, refreshToken string) (Grant, error) {
	return c.token(ctx, r, &ssooidc.CreateTokenInput{GrantType: aws.String(grantRefresh), RefreshToken: &refreshToken})
}
