// Package fanout runs one command once for each of many jobs, several at a
// time, each with an environment of its own, and returns what they printed.
//
// Every command is the leader of a session of its own (on Windows: in a job
// object of its own), has an empty standard input and no terminal. It ends, with
// all of its process group, when the run ends. Output is kept byte for byte, in
// a bounded amount of memory and beyond that in a file without a name.
package fanout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// Job is a run of the command.
type Job struct {
	// Env is the whole environment of the command, as "NAME=value".
	Env []string
	// Expires is the time when the credentials in Env expire; zero: they do
	// not.
	Expires time.Time
}

// Runner runs a command. It is used for one run.
type Runner struct {
	// Path is the program, as [Lookup] returns it, and Args its arguments without
	// the program's name, which is Name.
	Path, Name string
	Args       []string
	// Prepare returns the job of an index. It is called shortly before the job
	// starts, by as many goroutines as jobs run at once. A job whose Prepare fails
	// is not started, and its Result has the error.
	Prepare func(ctx context.Context, index int) (Job, error)
	// Concurrency is the number of jobs that run at once at most; below 1 it
	// is 1. Fewer run where there are not enough file descriptors.
	Concurrency int
	// MaxFailures is the number of failures after which no more jobs start; 0:
	// any number.
	MaxFailures int
	// Starting, if not nil, is called before each start, and the function that
	// it returns after the start.
	Starting func() (done func())
	// CannotStart, if not nil, returns the error of a job that the system does not
	// start, and why.
	CannotStart func(why error) *fault.Error
	// Started, if not nil, is called after a job has started. Several
	// goroutines may call it at once.
	Started func(index int)
	// Expired, if not nil, is called when the credentials of a job expire
	// while it still runs. Several goroutines may call it at once.
	Expired func(index int)
	// Ended, if not nil, is called when the Result of a job is known, before Run
	// returns it. Several goroutines may call it at once.
	Ended func(Result)
	// Ordered lets Run return the results in the order of their index.
	Ordered bool
	// Lines, if not nil, gets output as it comes. One call is made at a time,
	// output is read before the call returns, and the Outputs of the Results are
	// empty. While Lines blocks, the commands whose output it gets wait.
	//
	// If the run is Ordered, Lines gets the output of one job after the other: that
	// of a job after the loop has seen the Result of the one before it. What others
	// print is kept so long, and where there is no more room they wait. Otherwise
	// it gets whole lines of all jobs; the last line of a stream may lack its
	// newline.
	//
	// If Lines is nil, output is kept until the Result, and what has no room is
	// lost; the Result says so.
	Lines func(index int, stream Stream, output io.Reader)
	// Discard drops all output.
	Discard bool
	// Signal returns the signal that running commands get when the context
	// ends, given the cause. If it is nil, or returns nil, that is SIGTERM. On
	// Windows it is always Ctrl-Break.
	Signal func(cause error) os.Signal
	// Supervisor, if not nil, learns of each command.
	Supervisor *Supervisor
	// TempDir is the folder for output that has no room in memory; empty: the
	// system's folder for temporary files.
	TempDir string

	limits   limits
	spool    *spool
	null     *os.File    // standard input of the commands
	starts   chan func() // see onStarter
	starting sync.Mutex  // held while a command starts
	linesMu  sync.Mutex

	turn   sync.Mutex
	first  int // the job whose turn it is, if the run is Ordered
	feeds  map[int]*feed
	gone   bool         // nobody wants output any more
	paused atomic.Int32 // jobs that wait for their turn

	sessions sessions

	preparing atomic.Int32 // jobs that are being prepared

	mu       sync.Mutex
	running  map[*child]struct{}
	failures int
	stopped  error // why no more jobs start
}

// limits are the bounds of a run. Tests set others.
type limits struct {
	memory int64         // of output that waits, in bytes
	disk   int64         // of output that waits and has no room in memory, in bytes
	held   time.Duration // how long others may hold the output of a command that has ended
	ending time.Duration // between the signal that asks a command to end and KILL

	concurrent bool // output is taken by goroutines, as where one cannot wait for all
}

var defaultLimits = limits{memory: 16 << 20, disk: 4 << 30, held: time.Second, ending: 10 * time.Second}

// Stream is an output stream of a command.
type Stream int

// The streams.
const (
	Stdout Stream = iota
	Stderr
)

// State says how a job ended.
type State int

// The states.
const (
	// Exited means that the command ended by itself, with Result.ExitCode.
	Exited State = iota
	// Signaled means that Result.Signal ended the command.
	Signaled
	// NotStarted means that the command did not run, see Result.Err.
	NotStarted
)

// Result is the outcome of a job.
type Result struct {
	Index    int
	State    State
	ExitCode int           // of State Exited
	Signal   os.Signal     // of State Signaled
	Duration time.Duration // from start to end of the command
	Err      error         // why it did not start, or why some of its output is missing
	Output   [2]*Output    // by Stream; to be closed
}

// OK reports whether the command ran, exited with 0, and all of its output is
// there.
func (r Result) OK() bool { return r.State == Exited && r.ExitCode == 0 && r.Err == nil }

