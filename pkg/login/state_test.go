package login_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/tokencache"
)

func TestStates(t *testing.T) {
	for _, tc := range []struct {
		name        string
		change      func(*tokencache.Token)
		want        login.Status
		refreshable bool
	}{
		{"good", endsIn(time.Hour), login.StatusValid, true},
		{"a minute left", endsIn(time.Minute), login.StatusValid, true},
		{"good, no refresh token", func(tok *tokencache.Token) { noRefresh(tok) }, login.StatusValid, false},
		{"over, refreshable", endsIn(-time.Minute), login.StatusRefreshable, true},
		{"over, no refresh token", func(tok *tokencache.Token) { endsIn(-time.Minute)(tok); noRefresh(tok) }, login.StatusExpired, false},
		{"over, registration too", func(tok *tokencache.Token) {
			endsIn(-time.Minute)(tok)
			tok.RegistrationExpiresAt = time.Now().Add(-time.Minute)
		}, login.StatusExpired, false},
		{"over, no registration", func(tok *tokencache.Token) {
			endsIn(-time.Minute)(tok)
			tok.ClientID, tok.ClientSecret = "", ""
		}, login.StatusExpired, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, idctest.Config{})
			tok := w.put(tc.change)
			st, err := w.engine().State(t.Context(), w.s)
			if err != nil || st.Status != tc.want || st.Refreshable != tc.refreshable || st.Action != "" {
				t.Errorf("%+v, %v", st, err)
			}
			if !st.ExpiresAt.Equal(tok.ExpiresAt.Truncate(time.Second)) {
				t.Errorf("expires at %v, want %v", st.ExpiresAt, tok.ExpiresAt)
			}
			if calls := w.srv.Stats().Calls; len(calls) != 0 {
				t.Errorf("calls: %v", calls)
			}
		})
	}
}

func TestTheStateOfASessionWithoutAToken(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	st, err := w.engine().State(t.Context(), w.s)
	if err != nil || st.Status != login.StatusNone || !st.ExpiresAt.IsZero() || st.Session.Name != "okta" {
		t.Errorf("%+v, %v", st, err)
	}
}

// The clock that is given decides.
func TestTheStateLater(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.put()
	e := w.engine()
	for after, want := range map[time.Duration]login.Status{
		0: login.StatusValid, 61 * time.Minute: login.StatusRefreshable, 100 * 24 * time.Hour: login.StatusExpired,
	} {
		e.Now = func() time.Time { return time.Now().Add(after) }
		if st, err := e.State(t.Context(), w.s); err != nil || st.Status != want {
			t.Errorf("after %v: %+v, %v", after, st, err)
		}
	}
}

func TestTheStateOfATokenFileThatCannotBeRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no such modes")
	}
	if os.Geteuid() == 0 {
		t.Skip("root may read anything")
	}
	w := newWorld(t, idctest.Config{})
	w.put()
	if err := os.Chmod(w.tokenPath(), 0); err != nil {
		t.Fatal(err)
	}
	_, err := w.engine().State(t.Context(), w.s)
	w.wantFault(err, fault.File)
	_, err = w.ensure(browser())
	w.wantFault(err, fault.File)
	if w.asked() != 0 {
		t.Error("a login was begun")
	}
}
