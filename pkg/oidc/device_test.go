package oidc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

func testClient(t *testing.T, cfg idctest.Config) (*idctest.Server, *Client) {
	t.Helper()
	srv := idctest.New(t, cfg)
	w, err := wire.New(wire.Settings{Endpoint: srv.URL, Timeout: 5 * time.Second, MaxAttempts: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.CloseIdle)
	c, err := New(w, srv.Region)
	if err != nil {
		t.Fatal(err)
	}
	return srv, c
}

func startDevice(t *testing.T, srv *idctest.Server, c *Client) (tokencache.Registration, DeviceCode) {
	t.Helper()
	r, err := c.RegisterDevice(t.Context(), "test", []string{DefaultScope})
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.StartDevice(t.Context(), r, srv.StartURL)
	if err != nil {
		t.Fatal(err)
	}
	return r, d
}

func TestDeviceLogin(t *testing.T) {
	t.Parallel()
	srv, c := testClient(t, idctest.Config{})
	r, d := startDevice(t, srv, c)
	if d.interval != time.Second || time.Until(d.ExpiresAt) < 9*time.Minute {
		t.Errorf("interval %v, expiry %v", d.interval, d.ExpiresAt)
	}
	if err := srv.Browse(t.Context(), d.CompleteURL); err != nil {
		t.Fatal(err)
	}
	g, err := c.WaitDevice(t.Context(), r, d)
	if err != nil || g.AccessToken == "" || g.RefreshToken == "" {
		t.Fatalf("%v, %v", g, err)
	}
}

func TestDeviceLoginDenied(t *testing.T) {
	t.Parallel()
	srv, c := testClient(t, idctest.Config{Approval: idctest.Declined})
	r, d := startDevice(t, srv, c)
	if err := srv.Browse(t.Context(), d.CompleteURL); err != nil {
		t.Fatal(err)
	}
	_, err := c.WaitDevice(t.Context(), r, d)
	if !errors.Is(err, ErrDenied) || fault.KindOf(err) != fault.Login {
		t.Error(err)
	}
}

func TestDeviceLoginWithAnExpiredCode(t *testing.T) {
	t.Parallel()
	srv, c := testClient(t, idctest.Config{})
	r, d := startDevice(t, srv, c)
	srv.Advance(time.Hour)
	_, err := c.WaitDevice(t.Context(), r, d)
	if !errors.Is(err, ErrExpired) || errors.Is(err, errSlowDown) || fault.KindOf(err) != fault.Login {
		t.Error(err)
	}
}

func TestStartDeviceRefused(t *testing.T) {
	for _, tc := range []struct {
		fault idctest.FaultKind
		kind  fault.Kind
		is    error
	}{
		{"InvalidRequestException", fault.Login, nil},
		{"InvalidClientException", fault.Login, ErrInvalidClient},
		{"UnauthorizedClientException", fault.Login, ErrInvalidClient},
		{idctest.Empty, fault.Reply, nil},
		{idctest.Hollow, fault.Reply, nil},
		{idctest.Nulls, fault.Reply, nil},
		{idctest.Unavailable, fault.Reply, nil},
	} {
		t.Run(string(tc.fault), func(t *testing.T) {
			srv, c := testClient(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.StartDeviceAuthorization, Kind: tc.fault}}})
			r, err := c.RegisterDevice(t.Context(), "test", nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.StartDevice(t.Context(), r, srv.StartURL)
			if fault.KindOf(err) != tc.kind || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%v: %v", fault.KindOf(err), err)
			}
		})
	}
}

