package login_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// all asks a source from many goroutines at once.
func all(n int, ask func() (string, error)) (tokens map[string]int, faults []error) {
	tokens = map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			tok, err := ask()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				faults = append(faults, err)
				return
			}
			tokens[tok]++
		})
	}
	wg.Wait()
	return tokens, faults
}

func token(ctx context.Context, src portal.TokenSource) func() (string, error) {
	return func() (string, error) { return src.Token(ctx) }
}

func renew(ctx context.Context, src portal.TokenSource, refused string) func() (string, error) {
	return func() (string, error) { return src.Renew(ctx, refused) }
}

func TestSourceGivesTheCachedToken(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	tok := w.put()
	got, faults := all(20, token(t.Context(), w.engine().Source(w.s)))
	if len(faults) > 0 || got[tok.AccessToken] != 20 {
		t.Errorf("%d tokens, %v", len(got), faults)
	}
	if n := w.srv.Count(idctest.CreateToken); n != 0 {
		t.Errorf("%d refreshes", n)
	}
}

func TestSourceRefreshesOnceForAll(t *testing.T) {
	for name, left := range map[string]time.Duration{"near its end": 10 * time.Minute, "over": -time.Minute} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{})
			old := w.put(endsIn(left))
			got, faults := all(50, token(t.Context(), w.engine().Source(w.s)))
			if len(faults) > 0 || len(got) != 1 || got[old.AccessToken] != 0 {
				t.Errorf("%d tokens, %v", len(got), faults)
			}
			if n := w.srv.Count(idctest.CreateToken); n != 1 {
				t.Errorf("%d refreshes", n)
			}
		})
	}
}

// Sources of several engines are several processes.
func TestSourcesOfManyProcessesRefreshOnce(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put(endsIn(-time.Minute))
	got, faults := all(10, func() (string, error) { return w.engine().Source(w.s).Token(t.Context()) })
	if len(faults) > 0 || len(got) != 1 || got[old.AccessToken] != 0 {
		t.Errorf("%d tokens, %v", len(got), faults)
	}
	if n := w.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

func TestSourceNeverLogsIn(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"no token":         func(*world) {},
		"over for good":    func(w *world) { w.put(endsIn(-time.Minute), noRefresh) },
		"the session over": func(w *world) { w.put(endsIn(-time.Minute)); w.srv.EndSession("") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{})
			prepare(w)
			_, faults := all(20, token(t.Context(), w.engine().Source(w.s)))
			if len(faults) != 20 {
				t.Fatalf("%d faults", len(faults))
			}
			for _, err := range faults {
				w.wantFault(err, fault.Login)
				if fault.HintOf(err) != "run: sso-login okta" {
					t.Errorf("hint %q", fault.HintOf(err))
				}
			}
			// 3,000 profiles must not ask 3,000 times whether the session is over.
			if n := w.srv.Count(idctest.CreateToken); n > 1 {
				t.Errorf("%d refreshes", n)
			}
			if w.asked() != 0 {
				t.Error("somebody was asked")
			}
		})
	}
}

func TestSourceMakesDoWithTheTimeLeft(t *testing.T) {
	w := newWorld(t, fails(idctest.CreateToken, idctest.Unavailable))
	old := w.put(endsIn(5 * time.Minute))
	got, faults := all(20, token(t.Context(), w.engine().Source(w.s)))
	if len(faults) > 0 || got[old.AccessToken] != 20 {
		t.Errorf("%d tokens, %v", len(got), faults)
	}
	if n := w.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	if told := w.told(); strings.Count(told, "warning: ") != 1 {
		t.Errorf("the person was told %q", told)
	}
}

func TestSourceTriesAgainAfterAWhile(t *testing.T) {
	w := newWorld(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: idctest.Unavailable, Times: 1}}})
	old := w.put(endsIn(10 * time.Minute))
	e := w.engine()
	var after time.Duration
	e.Now = func() time.Time { return time.Now().Add(after) }
	src := e.Source(w.s)
	for _, tc := range []struct {
		after time.Duration
		same  bool
	}{{0, true}, {59 * time.Second, true}, {61 * time.Second, false}} {
		after = tc.after
		got, err := src.Token(t.Context())
		if err != nil || (got == old.AccessToken) != tc.same {
			t.Errorf("after %v: the old one: %v, %v", tc.after, got == old.AccessToken, err)
		}
	}
}

// A fault that passes does not cost a run all its profiles.
func TestSourceGetsOverAFaultThatPasses(t *testing.T) {
	for name, ask := range map[string]func(portal.TokenSource, string) (string, error){
		"a token":   func(src portal.TokenSource, _ string) (string, error) { return src.Token(t.Context()) },
		"a renewal": func(src portal.TokenSource, old string) (string, error) { return src.Renew(t.Context(), old) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: idctest.Unavailable, Times: 1}}})
			old := w.put(endsIn(-time.Minute))
			e := w.engine()
			var after time.Duration
			e.Now = func() time.Time { return time.Now().Add(after) }
			src := e.Source(w.s)
			for range 2 {
				if _, err := ask(src, old.AccessToken); fault.KindOf(err) != fault.Reply {
					t.Fatal(err)
				}
			}
			after = 6 * time.Second
			if got, err := ask(src, old.AccessToken); err != nil || got == old.AccessToken {
				t.Error(err)
			}
			if n := w.srv.Count(idctest.CreateToken); n != 2 {
				t.Errorf("%d refreshes", n)
			}
		})
	}
}

