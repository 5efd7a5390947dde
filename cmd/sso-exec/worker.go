package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/cli/harden"
	"aws-sso-plugins/pkg/fanout"
	"aws-sso-plugins/pkg/fault"
)

// workerVariable is set in the environment of a worker, and taken out of that of
// the commands.
const workerVariable = "SSO_EXEC_WORKER"

func isWorkerVariable(pair string) bool { return strings.HasPrefix(pair, workerVariable+"=") }

// Delegate starts a worker that runs the commands, and supervises it, so that
// no command outlives either process.
func (c *command) Delegate(ctx context.Context, _ *cli.App) (done bool, err error) {
	if !c.many() || c.DryRun || os.Getenv(workerVariable) != "" {
		return false, nil
	}
	harden.Undo() // the worker begins as this process did
	env := append(slices.DeleteFunc(harden.Environ(), isWorkerVariable), workerVariable+"=1")
	exit, err := fanout.Supervise(ctx, os.Args, env, [3]*os.File{os.Stdin, os.Stdout, os.Stderr}, cli.SignalOf)
	switch {
	case errors.Is(err, fanout.ErrNoSupervisor):
		return false, nil
	case exit.Signal == nil:
		return true, cli.ExitStatus(exit.Status)
	case slices.Contains([]os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}, exit.Signal):
		return true, cli.ErrSignal(exit.Signal)
	}
	return true, fault.New(fault.Unknown, "the process that does the work was ended", "signal: "+exit.Signal.String())
}

// worker is this process, if another one supervises it.
type worker struct {
	supervisor *fanout.Supervisor

	mu     sync.Mutex
	runner *fanout.Runner
}

// connect connects to the supervisor, if there is one. The context ends at a signal
// that the supervisor gets, and when the supervisor ends: then nothing may be left
// a moment later.
func connect(ctx context.Context) (*worker, context.Context) {
	if os.Getenv(workerVariable) == "" {
		return nil, ctx
	}
	ctx, cancel := context.WithCancelCause(ctx)
	w := &worker{}
	gone := func() {
		time.AfterFunc(time.Second, func() { os.Exit(cli.StatusFailed) })
		cancel(fanout.ErrNotStarted)
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.runner != nil {
			w.runner.Kill()
		}
	}
	w.supervisor = fanout.Connect(func(sig os.Signal) { cancel(cli.ErrSignal(sig)) }, gone)
	return w, ctx
}

// runs sets the runner whose commands are killed when the supervisor has ended.
func (w *worker) runs(r *fanout.Runner) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runner = r
}
