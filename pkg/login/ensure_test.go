package login_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

func TestAFirstLogin(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]login.Options{"browser": browser(), "device": device()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, idctest.Config{})
			st, err := w.ensure(o)
			w.want(st, err, login.LoggedIn)
			if !st.Refreshable || time.Until(st.ExpiresAt) < 59*time.Minute {
				t.Errorf("%+v", st)
			}
			tok, _ := w.cached()
			if tok.ClientID == "" || tok.ClientSecret == "" || tok.RefreshToken == "" || time.Until(tok.RegistrationExpiresAt) < 80*24*time.Hour {
				t.Errorf("the token cannot be refreshed: %v", tok)
			}
			if told := w.told(); told != "" {
				t.Errorf("the person was told %q", told)
			}
			st, err = w.ensure(o)
			w.want(st, err, login.Kept)
			if w.asked() != 1 {
				t.Errorf("asked %d times", w.asked())
			}
		})
	}
}

func TestThePromptInTheBrowser(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	o := browser()
	o.NoBrowser = true
	if _, err := w.ensure(o); err != nil {
		t.Fatal(err)
	}
	p := w.prompts[0]
	if p.Flow != login.FlowBrowser || p.Session.Name != "okta" || p.Port == 0 || !p.NoBrowser || p.Foreign || p.UserCode != "" ||
		!strings.HasPrefix(p.URL, w.srv.URL+"/authorize?") || time.Until(p.ExpiresAt) < 9*time.Minute {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(p.URL, fmt.Sprintf("127.0.0.1%%3A%d%%2Foauth%%2Fcallback", p.Port)) {
		t.Errorf("the port %d is not that of %s", p.Port, p.URL)
	}
}

func TestThePromptWithACode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, idctest.Config{})
	if _, err := w.ensure(device()); err != nil {
		t.Fatal(err)
	}
	p := w.prompts[0]
	if p.Flow != login.FlowDevice || p.UserCode == "" || p.Port != 0 || p.Foreign || p.PageURL == "" || !strings.Contains(p.URL, p.UserCode) {
		t.Errorf("%+v", p)
	}
}

// A page elsewhere that asks for a code may be a trap.
func TestAPageThatIsNotOfAWSIsForeign(t *testing.T) {
	t.Parallel()
	w := newWorld(t, idctest.Config{})
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/client/register":
			fmt.Fprint(rw, `{"clientId":"a","clientSecret":"b","clientSecretExpiresAt":4000000000}`)
		case "/device_authorization":
			fmt.Fprint(rw, `{"deviceCode":"c","userCode":"ABCD-EFGH","verificationUri":"https://evil.example/device","expiresIn":600,"interval":1}`)
		default:
			rw.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			rw.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(rw, `{}`)
		}
	}))
	defer srv.Close()
	e := engineIn(t, w.home, wire.Settings{Endpoint: srv.URL})
	var got login.Prompt
	e.Present = func(_ context.Context, p login.Prompt) error {
		got = p
		return nil
	}
	_, err := e.Ensure(t.Context(), w.s, device())
	w.wantFault(err, fault.Login, oidc.ErrDenied)
	if !got.Foreign || got.URL != "https://evil.example/device" {
		t.Errorf("%+v", got)
	}
}

func TestAGoodTokenIsKeptWithoutTheNetwork(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put()
	w.srv.ResetLog()
	for _, o := range []login.Options{{}, browser(), {ValidFor: 50 * time.Minute}, {ValidFor: -1}} {
		st, err := w.ensure(o)
		w.want(st, err, login.Kept)
	}
	if calls := w.srv.Stats().Calls; len(calls) != 0 {
		t.Errorf("calls: %v", calls)
	}
}

