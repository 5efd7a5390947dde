package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
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

// signalContext is a context that ends at a signal.
type signalContext struct {
	context.Context
	listen func()
}

// Done is called by whoever waits, and by what derives another context.
func (s *signalContext) Done() <-chan struct{} {
	s.listen()
	return s.Context.Done()
}

// untilSignal returns the context of the run. The first signal that asks to end
// cancels it, a second one ends the process at once.
//
// Signals are listened for from when the context is first waited for: before a
// request, a lock, an answer. Until then a signal ends the process by itself,
// as dieOf does. To listen takes a thread, and each signal a turn of it: a tenth
// of the time of a run that finds all it needs on the disk.
func (c *Console) untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &signalContext{ctx, sync.OnceFunc(func() {
		signals := make(chan os.Signal, 2)
		signal.Notify(signals, signalsToHear()...)
		go func() {
			dieOf(secondOf(signals, func(first os.Signal) {
				c.ctrlC.Store(c.ErrTerminal && first == os.Interrupt)
				cancel(signalCause{first})
			}))
		}()
	})}
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
