package resolve

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// session is what all portals of one session share, at whatever endpoint: its
// pace, and for each way to a refresh its token.
type session struct {
	pace   *wire.Pace
	tokens map[*wire.Wire]portal.TokenSource
	ended  error // there is no login; guarded by Plan.mu
}

// portalKey tells apart the portals of sessions, and the ways to them and to
// their tokens.
type portalKey struct {
	session      sessionKey
	wire, tokens *wire.Wire
}

// sessionPortal is the portal of one session at one endpoint.
type sessionPortal struct {
	session *session
	client  *portal.Client
	service *service
	err     error // the region makes no client
}

func (p *Plan) portal(s *credentialSet) *sessionPortal {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := s.assignment.Session
	key := portalKey{keyOf(of), s.at.portal, s.at.tokens}
	if known := p.portals[key]; known != nil {
		return known
	}
	if p.sessions[key.session] == nil {
		p.sessions[key.session] = &session{pace: wire.NewPace(), tokens: map[*wire.Wire]portal.TokenSource{}}
	}
	sp := &sessionPortal{session: p.sessions[key.session]}
	tokens := sp.session.tokens
	setting := p.sessionPlace(of, s.profile)
	if tokens[key.tokens] == nil {
		tokens[key.tokens] = p.tokens(key.tokens, of, setting)
	}
	p.portals[key] = sp
	w := key.wire
	cfg, err := w.Config(wire.Portal, of.Region, nil)
	if err != nil {
		sp.err = err
		return sp
	}
	sp.service = p.newService(wire.Portal, w, cfg, setting)
	sp.client, sp.err = portal.New(w, of.Region, sp.session.pace, tokens[key.tokens])
	return sp
}

// tokens returns the token source of a session. setting says where its region
// is set.
func (p *Plan) tokens(w *wire.Wire, of portal.Session, setting string) portal.TokenSource {
	source := p.resolver.Tokens(w, of)
	cfg, err := w.Config(wire.OIDC, of.Region, nil)
	if err != nil {
		return source // the portal has no client either
	}
	return refreshing{source, p.newService(wire.OIDC, w, cfg, setting)}
}

// refreshing is a token source that asks a service of its own, not the portal.
type refreshing struct {
	source portal.TokenSource
	oidc   *service
}

// Token is part of [portal.TokenSource].
func (r refreshing) Token(ctx context.Context) (string, error) {
	token, err := r.source.Token(ctx)
	return token, r.told(ctx, err)
}

// Renew is part of [portal.TokenSource].
func (r refreshing) Renew(ctx context.Context, refused string) (string, error) {
	token, err := r.source.Renew(ctx, refused)
	return token, r.told(ctx, err)
}

func (r refreshing) told(ctx context.Context, err error) error {
	if !wire.Unconnected(err) {
		return err
	}
	return &unreached{r.oidc.unconnected(ctx, err)}
}

// sessionPlace says where the region of a session is set. profile is one that
// reaches it; nil: none is known.
func (p *Plan) sessionPlace(s portal.Session, profile *awsconfig.Profile) string {
	if section, ok := p.resolver.Config.Session(s.Name); ok && s.Name != "" {
		return setting("sso_region", "sso-session "+s.Name, section)
	}
	if profile == nil {
		return "sso_region"
	}
	return setting("sso_region", "profile "+profile.Name, profile)
}

// roleCredentials returns the credentials of an assignment, from the cache if
// there is one, else from the portal.
func (p *Plan) roleCredentials(ctx context.Context, s *credentialSet) (aws.Credentials, error) {
	ask := func(ctx context.Context) (aws.Credentials, string, error) { return p.askPortal(ctx, s) }
	if p.resolver.Roles == nil {
		got, _, err := ask(ctx)
		return got, err
	}
	of := s.assignment.Session
	return p.resolver.Roles.RoleCredentials(ctx, tokencache.Role{
		Session: of.Key(), StartURL: of.StartURL, Region: of.Region, AccountID: s.assignment.AccountID, Name: s.assignment.RoleName,
	}, p.resolver.ValidFor, ask)
}

// askPortal asks the portal, unless the session is known to be over: then
// nobody asks again.
func (p *Plan) askPortal(ctx context.Context, s *credentialSet) (got aws.Credentials, token string, err error) {
	a := s.assignment
	sp := p.portal(s)
	if err := p.endOf(sp); err != nil {
		return aws.Credentials{}, "", err
	}
	err = sp.service.call(ctx, func(ctx context.Context) (err error) {
		got, token, err = sp.client.RoleCredentials(ctx, a.AccountID, a.RoleName)
		return err
	})
	switch fault.KindOf(err) {
	case fault.Login:
		err = p.end(ctx, sp.session, err)
	case fault.Denied:
		err = denied(a, err)
	}
	return got, token, err
}

func (p *Plan) endOf(sp *sessionPortal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if sp.session.ended != nil {
		return sp.session.ended
	}
	return sp.err
}

// end remembers that a session has no login, and tells it once. The error says
// what is the matter with the session, whichever role was asked for.
func (p *Plan) end(ctx context.Context, s *session, err error) error {
	var cause *fault.Error
	if errors.As(errors.Unwrap(err), &cause) {
		err = cause
	}
	p.mu.Lock()
	first := s.ended == nil
	if first {
		s.ended = err
	}
	err = s.ended
	p.mu.Unlock()
	if first {
		p.notify(ctx, err)
	}
	return err
}

// denied says what 403 means here: the token is good, the assignment is not.
func denied(a Assignment, err error) error {
	f := fault.Newf(fault.Denied, "role %q is not assigned to you in account %s", a.RoleName, a.AccountID)
	var answered *fault.Error
	if errors.As(err, &answered) {
		f.Why = answered.Why
	}
	f.Err = err
	return f
}
