package wire

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"aws-sso-plugins/pkg/fault"
)

// Breaker ends calls that are in vain: where a service or the network is down,
// thousands of calls need not find that out one by one. It is open once too
// many calls in a row have failed; then no further call is made, and those
// under way are cancelled. Make one with [NewBreaker], for all calls that fail
// together. It is safe for concurrent use.
type Breaker struct {
	limits Limits

	opened atomic.Bool

	mu      sync.Mutex
	calls   map[context.Context]context.CancelFunc // under way
	answers int                                    // calls that got a proper answer, a refusal included
	streaks Limits
	err     error // why it is open
}

// Limits are how many calls in a row may end in one way before a [Breaker]
// opens. 0 is no limit.
type Limits struct {
	Unconnected int // no connection: no such name, connection refused, TLS or proxy failed
	Unanswered  int // no answer: no connection, a broken one, or a timeout
	Useless     int // no reply of use: no answer, 5xx, or a reply that makes no sense
}

// NewBreaker returns a breaker that is closed.
func NewBreaker(limits Limits) *Breaker {
	return &Breaker{limits: limits, calls: map[context.Context]context.CancelFunc{}}
}

// ErrOpen is the outcome of a call that was not made, or not waited for,
// because the breaker is open.
var ErrOpen = errors.New("the service is given up")

// Call makes a call, unless the breaker is open, and returns what do returned,
// or [ErrOpen]. do must end when its context does.
func (b *Breaker) Call(ctx context.Context, do func(context.Context) error) error {
	if b.opened.Load() {
		return ErrOpen
	}
	own, cancel := context.WithCancel(ctx)
	began := b.begin(own, cancel)
	err := do(own)
	b.finish(own, cancel)
	if err != nil && ctx.Err() == nil && b.opened.Load() && errors.Is(err, context.Canceled) {
		return ErrOpen
	}
	b.ended(began, err)
	return err
}

// Err returns why the breaker is open, nil while it is closed.
func (b *Breaker) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// begin notes a call under way, and returns how many were answered before.
func (b *Breaker) begin(ctx context.Context, cancel context.CancelFunc) (answers int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		cancel() // it opened in between
	}
	b.calls[ctx] = cancel
	return b.answers
}

func (b *Breaker) finish(ctx context.Context, cancel context.CancelFunc) {
	cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.calls, ctx)
}

// ended counts what came of a call.
//
// A failure counts only if nobody got an answer since that call began: a few
// broken accounts come last in a listing, because of their retries, and all
// together.
func (b *Breaker) ended(began int, err error) {
	outcome := outcomeOf(err)
	b.mu.Lock()
	defer b.mu.Unlock()
	n := &b.streaks
	switch {
	case outcome == wasAnswered:
		b.answers++
		*n = Limits{}
		return
	case outcome == wasUseless, outcome == wasBroken:
		n.Unconnected = 0 // the service is there
	}
	if outcome == saysNothing || b.answers != began {
		return
	}
	n.Useless++
	if outcome != wasUseless {
		n.Unanswered++
	}
	if outcome == wasUnconnected {
		n.Unconnected++
	}
	switch {
	case reached(n.Unconnected, b.limits.Unconnected), reached(n.Unanswered, b.limits.Unanswered):
		b.trip(Fault(err, "no answer to %d calls in a row", max(n.Unconnected, n.Unanswered)))
	case reached(n.Useless, b.limits.Useless):
		b.trip(Fault(err, "no usable answer to %d calls in a row", n.Useless))
	}
}

func reached(n, limit int) bool { return limit > 0 && n >= limit }

func (b *Breaker) trip(err error) {
	if b.err == nil {
		b.err = err
		b.opened.Store(true)
		for _, cancel := range b.calls {
			cancel()
		}
	}
}

// outcome is what a call says about the service.
type outcome uint8

const (
	saysNothing    outcome = iota // nothing: it was stopped, or never made
	wasAnswered                   // an answer, a refusal included
	wasUseless                    // a reply of no use
	wasBroken                     // a connection that broke
	wasLate                       // no answer in time
	wasUnconnected                // no connection
)

func outcomeOf(err error) outcome {
	if err == nil {
		return wasAnswered
	}
	switch fault.KindOf(Fault(err, "")) {
	case fault.Denied, fault.Throttled, fault.Request, fault.Login:
		return wasAnswered
	case fault.Reply:
		return wasUseless
	case fault.Timeout:
		return wasLate
	case fault.Unreachable:
		if Unconnected(err) {
			return wasUnconnected
		}
		return wasBroken
	}
	return saysNothing
}

// Unconnected reports whether a call failed because no connection was made: its
// host has no address, refused the connection, or the TLS handshake or the
// proxy failed.
func Unconnected(err error) bool {
	var (
		failed  *connectionError
		refusal *proxyRefusal
		op      *net.OpError
	)
	if !errors.As(err, &failed) {
		return false
	}
	switch {
	case failed.lookup(), failed.untrusted(), failed.notTLS(), errors.As(err, &refusal):
		return true
	case errors.As(failed.err, &op):
		return failed.refused() && !op.Timeout() && !errors.Is(failed.err, syscall.ECONNRESET)
	}
	return false
}

// BlamesPeer reports whether the reason of an Unconnected call says all there
// is to say: the TLS handshake or the proxy failed, so neither the machine is
// offline nor the name of the host wrong.
func BlamesPeer(err error) bool {
	var (
		failed  *connectionError
		refusal *proxyRefusal
		op      *net.OpError
	)
	return errors.As(err, &failed) && (failed.untrusted() || failed.notTLS() || errors.As(failed.err, &refusal) ||
		errors.As(failed.err, &op) && op.Op == "proxyconnect")
}
