package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/wire"
)

// fetch gets the credentials of a set. What the plan could tell without asking
// anybody is told already.
func (p *Plan) fetch(ctx context.Context, s *credentialSet) (aws.Credentials, error) {
	switch s.origin {
	case fromPortal:
		return p.roleCredentials(ctx, s)
	case fromRole:
		return p.assumeRole(ctx, s)
	case fromWebToken:
		return p.assumeRoleWithToken(ctx, s)
	case fromProcess:
		return p.runProcess(ctx, s.profile)
	default:
		return accessKeys(ctx, s.profile)
	}
}

func accessKeys(ctx context.Context, p *awsconfig.Profile) (aws.Credentials, error) {
	value := func(key string) string {
		value, _ := p.LookupIn(keyFile(p), key)
		return value
	}
	return credentials.NewStaticCredentialsProvider(
		value("aws_access_key_id"), value("aws_secret_access_key"),
		cmp.Or(value("aws_security_token"), value("aws_session_token")), // the old name first, as in the AWS CLI
	).Retrieve(ctx)
}

func (p *Plan) assumeRole(ctx context.Context, s *credentialSet) (aws.Credentials, error) {
	profile := s.profile
	base, err := s.source.get(ctx, p)
	if err != nil {
		return aws.Credentials{}, fault.Annotate(err, "source_profile %q", profile.Get("source_profile"))
	}
	service, err := p.sts(s.at.sts, profile)
	if err != nil {
		return aws.Credentials{}, err
	}
	var got aws.Credentials
	err = service.Call(ctx, func(ctx context.Context, client *sts.Client) error {
		lent := lentClient{client, With(base)}
		got, err = stscreds.NewAssumeRoleProvider(lent, profile.Get("role_arn"), func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = cmp.Or(profile.Get("role_session_name"), p.resolver.RoleSession)
			if id, ok := profile.Lookup("external_id"); ok {
				o.ExternalID = &id
			}
			if seconds, err := strconv.Atoi(profile.Get("duration_seconds")); err == nil {
				o.Duration = time.Duration(seconds) * time.Second
			}
		}).Retrieve(ctx)
		return p.blameSource(roleFault(err, profile), s)
	})
	return sent(got, err, profile)
}

// blameSource says what refused credentials of a role's source mean: those that
// the portal just issued do not count in the region, any others are wrong where
// they stand.
func (p *Plan) blameSource(err error, s *credentialSet) error {
	if s.source.origin == fromPortal {
		return s.source.assignment.regionFault(err, s.at.sts.region)
	}
	if !refusedKeys[wire.Code(err)] || s.source.origin == fromRole || s.source.origin == fromWebToken {
		return err
	}
	source, key := s.source.profile, s.source.origin.mainKey()
	return fault.Annotate(&located{err: err, place: key + ", " + place(source, key)},
		"source_profile %q", s.profile.Get("source_profile"))
}

// refusedKeys are the codes with which STS refuses credentials, whatever they
// are for.
var refusedKeys = map[string]bool{
	"ExpiredToken": true, "ExpiredTokenException": true, "InvalidClientTokenId": true, "SignatureDoesNotMatch": true,
}

// sent refuses keys of STS that no further call could use.
func sent(c aws.Credentials, err error, profile *awsconfig.Profile) (aws.Credentials, error) {
	if err == nil && !wire.Carries(c.AccessKeyID, c.SecretAccessKey, c.SessionToken) {
		return aws.Credentials{}, fault.New(fault.Reply, fmt.Sprintf("cannot assume %q", profile.Get("role_arn")),
			"STS sent keys with characters that HTTP cannot carry")
	}
	return c, err
}

func (p *Plan) assumeRoleWithToken(ctx context.Context, s *credentialSet) (aws.Credentials, error) {
	service, err := p.sts(s.at.sts, s.profile)
	if err != nil {
		return aws.Credentials{}, err
	}
	profile := s.profile
	var got aws.Credentials
	err = service.Call(ctx, func(ctx context.Context, client *sts.Client) error {
		token := tokenFile{ctx, profile.Get("web_identity_token_file")}
		got, err = stscreds.NewWebIdentityRoleProvider(client, profile.Get("role_arn"), token, func(o *stscreds.WebIdentityRoleOptions) {
			o.RoleSessionName = cmp.Or(profile.Get("role_session_name"), p.resolver.RoleSession)
		}).Retrieve(ctx)
		var file *fs.PathError
		if errors.As(err, &file) {
			return invalid(profile, "web_identity_token_file", "cannot read %s: %s", fault.Path(file.Path), file.Err)
		}
		return roleFault(err, profile)
	})
	return sent(got, err, profile)
}

// tokenFile reads the file as stscreds.IdentityTokenFile does, with an error that
// can be told apart, and until ctx ends: it may be a pipe.
type tokenFile struct {
	ctx  context.Context
	path string
}

// GetIdentityToken returns the content of the file.
func (f tokenFile) GetIdentityToken() ([]byte, error) {
	return safefile.ReadStream(f.ctx, f.path, maxIdentityToken)
}

// maxIdentityToken is far above the 20,000 characters that STS takes.
const maxIdentityToken = 1 << 20

// roleFault returns a failure to assume the role of a profile.
func roleFault(err error, p *awsconfig.Profile) error {
	if wire.Code(err) == "ValidationError" {
		// the request consists of the profile's keys
		return &finding{InvalidConfig, wire.Fault(err, "STS does not take what the profile says of the role %q", p.Get("role_arn"))}
	}
	return stsFault(err, "cannot assume %q", p.Get("role_arn"))
}

// lentClient is the region's client with credentials of its own.
type lentClient struct {
	client *sts.Client
	option func(*sts.Options)
}

// AssumeRole is what stscreds calls.
func (l lentClient) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, options ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	return l.client.AssumeRole(ctx, in, append(options, l.option)...)
}
