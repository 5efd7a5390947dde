package resolve

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Result is what came of a target.
type Result struct {
	*Target
	Credentials aws.Credentials
	Err         error
}

// Each asks for the credentials of targets, for at most n at once, and hands
// the results out as they come. After ctx is cancelled come those that were
// found before, and none of what was broken off. Breaking out of the loop stops
// all calls.
func Each(ctx context.Context, targets []*Target, n int) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		if len(targets) == 1 { // nothing to be done at once
			if r, ok := targets[0].result(ctx); ok {
				yield(r)
			}
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		results := make(chan Result)
		var next atomic.Int64
		var workers sync.WaitGroup
		for range min(max(n, 1), len(targets)) {
			workers.Go(func() {
				for {
					i := int(next.Add(1)) - 1
					if i >= len(targets) {
						return
					}
					r, ok := targets[i].result(ctx)
					if !ok {
						return
					}
					results <- r
				}
			})
		}
		go func() {
			workers.Wait()
			close(results)
		}()
		wanted := true
		for r := range results { // to its end, so that no worker is left
			if wanted && !yield(r) {
				wanted = false
				cancel()
			}
		}
	}
}

// result returns the credentials of a target, or why there are none. ok is false
// if the end of ctx is why.
func (t *Target) result(ctx context.Context) (r Result, ok bool) {
	if ctx.Err() != nil {
		return Result{}, false
	}
	r.Target = t
	r.Credentials, r.Err = t.Credentials(ctx)
	return r, r.Err == nil || ctx.Err() == nil
}
