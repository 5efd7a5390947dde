package idctest

import (
	"math"
	"time"
)

// bucket is a token bucket: it holds up to burst calls and is refilled at rate calls a second.
type bucket struct {
	level float64
	last  time.Time
}

// take reports whether a call at now is within the rate. A rate of 0 is no limit.
func (b *bucket) take(now time.Time, rate float64, burst int) bool {
	if rate <= 0 {
		return true
	}
	size := float64(burst)
	if burst <= 0 {
		size = math.Max(1, math.Ceil(rate))
	}
	if b.last.IsZero() {
		b.level = size
	} else if d := now.Sub(b.last); d > 0 {
		b.level += rate * d.Seconds()
	}
	b.level = math.Min(b.level, size)
	b.last = now
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}
