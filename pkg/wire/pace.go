package wire

import (
	"context"
	"math"
	"sync"
	"time"
)

// Pace finds out by itself how many calls a second a service lets through, and
// holds all calls that share it to that. It is safe for concurrent use.
//
// It begins with a few calls at once, and each answer lets two more be under
// way. The first throttled answer sets a rate, and from then on calls leave one
// by one. A refused call goes back to the one queue. None sleeps by itself:
// capacity would be left unused while others wait.
//
// At many calls a second the rate creeps up all the time, faster and faster
// while no call is refused, and is cut to a little above what is being served
// when one is: so it stays at what the service lets through, follows a limit
// that moves, and pays for it with a refusal or two a second.
//
// At a few calls a second that would be a refusal or two for each call. And
// where the service lets through one call at a time, each wait that is longer
// than it had to be is lost. So there the pace probes: after a refusal one call
// at a time leaves, later and later, until one is served. That tells the
// interval between two calls, and the next probe is finer.
//
// Where the service says how long to wait (Retry-After), nobody asks until
// then, and the pace avoids being told again.
type Pace struct {
	turn chan struct{} // held by the one call that may leave next
	look chan struct{} // tells it to look again whether it may

	mu      sync.Mutex
	flight  int       // calls that are under way
	window  int       // how many may be, while there is no rate
	rate    float64   // calls a second; 0: no limit yet
	opening bool      // the rate is the one that it began with, or has only grown
	grown   time.Time // up to when growth is in rate
	next    time.Time // when the next call may leave
	calm    time.Time // since when no call was refused
	since   time.Time // since when calls are measured
	cut     time.Time // when the rate was cut last
	served  []time.Time
	refused int
	first   time.Time // when a call was refused for the first time
	told    bool      // that it lasts

	probe probe

	resumed   time.Time // when the last wait that the service asked for ended
	sinceThen int       // calls served since
}

// probe is what the pace knows where it probes. A call is at the time when it
// left.
type probe struct {
	refusals int       // in a row; while there are any, one call at a time leaves
	step     float64   // how much later the next call leaves, as a part of the wait so far
	known    time.Time // when the last refusal came
	refused  time.Time // the last call that was refused
	served   time.Time // the last call that was served, or the first that was not
	found    time.Time // the last call that was served after a refusal
	calls    int       // served since then
	usual    float64   // the rate before it leapt; 0: it did not
}

// Turn is a call that has left. Once the call has ended, one of the methods must
// be called, once.
type Turn struct {
	pace *Pace
	left time.Time
}

// The figures were found by simulation (TestPaceReachesTheFloor and its
// neighbours run it): listings of 30 to 1,520 calls at half a call to 100 calls a
// second and at limits that move, with bursts of 1 to 100, answers after 4 and
// 50 ms, and 32, 64 and 128 callers.
const (
	// firstWindow calls may all be refused: with more of them a short listing of
	// a slow service would have more refusals than answers. The window triples
	// with each round of answers, so that a listing of a fast service takes one
	// round more than if all calls left at once.
	firstWindow  = 12
	windowGrowth = 2

	// startRate is the documented limit of Identity Center. A service that
	// takes more is found out within a second or two: until a first cut the
	// rate doubles openingDoublings times a second, from openingCalls calls
	// without a refusal on.
	startRate        = 20.0
	minRate          = 0.1
	maxRate          = 10_000.0
	openingCalls     = 4.0
	openingDoublings = 4.0

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
	// and the pace probes.
	slowRate = 8.0
	fewCalls = 4

	// A first step is firstStep, and no other is longer. A probe that ends makes
	// it a quarter, down to finestStep, and each call that is served raises the
	// rate by a quarter of it: so the next refusal comes a few calls later.
	// Where the pace begins to probe at a known rate the step is knownStep.
	firstStep   = 0.5
	knownStep   = 0.06
	finestStep  = 0.01
	stepQuarter = 0.25

	// When it has not come after leapAfter calls the limit has risen, and the
	// rate leaps with each. What was served over more than averaged calls says
	// little of a limit that rises.
	leapAfter = 5
	leap      = 1.25
	averaged  = 16

	// probeTime is for how long a probe that is not answered holds up the next.
	probeTime = time.Second

	// askedCalm is how many times the wait that the service asked for must
	// pass without a refusal before the rate doubles again: each refusal costs
	// that wait, for all.
	askedCalm = 8
)

