package resolve

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
)

// credentialSet is one set of credentials. However many targets need it, it is
// fetched once, and again when it is about to expire.
type credentialSet struct {
	origin     origin
	profile    *awsconfig.Profile // the first one; nil for an assignment without one
	at         where              // where the calls for it go
	assignment Assignment         // for fromPortal
	source     *credentialSet     // for fromRole

	users atomic.Int32  // targets and sets that still need the credentials
	turn  chan struct{} // held by the goroutine that fetches; guards the rest

	fetched     time.Time // zero: not yet
	sourceDone  bool      // source was released
	credentials aws.Credentials
	err         error
}

// setKey tells credential sets apart.
type setKey struct {
	origin        origin
	session       sessionKey // with account and role: an assignment
	account, role string
	profile       string // else: a profile
	at            where  // as far as it matters
}

// settled is how long an outcome is shared whatever it is: credentials that
// live shorter than was asked for, and failures.
const settled = time.Minute

// get returns the credentials, fetched now or before, or waits for the
// goroutine that fetches them.
func (s *credentialSet) get(ctx context.Context, p *Plan) (aws.Credentials, error) {
	select {
	case s.turn <- struct{}{}:
	default: // there is something to wait for
		select {
		case s.turn <- struct{}{}:
		case <-ctx.Done():
			return aws.Credentials{}, fault.Wrap(fault.Canceled, ctx.Err(), "credentials were waited for")
		}
	}
	defer func() { <-s.turn }()
	if s.current(p) {
		return s.credentials, s.err
	}
	credentials, err := p.fetch(ctx, s)
	if ctx.Err() != nil {
		return credentials, err // this caller's own end, not the others'
	}
	if s.source != nil && !s.sourceDone {
		s.sourceDone = true
		s.source.release()
	}
	s.fetched, s.credentials, s.err = p.now(), credentials, err
	if s.users.Load() <= 0 {
		s.credentials, s.fetched = aws.Credentials{}, time.Time{}
	}
	return credentials, err
}

// current reports whether what was fetched before can be handed out again.
func (s *credentialSet) current(p *Plan) bool {
	now := p.now()
	switch recent := !s.fetched.IsZero() && now.Sub(s.fetched) < settled; {
	case s.fetched.IsZero():
		return false
	case s.err != nil:
		return recent
	case !s.credentials.CanExpire:
		return true
	default:
		left := s.credentials.Expires.Sub(now)
		return left > 0 && (recent || left >= p.resolver.ValidFor)
	}
}

// release says that one user needs the credentials no more.
func (s *credentialSet) release() {
	if s.users.Add(-1) != 0 {
		return
	}
	s.turn <- struct{}{}
	s.credentials = aws.Credentials{}
	if s.err == nil {
		s.fetched = time.Time{}
	}
	<-s.turn
}

// names returns the account and the role that the credentials should be for;
// empty where the profile does not say.
func (s *credentialSet) names() (account, role string) {
	if s.origin == fromPortal {
		return s.assignment.AccountID, s.assignment.RoleName
	}
	return namesIn(s.profile)
}
