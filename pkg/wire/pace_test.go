package wire_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aws-sso-plugins/pkg/wire"
)

// limit is what a simulated service lets through: rate calls a second after a
// burst, from a time on.
type limit struct {
	from        time.Duration
	rate, burst float64
}

// service is a simulated service with a token bucket.
type service struct {
	limits     []limit // by time; the first is from 0
	latency    time.Duration
	jitter     float64 // how much longer a way takes at most, as a part of it
	retryAfter time.Duration
	// refuse is how many calls in a hundred are refused whatever their number.
	refuse int
	random *rand.Rand
	first  bool // one call is made alone, before all others

	mu      sync.Mutex
	begun   time.Time
	filled  time.Time
	tokens  float64
	arrived []time.Duration
	full    time.Duration // when the first call was refused
}

func (s *service) limit(at time.Duration) limit {
	current := s.limits[0]
	for _, l := range s.limits {
		if at >= l.from {
			current = l
		}
	}
	return current
}

// take reports whether a call that arrives now is served.
func (s *service) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.begun.IsZero() {
		s.begun, s.filled, s.tokens = now, now, s.limits[0].burst
	}
	s.arrived = append(s.arrived, now.Sub(s.begun))
	l := s.limit(now.Sub(s.begun))
	s.tokens = min(l.burst, s.tokens+l.rate*now.Sub(s.filled).Seconds())
	s.filled = now
	if s.tokens < 1 || s.refuse > 0 && s.random.IntN(100) < s.refuse {
		if s.full == 0 {
			s.full = now.Sub(s.begun)
		}
		return false
	}
	s.tokens--
	return true
}

// way returns how long a call takes to the service, and its answer back.
func (s *service) way() time.Duration {
	if s.jitter == 0 {
		return s.latency / 2
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(float64(s.latency/2) * (1 + s.jitter*s.random.Float64()))
}

// call makes one call until it is served or ctx is done.
func (s *service) call(ctx context.Context, pace *wire.Pace) error {
	for {
		turn, err := pace.Wait(ctx)
		if err != nil {
			return err
		}
		time.Sleep(s.way())
		served := s.take()
		time.Sleep(s.way())
		if served {
			turn.Served()
			return nil
		}
		turn.Throttled(s.retryAfter)
	}
}

// floor is the least time in which n calls can be served.
func (s *service) floor(n int) time.Duration {
	const step = time.Millisecond
	var at time.Duration
	for served := s.limits[0].burst; served < float64(n); at += step {
		served += s.limit(at).rate * step.Seconds()
	}
	return at
}

// run makes n calls with some callers, and returns the time and the refusals.
func (s *service) run(ctx context.Context, t *testing.T, n, callers int) (took time.Duration, refused int) {
	t.Helper()
	pace := wire.NewPace()
	calls := make(chan struct{}, n)
	for range n {
		calls <- struct{}{}
	}
	close(calls)
	begun := time.Now()
	if s.first { // as a listing begins, with the accounts
		<-calls
		if err := s.call(ctx, pace); err != nil {
			t.Error(err)
		}
	}
	var workers sync.WaitGroup
	for range callers {
		workers.Go(func() {
			for range calls {
				if err := s.call(ctx, pace); err != nil && ctx.Err() == nil {
					t.Errorf("a call was lost: %v", err)
				}
			}
		})
	}
	workers.Wait()
	_, refused = pace.Rate()
	return time.Since(begun), refused
}

func TestPaceReachesTheFloor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		limits []limit
		calls  int
		within float64 // of the floor
	}{
		{"20 a second", []limit{{0, 20, 20}}, 303, 1.03},
		{"20 a second, 1,000 calls", []limit{{0, 20, 20}}, 1000, 1.02},
		{"5 a second", []limit{{0, 5, 5}}, 303, 1.02},
		{"5 a second, 1,000 calls", []limit{{0, 5, 5}}, 1000, 1.02},
		{"20 a second, burst 5", []limit{{0, 20, 5}}, 303, 1.03},
		{"100 a second, 1,000 calls", []limit{{0, 100, 100}}, 1000, 1.1},
		{"1 a second", []limit{{0, 1, 2}}, 303, 1.05},
		{"1 a second, burst 1, 31 calls", []limit{{0, 1, 1}}, 31, 1.05},
		{"1 a second, burst 1, 61 calls", []limit{{0, 1, 1}}, 61, 1.05},
		{"1 a second, burst 5, 41 calls", []limit{{0, 1, 5}}, 41, 1.05},
		{"0.5 a second, burst 1, 31 calls", []limit{{0, 0.5, 1}}, 31, 1.05},
		{"2 a second, burst 1, 31 calls", []limit{{0, 2, 1}}, 31, 1.15},
		{"3 a second, burst 3, 31 calls", []limit{{0, 3, 3}}, 31, 1.05},
		{"1 a second, then 5", []limit{{0, 1, 1}, {20 * time.Second, 5, 5}}, 101, 1.1},
		{"20, then 5 a second", []limit{{0, 20, 20}, {5 * time.Second, 5, 5}}, 303, 1.03},
		{"5, then 20 a second", []limit{{0, 5, 5}, {30 * time.Second, 20, 20}}, 303, 1.04},
		{"20, 40, 10 a second, 1,000 calls", []limit{{0, 20, 20}, {10 * time.Second, 40, 40}, {20 * time.Second, 10, 10}}, 1000, 1.03},
	}
	for _, test := range tests {
		for _, callers := range []int{32, 64, 128} {
			t.Run(fmt.Sprintf("%s, %d callers", test.name, callers), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &service{limits: test.limits, latency: 50 * time.Millisecond, first: test.calls < 200}
					floor := s.floor(test.calls)
					took, refused := s.run(t.Context(), t, test.calls, callers)
					t.Logf("floor %v, took %v (%.3f), %d refused", floor, took, took.Seconds()/floor.Seconds(), refused)
					if took.Seconds() > test.within*floor.Seconds() {
						t.Errorf("took %v, want at most %.2f x %v", took, test.within, floor)
					}
					if refused >= test.calls {
						t.Errorf("%d refusals for %d calls", refused, test.calls)
					}
				})
			})
		}
	}
}

