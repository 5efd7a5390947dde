// Package resolve turns profiles of the AWS config into credentials, as the
// AWS CLI would: an IAM Identity Center assignment, a role with its
// source_profile, a web identity, access keys or a credential_process.
//
// Everything that needs no call is known from [Resolver.Plan]. The rest is
// fetched when [Target.Credentials] first asks for it: targets that share an
// assignment share one call of GetRoleCredentials, also those that reach it by
// source_profile, and all targets of one session share its token, its pace and
// the news that it has ended.
//
// The environment's credentials and instance metadata are never asked: they
// would answer for a profile that is broken. The AWS CLI's role cache is used
// only through [Resolver.Roles].
package resolve

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// Resolver resolves the profiles of one config. Its fields must not change
// while a plan of it is in use.
type Resolver struct {
	Config *awsconfig.Config
	Wire   *wire.Wire // how AWS is reached where a profile says nothing else

	// NoProfile is how AWS is reached for an assignment without a profile; nil:
	// as Wire says.
	NoProfile *wire.Wire

	// Tokens returns the token source of a session, which refreshes the token by
	// the given way to AWS. It is called once for each session of a plan and way
	// to it, and must never start a login.
	Tokens func(*wire.Wire, portal.Session) portal.TokenSource

	// Roles is the cache of role credentials; nil: every plan asks the portal.
	Roles RoleStore

	// Region is where STS is asked for a profile without a region of its own;
	// empty: in the region of the session that the profile reaches.
	Region string

	// RoleSession is the session name of a role whose profile has no
	// role_session_name. CloudTrail shows it.
	RoleSession string

	// ValidFor is how long credentials that were fetched a while ago must still
	// be valid to be handed out again; else they are fetched anew. Credentials
	// without an end are always valid.
	ValidFor time.Duration

	// AllowProcess allows credential_process commands to run.
	AllowProcess bool

	// IgnoreEndpoints ignores the endpoints that the config has.
	IgnoreEndpoints bool

	// Notify is told what concerns more than one profile, each once in a plan:
	// a session without a login (a fault of kind Login), a service without a
	// connection (Unreachable), a wrong clock (Notice).
	// Several goroutines may call it at once. Nil: nobody is told.
	Notify func(error)

	// Now returns the time that expiries are compared with; nil: time.Now.
	Now func() time.Time
}

// RoleStore keeps role credentials between runs. It is safe for concurrent use.
type RoleStore interface {
	// RoleCredentials returns the credentials of a role: those it has, if they
	// are valid for at least validFor, and else those that fetch returns, which
	// it may keep. accessToken is the one that the portal gave them for. An
	// error of fetch is returned as it is. Callers that want the same role at
	// once share one fetch.
	RoleCredentials(ctx context.Context, role tokencache.Role, validFor time.Duration,
		fetch func(context.Context) (credentials aws.Credentials, accessToken string, err error),
	) (aws.Credentials, error)
}

// Plan is what a Resolver knows of profiles without asking anybody, and what
// their targets share. It is safe for concurrent use.
type Plan struct {
	resolver *Resolver
	targets  []*Target

	mu       sync.Mutex
	sessions map[sessionKey]*session
	portals  map[portalKey]*sessionPortal
	services map[stsAt]*STS
	skewed   atomic.Bool // the user was told that the clock is wrong
}

func (r *Resolver) newPlan() *Plan {
	return &Plan{
		resolver: r, sessions: map[sessionKey]*session{}, portals: map[portalKey]*sessionPortal{}, services: map[stsAt]*STS{},
	}
}

// Targets returns a target for each name, in the order of the names.
func (p *Plan) Targets() []*Target { return p.targets }

func (p *Plan) now() time.Time {
	if p.resolver.Now != nil {
		return p.resolver.Now()
	}
	return time.Now()
}

// notify tells what concerns more than one profile.
func (p *Plan) notify(ctx context.Context, err error) {
	if p.resolver.Notify != nil && ctx.Err() == nil {
		p.resolver.Notify(err)
	}
}
