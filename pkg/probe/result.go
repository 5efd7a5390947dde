package probe

import (
	"iter"
	"time"

	"aws-sso-plugins/pkg/resolve"
)

// Result is what is known of one profile.
type Result struct {
	Profile   string
	Status    resolve.Status
	AccountID string        // as STS said, else as the profile says; may be empty
	RoleName  string        // as the profile says; may be empty
	Region    string        // where STS was asked, or would be; may be empty
	Session   string        // the sso-session, or start URL, that the profile reaches; may be empty
	Latency   time.Duration // of the STS call; 0: STS was not asked
	ARN       string        // of the caller, if STS answered
	UserID    string
	Reason    string // for every status but OK: what a person can act on
	// Index is the profile's place among those asked for.
	Index int
	// Err is the failure as a value; nil for OK and Skipped.
	Err error
}

// resultOf returns what is known of a target before anything was asked.
func resultOf(t *resolve.Target) Result {
	return Result{
		Profile: t.Profile, Index: t.Index, Region: t.Region, Session: t.Session.Label(),
		AccountID: t.AccountID, RoleName: t.RoleName,
	}
}

// failure returns the result of a target that failed, or was skipped.
func failure(t *resolve.Target, err error) Result {
	r := resultOf(t)
	r.Status, r.Err, r.Reason = resolve.StatusOf(err), err, err.Error()
	if r.Status == resolve.Skipped {
		r.Err = nil
	}
	return r
}

// InOrder hands the results on in the order of their indexes, each as soon as
// all before it are there. Where the results end early, those that are there
// come in their order all the same.
func InOrder(results iter.Seq[Result]) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		waiting, next, last := map[int]Result{}, 0, -1
		for r := range results {
			waiting[r.Index] = r
			last = max(last, r.Index)
			for ready, ok := waiting[next]; ok; ready, ok = waiting[next] {
				delete(waiting, next)
				next++
				if !yield(ready) {
					return
				}
			}
		}
		for ; next <= last; next++ {
			if r, ok := waiting[next]; ok && !yield(r) {
				return
			}
		}
	}
}
