// Package probe finds out whether profiles work: it gets the credentials that
// a profile stands for, from pkg/resolve, asks STS whose they are, and compares
// the answer with the profile.
//
// Profiles of one session, account and role share one call for role
// credentials, and one STS call for each region; so do those that reach them by
// source_profile. Credentials live in memory for as long as something still
// needs them.
package probe

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/resolve"
)

// Prober checks the profiles of one config.
type Prober struct {
	resolve.Resolver
	// Concurrency is how many calls are made at once; below 1 it is 1.
	Concurrency int
}

// run is one run of a Prober.
type run struct {
	ctx     context.Context
	results chan Result
	left    chan struct{} // closed when nobody reads the results any more
}

// Run checks the profiles and hands the results out as they come; each name
// gets one. After ctx is cancelled come those that were found before, and
// none of what was interrupted. Breaking out of the loop stops all calls.
func (p *Prober) Run(ctx context.Context, names []string) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, cancel := context.WithCancel(ctx)
		r := &run{
			ctx: ctx,
			// deep enough that workers need not wait for the reader's every write
			results: make(chan Result, 4*max(p.Concurrency, 1)), left: make(chan struct{}),
		}
		go r.work(p, names)
		defer func() {
			close(r.left)
			cancel()
			for range r.results { // until every worker has ended
				continue
			}
		}()
		for result := range r.results {
			if !yield(result) {
				return
			}
		}
	}
}

// work does the jobs with as many workers as calls may be made at once. It
// closes results when nothing more will come.
func (r *run) work(p *Prober, names []string) {
	defer close(r.results)
	jobs := r.jobs(p.Plan(names).Targets())
	var (
		next    atomic.Int64
		workers sync.WaitGroup
	)
	for range min(max(p.Concurrency, 1), len(jobs)) {
		workers.Go(func() {
			for r.ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(jobs) {
					return
				}
				r.check(jobs[i])
				jobs[i] = nil
			}
		})
	}
	workers.Wait()
}

// jobs groups the targets that one call of STS is for, in the order of the
// first of each. What is known without a call is sent at once.
func (r *run) jobs(targets []*resolve.Target) [][]*resolve.Target {
	var jobs [][]*resolve.Target
	known := make(map[resolve.Call]int, len(targets))
	for _, t := range targets {
		if t.Err != nil {
			r.send(failure(t, t.Err))
			continue
		}
		i, ok := known[t.CallKey()]
		if !ok {
			i = len(jobs)
			known[t.CallKey()] = i
			jobs = append(jobs, nil)
		}
		jobs[i] = append(jobs[i], t)
	}
	return jobs
}

func (r *run) send(result Result) {
	// What was interrupted is no finding about the profile.
	if r.ctx.Err() != nil && fault.KindOf(result.Err) == fault.Canceled {
		return
	}
	select {
	case r.results <- result:
	case <-r.left:
	}
}

// check gets the credentials of a job and asks STS whose they are, once for all
// its targets.
func (r *run) check(job []*resolve.Target) {
	first := job[0]
	credentials, err := first.Credentials(r.ctx)
	c := caller{err: err}
	if err == nil {
		c = whoami(r.ctx, first, credentials)
	}
	for _, t := range job {
		t.Release()
		r.send(judge(t, c))
	}
}

// judge compares what STS said with what the profile says.
func judge(t *resolve.Target, c caller) Result {
	key, err := "", c.err
	if err == nil && t.FromIdentityCenter() {
		key, err = c.differs(t)
	}
	result := resultOf(t)
	result.Status, result.AccountID = resolve.OK, c.account
	if err != nil {
		result = failure(t, t.Explain(err, key))
	}
	result.Latency, result.ARN, result.UserID = c.latency, c.arn, c.userID
	return result
}