// Close frees the output.
func (r Result) Close() {
	for _, o := range r.Output {
		o.Close()
	}
}

// ErrNotStarted is in the error of a job that was not started because the run
// was to end: after a signal, a deadline, [Runner.MaxFailures], or when the
// reader of the results had gone.
var ErrNotStarted = errors.New("the run ended before it could start")

// Run runs the command for each index from 0 to jobs-1, and returns the results
// as they come; each index has one. After ctx is cancelled nothing more starts,
// and running commands get the signal and, ten seconds later, KILL; their results
// and those of the jobs that did not start follow. Breaking out of the loop does
// the same; Run then returns after the last command has ended.
//
// Standard input of the commands is empty. Processes that a command leaves behind
// in its process group are killed when it has ended, or after a second if they
// hold its output open. A process that starts a session of its own is not
// followed.
func (r *Runner) Run(ctx context.Context, jobs int) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		if r.limits == (limits{}) {
			r.limits = defaultLimits
		}
		r.spool = &spool{dir: r.TempDir, limit: r.limits.memory, disk: r.limits.disk}
		r.running = map[*child]struct{}{}
		r.feeds = map[int]*feed{}
		var err error
		if r.null, err = os.Open(os.DevNull); err != nil {
			err = fault.Wrap(fault.File, err, "cannot start anything")
		}
		r.starts = make(chan func())
		go r.starter()
		results := make(chan Result, jobs) // so that no job waits for the loop
		var ending sync.WaitGroup
		ending.Go(func() {
			<-ctx.Done()
			r.end(context.Cause(ctx))
		})
		go func() {
			defer close(results)
			if err != nil {
				r.stop(err)
			}
			r.work(ctx, jobs, func(result Result) { results <- result })
		}()
		defer func() {
			cancel(ErrNotStarted)
			r.drop()
			for result := range results { // until every command has ended
				result.Close()
			}
			ending.Wait()
			r.sessions.sweep(false, func() {})
			close(r.starts)
			if r.null != nil {
				_ = r.null.Close()
			}
			r.spool.close()
		}()
		all := func(yield func(Result) bool) {
			for result := range results {
				if !yield(result) {
					return
				}
			}
		}
		if !r.Ordered {
			all(yield)
			return
		}
		for result := range inOrder(all) {
			if !yield(result) {
				return
			}
			r.takeTurn(result.Index + 1)
		}
	}
}

// work runs the jobs. It returns when every command has ended.
func (r *Runner) work(ctx context.Context, jobs int, send func(Result)) {
	var (
		mu      sync.Mutex
		next    int
		workers sync.WaitGroup
	)
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1
	}
	for range min(r.width(), jobs) {
		workers.Go(func() {
			for i := take(); i < jobs; i = take() {
				result := r.one(ctx, i)
				if r.Ended != nil {
					r.Ended(result)
				}
				send(result)
			}
		})
	}
	workers.Wait()
}

// width returns how many commands run at once: each needs two pipes and, before
// it starts, a connection; some descriptors are for the rest of the program.
func (r *Runner) width() int {
	const each, rest = 4, 32
	width := max(r.Concurrency, 1)
	if n, ok := descriptors(); ok {
		width = min(width, max((n-rest)/each, 1))
	}
	return width
}

// one runs one job and counts it if it failed.
func (r *Runner) one(ctx context.Context, index int) Result {
	result := Result{Index: index, State: NotStarted}
	for s := range result.Output {
		result.Output[s] = &Output{spool: r.spool}
	}
	if result.Err = r.mayStart(ctx); result.Err != nil {
		return result
	}
	r.preparing.Add(1)
	job, err := r.Prepare(ctx, index)
	r.preparing.Add(-1)
	if err == nil {
		err = r.mayStart(ctx)
	}
	if err == nil {
		r.run(ctx, &result, job)
	} else {
		result.Err = err
	}
	if !result.OK() && !errors.Is(result.Err, ErrNotStarted) {
		r.fail()
	}
	return result
}

// mayStart returns why no more jobs start, or nil.
func (r *Runner) mayStart(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped == nil && ctx.Err() != nil {
		r.stopped = fault.Wrap(fault.Canceled, ErrNotStarted, "not started")
	}
	return r.stopped
}

// stop lets no more jobs start.
func (r *Runner) stop(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped == nil {
		r.stopped = why
	}
}

func (r *Runner) fail() {
	r.mu.Lock()
	r.failures++
	enough := r.MaxFailures > 0 && r.failures >= r.MaxFailures
	r.mu.Unlock()
	if enough {
		why := fmt.Sprintf("%d have failed", r.MaxFailures)
		if r.MaxFailures == 1 {
			why = "one has failed"
		}
		r.stop(&fault.Error{Kind: fault.Canceled, What: "not started", Why: why, Err: ErrNotStarted})
	}
}

