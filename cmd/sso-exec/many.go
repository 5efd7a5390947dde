package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/cli/harden"
	"aws-sso-plugins/pkg/fanout"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
)

// many is a run for many profiles.
type many struct {
	app         *cli.App
	format      report.Format
	wanted      resolve.StatusSet
	live        bool
	maxFailures int
	width       int

	path     string
	worker   *worker // nil: there is no supervisor
	handover *handover
	targets  []*resolve.Target

	out      output
	progress *cli.Progress
	cancel   context.CancelCauseFunc // ends the run

	mu      sync.Mutex
	running int
	done    int
	counts  map[resolve.Status]int
	ran     int             // commands that have run, whatever became of them
	reasons map[string]bool // of commands that could not be started, told already
}

// run runs the command for each target and writes the rows.
func (m *many) run(ctx context.Context) error {
	m.tuneRuntime()
	m.counts, m.reasons = map[resolve.Status]int{}, map[string]bool{}
	m.out = newOutput(m)
	ctx, m.cancel = context.WithCancelCause(ctx)
	defer m.cancel(nil)
	runner := &fanout.Runner{
		Path: m.path, Name: m.app.Words[0], Args: m.app.Words[1:],
		Concurrency: m.width, MaxFailures: m.maxFailures,
		Prepare: m.prepare, Started: m.started, Expired: m.expired, Ended: m.ended,
		Ordered:  m.format != report.JSONL && !m.live,
		Discard:  m.format == report.Name,
		Signal:   cli.SignalOf,
		Starting: harden.Undo,

		CannotStart: func(why error) *fault.Error { return cli.CannotRun(m.app.Words[0], why) },
	}
	// Which lines are wanted may hang on how a command ends.
	if m.wanted == nil && (m.format == report.Text || m.format == raw) {
		runner.Lines = m.lines
	}
	if m.worker != nil {
		runner.Supervisor = m.worker.supervisor
		m.worker.runs(runner)
	}
	m.progress = m.app.Progress("running")
	defer m.progress.End()
	finished := make(chan struct{})
	defer close(finished)
	go m.watch(ctx, finished)
	m.app.WhenOutCloses(ctx, func() { m.cancel(errClosed) })
	var broken error
	for result := range runner.Run(ctx, len(m.targets)) {
		if errors.Is(context.Cause(ctx), errClosed) {
			broken = errClosed
		} else {
			broken = m.write(result)
		}
		if broken != nil {
			result.Close()
			break
		}
	}
	if broken == nil {
		broken = m.out.close()
	}
	m.progress.End()
	if broken != nil {
		return broken
	}
	m.sum()
	return m.exitStatus()
}

// tuneRuntime sets what the environment does not. A limit of memory lets garbage
// not double what is in use, which is most where much output waits: in use are
// that, buffers, and some 1.5 KiB for each profile. Below it there is little to
// collect. Most threads wait for a command, each with a processor of the runtime,
// which has to take it away where there are no others.
func (m *many) tuneRuntime() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(40<<20 + int64(len(m.targets))<<11)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 4))
	}
}

const (
	redraw  = time.Second
	patient = time.Second // before it is said that commands take their time to end
)

// watch keeps the progress line up to date while nothing starts or ends, and says
// what is waited for at the end.
func (m *many) watch(ctx context.Context, finished <-chan struct{}) {
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	ending := ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case <-finished:
			return
		case <-tick.C:
			m.mu.Lock()
			m.show()
			m.mu.Unlock()
		case <-ending:
			ending, late = nil, time.After(patient)
		case <-late:
			m.mu.Lock()
			running := m.running
			m.mu.Unlock()
			switch signaled := cli.SignalOf(context.Cause(ctx)) != nil; {
			case signaled && running == 1:
				m.app.Note("one of the commands has not ended yet; it is killed after 10s, or at once by a second signal")
			case signaled && running > 1:
				m.app.Note("%d of the commands have not ended yet; they are killed after 10s, or at once by a second signal", running)
			}
		}
	}
}

