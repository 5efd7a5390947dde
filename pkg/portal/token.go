package portal

import "context"

// TokenSource gives the access token of one session. It is safe for
// concurrent use; pkg/login has the one that reads and refreshes
// ~/.aws/sso/cache.
type TokenSource interface {
	// Token is the token to use now. It may refresh the token first, and never
	// starts a login. Without a token the error is a fault of kind Login.
	Token(ctx context.Context) (string, error)

	// Renew is asked for another token after the portal refused one with 401,
	// by every call that was refused: for one refused token there is one
	// refresh, whose outcome they share. Where no other token can be had the
	// error is a fault of kind Login.
	Renew(ctx context.Context, refused string) (string, error)
}
