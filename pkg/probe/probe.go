// Package probe finds out whether profiles work: it gets the credentials that
// a profile stands for and asks STS whose they are.
//
// Profiles of one session, account and role share one call for role
// credentials, and one STS call for each region; so do those that reach them by
// source_profile. Credentials live in memory for as long as something still
// needs them. The environment's credentials, the AWS CLI's cache of role
// credentials and instance metadata are never asked: they would answer for a
// profile that is broken.
package probe

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// Prober checks the profiles of one config.
type Prober struct {
	Config *awsconfig.Config
	Wire   *wire.Wire
	// Tokens gives the token source of a session, once a run and endpoint; it
	// never starts a login.
	Tokens func(portal.Session) portal.TokenSource
	// Region is where STS is asked for a profile without a region of its own;
	// empty: in that of the session it reaches.
	Region string
	// Concurrency is how many calls are made at once; below 1 it is 1.
	Concurrency int
	// IgnoreEndpoints passes over the endpoints that the config has.
	IgnoreEndpoints bool
	// AllowProcess allows credential_process commands to run.
	AllowProcess bool
	// Notify is told what concerns more than one profile, each once: a session
	// without a login (a fault of kind Login), a service without a connection
	// (Unreachable), a wrong clock (Unknown: nothing failed for it). Several
	// goroutines may call it at once. Nil: nobody is told.
	Notify func(error)
}

// run is one run of a Prober.
type run struct {
	*Prober
	ctx     context.Context
	results chan Result
	left    chan struct{} // closed when nobody reads the results any more

	mu       sync.Mutex
	portals  map[portalKey]*portalOf
	services map[stsAt]*stsOf
	skewed   atomic.Bool // the clock was told to be wrong
}

// Run checks the profiles and hands the results out as they come; each name
// gets one. After ctx is cancelled come those that were found before, and
// none of what was broken off. Breaking out of the loop stops all calls.
func (p *Prober) Run(ctx context.Context, names []string) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, cancel := context.WithCancel(ctx)
		r := &run{
			Prober: p, ctx: ctx,
			// deep enough that workers need not wait for the reader's every write
			results: make(chan Result, 4*max(p.Concurrency, 1)), left: make(chan struct{}),
			portals: map[portalKey]*portalOf{}, services: map[stsAt]*stsOf{},
		}
		go r.work(names)
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

// work plans, and does the jobs with as many workers as calls may be made at
// once. It closes results when nothing more will come.
func (r *run) work(names []string) {
	defer close(r.results)
	plan := r.plan(names)
	for _, known := range plan.known {
		r.send(known)
	}
	var (
		next    atomic.Int64
		workers sync.WaitGroup
	)
	for range min(max(r.Concurrency, 1), len(plan.jobs)) {
		workers.Go(func() {
			for r.ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(plan.jobs) {
					return
				}
				r.check(plan.jobs[i])
				plan.jobs[i] = nil
			}
		})
	}
	workers.Wait()
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

// check gets the credentials of a job's unit and asks STS whose they are, once
// for all profiles of the job.
func (r *run) check(j *job) {
	credentials, err := j.unit.get(r)
	var a answer
	if err == nil {
		a = r.whoami(j.sts, credentials, j.asked[0].profile)
	}
	j.unit.release()
	for _, one := range j.asked {
		result := one.result(j)
		if err != nil {
			r.send(failure(result, err, one.profile, j.unit.origin.mainKey()))
			continue
		}
		r.send(judge(result, a, j.unit, one.profile))
	}
}

// judge holds what STS said against what the profile says.
func judge(result Result, a answer, u *unit, p *awsconfig.Profile) Result {
	result.Latency = a.latency
	if a.err != nil {
		return failure(result, a.err, p, a.key(u))
	}
	result.ARN, result.UserID = a.arn, a.userID
	if u.origin == fromPortal {
		if key, why := u.assignment.differs(a); why != nil {
			return failure(result, why, p, key)
		}
	}
	result.AccountID = a.account
	result.Status = OK
	return result
}

// notify tells what concerns more than one profile.
func (r *run) notify(err error) {
	if r.Notify != nil && r.ctx.Err() == nil {
		r.Notify(err)
	}
}

// skewLimit is how wrong a clock must be to be told: AWS refuses signatures
// from 5 minutes on, and the SDK then corrects them without a word.
const skewLimit = 2 * time.Minute

// noteClock tells a wrong clock, once. skew is how far AWS is ahead.
func (r *run) noteClock(skew time.Duration) {
	if skew.Abs() < skewLimit || r.skewed.Swap(true) {
		return
	}
	direction := "behind"
	if skew < 0 {
		direction = "ahead of"
	}
	r.notify(fault.Newf(fault.Notice, "the clock of this machine is %s %s AWS", inWords(skew.Abs()), direction).
		WithHint("set the clock"))
}

// inWords is a duration of minutes and more for a person.
func inWords(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	switch hours := minutes / 60; {
	case hours == 0:
		return fmt.Sprintf("%d min", minutes)
	case minutes%60 == 0:
		return fmt.Sprintf("%d h", hours)
	default:
		return fmt.Sprintf("%d h %d min", hours, minutes%60)
	}
}
