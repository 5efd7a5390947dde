package resolve

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// service is a service in a region, or at an endpoint of its own. It is given
// up when nobody gets a connection to it. A reply of no use, a timeout or a
// connection that broke is one of a service that is there: the profile alone may
// be at fault.
type service struct {
	plan    *Plan
	name    string // as messages have it
	suspect string // the setting that may be wrong

	breaker *wire.Breaker
	told    sync.Once // that it cannot be reached
}

// maxUnconnected is how many calls in a row must fail for want of a connection
// before nobody tries any more.
const maxUnconnected = 3

// newService returns the service that a client's configuration, made by w, is
// for. setting says where its region is set.
func (p *Plan) newService(of wire.Service, w *wire.Wire, cfg aws.Config, setting string) *service {
	s := &service{
		plan: p, name: hostPrefix[of] + "." + cfg.Region, suspect: setting,
		breaker: wire.NewBreaker(wire.Limits{Unconnected: maxUnconnected}),
	}
	if cfg.BaseEndpoint != nil {
		s.suspect = "AWS_ENDPOINT_URL or " + of.EnvironmentVariable()
		if u, err := url.Parse(*cfg.BaseEndpoint); err == nil {
			s.name = u.Host
		}
		if w.EndpointSetting(of) == wire.ConfigEndpoint {
			s.suspect = "endpoint_url " + strconv.Quote(*cfg.BaseEndpoint)
		}
	}
	return s
}

// hostPrefix is how the host of a service begins, before the region.
var hostPrefix = map[wire.Service]string{wire.Portal: "portal.sso", wire.OIDC: "oidc", wire.STS: "sts"}

// call makes a call, unless the service is given up. The first call without a
// connection is explained, to its profile and to all; the others say in short
// what it was.
func (s *service) call(ctx context.Context, do func(context.Context) error) error {
	err := s.breaker.Call(ctx, do)
	var other *unreached
	switch {
	case errors.Is(err, wire.ErrOpen):
		return s.unreachable()
	case wire.Unconnected(err):
		return s.unconnected(ctx, err)
	case errors.As(err, &other):
		return other.error
	}
	return err
}

// unreached is the error of another service that a call needed first: so far it
// says nothing of this one.
type unreached struct{ error }

// unconnected says that a call had no connection, as call does.
func (s *service) unconnected(ctx context.Context, err error) error {
	short := s.unreachable()
	s.told.Do(func() {
		short = s.explain(err)
		s.plan.notify(ctx, short)
	})
	return short
}

func (s *service) unreachable() error {
	return fault.Newf(fault.Unreachable, "cannot reach %s", s.name)
}

// explain says what is likely wrong, and where to mend it.
func (s *service) explain(err error) error {
	var known *fault.Error
	if !errors.As(err, &known) {
		return err
	}
	f := &fault.Error{Kind: fault.Unreachable, What: "cannot reach " + s.name, Why: known.Why, Hint: known.Hint}
	if !wire.BlamesPeer(err) {
		f.Why, f.Hint = "offline or wrong "+s.suspect+" ("+known.Why+")", ""
	}
	return f
}