func TestValidFor(t *testing.T) {
	for _, tc := range []struct {
		left, validFor time.Duration
		want           login.Action
	}{
		{16 * time.Minute, 0, login.Kept},
		{14 * time.Minute, 0, login.Refreshed},
		{14 * time.Minute, 10 * time.Minute, login.Kept},
		{14 * time.Minute, -1, login.Kept},
		{time.Minute, -1, login.Kept},
		{-time.Minute, -1, login.Refreshed},
		{50 * time.Minute, 55 * time.Minute, login.Refreshed},
		{50 * time.Minute, 3 * time.Hour, login.Refreshed}, // the new one is taken however long it lives
	} {
		t.Run(fmt.Sprintf("%v of %v", tc.left, tc.validFor), func(t *testing.T) {
			w := newWorld(t, idctest.Config{})
			old := w.put(endsIn(tc.left))
			st, err := w.ensure(login.Options{ValidFor: tc.validFor})
			w.want(st, err, tc.want)
			if tok, _ := w.cached(); (tok.AccessToken == old.AccessToken) != (tc.want == login.Kept) {
				t.Error("the token in the cache is not the one")
			}
			if w.asked() != 0 {
				t.Error("somebody was asked")
			}
		})
	}
}

// A token just issued is taken however long it lives.
func TestALoginIsTakenThoughItEndsSoon(t *testing.T) {
	w := newWorld(t, idctest.Config{TokenLifetime: time.Minute})
	st, err := w.ensure(browser())
	w.want(st, err, login.LoggedIn)
	if w.asked() != 1 {
		t.Errorf("asked %d times", w.asked())
	}
}

func TestForceLogsInAnew(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put()
	o := browser()
	o.Force = true
	st, err := w.ensure(o)
	w.want(st, err, login.LoggedIn)
	if tok, _ := w.cached(); tok.AccessToken == old.AccessToken {
		t.Error("the old token is still there")
	}
}

func TestARefreshKeepsTheOldRefreshTokenIfNoneComesBack(t *testing.T) {
	w := newWorld(t, idctest.Config{KeepRefreshToken: true})
	old := w.put(endsIn(-time.Minute))
	st, err := w.ensure(login.Options{})
	w.want(st, err, login.Refreshed)
	tok, _ := w.cached()
	if tok.RefreshToken != old.RefreshToken || tok.AccessToken == old.AccessToken {
		t.Error("the refresh token is lost")
	}
	if tok.ClientID != old.ClientID || tok.ClientSecret != old.ClientSecret || !tok.RegistrationExpiresAt.Equal(old.RegistrationExpiresAt) {
		t.Error("the registration is lost")
	}
}

func TestARefreshKeepsTheNewRefreshToken(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put(endsIn(-time.Minute))
	for range 2 {
		st, err := w.ensure(login.Options{ValidFor: 2 * time.Hour})
		w.want(st, err, login.Refreshed)
	}
	if tok, _ := w.cached(); tok.RefreshToken == "" || tok.RefreshToken == old.RefreshToken {
		t.Error("the refresh token is not the new one")
	}
}

// Before the network is asked: AWS refuses what comes from a client whose
// registration is over.
func TestARegistrationThatIsOverIsNotRefreshedWith(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put(endsIn(-time.Minute), func(tok *tokencache.Token) { tok.RegistrationExpiresAt = time.Now().Add(-time.Hour) })
	_, err := w.ensure(login.Options{})
	w.wantFault(err, fault.Login)
	if n := w.srv.Count(idctest.CreateToken); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// A refresh token is good once. It is not spent where the next one cannot be
// kept: in a container with the cache mounted read-only, say.
func TestARefreshThatCannotBeKeptIsNotMade(t *testing.T) {
	w := newWorld(t, idctest.Config{TokenLifetime: 5 * time.Minute})
	path, err := w.srv.IssueToken("").WriteCache(w.home, "okta")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	st, err := w.ensure(login.Options{})
	if err != nil || st.Action != login.Kept || !strings.Contains(w.told(), "read-only") {
		t.Errorf("%q, error %v, told %q", st.Action, err, w.told())
	}
	if n := w.srv.Count(idctest.CreateToken); n != 0 {
		t.Errorf("%d refreshes", n)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if st, err := w.ensure(login.Options{}); err != nil || st.Action != login.Refreshed {
		t.Errorf("%q, error %v", st.Action, err)
	}
}

func TestAFailedRefreshWithTimeLeftIsAWarning(t *testing.T) {
	for kind, word := range map[idctest.FaultKind]string{
		"InvalidGrantException": "cannot be refreshed", "InvalidClientException": "cannot be refreshed",
		idctest.Unavailable: "503", idctest.Empty: "empty", idctest.Reset: "reset", idctest.Hollow: "cannot be refreshed",
	} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, fails(idctest.CreateToken, kind))
			old := w.put(endsIn(5 * time.Minute))
			for _, o := range []login.Options{{}, browser()} {
				st, err := w.ensure(o)
				w.want(st, err, login.Kept)
				if told := w.told(); !strings.HasPrefix(told, "warning: ") || !strings.Contains(told, word) ||
					!strings.Contains(told, old.ExpiresAt.Local().Format("15:04")) {
					t.Errorf("the person was told %q", told)
				}
			}
			if tok, _ := w.cached(); tok.AccessToken != old.AccessToken || tok.RefreshToken != old.RefreshToken {
				t.Error("the old token is not there any more")
			}
			if w.asked() != 0 {
				t.Error("a login was begun")
			}
		})
	}
}

