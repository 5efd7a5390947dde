package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"aws-sso-plugins/pkg/fault"
)

type signalCause struct{ os.Signal }

func (s signalCause) Error() string { return s.String() }

// statusOf is the exit status of a run that a signal has ended.
func statusOf(sig os.Signal) int {
	n, _ := sig.(syscall.Signal) // the only kind there is
	return 128 + int(n)
}

// listenForSignals cancels the context that it hands out at the first signal
// that asks to end; a second one ends the process at once. It listens once the
// context is there: a shell starts what it puts into the background with SIGINT
// ignored, and on a busy machine the work may be far along before a goroutine
// first runs. The runtime makes a thread for this, which the parser of the
// command line need not wait for.
func (c *Console) listenForSignals(parent context.Context) <-chan context.Context {
	listening := make(chan context.Context, 1)
	go func() {
		ctx, cancel := context.WithCancelCause(parent)
		signals := make(chan os.Signal, 2)
		signal.Notify(signals, endingSignals...)
		listening <- ctx
		dieOf(secondOf(signals, func(first os.Signal) {
			c.ctrlC.Store(c.ErrTerminal && first == os.Interrupt)
			cancel(signalCause{first})
		}))
	}()
	return listening
}

// A second signal within signalDebounce is the same one. A launcher that hands
// on what the terminal sends to all makes two of one Ctrl-C; so does the Go
// runtime when the signal meets the child with which package os tries out pidfd,
// since that shares its memory and handlers.
const signalDebounce = 50 * time.Millisecond

// secondOf hands on the first signal and returns the second.
func secondOf(signals <-chan os.Signal, first func(os.Signal)) os.Signal {
	first(<-signals)
	for over := time.After(signalDebounce); ; {
		select {
		case <-signals:
		case <-over:
			return <-signals
		}
	}
}

// interruptedBy returns the signal that ended the run, nil if none did.
func interruptedBy(ctx context.Context) os.Signal { return SignalOf(context.Cause(ctx)) }

// SignalOf returns the signal that is the cause of a context's end, nil if it was
// none.
func SignalOf(cause error) os.Signal {
	var s signalCause
	if errors.As(cause, &s) {
		return s.Signal
	}
	return nil
}

// ErrSignal returns the cause of a context that ends as at the signal.
func ErrSignal(sig os.Signal) error { return signalCause{sig} }

// dieOf ends the process as the signal would have, had nobody listened: a shell
// goes on with its loop after a status of 130, and ends it after a death by
// SIGINT.
func dieOf(sig os.Signal) {
	raise(sig)
	os.Exit(statusOf(sig))
}

var errDeadline = errors.New("--deadline has passed")

// withDeadline returns a context that ends as at a signal once the time is up:
// so what was found is printed. A limit of nil is none. stop ends the watch, not
// the context.
func withDeadline(parent context.Context, limit *time.Duration) (ctx context.Context, stop func()) {
	if limit == nil {
		return parent, func() {}
	}
	ctx, cancel := context.WithCancelCause(parent)
	timer := time.AfterFunc(*limit, func() { cancel(errDeadline) })
	return ctx, func() { timer.Stop() }
}

// DeadlinePassed reports whether --deadline has ended the run that ctx is of.
func DeadlinePassed(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errDeadline) }

// finishAtDeadline returns the exit status of a run that took too long, and says
// so.
func (a *App) finishAtDeadline() int {
	status := a.finish(fault.Newf(fault.Timeout, "the run took longer than --deadline %s", *a.Common.Deadline))
	if status == StatusFailed {
		return a.DeadlineStatus
	}
	return status // nobody reads standard output
}