// Whatever a service lets through, and however much of it at once, it serves
// more calls than it refuses, and is kept busy. Where it lets through one at a
// time, at more than a call in the time of an answer, capacity is lost.
func TestPaceAtEveryRate(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0.5, 1, 2, 5, 20, 100} {
		for _, burst := range []float64{1, 2, 5, 10, 20} {
			for _, latency := range []time.Duration{4 * time.Millisecond, 50 * time.Millisecond} {
				for _, jitter := range []float64{0, 0.2} {
					t.Run(fmt.Sprintf("%v a second, burst %v, %v, jitter %v", rate, burst, latency, jitter), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							calls := int(max(60, 15*rate) + burst)
							s := &service{
								limits: []limit{{0, rate, burst}}, latency: latency, jitter: jitter,
								random: rand.New(rand.NewPCG(1, 2)), first: true,
							}
							floor := s.floor(calls)
							took, refused := s.run(t.Context(), t, calls, 64)
							over := took.Seconds() / floor.Seconds()
							t.Logf("%d calls, floor %v, took %v (%.3f), %d refused", calls, floor, took, over, refused)
							most := 1.05
							switch interval := time.Duration(float64(time.Second) / rate); {
							case burst == 1 && interval <= 20*latency:
								most = 1.55
							case burst < 10 && interval <= 3*latency:
								most = 1.15
							case burst == 1 || interval <= 3*latency:
								most = 1.1
							}
							if over > most {
								t.Errorf("%.3f times the least time, want at most %v", over, most)
							}
							if refused >= calls {
								t.Errorf("%d refusals for %d calls", refused, calls)
							}
						})
					})
				}
			}
		}
	}
}

// A service without a limit is asked by 12, then 36, then by all at once.
func TestPaceIsNoLimitWhereThereIsNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{limits: []limit{{0, 1e6, 1e6}}, latency: 50 * time.Millisecond}
		took, refused := s.run(t.Context(), t, 320, 64)
		if want := 350 * time.Millisecond; took != want || refused != 0 {
			t.Errorf("took %v with %d refusals, want %v with none", took, refused, want)
		}
	})
}

// A service that refuses now and then whatever the rate must not be taken for
// one that is slow: the rate would go down and down.
func TestPaceSurvivesRefusalsAtRandom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{
			limits: []limit{{0, 1e6, 1e6}}, latency: 50 * time.Millisecond,
			refuse: 10, random: rand.New(rand.NewPCG(1, 2)),
		}
		took, refused := s.run(t.Context(), t, 303, 64)
		t.Logf("took %v, %d refused", took, refused)
		if took > 20*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestPaceObeysRetryAfter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		asked  time.Duration
		within float64
	}{{time.Second, 1.1}, {3 * time.Second, 1.45}} {
		t.Run(test.asked.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &service{limits: []limit{{0, 20, 20}}, latency: 50 * time.Millisecond, retryAfter: test.asked}
				floor := s.floor(303)
				took, refused := s.run(t.Context(), t, 303, 64)
				t.Logf("floor %v, took %v (%.3f), %d refused", floor, took, took.Seconds()/floor.Seconds(), refused)
				if took.Seconds() > test.within*floor.Seconds() {
					t.Errorf("took %v, want at most %.2f x %v", took, test.within, floor)
				}
				// Whoever left before the first refusal came back arrives within a
				// round trip of it; everybody else waits.
				for _, at := range s.arrived {
					if at -= s.full; at > s.latency && at < test.asked+s.latency {
						t.Errorf("a call arrived after %v, the service had asked to wait for %v", at, test.asked)
					}
				}
			})
		})
	}
}

