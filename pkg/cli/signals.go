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

// statusOf returns the exit status of a run that a signal ended.
func statusOf(sig os.Signal) int {
	n, _ := sig.(syscall.Signal) // the only kind there is
	return 128 + int(n)
}

// listenForSignals returns a channel that gives the context of the run once
// signals are listened for. The first signal that asks to end cancels the
// context, a second one ends the process at once. The work must not begin
// before: a shell starts what it puts into the background with SIGINT ignored,
// and on a busy machine the work may be far along before a goroutine first
// runs. The runtime makes a thread for this, which the parser of the command
// line need not wait for.
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

// interruptedBy returns the signal that ended the run, or nil.
func interruptedBy(ctx context.Context) os.Signal { return SignalOf(context.Cause(ctx)) }

// SignalOf returns the signal that ended a context, given its cause, or nil.
func SignalOf(cause error) os.Signal {
	var s signalCause
	if errors.As(cause, &s) {
		return s.Signal
	}
	return nil
}

// ErrSignal returns the cause of a context that a signal ends.
func ErrSignal(sig os.Signal) error { return signalCause{sig} }

// dieOf ends the process by the signal, as if nobody had listened: after an
// exit status of 130 a shell goes on with its loop, after a death by SIGINT it
// ends it.
func dieOf(sig os.Signal) {
	raise(sig)
	os.Exit(statusOf(sig))
}

var errDeadline = errors.New("--deadline has passed")

// withDeadline returns a context that ends, as at a signal, when the limit has
// passed, so that what was found is printed. nil is no limit. stop ends the
// timer, not the context.
func withDeadline(parent context.Context, limit *time.Duration) (ctx context.Context, stop func()) {
	if limit == nil {
		return parent, func() {}
	}
	ctx, cancel := context.WithCancelCause(parent)
	timer := time.AfterFunc(*limit, func() { cancel(errDeadline) })
	return ctx, func() { timer.Stop() }
}

// DeadlinePassed reports whether --deadline has ended the run of ctx.
func DeadlinePassed(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errDeadline) }

// finishAtDeadline prints that the run took longer than --deadline, and returns
// the exit status.
func (a *App) finishAtDeadline() int {
	status := a.finish(fault.Newf(fault.Timeout, "the run took longer than --deadline %s", *a.Common.Deadline))
	if status == StatusFailed {
		return a.UnfinishedStatus
	}
	return status // nobody reads standard output
}
