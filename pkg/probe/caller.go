package probe

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// answer is what STS said of credentials.
type answer struct {
	account, arn, userID string
	latency              time.Duration // 0: no answer
	err                  error
}

// key is the key of a profile that a failure of STS points at.
func (a answer) key(u *unit) string {
	if wire.Code(a.err) == "RegionDisabledException" {
		return "region"
	}
	return u.origin.mainKey()
}

// stsOf is one STS.
type stsOf struct {
	client *sts.Client
	route  *route
}

// sts is the one client for an STS, so that all workers share its
// connections and its knowledge of the clock. p is a profile that asks there.
func (r *run) sts(at stsAt, p *awsconfig.Profile) (*stsOf, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if service := r.services[at]; service != nil {
		return service, nil
	}
	w, err := r.Wire.WithEndpoint(wire.STS, "endpoint_url", at.endpoint)
	if err != nil {
		return nil, err
	}
	cfg, err := w.Config(wire.STS, at.region, wire.NewPace())
	if err != nil {
		return nil, err
	}
	cfg.APIOptions = append(cfg.APIOptions, wire.Require(complete), timeAttempts)
	service := &stsOf{client: sts.NewFromConfig(cfg), route: r.newRoute(wire.STS, cfg, at.endpoint, r.regionPlace(at.region, p))}
	r.services[at] = service
	return service, nil
}

// complete says whether the answer of STS holds what it is there for.
func complete(output any) bool {
	switch out := output.(type) {
	case *sts.GetCallerIdentityOutput:
		return aws.ToString(out.Account) != "" && aws.ToString(out.Arn) != ""
	case *sts.AssumeRoleOutput:
		return out.Credentials != nil
	case *sts.AssumeRoleWithWebIdentityOutput:
		return out.Credentials != nil
	}
	return true
}

// regionPlace says where the region of a profile is set.
func (r *run) regionPlace(region string, p *awsconfig.Profile) string {
	switch {
	case p.Get("region") == region:
		return setting("region", "profile "+p.Name, p)
	case r.Region == region:
		return "AWS_REGION"
	}
	name, _ := SessionOf(r.Config, p)
	if s, ok := r.Config.Session(name); ok {
		return setting("sso_region", "sso-session "+s.Name, s)
	}
	return "region " + strconv.Quote(region)
}

// whoami asks GetCallerIdentity.
func (r *run) whoami(at stsAt, credentials aws.Credentials, p *awsconfig.Profile) answer {
	service, err := r.sts(at, p)
	if err != nil {
		return answer{err: err}
	}
	var a answer
	a.err = service.route.call(func(ctx context.Context) error {
		start := time.Now()
		out, err := service.client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, with(credentials))
		if err != nil {
			if wire.Status(err) != 0 {
				a.latency = max(time.Since(start), 1)
			}
			return stsFault(err, "STS in %s", at.region)
		}
		took, _ := out.ResultMetadata.Get(attemptTime{}).(time.Duration)
		a.latency = max(took, 1)
		if skew, ok := awsmiddleware.GetAttemptSkew(out.ResultMetadata); ok {
			r.noteClock(skew)
		}
		a.account, a.arn, a.userID = aws.ToString(out.Account), aws.ToString(out.Arn), aws.ToString(out.UserId)
		return nil
	})
	return a
}

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

// with lends one client the credentials for one call: a client for each
// profile would cost more than the call.
func with(credentials aws.Credentials) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		})
	}
}

// deniedCodes are the codes with which STS refuses credentials, or a role, in
// an answer whose status does not say so.
var deniedCodes = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "ExpiredToken": true, "ExpiredTokenException": true,
	"IDPRejectedClaim": true, "InvalidClientTokenId": true, "InvalidIdentityToken": true,
	"RegionDisabledException": true, "RequestExpired": true, "SignatureDoesNotMatch": true,
}

// stsFault is a failure of STS: what it denies is no matter of the portal, and
// mended by no login.
func stsFault(err error, format string, args ...any) error {
	f := wire.Fault(err, format, args...)
	switch kind := fault.KindOf(f); {
	case kind == fault.Denied, kind == fault.Login, deniedCodes[wire.Code(err)]:
		return &finding{STSDenied, f}
	}
	return f
}

// differs says which key of the profile STS contradicts, and how.
func (a assignment) differs(said answer) (key string, err error) {
	switch {
	case said.account != a.account:
		return "sso_account_id", &finding{WrongIdentity, fault.Newf(fault.Identity,
			"the credentials are for account %q, the profile says %q", said.account, a.account)}
	case !isReservedRole(said.arn, a.account, a.role):
		return "sso_role_name", &finding{WrongIdentity, fault.Newf(fault.Identity,
			"the credentials are for %q, the profile says role %q", said.arn, a.role)}
	}
	return "", nil
}

// isReservedRole says whether an ARN is of a session of the role that Identity
// Center makes in an account for a permission set:
// arn:aws:sts::ACCOUNT:assumed-role/AWSReservedSSO_NAME_HEX/SESSION.
func isReservedRole(arn, account, permissionSet string) bool {
	parts := splitARN(arn)
	if parts == nil || parts[2] != "sts" || parts[4] != account {
		return false
	}
	resource, ok := strings.CutPrefix(parts[5], "assumed-role/AWSReservedSSO_"+permissionSet+"_")
	hex, session, named := strings.Cut(resource, "/")
	return ok && named && session != "" && hex != "" && strings.Trim(hex, "0123456789abcdef") == ""
}

// splitARN cuts arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE; nil for a text
// that is none.
func splitARN(arn string) []string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return nil
	}
	return parts
}
