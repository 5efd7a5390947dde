package resolve

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// STS is the one client for an STS, so that all targets share its connections,
// its pace and its knowledge of the clock. Its credentials come with each call,
// see [With].
type STS struct {
	client  *sts.Client
	service *service
}

// sts returns the client for an STS. profile is one that asks there; nil: none
// is known.
func (p *Plan) sts(at stsAt, profile *awsconfig.Profile) (*STS, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if service := p.services[at]; service != nil {
		return service, nil
	}
	cfg, err := at.wire.Config(wire.STS, at.region, wire.NewPace())
	if err != nil {
		return nil, err
	}
	cfg.APIOptions = append(cfg.APIOptions, wire.Require(complete), p.watchClock)
	service := &STS{sts.NewFromConfig(cfg), p.newService(wire.STS, at.wire, cfg, p.regionPlace(at.region, profile))}
	p.services[at] = service
	return service, nil
}

// complete reports whether the answer of STS holds what it is there for.
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
func (p *Plan) regionPlace(region string, profile *awsconfig.Profile) string {
	switch {
	case profile != nil && profile.Get("region") == region:
		return setting("region", "profile "+profile.Name, profile)
	case p.resolver.Region == region:
		return "AWS_REGION"
	}
	if profile != nil {
		if s, _, _ := SessionOf(p.resolver.Config, profile); s.Name != "" {
			return p.sessionPlace(s, nil)
		}
	}
	return "region " + strconv.Quote(region)
}

// whereRegion says where the region of a target's STS is set, with file and line
// where it is in the config.
func (p *Plan) whereRegion(t *Target) string {
	section, key := placed(t.profile), "region"
	switch {
	case t.profile.Get("region") != "":
	case p.resolver.Region != "":
		return "AWS_REGION"
	default:
		if in, ok := p.resolver.Config.Session(t.Session.Name); ok && t.Session.Name != "" {
			section = in
		}
		key = "sso_region"
	}
	return key + ", " + place(section, key)
}

// Call makes a call of STS. When nobody gets a connection to it all calls end
// soon, those under way too, with a fault of kind Unreachable. do returns
// faults, see [Target.STSFault].
func (s *STS) Call(ctx context.Context, do func(context.Context, *sts.Client) error) error {
	return s.service.call(ctx, func(ctx context.Context) error { return do(ctx, s.client) })
}

// With lends the client the credentials for one call: a client for each
// profile would cost more than the call.
func With(credentials aws.Credentials) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return credentials, nil
		})
	}
}

// deniedCodes are the codes with which STS refuses credentials, or a role, in
// an answer whose HTTP status does not say so.
var deniedCodes = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "ExpiredToken": true, "ExpiredTokenException": true,
	"IDPRejectedClaim": true, "InvalidClientTokenId": true, "InvalidIdentityToken": true,
	"RegionDisabledException": true, "RequestExpired": true, "SignatureDoesNotMatch": true,
}

// stsFault returns the fault of a failed call of STS, as [wire.Fault] has it;
// nil for nil. Its status is [STSDenied] where STS refused.
func stsFault(err error, format string, args ...any) error {
	f := wire.Fault(err, format, args...)
	switch kind := fault.KindOf(f); {
	case kind == fault.Denied, kind == fault.Login, deniedCodes[wire.Code(err)]:
		return &finding{STSDenied, f}
	}
	return f
}

// watchClock tells, once, that the clock of this machine is wrong: AWS refuses
// signatures that are 5 minutes off, and the SDK then corrects them without a
// word.
func (p *Plan) watchClock(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("WatchClock", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		if skew, ok := awsmiddleware.GetAttemptSkew(metadata); ok && err == nil {
			p.noteClock(ctx, skew)
		}
		return out, metadata, err
	}), middleware.After)
}

// noteClock tells a wrong clock, once. skew is how far AWS is ahead.
func (p *Plan) noteClock(ctx context.Context, skew time.Duration) {
	if skew.Abs() <= wire.MaxSkew || p.skewed.Swap(true) {
		return
	}
	p.notify(ctx, wire.WrongClock(skew))
}
