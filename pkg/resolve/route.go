package resolve

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// deadStreak is how many calls in a row must fail for want of a connection
// before nobody tries any more.
const deadStreak = 3

// route is the way to one service in one region. It is given up when nobody
// gets a connection: then thousands of profiles need not find out one by one.
// A connection that was reset or an answer of 5xx is a connection.
type route struct {
	plan    *Plan
	name    string // of the service in the region, or of the endpoint that was set
	suspect string // the setting that may be wrong

	// ctx is that of the calls: giving up ends those that are under way.
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	streak int
	told   bool
}

// newRoute is the route of a client's configuration. endpoint is the URL that
// the config has for it, setting says where the region is set.
func (p *Plan) newRoute(service wire.Service, cfg aws.Config, endpoint, setting string) *route {
	rt := &route{plan: p, name: hostPrefix[service] + "." + cfg.Region, suspect: setting}
	if cfg.BaseEndpoint != nil {
		rt.suspect = "AWS_ENDPOINT_URL or " + service.EnvironmentVariable()
		if u, err := url.Parse(*cfg.BaseEndpoint); err == nil {
			rt.name = u.Host
		}
		if endpoint != "" {
			rt.suspect = "endpoint_url " + strconv.Quote(endpoint)
		}
	}
	rt.ctx, rt.cancel = context.WithCancelCause(context.Background())
	return rt
}

// hostPrefix is how the host of a service begins, before the region.
var hostPrefix = map[wire.Service]string{wire.Portal: "portal.sso", wire.STS: "sts"}

// errGivenUp is why the calls of a route end.
var errGivenUp = errors.New("the route is given up")

// call makes a call, unless the route is given up.
func (rt *route) call(ctx context.Context, do func(context.Context) error) error {
	if rt.givenUp() {
		return rt.unreachable()
	}
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(rt.ctx, cancel)()
	err := do(own)
	switch {
	case noConnection(err):
		return rt.failed(ctx, err)
	case fault.KindOf(err) == fault.Canceled && rt.givenUp():
		return rt.unreachable()
	case connected(err):
		rt.succeeded()
	}
	return err
}

func (rt *route) givenUp() bool { return errors.Is(context.Cause(rt.ctx), errGivenUp) }

func (rt *route) succeeded() {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.streak = 0
}

// failed counts a call without a connection. The first one is explained, to its
// profile and to all; the others say in short what it was.
func (rt *route) failed(ctx context.Context, err error) error {
	rt.mu.Lock()
	first := !rt.told
	rt.told = true
	if rt.streak++; rt.streak >= deadStreak {
		rt.cancel(errGivenUp)
	}
	rt.mu.Unlock()
	if !first {
		return rt.unreachable()
	}
	explained := rt.explain(err)
	rt.plan.notify(ctx, explained)
	return explained
}

// unreachable is the failure of a profile after the first.
func (rt *route) unreachable() error {
	return fault.Newf(fault.Unreachable, "cannot reach %s", rt.name)
}

// explain says what is likely wrong, and where to mend it.
func (rt *route) explain(err error) error {
	var known *fault.Error
	if !errors.As(err, &known) {
		return err
	}
	f := &fault.Error{Kind: fault.Unreachable, What: "cannot reach " + rt.name, Why: known.Why, Hint: known.Hint, Err: err}
	if !isTLS(err) && !isProxy(err) { // of those the reason and the hint say it all
		f.Why, f.Hint = "offline or wrong "+rt.suspect+" ("+known.Why+")", ""
	}
	return f
}

// noConnection says whether an error is a name that was not found, a refused
// connection or a failed TLS handshake.
func noConnection(err error) bool {
	if fault.KindOf(err) != fault.Unreachable {
		return false
	}
	var (
		dns *net.DNSError
		op  *net.OpError
	)
	switch {
	case errors.As(err, &dns), isTLS(err), isProxy(err):
		return true
	case errors.As(err, &op):
		return op.Op == "dial" && !op.Timeout() && !errors.Is(err, syscall.ECONNRESET)
	}
	return false
}

func isTLS(err error) bool {
	var (
		cert   *tls.CertificateVerificationError
		record tls.RecordHeaderError
		op     *net.OpError
	)
	return errors.As(err, &cert) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") // alerts of crypto/tls
}

func isProxy(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "proxyconnect" && !op.Timeout()
}

// connected says whether the outcome of a call shows that there is a
// connection: an answer of any kind, or a connection that broke.
func connected(err error) bool {
	switch fault.KindOf(err) {
	case fault.Denied, fault.Throttled, fault.Reply, fault.Request, fault.Unreachable:
		return true
	}
	return err == nil || wire.Status(err) != 0
}
