package fanout

import (
	"sync"
	"time"
)

// collectConcurrently takes the output of a command with a goroutine for each
// stream, waits for its end and kills what it has left behind. It leaves the
// command to be reaped: until then its number is nobody else's.
func (r *Runner) collectConcurrently(c *child, f *feed) (lost [2]error) {
	var readers sync.WaitGroup
	closed := make(chan struct{})
	for s, pipe := range c.pipes {
		readers.Go(func() { lost[s] = f.readAll(Stream(s), pipe) })
	}
	go func() { readers.Wait(); close(closed) }()

	c.waitExit()
	c.ended = time.Now()
	isClosed := func(within time.Duration) bool {
		select {
		case <-closed:
			return true
		case <-time.After(within):
			return false
		}
	}
	isClosed(r.limits.held)
	c.killGroup()
	f.last.Store(true)
	// What was killed needs a moment to end, and what it has left in the pipes may
	// wait for somebody who reads slowly. Where nobody is slow, a few moments do:
	// whoever still writes is not followed.
	const moments = 8
	reads := int64(-1)
	for idle := 0; idle < moments && !isClosed(r.limits.settling()); {
		switch {
		case f.busy.Load() > 0:
		case f.reads.Load() == reads:
			idle = moments
		default:
			idle++
		}
		reads = f.reads.Load()
	}
	for _, pipe := range c.pipes {
		_ = pipe.Close()
	}
	<-closed
	return lost
}

// settling is how long what was killed may take to end.
func (l limits) settling() time.Duration { return l.held / 8 }
