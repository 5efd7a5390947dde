package login_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/tokencache"
)

// again logs in once more.
func (w *world) again(o login.Options) {
	w.t.Helper()
	o.Force = true
	st, err := w.ensure(o)
	w.want(st, err, login.LoggedIn)
}

func TestARegistrationIsReused(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.again(browser())
	w.again(browser())
	if n := w.srv.Count(idctest.RegisterClient); n != 1 {
		t.Errorf("registered %d times", n)
	}
}

func TestARegistrationServesOneFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, idctest.Config{})
	w.again(browser())
	w.again(device())
	w.again(browser())
	w.again(device())
	if n := w.srv.Count(idctest.RegisterClient); n != 2 {
		t.Errorf("registered %d times", n)
	}
}

// Whatever is in its file: a client for the other flow would only be refused.
func TestARegistrationForTheOtherFlowIsNotUsed(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	key := tokencache.RegistrationKey{
		Region: w.s.Region, StartURL: w.s.StartURL, SessionName: w.s.Name, Scopes: []string{oidc.DefaultScope}, Flow: tokencache.AuthorizationCode,
	}
	wrong := tokencache.Registration{ClientID: "a device", ClientSecret: "secret", ExpiresAt: time.Now().Add(24 * time.Hour)}
	if err := w.engine().Cache.PutRegistration(t.Context(), key, wrong); err != nil {
		t.Fatal(err)
	}
	w.again(browser())
	if n := w.srv.Count(idctest.RegisterClient); n != 1 {
		t.Errorf("registered %d times", n)
	}
}

func TestARegistrationThatEndsSoonIsNotReused(t *testing.T) {
	w := newWorld(t, idctest.Config{RegistrationLifetime: 14 * time.Minute})
	w.again(browser())
	w.again(browser())
	if n := w.srv.Count(idctest.RegisterClient); n != 2 {
		t.Errorf("registered %d times", n)
	}
}

func TestOtherScopesAreAnotherRegistration(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.again(browser())
	w.s.Scopes = []string{"sso:account:access", "codewhisperer:completions"}
	w.again(browser())
	if n := w.srv.Count(idctest.RegisterClient); n != 2 {
		t.Errorf("registered %d times", n)
	}
	if !strings.Contains(w.prompts[1].URL, "scopes=sso%3Aaccount%3Aaccess+codewhisperer%3Acompletions") {
		t.Errorf("asked for other scopes: %s", w.prompts[1].URL)
	}
}

func TestTheClientsName(t *testing.T) {
	for _, tc := range []struct{ session, want string }{
		{"okta", "sso-login-okta"},
		{"my dev/é", "sso-login-my-dev--"},
		{strings.Repeat("x", 100), "sso-login-" + strings.Repeat("x", 60)},
	} {
		w := newWorld(t, idctest.Config{})
		w.s.Name = tc.session
		w.again(browser())
		if got := w.srv.Requests(idctest.RegisterClient)[0].Params.Get("clientName"); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

// AWS forgot the cached client: another one is registered, once.
func TestInvalidClientRegistersOnceMore(t *testing.T) {
	t.Parallel()
	for _, kind := range []idctest.FaultKind{"InvalidClientException", "UnauthorizedClientException"} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, idctest.Config{})
			w.again(device())
			w.srv.Inject(idctest.Fault{Op: idctest.StartDeviceAuthorization, Kind: kind, Times: 1})
			w.again(device())
			if n := w.srv.Count(idctest.RegisterClient); n != 2 {
				t.Errorf("registered %d times", n)
			}
			if w.asked() != 2 {
				t.Errorf("asked %d times", w.asked())
			}
		})
	}
}

func TestInvalidClientTwiceIsTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, idctest.Config{})
	w.again(device())
	w.srv.Inject(idctest.Fault{Op: idctest.StartDeviceAuthorization, Kind: "InvalidClientException"})
	o := device()
	o.Force = true
	_, err := w.ensure(o)
	w.wantFault(err, fault.Login, oidc.ErrInvalidClient)
	if n := w.srv.Count(idctest.RegisterClient); n != 2 {
		t.Errorf("registered %d times", n)
	}
}

func TestInvalidClientOfANewRegistrationIsTheEnd(t *testing.T) {
	w := newWorld(t, fails(idctest.StartDeviceAuthorization, "InvalidClientException"))
	_, err := w.ensure(device())
	w.wantFault(err, fault.Login, oidc.ErrInvalidClient)
	if n := w.srv.Count(idctest.RegisterClient); n != 1 {
		t.Errorf("registered %d times", n)
	}
}

func TestInvalidClientInTheExchangeRegistersOnceMore(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.again(browser())
	w.srv.Inject(idctest.Fault{Op: idctest.CreateToken, Kind: "InvalidClientException", Times: 1})
	w.again(browser())
	if n := w.srv.Count(idctest.RegisterClient); n != 2 {
		t.Errorf("registered %d times", n)
	}
}

// In the browser flow only the person learns that AWS does not know the
// client, and gives up. The next login must not meet the same.
func TestALoginInTheBrowserThatIsGivenUpDropsItsRegistration(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.again(browser())
	tok, _ := w.cached()
	if !w.srv.Revoke(tok.ClientID) {
		t.Fatal("no such client")
	}
	ctx, cancel := context.WithCancel(t.Context())
	e := w.engine()
	e.Present = func(ctx context.Context, p login.Prompt) error {
		_ = w.srv.Browse(ctx, p.URL) // "Invalid client"
		cancel()
		return nil
	}
	o := browser()
	o.Force = true
	_, err := e.Ensure(ctx, w.s, o)
	w.wantFault(err, fault.Canceled)
	w.again(browser())
}

func TestADeniedLoginKeepsItsRegistration(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.again(browser())
	w.srv.Update(func(c *idctest.Config) { c.Approval = idctest.Declined })
	o := browser()
	o.Force = true
	_, err := w.ensure(o)
	w.wantFault(err, fault.Login, oidc.ErrDenied)
	w.srv.Update(func(c *idctest.Config) { c.Approval = idctest.OnVisit })
	w.again(browser())
	if n := w.srv.Count(idctest.RegisterClient); n != 1 {
		t.Errorf("registered %d times", n)
	}
}

func TestARefreshWithAnUnknownClientLeadsToALogin(t *testing.T) {
	w := newWorld(t, idctest.Config{})
	w.again(browser())
	tok, _ := w.cached()
	w.srv.Revoke(tok.ClientID)
	tok.ExpiresAt = time.Now().Add(-time.Minute)
	w.write(tok)
	e := w.engine()
	_, err := e.Check(t.Context(), w.s, login.Options{})
	w.wantFault(err, fault.Login, oidc.ErrInvalidClient)
}