// lastingThrottle is for how long calls are refused before a person should know.
const lastingThrottle = 5 * time.Second

// NewPace returns a pace without a limit yet.
func NewPace() *Pace {
	return &Pace{turn: make(chan struct{}, 1), look: make(chan struct{}, 1), window: firstWindow}
}

// Wait returns when the caller may send one call, in the order of coming, or
// with the context's error.
func (p *Pace) Wait(ctx context.Context) (Turn, error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return Turn{}, ctx.Err()
	}
	defer func() { <-p.turn }()
	for {
		if err := ctx.Err(); err != nil {
			return Turn{}, err
		}
		now := time.Now()
		wait, left := p.leave(now)
		if left {
			return Turn{pace: p, left: now}, nil
		}
		var passed <-chan time.Time
		if wait > 0 {
			passed = time.After(wait)
		}
		select {
		case <-passed:
		case <-p.look:
		case <-ctx.Done():
		}
	}
}

// leave takes the next place, or says how long to wait before looking again, 0
// for as long as p.look is silent: what the service says meanwhile may move the
// place.
func (p *Pace) leave(now time.Time) (wait time.Duration, left bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.rate == 0:
		if p.flight >= p.window {
			return 0, false
		}
	case p.next.After(now):
		return p.next.Sub(now), false
	case p.probe.refusals > 0:
		p.next = now.Add(max(probeTime, p.interval()))
	default:
		p.grow(now)
		if p.next = p.next.Add(p.interval()); p.next.Before(now) {
			p.next = now.Add(p.interval())
		}
	}
	p.flight++
	return 0, true
}

func (p *Pace) interval() time.Duration { return inverse(p.rate) }

// inverse returns how long one of rate events a second takes.
func inverse(rate float64) time.Duration { return time.Duration(float64(time.Second) / rate) }

func (p *Pace) slow() bool { return p.rate < slowRate }

func (p *Pace) grow(now time.Time) {
	seconds := now.Sub(p.grown).Seconds()
	if seconds <= 0 {
		return
	}
	p.grown = now
	if p.slow() {
		return // climb does it, by the call
	}
	calm, times := max(calmTime, inverse(p.rate/calmCalls)), doublings
	if p.opening {
		calm, times = inverse(p.rate/openingCalls), openingDoublings
	}
	if now.Sub(p.calm) > calm {
		p.rate *= math.Exp2(times * seconds)
	} else {
		p.rate += growth * p.rate * seconds
	}
	p.rate = min(p.rate, maxRate)
}

// wake makes the call that may leave next look again.
func (p *Pace) wake() {
	select {
	case p.look <- struct{}{}:
	default:
	}
}

// ended counts a call that is no longer under way.
func (p *Pace) ended() {
	if p.flight--; p.rate == 0 {
		p.wake()
	}
}

// Failed tells the pace that the call ended without an answer of the service.
func (t Turn) Failed() {
	p := t.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended()
}