func TestADeviceCodeThatCannotBeShown(t *testing.T) {
	good := DeviceCode{deviceCode: "x", UserCode: "ABCD-1234", VerificationURL: "https://x.awsapps.com/start/#/device"}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*DeviceCode){
		"no device code":    func(d *DeviceCode) { d.deviceCode = "" },
		"no user code":      func(d *DeviceCode) { d.UserCode = "" },
		"escape in it":      func(d *DeviceCode) { d.UserCode = "\x1b[2J" },
		"a sentence":        func(d *DeviceCode) { d.UserCode = "go to evil" },
		"no URL":            func(d *DeviceCode) { d.VerificationURL = "" },
		"not https":         func(d *DeviceCode) { d.VerificationURL = "http://x.awsapps.com/" },
		"complete URL, bad": func(d *DeviceCode) { d.CompleteURL = "javascript:alert(1)" },
	} {
		d := good
		spoil(&d)
		if err := d.check(); fault.KindOf(err) != fault.Reply {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecondsOfAServer(t *testing.T) {
	for seconds, want := range map[int32]time.Duration{-1: 5 * time.Second, 0: 5 * time.Second, 1: time.Second, 60: time.Minute, 1 << 30: time.Minute} {
		if got := within(seconds, defaultInterval, maxInterval); got != want {
			t.Errorf("%d: %v, want %v", seconds, got, want)
		}
	}
}

// script answers polls in order, the last answer for ever, and notes when.
type script struct {
	begun   time.Time
	answers []error
	polled  []time.Duration
}

func (s *script) ask(context.Context) (Grant, error) {
	s.polled = append(s.polled, time.Since(s.begun))
	err := s.answers[min(len(s.polled), len(s.answers))-1]
	if err == nil {
		return Grant{AccessToken: "token"}, nil
	}
	return Grant{}, err
}

func code(interval, life time.Duration) DeviceCode {
	return DeviceCode{interval: interval, ExpiresAt: time.Now().Add(life)}
}

var (
	slowDown    = &fault.Error{Kind: fault.Login, Err: errSlowDown}
	pending     = &fault.Error{Kind: fault.Login, Err: errPending}
	unreachable = &fault.Error{Kind: fault.Unreachable, Why: "no route"}
)

func TestPolls(t *testing.T) {
	for _, tc := range []struct {
		name     string
		interval time.Duration
		answers  []error
		polled   []time.Duration // seconds
	}{
		{"the first after an interval, not at once", 5 * time.Second, []error{nil}, []time.Duration{5}},
		{"one an interval", 2 * time.Second, []error{pending, pending, nil}, []time.Duration{2, 4, 6}},
		{"no interval is no flood", 0, []error{pending, nil}, []time.Duration{1, 2}},
		{"5 s more for good after slow_down", time.Second, []error{slowDown, pending, pending, nil}, []time.Duration{1, 7, 13, 19}},
		{"and again after the second", time.Second, []error{slowDown, slowDown, pending, nil}, []time.Duration{1, 7, 18, 29}},
		{"longer pauses without an answer, then as before", time.Second,
			[]error{unreachable, unreachable, unreachable, pending, nil}, []time.Duration{1, 3, 7, 15, 16}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{begun: time.Now(), answers: tc.answers}
				g, err := poll(t.Context(), code(tc.interval, 10*time.Minute), s.ask)
				if err != nil || g.AccessToken == "" {
					t.Fatal(g, err)
				}
				for i := range tc.polled {
					tc.polled[i] *= time.Second
				}
				if !slices.Equal(s.polled, tc.polled) {
					t.Errorf("polled at %v, want %v", s.polled, tc.polled)
				}
			})
		})
	}
}

func TestPollsEndWithTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{begun: time.Now(), answers: []error{pending}}
		_, err := poll(t.Context(), code(7*time.Second, time.Minute), s.ask)
		if !errors.Is(err, ErrExpired) || errors.Is(err, errSlowDown) || fault.KindOf(err) != fault.Login {
			t.Error(err)
		}
		if took := time.Since(s.begun); took != time.Minute {
			t.Errorf("ended after %v", took)
		}
		if n := len(s.polled); n != 8 {
			t.Errorf("%d polls", n)
		}
	})
}

// A poll that hangs is not waited for beyond the code's end.
func TestAPollThatHangsEndsWithTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := poll(t.Context(), code(time.Second, time.Minute), func(ctx context.Context) (Grant, error) {
			<-ctx.Done()
			return Grant{}, ctx.Err()
		})
		if !errors.Is(err, ErrExpired) {
			t.Error(err)
		}
	})
}