// Throttling that never ends is borne, and slows down, until somebody stops it.
func TestPaceWithoutMercy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{limits: []limit{{0, 0, 0}}, latency: 50 * time.Millisecond}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		took, refused := s.run(ctx, t, 303, 64)
		if took != 10*time.Minute {
			t.Errorf("took %v, want to be stopped after 10 minutes", took)
		}
		if most := 64 + 20 + 600*2; refused > most {
			t.Errorf("asked %d times in 10 minutes, want at most %d", refused, most)
		}
	})
}

func TestPaceWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pace := wire.NewPace()
		done, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := pace.Wait(done); !errors.Is(err, context.Canceled) {
			t.Errorf("without a limit: %v", err)
		}
		leave(t, pace).Throttled(time.Hour)
		if _, err := pace.Wait(done); !errors.Is(err, context.Canceled) {
			t.Errorf("with a limit: %v", err)
		}

		// One waits for its time, ten for their turn.
		ctx, cancel := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		for range 11 {
			waiting.Go(func() {
				if _, err := pace.Wait(ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("while waiting: %v", err)
				}
			})
		}
		synctest.Wait()
		begun := time.Now()
		cancel()
		waiting.Wait()
		if took := time.Since(begun); took != 0 {
			t.Errorf("ended %v after the context", took)
		}
	})
}

// Whoever comes first leaves first, a caller that gave up takes no place.
func TestPaceKeepsTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pace := wire.NewPace()
		leave(t, pace).Throttled(time.Second)
		begun := time.Now()
		var (
			mu      sync.Mutex
			left    []int
			waiting sync.WaitGroup
		)
		ctx, cancel := context.WithCancel(t.Context())
		for i := range 10 {
			own := t.Context()
			if i%2 == 1 {
				own = ctx
			}
			waiting.Go(func() {
				if _, err := pace.Wait(own); err != nil {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				left = append(left, i)
			})
			synctest.Wait()
		}
		cancel()
		waiting.Wait()
		if want := []int{0, 2, 4, 6, 8}; !slices.Equal(left, want) {
			t.Errorf("left in the order %v, want %v", left, want)
		}
		if took := time.Since(begun); took < time.Second || took > 1300*time.Millisecond {
			t.Errorf("five calls left within %v, want 1 s and four intervals of 50 ms at most", took)
		}
	})
}

// leave makes a call leave.
func leave(t *testing.T, pace *wire.Pace) wire.Turn {
	t.Helper()
	turn, err := pace.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

func TestPaceRate(t *testing.T) {
	t.Parallel()
	pace := wire.NewPace()
	turns := []wire.Turn{leave(t, pace), leave(t, pace), leave(t, pace)}
	turns[0].Served()
	if rate, refused := pace.Rate(); rate != 0 || refused != 0 {
		t.Errorf("before any refusal: %v a second, %d refused", rate, refused)
	}
	turns[1].Throttled(0)
	turns[2].Throttled(0)
	if rate, refused := pace.Rate(); rate != 20 || refused != 2 {
		t.Errorf("after two refusals: %v a second, %d refused; want 20, 2", rate, refused)
	}
}

// A call that ends without an answer makes room for another, and tells nothing
// of a limit.
func TestPaceForgetsCallsThatFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pace := wire.NewPace()
		begun := time.Now()
		var callers sync.WaitGroup
		for range 64 {
			callers.Go(func() {
				turn := leave(t, pace)
				time.Sleep(time.Second)
				turn.Failed()
			})
		}
		callers.Wait()
		if took := time.Since(begun); took != 6*time.Second {
			t.Errorf("64 calls took %v, want 12 at once: 6 s", took)
		}
		if rate, refused := pace.Rate(); rate != 0 || refused != 0 {
			t.Errorf("%v a second, %d refused; want no limit", rate, refused)
		}
	})
}

// A probe that nobody answers holds up the others for a second, and no longer.
func TestPaceGoesOnWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pace := wire.NewPace()
		leave(t, pace).Throttled(0)
		leave(t, pace) // and hangs
		begun := time.Now()
		leave(t, pace).Served()
		if took := time.Since(begun); took != time.Second {
			t.Errorf("the next call left after %v, want 1 s", took)
		}
	})
}

// Throttling that lasts is told once for a pace; a refusal now and then is how a
// pace finds its limit, and is told to nobody in the first seconds.
func TestLastingThrottleIsToldOnce(t *testing.T) {
	const lasting = 5 * time.Second
	synctest.Test(t, func(t *testing.T) {
		throttled := refuse(429, "TooManyRequestsException", "slow down")
		settings := inMemory(t, (&script{replies: []reply{throttled}}).ServeHTTP)
		var told []time.Duration
		start := time.Now()
		settings.Throttled = func() { told = append(told, time.Since(start)) }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		pace := wire.NewPace()
		for range 2 {
			_ = operations["ListAccounts"](ctx, newClient(t, settings, pace))
		}
		if len(told) != 1 || told[0] < lasting || told[0] > 3*lasting {
			t.Errorf("it was told after %v", told)
		}
	})
}