func TestRenewRefreshesOncePerRefusedToken(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put()
	src := w.engine().Source(w.s)
	if _, err := src.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.srv.Revoke(old.AccessToken)
	got, faults := all(50, renew(t.Context(), src, old.AccessToken))
	if len(faults) > 0 || len(got) != 1 || got[old.AccessToken] != 0 {
		t.Errorf("%d tokens, %v", len(got), faults)
	}
	if n := w.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

func TestRenewTakesWhatAnotherProcessWrote(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put()
	src := w.engine().Source(w.s)
	if _, err := src.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh := w.put()
	got, err := src.Renew(t.Context(), old.AccessToken)
	if err != nil || got != fresh.AccessToken {
		t.Errorf("the other's token: %v, %v", got == fresh.AccessToken, err)
	}
	if n := w.srv.Count(idctest.CreateToken); n != 0 {
		t.Errorf("%d refreshes", n)
	}
}

func TestRenewAfterTheSessionWasEnded(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put()
	w.srv.EndSession("")
	src := w.engine().Source(w.s)
	if _, err := src.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, faults := all(50, renew(t.Context(), src, old.AccessToken))
	if len(faults) != 50 {
		t.Fatalf("%d faults", len(faults))
	}
	for _, err := range faults {
		w.wantFault(err, fault.Login)
		if fault.HintOf(err) != "run: sso-login --force okta" || !strings.Contains(err.Error(), "would be good until") {
			t.Errorf("%v, hint %q", err, fault.HintOf(err))
		}
	}
	if n := w.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

// A portal that refuses what AWS has just issued is not asked for ever.
func TestRenewOfATokenJustIssuedIsTheEnd(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put()
	src := w.engine().Source(w.s)
	fresh, err := src.Renew(t.Context(), old.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	_, err = src.Renew(t.Context(), fresh)
	w.wantFault(err, fault.Login)
	if n := w.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

func TestRenewOfALegacyTokenIsTheEnd(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.s = portal.Session{StartURL: w.srv.StartURL, Region: w.srv.Region, Profile: "dev"}
	old := w.put()
	src := w.engine().Source(w.s)
	_, err := src.Renew(t.Context(), old.AccessToken)
	w.wantFault(err, fault.Login)
	if n := w.srv.Count(idctest.CreateToken); n != 0 || fault.HintOf(err) != "run: sso-login --force --profile dev" {
		t.Errorf("%d refreshes, hint %q", n, fault.HintOf(err))
	}
}

func TestRenewThatDoesNotReachAWSIsNotALogin(t *testing.T) {
	w := newWorld(t, fails(idctest.CreateToken, idctest.Unavailable))
	old := w.put()
	src := w.engine().Source(w.s)
	_, faults := all(20, renew(t.Context(), src, old.AccessToken))
	if len(faults) != 20 {
		t.Fatalf("%d faults", len(faults))
	}
	for _, err := range faults {
		w.wantFault(err, fault.Reply)
	}
	if n := w.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

// One caller's end is not the others'.
func TestACallerThatGivesUpSpoilsNothing(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put(endsIn(-time.Minute))
	src := w.engine().Source(w.s)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := src.Token(gone); fault.KindOf(err) != fault.Canceled {
		t.Error(err)
	}
	if _, err := src.Renew(gone, old.AccessToken); fault.KindOf(err) != fault.Canceled {
		t.Error(err)
	}
	if got, err := src.Token(t.Context()); err != nil || got == old.AccessToken {
		t.Error(err)
	}
}

// A refresh that AWS has begun is finished, or its refresh token is lost.
func TestARefreshOutlivesItsCaller(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put(endsIn(-time.Minute))
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		cancel()
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, `{"accessToken":"another","tokenType":"Bearer","expiresIn":3600,"refreshToken":"yet another"}`)
	}))
	defer srv.Close()
	e := engineIn(t, w.home, wire.Settings{Endpoint: srv.URL})
	_, _ = e.Source(w.s).Token(ctx)
	if tok, _ := w.cached(); tok.AccessToken != "another" || tok.RefreshToken != "yet another" {
		t.Error("the refreshed token is lost")
	}
}

// With a clock that is ahead every token looks past, also a fresh one.
func TestSourceWithAClockThatIsAhead(t *testing.T) {
	w := newWorld(t, idctest.Config{Offset: -3 * time.Hour})
	w.put(func(tok *tokencache.Token) { tok.RegistrationExpiresAt = time.Now().Add(time.Hour) })
	got, faults := all(20, token(t.Context(), w.engine().Source(w.s)))
	if len(faults) > 0 || len(got) != 1 {
		t.Errorf("%d tokens, %v", len(got), faults)
	}
	if n := w.srv.Count(idctest.CreateToken); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

func TestSourceAtThePortal(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put()
	w.srv.Revoke(old.AccessToken)
	e := w.engine()
	p, err := portal.New(e.Wire, w.s.Region, wire.NewPace(), e.Source(w.s))
	if err != nil {
		t.Fatal(err)
	}
	accounts := idctest.MakeAccounts(3, 2)
	if _, _, err := p.RoleCredentials(t.Context(), accounts[0].ID, accounts[0].Roles[0]); err != nil {
		t.Error(err)
	}
	w.srv.EndSession("")
	if _, _, err := p.RoleCredentials(t.Context(), accounts[0].ID, accounts[0].Roles[0]); fault.KindOf(err) != fault.Login {
		t.Error(err)
	}
	if errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