func TestASessionThatIsOverIsLoggedInTo(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put(endsIn(-time.Minute))
	w.srv.EndSession("")
	st, err := w.ensure(browser())
	w.want(st, err, login.LoggedIn)
	if told := w.told(); !strings.HasPrefix(told, "notice: a new login is needed: the token expired at "+old.ExpiresAt.Local().Format("15:04")) {
		t.Errorf("the person was told %q", told)
	}
}

func TestASessionThatIsOverSaysSoAndWhen(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put(endsIn(-time.Minute))
	w.srv.EndSession("")
	_, err := w.ensure(login.Options{})
	w.wantFault(err, fault.Login)
	want := `session "okta" is over: the token expired at ` + old.ExpiresAt.Local().Format("15:04") + " and cannot be refreshed"
	if err.Error() != want || fault.HintOf(err) != "run: sso-login okta" {
		t.Errorf("%q, hint %q", err, fault.HintOf(err))
	}
}

// TestARefusedRefreshIsKnownAfterwards holds what Ensure says of a session whose
// refresh token AWS has just refused: by its file alone it is refreshable.
func TestARefusedRefreshIsKnownAfterwards(t *testing.T) {
	for name, o := range map[string]login.Options{"no flow": {}, "a login that fails, too": browser()} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{Approval: idctest.Declined})
			old := w.put(endsIn(-time.Minute))
			w.srv.EndSession("")
			if st, err := w.engine().State(t.Context(), w.s); err != nil || st.Status != login.StatusRefreshable {
				t.Fatalf("%+v, %v", st, err)
			}
			st, err := w.ensure(o)
			w.wantFault(err, fault.Login)
			if st.Status != login.StatusExpired || st.Refreshable || !st.ExpiresAt.Equal(old.ExpiresAt.Truncate(time.Second)) {
				t.Errorf("%+v", st)
			}
		})
	}
}

func TestAnotherDayIsNamed(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	old := w.put(endsIn(-49*time.Hour), noRefresh)
	_, err := w.ensure(login.Options{})
	w.wantFault(err, fault.Login)
	if !strings.Contains(err.Error(), old.ExpiresAt.Local().Format("2006-01-02 15:04")) {
		t.Error(err)
	}
}

// Where a refresh does not reach AWS a login would not either, and a browser
// would only show an error of its own.
func TestARefreshThatDoesNotReachAWSIsNoReasonForALogin(t *testing.T) {
	for kind, want := range map[idctest.FaultKind]fault.Kind{idctest.Unavailable: fault.Reply, idctest.Reset: fault.Unreachable} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, fails(idctest.CreateToken, kind))
			w.put(endsIn(-time.Minute))
			_, err := w.ensure(browser())
			w.wantFault(err, want)
			if w.asked() != 0 {
				t.Error("a login was begun")
			}
			if !strings.HasPrefix(err.Error(), `cannot refresh the token of session "okta": `) {
				t.Error(err)
			}
		})
	}
}

