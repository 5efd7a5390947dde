package portal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// RoleCredentials returns temporary credentials of role in the account, a 12 digit
// id
// (https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html).
// They are kept nowhere. accessToken is the token that the portal answered to.
//
// The fault is of kind Denied where the person has no such assignment, Login
// where the session is over, Reply where the portal gave no whole credentials,
// else as [wire.Fault] has it.
func (c *Client) RoleCredentials(ctx context.Context, account, role string) (
	credentials aws.Credentials, accessToken string, err error,
) {
	out, err := call(ctx, c.tokens, func(token string) (*sso.GetRoleCredentialsOutput, error) {
		accessToken = token
		return c.sso.GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{
			AccessToken: &token, AccountId: &account, RoleName: &role,
		})
	})
	if err != nil {
		return aws.Credentials{}, "", credentialsFault(err, account, role)
	}
	given := out.RoleCredentials // whole, see complete
	if !wire.Carries(*given.AccessKeyId, *given.SecretAccessKey, *given.SessionToken) {
		return aws.Credentials{}, "", fault.New(fault.Reply, fmt.Sprintf("no credentials for role %q in account %s", role, account),
			"the portal sent keys with characters that HTTP cannot carry")
	}
	credentials = aws.Credentials{
		AccessKeyID:     *given.AccessKeyId,
		SecretAccessKey: *given.SecretAccessKey,
		SessionToken:    *given.SessionToken,
		Source:          "IAM Identity Center",
		AccountID:       account,
	}
	if given.Expiration > 0 { // milliseconds since 1970
		credentials.CanExpire, credentials.Expires = true, time.UnixMilli(given.Expiration)
	}
	return credentials, accessToken, nil
}

// credentialsFault returns the fault of a failed call. The portal answers 403 for
// an assignment that there never was, and 404 for one that is gone.
func credentialsFault(err error, account, role string) error {
	f := wire.Fault(err, "no credentials for role %q in account %s", role, account)
	var answered *fault.Error
	if wire.Code(err) == "ResourceNotFoundException" && errors.As(f, &answered) {
		answered.Kind = fault.Denied
	}
	return f
}