func TestTwoSlowDownsHintAtTheClock(t *testing.T) {
	for n, want := range []bool{false, false, true, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{begun: time.Now(), answers: append(slices.Repeat([]error{slowDown}, n), pending)}
			_, err := poll(t.Context(), code(time.Second, time.Minute), s.ask)
			if !errors.Is(err, ErrExpired) || errors.Is(err, errSlowDown) != want || (fault.HintOf(err) != "") != want {
				t.Errorf("after %d: %v, hint %q", n, err, fault.HintOf(err))
			}
		})
	}
}

func TestServersWordThatTheCodeExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{begun: time.Now(), answers: []error{slowDown, slowDown, &fault.Error{Kind: fault.Login, Err: ErrExpired}}}
		_, err := poll(t.Context(), code(time.Second, time.Hour), s.ask)
		if !errors.Is(err, ErrExpired) || !errors.Is(err, errSlowDown) {
			t.Error(err)
		}
	})
}

func TestPollsEndAtOnceWhere(t *testing.T) {
	for _, end := range []error{ErrDenied, ErrInvalidGrant, ErrInvalidClient, ErrNoToken} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{begun: time.Now(), answers: []error{pending, &fault.Error{Kind: fault.Login, Err: end}, pending}}
			_, err := poll(t.Context(), code(time.Second, time.Hour), s.ask)
			if !errors.Is(err, end) || len(s.polled) != 2 {
				t.Errorf("%v after %d polls", err, len(s.polled))
			}
		})
	}
}

func TestPollsWithoutAnAnswerGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{begun: time.Now(), answers: []error{unreachable}}
		_, err := poll(t.Context(), code(time.Second, time.Hour), s.ask)
		if fault.KindOf(err) != fault.Unreachable || len(s.polled) != maxPollFaults+1 {
			t.Errorf("%v after %d polls", err, len(s.polled))
		}
	})
}

func TestPollsEndWithTheCaller(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		kind fault.Kind
	}{
		"canceled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(3*time.Second, cancel)
			return ctx, cancel
		}, fault.Canceled},
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 3*time.Second)
		}, fault.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				ctx, cancel := tc.end(t.Context())
				defer cancel()
				s := &script{begun: begun, answers: []error{pending}}
				_, err := poll(ctx, code(5*time.Second, time.Hour), s.ask)
				if fault.KindOf(err) != tc.kind || errors.Is(err, ErrExpired) || time.Since(begun) != 3*time.Second {
					t.Errorf("%v after %v", err, time.Since(begun))
				}
			})
		})
	}
}

// The service may fail while the person is still at the page.
func TestDeviceLoginSurvivesAFaultOnTheWay(t *testing.T) {
	t.Parallel()
	for _, kind := range []idctest.FaultKind{idctest.Unavailable, idctest.Reset, "InternalServerException"} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			srv, c := testClient(t, idctest.Config{
				Approval: idctest.Unattended,
				Faults:   []idctest.Fault{{Op: idctest.CreateToken, Kind: kind, Times: 1}},
			})
			r, d := startDevice(t, srv, c)
			if g, err := c.WaitDevice(t.Context(), r, d); err != nil || g.AccessToken == "" {
				t.Errorf("%v, %v", g, err)
			}
		})
	}
}

func TestDeviceLoginWithoutAToken(t *testing.T) {
	t.Parallel()
	for kind, want := range map[idctest.FaultKind]error{idctest.Empty: nil, idctest.Hollow: ErrNoToken, idctest.Nulls: ErrNoToken} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			srv, c := testClient(t, idctest.Config{Approval: idctest.Unattended, Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: kind}}})
			r, d := startDevice(t, srv, c)
			g, err := c.WaitDevice(t.Context(), r, d)
			if err == nil || g.AccessToken != "" || want != nil && !errors.Is(err, want) {
				t.Errorf("%v, %v", g, err)
			}
		})
	}
}

func ExampleClient_WaitDevice() {
	login := func(ctx context.Context, c *Client, startURL string) (Grant, error) {
		r, err := c.RegisterDevice(ctx, "example", []string{DefaultScope})
		if err != nil {
			return Grant{}, err
		}
		d, err := c.StartDevice(ctx, r, startURL)
		if err != nil {
			return Grant{}, err
		}
		fmt.Printf("approve only if the page shows %s: %s\n", d.UserCode, d.CompleteURL)
		return c.WaitDevice(ctx, r, d)
	}
	_ = login
}