// A refresh that another client made is found after AWS has refused ours:
// those clients know no lock.
func TestInvalidGrantReadsTheTokenOnceMore(t *testing.T) {
	w := newWorld(t, idctest.Config{Tolerate: []idctest.Rule{idctest.SpentRefresh}})
	old := w.put(endsIn(-time.Minute))
	e := w.engine()
	// The AWS CLI: it spends the refresh token, and writes when ours is under way.
	client, err := oidc.New(e.Wire, w.s.Region)
	if err != nil {
		t.Fatal(err)
	}
	g, err := client.Refresh(t.Context(), tokencache.Registration{ClientID: old.ClientID, ClientSecret: old.ClientSecret}, old.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	e = engineIn(t, w.home, wire.Settings{Endpoint: refusing(t, func() {
		fresh := old
		fresh.AccessToken, fresh.RefreshToken, fresh.ExpiresAt = g.AccessToken, g.RefreshToken, g.ExpiresAt
		w.write(fresh)
	})})
	st, err := e.Ensure(t.Context(), w.s, login.Options{})
	w.want(st, err, login.Waited)
	if tok, _ := w.cached(); tok.AccessToken != g.AccessToken {
		t.Error("the other's token is gone")
	}
}

// refusing is a service that does something and then answers InvalidGrant.
func refusing(t *testing.T, do func()) string {
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		do()
		rw.Header().Set("X-Amzn-Errortype", "InvalidGrantException")
		rw.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(rw, `{"error":"invalid_grant"}`)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestNoFlowFailsAtOnce(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	_, err := w.ensure(login.Options{})
	w.wantFault(err, fault.Login)
	if err.Error() != `session "okta" has no login: it has no cached token` || fault.HintOf(err) != "run: sso-login okta" {
		t.Errorf("%q, hint %q", err, fault.HintOf(err))
	}
	_, err = w.ensure(login.Options{Force: true})
	w.wantFault(err, fault.Login)
	if calls := w.srv.Stats().Calls; len(calls) != 0 || w.asked() != 0 {
		t.Errorf("calls: %v", calls)
	}
}

func TestATokenThatEndsSoonAndCannotBeRefreshed(t *testing.T) {
	t.Run("is kept where no login may be", func(t *testing.T) {
		w := newWorld(t, idctest.Config{})
		w.put(endsIn(5*time.Minute), noRefresh)
		st, err := w.ensure(login.Options{})
		w.want(st, err, login.Kept)
	})
	t.Run("is replaced where one may", func(t *testing.T) {
		w := newWorld(t, idctest.Config{})
		w.put(endsIn(5*time.Minute), noRefresh)
		st, err := w.ensure(browser())
		w.want(st, err, login.LoggedIn)
	})
}

func TestCheckNeverLogsIn(t *testing.T) {
	for _, tc := range []struct {
		name string
		left time.Duration
		dead bool
		want login.Action // empty: a fault
	}{
		{"good", 30 * time.Minute, false, login.Kept},
		{"ends soon", 5 * time.Minute, false, login.Refreshed},
		{"over, refreshable", -time.Hour, false, login.Refreshed},
		{"ends soon, session over", 5 * time.Minute, true, login.Kept},
		{"over for good", -time.Hour, true, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{})
			w.put(endsIn(tc.left))
			if tc.dead {
				w.srv.EndSession("")
			}
			o := browser()
			o.Force = true
			st, err := w.engine().Check(t.Context(), w.s, o)
			if tc.want == "" {
				w.wantFault(err, fault.Login)
			} else {
				w.want(st, err, tc.want)
			}
			if w.asked() != 0 {
				t.Error("somebody was asked")
			}
		})
	}
}

