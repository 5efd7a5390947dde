package probe

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/wire"
)

// caller is what STS said of credentials.
type caller struct {
	account, arn, userID string
	latency              time.Duration // 0: no answer
	err                  error         // of the credentials or of STS
}

// whoami asks the STS of a target whose its credentials are.
func whoami(ctx context.Context, t *resolve.Target, credentials aws.Credentials) caller {
	var c caller
	service, err := t.STS()
	if err != nil {
		return caller{err: err}
	}
	c.err = service.Call(ctx, func(ctx context.Context, client *sts.Client) error {
		start := time.Now()
		out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, resolve.With(credentials), measured)
		if err != nil {
			if wire.Status(err) != 0 {
				c.latency = max(time.Since(start), 1)
			}
			return t.STSFault(err)
		}
		took, _ := out.ResultMetadata.Get(attemptTime{}).(time.Duration)
		c.latency = max(took, 1)
		c.account, c.arn, c.userID = aws.ToString(out.Account), aws.ToString(out.Arn), aws.ToString(out.UserId)
		return nil
	})
	return c
}

func measured(o *sts.Options) { o.APIOptions = append(o.APIOptions, timeAttempts) }

// timeAttempts notes how long the last attempt of a call took: what was waited
// before it, for the pace or after a fault, is not STS's latency.
func timeAttempts(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("TimeAttempts", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		start := time.Now()
		out, metadata, err := next.HandleDeserialize(ctx, in)
		metadata.Set(attemptTime{}, time.Since(start))
		return out, metadata, err
	}), middleware.Before)
}

type attemptTime struct{}

// differs returns the key of the profile that STS contradicts, and how.
func (c caller) differs(t *resolve.Target) (key string, err error) {
	switch {
	case c.account != t.AccountID:
		return "sso_account_id", resolve.WithStatus(WrongIdentity, fault.Newf(fault.Identity,
			"the credentials are for account %q, the profile says %q", c.account, t.AccountID))
	case !isReservedRole(c.arn, t.AccountID, t.RoleName):
		return "sso_role_name", resolve.WithStatus(WrongIdentity, fault.Newf(fault.Identity,
			"the credentials are for %q, the profile says role %q", c.arn, t.RoleName))
	}
	return "", nil
}

// isReservedRole reports whether an ARN is of a session of the role that
// Identity Center makes in an account for a permission set:
// arn:aws:sts::ACCOUNT:assumed-role/AWSReservedSSO_NAME_HEX/SESSION.
func isReservedRole(text, account, permissionSet string) bool {
	parts, err := arn.Parse(text)
	if err != nil || parts.Service != "sts" || parts.AccountID != account {
		return false
	}
	resource, ok := strings.CutPrefix(parts.Resource, "assumed-role/AWSReservedSSO_"+permissionSet+"_")
	hex, session, named := strings.Cut(resource, "/")
	return ok && named && session != "" && hex != "" && strings.Trim(hex, "0123456789abcdef") == ""
}
