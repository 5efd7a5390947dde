// Package portal asks the IAM Identity Center access portal what a person may
// do: the accounts and roles assigned, and credentials for one of them.
//
// Every call carries the access token of one session, from a [TokenSource],
// and shares the session's pace. The portal's API is documented at
// https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/.
//
// Half an answer is never passed off as a whole one: replies that are empty or
// lack what they should hold are faults, and what could not be listed is named.
package portal

import (
	"context"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sso/types"

	"aws-sso-plugins/pkg/wire"
)

// Client asks for one session. It is safe for concurrent use; one client
// serves all workers of a run, so that they share its pace.
type Client struct {
	sso    *sso.Client
	tokens TokenSource
	pace   *wire.Pace
}

// New returns a client of the portal in region, the sso_region of the session
// whose tokens it uses. Clients of one session share its pace. A region that
// cannot be one is a fault of kind Config.
func New(w *wire.Wire, region string, pace *wire.Pace, tokens TokenSource) (*Client, error) {
	cfg, err := w.Config(wire.Portal, region, pace)
	if err != nil {
		return nil, err
	}
	cfg.APIOptions = append(cfg.APIOptions, wire.Require(complete))
	return &Client{sso: sso.NewFromConfig(cfg), tokens: tokens, pace: pace}, nil
}

// complete reports whether the portal's answer holds what it is there for. An
// account without roles is `{"roleList":[]}`; without a list, or with entries
// none of which names anything, nobody knows.
func complete(output any) bool {
	switch out := output.(type) {
	case *sso.ListAccountsOutput:
		return hasOrIsEmpty(out.AccountList, func(a types.AccountInfo) *string { return a.AccountId })
	case *sso.ListAccountRolesOutput:
		return hasOrIsEmpty(out.RoleList, func(r types.RoleInfo) *string { return r.RoleName })
	case *sso.GetRoleCredentialsOutput:
		c := out.RoleCredentials
		return c != nil && aws.ToString(c.AccessKeyId) != "" && aws.ToString(c.SecretAccessKey) != "" &&
			aws.ToString(c.SessionToken) != ""
	}
	return true
}

func hasOrIsEmpty[T any](list []T, name func(T) *string) bool {
	named := func(entry T) bool { return aws.ToString(name(entry)) != "" }
	return list != nil && (len(list) == 0 || slices.ContainsFunc(list, named))
}

// Throttled says how many calls a second the portal lets through at the
// moment (0: no limit was met) and how often it refused one for that.
func (c *Client) Throttled() (rate float64, refused int) { return c.pace.Rate() }

// maxRenewals is how often a call gets another token in place of one that the
// portal refused. The first may have been replaced by another program in the
// same moment.
const maxRenewals = 2

// tokenError is a call that was not made for want of a token: what is wrong
// is wrong for every call of the session.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// call makes a call with the current token, and again with another if the
// portal does not know this one: it may have been revoked or refreshed by
// another program long before the time that stands in its file.
func call[T any](ctx context.Context, tokens TokenSource, do func(token string) (T, error)) (T, error) {
	var none T
	token, err := tokens.Token(ctx)
	if err != nil {
		return none, &tokenError{err}
	}
	out, err := do(token)
	for range maxRenewals {
		if wire.Status(err) != http.StatusUnauthorized {
			break
		}
		if token, err = tokens.Renew(ctx, token); err != nil {
			return none, &tokenError{err}
		}
		out, err = do(token)
	}
	return out, err
}