// A login that fails is not tried by the other flow, and leaves the old token.
func TestFailedLogins(t *testing.T) {
	t.Parallel()
	denied := idctest.Config{Approval: idctest.Declined}
	for _, tc := range []struct {
		name string
		cfg  idctest.Config
		kind fault.Kind
		is   error
	}{
		{"denied", denied, fault.Login, oidc.ErrDenied},
		{"RegisterClient refused", fails(idctest.RegisterClient, "InvalidClientMetadataException"), fault.Login, nil},
		{"RegisterClient without an answer", fails(idctest.RegisterClient, idctest.Unavailable), fault.Reply, nil},
		{"empty 200 from CreateToken", fails(idctest.CreateToken, idctest.Empty), fault.Reply, nil},
		{"{} from CreateToken", fails(idctest.CreateToken, idctest.Hollow), fault.Login, oidc.ErrNoToken},
		{"nulls from CreateToken", fails(idctest.CreateToken, idctest.Nulls), fault.Login, oidc.ErrNoToken},
		{"expiresIn 0 or less", idctest.Config{TokenLifetime: -5 * time.Second}, fault.Login, oidc.ErrNoToken},
		{"InvalidGrant", fails(idctest.CreateToken, "InvalidGrantException"), fault.Login, oidc.ErrInvalidGrant},
		{"HTML from CreateToken", fails(idctest.CreateToken, idctest.HTML), fault.Reply, nil},
	} {
		for flow, o := range map[string]login.Options{"browser": browser(), "device": device()} {
			t.Run(tc.name+", "+flow, func(t *testing.T) {
				t.Parallel()
				cfg := tc.cfg
				cfg.Faults = append([]idctest.Fault(nil), cfg.Faults...)
				if flow == "device" && cfg.Approval == "" {
					cfg.Approval = idctest.Unattended
				}
				w := newWorld(t, cfg)
				_, err := w.ensure(o)
				w.wantFault(err, tc.kind)
				if tc.is != nil && !errors.Is(err, tc.is) {
					t.Errorf("%v is not %v", err, tc.is)
				}
				if !strings.HasPrefix(err.Error(), `cannot log in to "okta": `) {
					t.Error(err)
				}
				if _, found := w.cached(); found {
					t.Error("there is a token file")
				}
				if w.asked() > 1 {
					t.Errorf("asked %d times", w.asked())
				}
				for _, p := range w.prompts {
					if p.Flow != o.Flow {
						t.Errorf("the other flow was tried: %s", p.Flow)
					}
				}
			})
		}
	}
}

func TestAFailedLoginLeavesTheOldToken(t *testing.T) {
	w := newWorld(t, idctest.Config{Approval: idctest.Declined})
	old := w.put()
	o := browser()
	o.Force = true
	_, err := w.ensure(o)
	w.wantFault(err, fault.Login, oidc.ErrDenied)
	if fault.HintOf(err) != "to try again, run: sso-login okta" {
		t.Errorf("hint %q", fault.HintOf(err))
	}
	if tok, _ := w.cached(); tok.AccessToken != old.AccessToken {
		t.Error("the old token is gone")
	}
}

func TestThePortIsTaken(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	cb, err := oidc.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer cb.Close()
	o := browser()
	o.RedirectPort = cb.Port()
	_, err = w.ensure(o)
	w.wantFault(err, fault.Login, oidc.ErrPort)
	if w.asked() != 0 || !strings.Contains(fault.HintOf(err), "--redirect-port PORT okta") {
		t.Errorf("hint %q", fault.HintOf(err))
	}
}

func TestTheRedirectPort(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	cb, err := oidc.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	cb.Close()
	o := browser()
	o.RedirectPort = cb.Port()
	st, err := w.ensure(o)
	w.want(st, err, login.LoggedIn)
	if w.prompts[0].Port != cb.Port() {
		t.Errorf("port %d", w.prompts[0].Port)
	}
}

func TestNobodyCanBeAsked(t *testing.T) {
	t.Parallel()
	for name, present := range map[string]login.Presenter{
		"no presenter": nil,
		"it fails":     func(context.Context, login.Prompt) error { return errors.New("the terminal is gone") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, o := range []login.Options{browser(), device()} {
				w := newWorld(t, idctest.Config{})
				e := w.engine()
				e.Present = present
				_, err := e.Ensure(t.Context(), w.s, o) // without this error it would wait for the login
				w.wantFault(err, fault.Login)
				if !strings.Contains(err.Error(), "nobody could be asked") {
					t.Error(err)
				}
			}
		})
	}
}

// A browser may run as long as it likes: w3m, or one that hangs.
func TestABrowserThatHangsHoldsNothingUp(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	e := w.engine()
	hangs := make(chan struct{})
	defer close(hangs)
	e.Present = func(_ context.Context, p login.Prompt) error {
		// not even ctx.Done is minded
		_ = w.srv.Browse(context.Background(), p.URL)
		<-hangs
		return nil
	}
	st, err := e.Ensure(t.Context(), w.s, browser()) // or never
	w.want(st, err, login.LoggedIn)
}

func TestGivingUpEndsALogin(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]login.Options{"browser": browser(), "device": device()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, idctest.Config{Approval: idctest.Never})
			ctx, cancel := context.WithCancel(t.Context())
			e := w.engine()
			e.Present = func(ctx context.Context, _ login.Prompt) error {
				cancel()
				<-ctx.Done()
				return nil
			}
			_, err := e.Ensure(ctx, w.s, o) // or never
			w.wantFault(err, fault.Canceled, context.Canceled)
		})
	}
}