// errClosed is that nobody reads standard output any more.
var errClosed = fmt.Errorf("standard output: %w", syscall.EPIPE)

// prepare gets the credentials of a target, shortly before its command starts.
func (m *many) prepare(ctx context.Context, index int) (fanout.Job, error) {
	env, credentials, err := m.handover.environment(ctx, m.targets[index])
	if err != nil {
		return fanout.Job{}, unresolved{err}
	}
	job := fanout.Job{Env: env}
	if credentials.CanExpire {
		job.Expires = credentials.Expires
	}
	return job, nil
}

func (m *many) started(int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running++
	m.ran++
	m.app.UnfinishedStatus = cli.StatusPartial
	m.show()
}

func (m *many) expired(index int) {
	m.app.Warn(fault.Newf(fault.Notice, "%s: the role's credentials have ended, and the command still runs", label(m.targets[index])).
		WithHint("commands that run longer find their credentials themselves with --profile-only"))
}

// ended counts a result.
func (m *many) ended(result fanout.Result) {
	status, _ := statusOf(result)
	m.mu.Lock()
	defer m.mu.Unlock()
	if result.State != fanout.NotStarted {
		m.running--
	}
	m.done++
	m.counts[status]++
	m.show()
}

// show brings the progress line up to date. It needs the lock.
func (m *many) show() {
	extra := fmt.Sprintf("%d running", m.running)
	if failed := m.done - m.counts[resolve.OK]; failed > 0 {
		extra += fmt.Sprintf(", %d failed", failed)
	}
	m.progress.Set(m.done, len(m.targets), extra)
}

// lines writes output as it comes.
func (m *many) lines(index int, stream fanout.Stream, lines io.Reader) {
	if err := m.out.lines(m.targets[index], stream, lines); err != nil && stream == fanout.Stdout {
		if cli.IsBrokenPipe(err) {
			err = errClosed
		}
		m.cancel(err)
	}
}

// write writes the row of a result, and says why it failed.
func (m *many) write(result fanout.Result) error {
	defer result.Close()
	status, reason := statusOf(result)
	if !m.wanted.Has(status) {
		return nil
	}
	target := m.targets[result.Index]
	if err := m.out.row(row{target, m.handover.to(target), result, status, reason}); err != nil {
		return err
	}
	switch {
	case status == resolve.OK, status == resolve.LoginRequired: // told with the session
	case m.format != report.Text && m.format != raw: // the row has the reason
	case status == notStarted:
		m.tellOnce(reason, fault.HintOf(result.Err))
	default:
		m.app.Error(fault.New(fault.Unknown, label(target), reason).WithHint("%s", fault.HintOf(result.Err)))
	}
	return nil
}

// tellOnce prints why commands do not start, once: as a rule it is the same for
// all.
func (m *many) tellOnce(reason, hint string) {
	if !m.reasons[reason] {
		m.reasons[reason] = true
		m.app.Error(fault.New(fault.Unknown, reason, "").WithHint("%s", hint))
	}
}

// sum prints how many rows have which status. Where no person reads it, success
// is silent.
func (m *many) sum() {
	var parts []string
	for _, v := range statuses {
		if n := m.counts[resolve.Status(v.Text)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v.Text))
		}
	}
	if text := strings.Join(parts, ", "); m.counts[resolve.OK] < len(m.targets) {
		m.app.Note("%s", text)
	} else {
		m.app.Status("%s", text)
	}
}

func (m *many) exitStatus() error {
	switch login := m.counts[resolve.LoginRequired]; {
	case m.counts[resolve.OK] == len(m.targets):
		return nil
	case m.ran > 0, login > 0 && login < len(m.targets):
		return cli.ExitStatus(cli.StatusPartial)
	case login > 0:
		return cli.ExitStatus(cli.StatusLogin)
	}
	return cli.ExitStatus(cli.StatusFailed)
}
