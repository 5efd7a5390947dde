package wire_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

func TestBreakerCountsWhatItIsToldTo(t *testing.T) {
	var (
		reply   = fault.New(fault.Reply, "a call", "AWS answered 500")
		late    = fault.New(fault.Timeout, "a call", "no answer in time")
		broken  = fault.New(fault.Unreachable, "a call", "it broke")
		refused = fault.New(fault.Denied, "a call", "AWS answered 403")
	)
	for name, tt := range map[string]struct {
		limits wire.Limits
		calls  []error
		open   bool
	}{
		"timeouts":                     {wire.Limits{Unanswered: 3}, []error{late, late, late}, true},
		"connections that break":       {wire.Limits{Unanswered: 3}, []error{broken, late, broken}, true},
		"an answer between":            {wire.Limits{Unanswered: 3}, []error{late, late, nil, late, late}, false},
		"a refusal between":            {wire.Limits{Unanswered: 3}, []error{late, late, refused, late, late}, false},
		"replies of no use":            {wire.Limits{Useless: 3}, []error{reply, late, reply}, true},
		"replies of no use, unlimited": {wire.Limits{Unconnected: 3, Unanswered: 3}, []error{reply, reply, reply, reply}, false},
		"timeouts, unlimited":          {wire.Limits{Unconnected: 3}, []error{late, late, late, broken, broken, broken}, false},
		"no limit at all":              {wire.Limits{}, []error{late, broken, reply, late, broken, reply}, false},
	} {
		b := wire.NewBreaker(tt.limits)
		for _, err := range tt.calls {
			_ = b.Call(t.Context(), func(context.Context) error { return err })
		}
		made := false
		err := b.Call(t.Context(), func(context.Context) error { made = true; return nil })
		if made == tt.open || (b.Err() != nil) != tt.open || errors.Is(err, wire.ErrOpen) != tt.open {
			t.Errorf("%s: another call was made: %t; it is open for %v", name, made, b.Err())
		}
	}
}

// Failures of calls that began before an answer came do not count: a few broken
// accounts come last in a listing, because of their retries, and all together.
func TestBreakerForgivesCallsBegunBeforeAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := wire.NewBreaker(wire.Limits{Unanswered: 3})
		fail := make(chan struct{})
		for range 5 {
			go func() {
				_ = b.Call(t.Context(), func(context.Context) error { <-fail; return fault.New(fault.Timeout, "", "") })
			}()
		}
		synctest.Wait()
		_ = b.Call(t.Context(), func(context.Context) error { return nil })
		close(fail)
		synctest.Wait()
		if b.Err() != nil {
			t.Errorf("it is open: %v", b.Err())
		}
	})
}

func TestOpenBreakerCancelsCallsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := wire.NewBreaker(wire.Limits{Unanswered: 1})
		outcome := make(chan error, 1)
		go func() {
			outcome <- b.Call(t.Context(), func(ctx context.Context) error {
				<-ctx.Done()
				return fmt.Errorf("stopped: %w", ctx.Err())
			})
		}()
		synctest.Wait()
		_ = b.Call(t.Context(), func(context.Context) error { return fault.New(fault.Timeout, "", "") })
		if err := <-outcome; !errors.Is(err, wire.ErrOpen) {
			t.Errorf("the call under way ended with %v", err)
		}
	})
}

// What the caller stops itself says nothing about the service.
func TestBreakerLeavesTheCallersEndAlone(t *testing.T) {
	b := wire.NewBreaker(wire.Limits{Unanswered: 1, Useless: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := b.Call(ctx, func(ctx context.Context) error { return ctx.Err() })
	if !errors.Is(err, context.Canceled) || b.Err() != nil {
		t.Errorf("%v, open for %v", err, b.Err())
	}
}