// A clock that is two hours off is said, and the expiry is AWS's.
func TestAClockTwoHoursOff(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		off  time.Duration
		word string
	}{
		"behind": {2 * time.Hour, "the clock of this machine is 2 h behind AWS"},
		"ahead":  {-2 * time.Hour, "the clock of this machine is 2 h ahead of AWS"},
		"a bit":  {3 * time.Minute, "the clock of this machine is 3 min behind AWS"},
		"a lot":  {-90 * time.Minute, "the clock of this machine is 1 h 30 min ahead of AWS"},
	} {
		for flow, o := range map[string]login.Options{"browser": browser(), "device": device()} {
			t.Run(name+", "+flow, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, idctest.Config{Offset: tc.off})
				st, err := w.ensure(o)
				w.want(st, err, login.LoggedIn)
				if told := w.told(); !strings.HasPrefix(told, "clock: "+tc.word) {
					t.Errorf("the person was told %q", told)
				}
				want := time.Now().Add(tc.off + time.Hour)
				tok, _ := w.cached()
				if d := tok.ExpiresAt.Sub(want).Abs(); d > 10*time.Second || !st.ExpiresAt.Truncate(time.Second).Equal(tok.ExpiresAt) {
					t.Errorf("the expiry is %v, off by %v", tok.ExpiresAt, d)
				}
				if w.asked() != 1 {
					t.Errorf("asked %d times", w.asked())
				}
			})
		}
	}
}

func TestALifetimeBeyondReasonIsCapped(t *testing.T) {
	w := newWorld(t, idctest.Config{TokenLifetime: 10 * 365 * 24 * time.Hour, SessionLifetime: 20 * 365 * 24 * time.Hour})
	st, err := w.ensure(browser())
	w.want(st, err, login.LoggedIn)
	if left := time.Until(st.ExpiresAt); left > oidc.MaxLifetime || left < oidc.MaxLifetime-time.Minute {
		t.Errorf("good for %v", left)
	}
	if !strings.Contains(w.told(), "taken to live 90 days") {
		t.Errorf("the person was told %q", w.told())
	}
}

func TestALegacyLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, idctest.Config{})
	w.s = portal.Session{StartURL: w.srv.StartURL, Region: w.srv.Region, Profile: "my dev"}
	st, err := w.ensure(browser()) // the device code all the same
	w.want(st, err, login.LoggedIn)
	if w.prompts[0].Flow != login.FlowDevice || st.Refreshable {
		t.Errorf("%+v", st)
	}
	tok, _ := w.cached()
	if tok.RefreshToken != "" || time.Until(tok.ExpiresAt) < 7*time.Hour {
		t.Errorf("%v", tok)
	}
	if sent := w.srv.Requests(idctest.RegisterClient)[0].Params; sent.Has("scopes") || sent.Get("clientName") != "sso-login" {
		t.Errorf("sent %v", sent)
	}
}

func TestALegacyTokenIsNeverRefreshed(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.s = portal.Session{StartURL: w.srv.StartURL, Region: w.srv.Region, Profile: "my dev"}
	w.put(endsIn(-time.Minute))
	_, err := w.ensure(login.Options{})
	w.wantFault(err, fault.Login)
	if n := w.srv.Count(idctest.CreateToken); n != 0 {
		t.Errorf("%d refreshes", n)
	}
	if fault.HintOf(err) != "run: sso-login --profile "+fault.Word("my dev") {
		t.Errorf("hint %q", fault.HintOf(err))
	}
}

