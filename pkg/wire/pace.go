package wire

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Pace finds out by itself how many calls a second a service lets through, and
// holds all calls that share it to that. It is safe for concurrent use.
//
// It limits nothing until the first throttled answer. From then on calls leave
// one by one at its rate. The rate creeps up all the time, faster and faster
// while no call is refused, and is cut to a little above what is being served
// when one is: so it stays at what the service lets through, follows a limit
// that moves, and pays for it with a refusal or two a second. A refused call
// goes back to the one queue. None sleeps by itself: capacity would be left
// unused while others wait.
//
// At a few calls a second a service may let through one call at a time, and a
// call that comes a moment early is refused. Waiting a whole interval again
// would lose half of the capacity, so then the next call leaves after a part of
// it.
//
// Where the service says how long to wait (Retry-After), nobody asks until
// then, and the pace avoids being told again.
type Pace struct {
	turn    chan struct{} // held by the one call that may leave next
	sooner  chan struct{} // tells it that it may leave sooner
	limited atomic.Bool   // a rate is set; read without the lock by calls that find no limit

	mu      sync.Mutex
	rate    float64   // calls a second; 0: no limit yet
	grown   time.Time // up to when growth is in rate
	next    time.Time // when the next call may leave
	calm    time.Time // since when no call was refused
	since   time.Time // since when calls are measured
	cut     time.Time // when the rate was cut last
	served  []time.Time
	left    time.Time // when the last call left
	early   int       // calls refused since one was served
	refused int
	first   time.Time // when a call was refused for the first time
	told    bool      // that it lasts

	resumed   time.Time // when the last wait that the service asked for ended
	sinceThen int       // calls served since
}

// The figures were found by simulation (TestPaceReachesTheFloor and its
// neighbours run it): a listing of 303 or 1,000 calls at 5, 20 and 100 calls a
// second and at limits that move, and short ones at half a call a second and
// more, with 32, 64 and 128 callers.
const (
	// startRate is the documented limit of Identity Center. A service that
	// takes more is found out within seconds.
	startRate = 20.0
	minRate   = 0.1
	maxRate   = 10_000.0

	// growth is what the rate gains every second, as a part of itself, and
	// doublings how often it doubles in a second once no call was refused for
	// calmTime and for calmCalls calls: at the limit refusals come more often.
	growth    = 0.04
	doublings = 2.0
	calmTime  = time.Second
	calmCalls = 8.0

	// A cut goes to what was served in the last span and a little more. Below
	// the limit capacity would be lost; an eighth above it one call in nine is
	// refused.
	span        = time.Second
	headroom    = 0.12
	cutInterval = 250 * time.Millisecond

	// Below slowRate a second says little: the last fewCalls calls are measured,
	// the headroom gets smaller with the rate, and from one call to the next the
	// rate gains growthOfCall at most, or grows calmGrowthOfCall times.
	slowRate         = 5.0
	fewCalls         = 4
	growthOfCall     = 0.002
	calmGrowthOfCall = 1.25

	// retryPart is the part of an interval after which a call follows one that
	// was refused. After manyEarly refusals in a row it doubles with each.
	retryPart = 1.0 / 16
	manyEarly = 4

	// askedCalm is how many times the wait that the service asked for must
	// pass without a refusal before the rate doubles again: each refusal costs
	// that wait, for all.
	askedCalm = 8
)

// lastingThrottle is for how long calls are refused before a person should know.
const lastingThrottle = 5 * time.Second

// NewPace returns a pace without a limit yet.
func NewPace() *Pace { return &Pace{turn: make(chan struct{}, 1), sooner: make(chan struct{}, 1)} }

