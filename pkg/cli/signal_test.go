package cli

import (
	"context"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// One Ctrl-C may come twice, and is no reason to leave work undone.
func TestSecondSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		var first, second os.Signal
		go func() { second = secondOf(signals, func(s os.Signal) { first = s }) }()
		for _, s := range []struct {
			after         time.Duration
			sent          os.Signal
			first, second os.Signal
		}{
			{0, os.Interrupt, os.Interrupt, nil},
			{time.Millisecond, os.Interrupt, os.Interrupt, nil},
			{signalDebounce - 2*time.Millisecond, os.Interrupt, os.Interrupt, nil},
			{2 * time.Millisecond, syscall.SIGTERM, os.Interrupt, syscall.SIGTERM},
		} {
			time.Sleep(s.after)
			signals <- s.sent
			if synctest.Wait(); first != s.first || second != s.second {
				t.Errorf("after %v, %v: %v, %v", s.after, s.sent, first, second)
			}
		}
	})
}

// Whoever asks only whether the run has ended does not wait, and needs no thread
// that waits for signals.
func TestSignalsAreListenedForOnceSomethingWaits(t *testing.T) {
	listening := false
	run, end := context.WithCancelCause(t.Context())
	ctx := &signalContext{run, func() { listening = true }}
	if ctx.Err() != nil || interruptedBy(ctx) != nil || listening {
		t.Errorf("ended: %v, by %v; listening: %v", ctx.Err(), interruptedBy(ctx), listening)
	}
	child, stop := context.WithCancel(ctx)
	defer stop()
	if !listening {
		t.Error("what waits for the child hears of no signal")
	}
	end(signalCause{os.Interrupt})
	<-ctx.Done()
	<-child.Done()
	if a, b := interruptedBy(ctx), interruptedBy(child); a != os.Interrupt || b != os.Interrupt {
		t.Errorf("ended by %v and %v", a, b)
	}
}