func TestATokenOfAnotherStartURLOrRegionIsNone(t *testing.T) {
	for name, change := range map[string]func(*tokencache.Token){
		"start URL": func(tok *tokencache.Token) { tok.StartURL = "https://other.awsapps.com/start" },
		"region":    func(tok *tokencache.Token) { tok.Region = "us-east-1" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{})
			w.put(change)
			if st, err := w.engine().State(t.Context(), w.s); err != nil || st.Status != login.StatusNone {
				t.Errorf("%+v, %v", st, err)
			}
			st, err := w.ensure(browser())
			w.want(st, err, login.LoggedIn)
			if told := w.told(); !strings.HasPrefix(told, "notice: a new login is needed: the token in the cache is of ") {
				t.Errorf("the person was told %q", told)
			}
		})
	}
	for name, change := range map[string]func(*tokencache.Token){
		"a start URL in other words": func(tok *tokencache.Token) { tok.StartURL += "/#/?tab=accounts" },
		"neither":                    func(tok *tokencache.Token) { tok.StartURL, tok.Region = "", "" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{})
			w.put(change)
			if st, err := w.ensure(login.Options{}); err != nil || st.Action != login.Kept {
				t.Errorf("%+v, %v", st, err)
			}
		})
	}
}

func TestACorruptTokenFileIsReplaced(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "cut": `{"accessToken": "x`, "not an object": "[]", "garbage": "\x00\xff", "null": "null"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, idctest.Config{})
			path := w.tokenPath()
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			longAgo := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path, longAgo, longAgo); err != nil {
				t.Fatal(err)
			}
			st, err := w.ensure(browser())
			w.want(st, err, login.LoggedIn)
		})
	}
}

func (w *world) tokenPath() string {
	return filepath.Join(w.home, ".aws", "sso", "cache", w.s.Key().File())
}

func TestAGoodTokenInAFileThatOthersCannotReadIsMended(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put()
	data, err := os.ReadFile(w.tokenPath())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.tokenPath(), append(data, `"}"}`...), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := w.ensure(login.Options{})
	w.want(st, err, login.Kept)
	if now, err := os.ReadFile(w.tokenPath()); err != nil || string(now) != string(data) {
		t.Errorf("%q (%v)", now, err)
	}
}

func TestACacheThatCannotBeWrittenFailsBeforeAnybodyIsAsked(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no such modes")
	}
	if os.Geteuid() == 0 {
		t.Skip("root may write anywhere")
	}
	w := newWorld(t, idctest.Config{})
	dir := filepath.Dir(w.tokenPath())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	_, err := w.ensure(browser())
	w.wantFault(err, fault.File)
	if w.asked() != 0 {
		t.Error("somebody was asked")
	}
}

// The same without root's rights to everything: a token file that is a folder.
func TestATokenFileThatCannotBeWrittenFailsBeforeAnybodyIsAsked(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	if err := os.MkdirAll(w.tokenPath(), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := w.ensure(browser())
	w.wantFault(err, fault.File)
	if calls := w.srv.Stats().Calls; w.asked() != 0 || len(calls) != 0 {
		t.Errorf("calls: %v", calls)
	}
}

func TestBadSessions(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	for name, s := range map[string]portal.Session{
		"nothing":            {},
		"no start URL":       {Name: "a", Region: w.srv.Region},
		"http":               {Name: "a", StartURL: "http://x.awsapps.com/start", Region: w.srv.Region},
		"user in it":         {Name: "a", StartURL: "https://a@x.awsapps.com/start", Region: w.srv.Region},
		"no region":          {Name: "a", StartURL: w.srv.StartURL},
		"a hostile region":   {Name: "a", StartURL: w.srv.StartURL, Region: "evil.example/"},
		"legacy without URL": {Region: w.srv.Region},
	} {
		_, err := w.engine().Ensure(t.Context(), s, browser())
		if fault.KindOf(err) != fault.Config {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A session's name never becomes a path.
func TestASessionNamedLikeAPath(t *testing.T) {
	for _, name := range []string{"../../x", "/etc/x", "a\x00b", ".", "…"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{})
			w.s.Name = name
			st, err := w.ensure(browser())
			w.want(st, err, login.LoggedIn)
			var files int
			err = filepath.WalkDir(filepath.Dir(w.home), func(path string, d os.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					files++
					rel, rerr := filepath.Rel(filepath.Join(w.home, ".aws", "sso"), path)
					if rerr != nil || !hashedName.MatchString(filepath.ToSlash(rel)) {
						t.Errorf("a file at %s", path)
					}
				}
				return err
			})
			if err != nil || files == 0 {
				t.Errorf("%d files (%v)", files, err)
			}
		})
	}
}

var hashedName = regexp.MustCompile(`^(cache/[0-9a-f]{40}\.json|lock/[0-9a-f]{64}(\.outcome)?)$`)