// Wait returns when the caller may send one call, in the order of coming, or
// with the context's error.
func (p *Pace) Wait(ctx context.Context) error {
	if !p.limited.Load() {
		return ctx.Err()
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.turn }()
	for {
		wait := p.reserve(time.Now())
		if wait <= 0 {
			return ctx.Err()
		}
		select {
		case <-time.After(wait):
		case <-p.sooner:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// reserve takes the next place, or says how long to wait before asking again:
// what the service says meanwhile may move the place.
func (p *Pace) reserve(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.next.Sub(now); wait > 0 {
		return wait
	}
	p.grow(now)
	p.left = now
	if p.next = p.next.Add(p.interval()); p.next.Before(now) {
		p.next = now.Add(p.interval())
	}
	return 0
}

func (p *Pace) interval() time.Duration { return time.Duration(float64(time.Second) / p.rate) }

func (p *Pace) grow(now time.Time) {
	seconds := now.Sub(p.grown).Seconds()
	if seconds <= 0 {
		return
	}
	p.grown = now
	calm := max(calmTime, time.Duration(calmCalls/p.rate*float64(time.Second)))
	if now.Sub(p.calm) > calm {
		p.rate *= min(math.Exp2(doublings*seconds), p.mostGrowth())
	} else {
		p.rate += min(growth, growthOfCall*p.rate) * p.rate * seconds
	}
	p.rate = min(p.rate, maxRate)
}

// mostGrowth returns how many times higher the rate may be from one call to the
// next.
func (p *Pace) mostGrowth() float64 {
	if p.rate < slowRate {
		return calmGrowthOfCall
	}
	return math.Inf(1)
}

// Served tells the pace that a call was answered, with whatever answer: the
// service did not refuse it for the number of calls.
func (p *Pace) Served() {
	if !p.limited.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.forget(now)
	if n := len(p.served); p.early > 0 && n > 0 && p.rate < slowRate {
		// The service refuses a moment earlier, so this interval is its own.
		p.grow(now)
		p.rate = max(p.rate, min(1/now.Sub(p.served[n-1]).Seconds(), slowRate))
	}
	p.served = append(p.served, now)
	p.sinceThen++
	p.early = 0
}

// forget drops the calls that were served too long ago to count.
func (p *Pace) forget(now time.Time) {
	old := 0
	for old < len(p.served)-fewCalls && now.Sub(p.served[old]) > span {
		old++
	}
	p.served = p.served[old:]
}

// Throttled tells the pace that a call was refused for the number of calls,
// and how long the service asked to wait; 0: it did not say. It reports, once,
// that this has lasted for lastingThrottle.
func (p *Pace) Throttled(retryAfter time.Duration) (lasts bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.refused++; p.refused == 1 {
		p.first = now
	}
	if lasts = !p.told && now.Sub(p.first) >= lastingThrottle; lasts {
		p.told = true
	}
	switch {
	case p.rate == 0:
		p.rate = startRate
		p.grown, p.next, p.since, p.cut = now, now, now, now
		p.limited.Store(true)
	case now.Sub(p.cut) >= cutInterval:
		p.grow(now)
		p.cutRate(now)
		p.cut = now
	}
	p.retry(now)
	if now.After(p.calm) {
		p.calm = now
	}
	if retryAfter > 0 {
		p.hold(now, retryAfter)
	}
	return lasts
}

// retry lets the next call leave soon after one that was refused, at a rate so
// low that an interval is worth it.
func (p *Pace) retry(now time.Time) {
	if p.rate > slowRate {
		return
	}
	part := min(1, retryPart*math.Exp2(float64(max(0, p.early-manyEarly+1))))
	p.early++
	soon := p.left.Add(time.Duration(part * float64(p.interval())))
	if soon.Before(now) {
		soon = now
	}
	if !soon.Before(p.next) {
		return
	}
	p.next = soon
	select {
	case p.sooner <- struct{}{}:
	default:
	}
}

// cutRate lowers the rate to a little above what is being served. Where that is
// not known yet the rate is halved, though not below what the time without a
// served call rules out.
func (p *Pace) cutRate(now time.Time) {
	if served := p.measure(now); served > 0 {
		p.lower(served * (1 + headroom*min(1, served/slowRate)))
		return
	}
	last := p.since
	if n := len(p.served); n > 0 {
		last = p.served[n-1]
	}
	p.lower(max(p.rate/2, 1/now.Sub(last).Seconds()))
}

// measure returns how many calls a second were served lately; 0 if there were
// too few to tell.
func (p *Pace) measure(now time.Time) float64 {
	p.forget(now)
	n := len(p.served)
	if n > fewCalls && now.Sub(p.served[0]) <= span {
		return float64(n) / min(span, now.Sub(p.since)).Seconds()
	}
	if n < 2 {
		return 0
	}
	intervals := float64(n - 1)
	// the time since the last one counts once it is longer than an interval
	took := max(p.served[n-1].Sub(p.served[0]).Seconds(), now.Sub(p.served[0]).Seconds()*intervals/float64(n))
	return intervals / took
}

func (p *Pace) lower(rate float64) { p.rate = max(min(p.rate, rate), minRate) }

// hold lets nobody leave for as long as the service asked. Calls that were
// under way together are refused together, and make one wait.
func (p *Pace) hold(now time.Time, asked time.Duration) {
	until := now.Add(asked)
	if !until.After(p.next) {
		return
	}
	p.next = until
	if now.After(p.resumed) {
		if !p.resumed.IsZero() {
			// The wait counts: a rate at which waits are needed is too high
			// by what they cost.
			p.lower(float64(p.sinceThen) / until.Sub(p.resumed).Seconds())
		}
		p.sinceThen = 0
	}
	p.resumed = until
	p.grown, p.since, p.cut = until, until, until
	p.calm = until.Add(askedCalm * asked)
	p.served = p.served[:0]
}

// Rate returns the limit in calls a second at the moment, 0 while there is none,
// and how many calls were refused so far.
func (p *Pace) Rate() (rate float64, refused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rate, p.refused
}