// Served tells the pace that the call was answered, with whatever answer: the
// service did not refuse it for the number of calls.
func (t Turn) Served() {
	p := t.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended(); p.rate == 0 {
		p.window += windowGrowth
		p.probe.served = latest(p.probe.served, t.left)
		return
	}
	now := time.Now()
	p.forget(now)
	p.served = append(p.served, now)
	p.sinceThen++
	p.probe.calls++
	switch {
	case p.probe.refusals > 0 && t.left.After(p.probe.refused):
		p.found(t.left, now)
	case p.slow():
		p.climb()
	}
	p.probe.served = latest(p.probe.served, t.left)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// found ends a probe with the call that was served.
func (p *Pace) found(left, now time.Time) {
	b := &p.probe
	if b.usual > 0 && b.refusals == 1 {
		p.rate = b.usual
	} else {
		rate := p.rate // what the last refusal left possible
		if waited := left.Sub(b.served); waited > 0 {
			rate = (rate + 1/waited.Seconds()) / 2
		}
		if !b.found.IsZero() && b.calls <= averaged {
			// A service that lets through several at once had some left, and
			// the last wait was too short to tell.
			rate = min(rate, float64(b.calls)/left.Sub(b.found).Seconds()*(1+b.step))
		}
		p.lower(rate)
	}
	b.step = max(finestStep, b.step*stepQuarter)
	b.refusals, b.usual = 0, 0
	b.found, b.calls = left, 0
	p.grown = now
	p.next = left.Add(p.interval())
	p.wake()
}

// climb raises a slow rate after a call that was served.
func (p *Pace) climb() {
	b := &p.probe
	if b.calls <= leapAfter {
		p.rate *= 1 + b.step*stepQuarter
		return
	}
	if b.usual == 0 {
		b.usual = p.rate
	}
	p.rate *= leap
}

// forget drops the calls that were served too long ago to count.
func (p *Pace) forget(now time.Time) {
	old := 0
	for old < len(p.served)-fewCalls && now.Sub(p.served[old]) > span {
		old++
	}
	p.served = p.served[old:]
}

// Throttled tells the pace that the call was refused for the number of calls,
// and how long the service asked to wait; 0: it did not say. It reports, once,
// that this has lasted for lastingThrottle.
func (t Turn) Throttled(retryAfter time.Duration) (lasts bool) {
	p := t.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended()
	now := time.Now()
	if p.refused++; p.refused == 1 {
		p.first = now
	}
	if lasts = !p.told && now.Sub(p.first) >= lastingThrottle; lasts {
		p.told = true
	}
	// What left before the last probe's refusal came says nothing new.
	late := t.left.Before(p.probe.known)
	switch {
	case p.rate == 0:
		p.rate, p.opening = startRate, true
		p.grown, p.next, p.since, p.cut = now, now, now, now
		p.probe.step = firstStep
		p.probe.served = latest(p.probe.served, t.left)
		p.refuse(t.left, now)
		p.next = now
	case retryAfter == 0 && (p.probe.refusals > 0 || p.slow()):
		if !late {
			p.refuse(t.left, now)
		}
	case now.Sub(p.cut) >= cutInterval:
		p.grow(now)
		p.cutRate(now)
		p.cut = now
	}
	if !late {
		p.calm = latest(p.calm, now)
	}
	if retryAfter > 0 {
		p.hold(now, retryAfter)
	}
	return lasts
}

// refuse begins a probe, or goes on with it: the next call leaves a step later
// than the one that was refused, and each time the step doubles.
func (p *Pace) refuse(left, now time.Time) {
	b := &p.probe
	b.refusals++
	b.known, b.refused = now, left
	if b.refusals > 2 {
		p.opening = false
	}
	if waited := left.Sub(b.served); waited > 0 {
		p.lower(1 / waited.Seconds())
	}
	if b.usual > 0 && b.refusals == 1 {
		p.next = latest(now, b.served.Add(inverse(b.usual)))
	} else {
		step := min(firstStep, b.step*math.Exp2(float64(b.refusals-1)))
		p.next = latest(b.served.Add(p.interval()), left.Add(time.Duration(step*float64(p.interval()))))
		p.next = latest(p.next, now)
	}
	p.wake()
}

// cutRate lowers the rate to a little above what is being served. Where that is
// not known yet the rate is halved, though not below what the time without a
// served call rules out.
func (p *Pace) cutRate(now time.Time) {
	p.opening = false
	p.probe.step, p.probe.found, p.probe.usual = knownStep, time.Time{}, 0
	if served := p.measure(now); served > 0 {
		p.lower(served * (1 + headroom))
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
	p.probe.refusals, p.probe.usual = 0, 0
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
	p.opening = false
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