// run starts the command and waits for its end.
func (r *Runner) run(ctx context.Context, result *Result, job Job) {
	c, err := r.start(ctx, job)
	if err != nil {
		result.Err = err
		return
	}
	if r.Started != nil {
		r.Started(result.Index)
	}
	if r.Expired != nil && !job.Expires.IsZero() {
		timer := time.AfterFunc(time.Until(job.Expires), func() { r.Expired(result.Index) })
		defer timer.Stop()
	}
	lost := r.collect(c, r.newFeed(result.Index, &result.Output))
	for _, p := range c.pipes {
		_ = p.Close()
	}
	result.Duration = c.ended.Sub(c.started)
	r.mu.Lock()
	delete(r.running, c)
	result.State, result.ExitCode, result.Signal, result.Err = c.reap()
	r.mu.Unlock()
	for _, err := range lost {
		if result.Err == nil {
			result.Err = err
		}
	}
}

// start starts the command. Where there are no descriptors, processes or memory
// for one more, it waits until one of those running has ended. Where none is, and
// nothing else of the run has files open, there will be no descriptors later either:
// then no more jobs start.
func (r *Runner) start(ctx context.Context, job Job) (*child, error) {
	for attempt := 1; ; attempt++ {
		c, err := r.tryStart(ctx, job)
		if err == nil || !scarce(err) || ctx.Err() != nil {
			return c, err
		}
		if !r.othersEnd() && attempt > startAttempts {
			f := r.startFault(err)
			if tooManyFiles(err) && r.preparing.Load() == 0 && !r.busy() {
				limit, _ := descriptors()
				f = f.WithHint("no more are tried: the limit of open files is %d; raise it, such as: ulimit -n %d", limit, enoughFiles)
				r.stop(f)
			}
			return nil, f
		}
		select {
		case <-ctx.Done():
		case <-time.After(startPause):
		}
	}
}

const (
	startAttempts = 20
	startPause    = 50 * time.Millisecond
	enoughFiles   = 256
)

func (r *Runner) tryStart(ctx context.Context, job Job) (*child, error) {
	var (
		c     = &child{}
		write [2]*os.File
		err   error
	)
	for s := range write {
		if c.pipes[s], write[s], err = pipe(); err != nil {
			break
		}
	}
	if err == nil {
		r.onStarter(func() { err = r.startWith(ctx, c, job, write) })
	}
	for _, w := range write {
		if w != nil {
			_ = w.Close()
		}
	}
	if err != nil {
		for _, p := range c.pipes {
			if p != nil {
				_ = p.Close()
			}
		}
		var known *fault.Error
		if !scarce(err) && !errors.As(err, &known) {
			err = r.startFault(err)
		}
		return nil, err
	}
	return c, nil
}

// starter makes the calls of onStarter, on a thread that lives as long as the run:
// on Linux a command ends with the thread that started it. One such thread costs
// less than one for each worker, which would contend for the lock of package syscall.
func (r *Runner) starter() {
	runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
	for call := range r.starts {
		call()
	}
}

func (r *Runner) onStarter(call func()) {
	done := make(chan struct{})
	r.starts <- func() { defer close(done); call() }
	<-done
}

// startWith starts the command with the ends of its pipes. Nobody who ends the run
// misses a command: who does that has the lock first, and nothing starts after, or
// finds the command among those that run.
func (r *Runner) startWith(ctx context.Context, c *child, job Job, write [2]*os.File) error {
	r.starting.Lock()
	defer r.starting.Unlock()
	if err := r.mayStart(ctx); err != nil {
		return err
	}
	if r.Starting != nil {
		defer r.Starting()()
	}
	c.started = time.Now()
	if err := c.start(r.Path, append([]string{r.Name}, r.Args...), job.Env, r.null, write); err != nil {
		return err
	}
	r.mu.Lock()
	r.running[c] = struct{}{}
	r.mu.Unlock()
	r.sessions.add(c.number())
	r.Supervisor.tell(c.number())
	return nil
}

func (r *Runner) startFault(why error) *fault.Error {
	if r.CannotStart != nil {
		return r.CannotStart(why)
	}
	return fault.Wrap(fault.Unknown, fault.Cause(why), "cannot start %s", fault.Path(r.Name))
}

// end asks the running commands to end, and kills them later.
func (r *Runner) end(cause error) {
	var sig os.Signal
	if r.Signal != nil {
		sig = r.Signal(cause)
	}
	r.starting.Lock()
	r.each(func(c *child) { c.ask(sig) })
	r.starting.Unlock()
	deadline := time.Now().Add(r.limits.ending)
	for r.busy() && time.Now().Before(deadline) {
		time.Sleep(endingPause)
	}
	r.each((*child).killGroup)
}

const endingPause = 10 * time.Millisecond

// busy reports whether a command is running.
func (r *Runner) busy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running) > 0
}

// Kill ends all commands at once and lets no more start. It may be called at any
// time, by any goroutine.
func (r *Runner) Kill() {
	r.stop(fault.Wrap(fault.Canceled, ErrNotStarted, "not started"))
	r.starting.Lock()
	r.each((*child).killGroup)
	r.starting.Unlock()
	r.sessions.sweep(false, func() {})
}

// othersEnd reports whether a command is running that does not wait for its turn.
func (r *Runner) othersEnd() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running) > int(r.paused.Load())
}

// each calls do for all commands that have not been reaped.
func (r *Runner) each(do func(*child)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.running {
		do(c)
	}
}
