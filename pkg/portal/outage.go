package portal

import (
	"errors"
	"sync"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// outage tells a portal, or a network, that is down from accounts that are
// broken: nobody should wait while thousands of accounts fail one by one.
type outage struct {
	mu      sync.Mutex
	answers int // calls that got a proper answer, a refusal included
	silent  int // calls in a row without an answer
	useless int // calls in a row without one of use
}

// How many calls in a row must fail before all are taken to. An account may be
// broken by itself, a dozen of them in a row hardly.
const (
	maxSilent  = 3
	maxUseless = 12
)

// began is what ended wants to know of the time when a call began.
func (o *outage) began() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.answers
}

// ended takes what came of a call, and returns why the others need not be
// made, nil if they should.
//
// A failure counts only if nobody got an answer since that call began: a few
// broken accounts come last in a listing, because of their retries, and all
// together.
func (o *outage) ended(began int, err error) error {
	var untried *tokenError
	if errors.As(err, &untried) {
		return err
	}
	kind := fault.Unknown
	if err != nil {
		kind = fault.KindOf(wire.Fault(err, ""))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch kind {
	case fault.Login:
		return err
	case fault.Unreachable, fault.Timeout:
		if o.answers == began {
			o.silent++
			o.useless++
		}
	case fault.Reply:
		if o.answers == began {
			o.useless++
		}
	default:
		o.answers++
		o.silent, o.useless = 0, 0
	}
	switch {
	case o.silent >= maxSilent:
		return wire.Fault(err, "no answer for %d accounts in a row", o.silent)
	case o.useless >= maxUseless:
		return wire.Fault(err, "no usable answer for %d accounts in a row", o.useless)
	}
	return nil
}
