package login

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/tokencache"
)

// errNotPresented is the error of a login that nobody could be shown.
var errNotPresented = errors.New("nobody could be asked to log in")

// registrationReserve is how long a client registration must still be valid to
// be used again: longer than a login can take.
const registrationReserve = 15 * time.Minute

// farewell is how long a Presenter may take to notice that the login is over.
const farewell = 500 * time.Millisecond

// attempt is one login of one session.
type attempt struct {
	*Engine
	session portal.Session
	options Options
	client  *oidc.Client
	portal  string // the start URL, and for a vanity URL the portal behind it
}

// signIn makes a login and stores its token. The caller holds the login lock.
func (e *Engine) signIn(ctx context.Context, s portal.Session, o Options) (tokencache.Token, error) {
	if e.Present == nil {
		return tokencache.Token{}, fault.New(fault.Login, "", errNotPresented.Error())
	}
	// A folder that cannot be written to, or a full disk, should not cost a
	// person a login.
	if err := safefile.Rehearse(e.Cache.TokenPath(s.Key()), roomForToken); err != nil {
		return tokencache.Token{}, err
	}
	a, err := e.attempt(ctx, s, o)
	if err != nil {
		return tokencache.Token{}, err
	}
	r, cached, err := a.registration(ctx)
	if err != nil {
		return tokencache.Token{}, err
	}
	g, err := a.ask(ctx, r)
	if cached && a.suspect(err) {
		a.forget(ctx)
	}
	if cached && errors.Is(err, oidc.ErrInvalidClient) {
		if r, err = a.register(ctx); err != nil {
			return tokencache.Token{}, err
		}
		g, err = a.ask(ctx, r)
	}
	if err != nil {
		return tokencache.Token{}, a.withHint(err)
	}
	e.notifyOf(s, g)
	return e.store(ctx, s, r, g)
}

// attempt finds the portal behind the start URL and makes the client for it.
func (e *Engine) attempt(ctx context.Context, s portal.Session, o Options) (*attempt, error) {
	at, err := portal.ResolveStartURL(ctx, e.Wire, s.StartURL)
	if err != nil {
		return nil, err
	}
	if region := portal.RegionOf(at); at != s.StartURL && region != "" && region != s.Region {
		return nil, fault.New(fault.Config, fmt.Sprintf("the portal at %q is in %s", s.StartURL, region), "sso_region is "+s.Region).
			WithHint("set sso_region = %s", region)
	}
	client, err := e.client(s, at)
	if err != nil {
		return nil, err
	}
	return &attempt{Engine: e, session: s, options: o, client: client, portal: at}, nil
}

// CheckPortal asks AWS whether there is an access portal at the session's start
// URL in its region, which takes no login. Faults: Config or Login where AWS
// does not know it, else those of a service that cannot be reached.
func (e *Engine) CheckPortal(ctx context.Context, s portal.Session) error {
	if err := checkSession(s); err != nil {
		return err
	}
	a, err := e.attempt(ctx, s, Options{Flow: FlowDevice})
	if err != nil {
		return err
	}
	r, err := a.client.RegisterDevice(ctx, clientName(s), scopesOf(s))
	if err != nil {
		return err
	}
	_, err = a.client.StartDevice(ctx, r, a.portal)
	return err
}

// suspect reports whether a login may have failed because of its registration.
// In the browser flow AWS tells the person alone that it does not know the
// client, and the login here never ends; so one that did not end casts doubt on
// it too.
func (a *attempt) suspect(err error) bool {
	if err == nil || errors.Is(err, oidc.ErrDenied) {
		return false
	}
	return a.options.Flow == FlowBrowser || errors.Is(err, oidc.ErrInvalidClient)
}

// withHint adds what a person can do about a failed login.
func (a *attempt) withHint(err error) error {
	f := fault.Annotate(err, "").OrKind(fault.Login)
	switch {
	case f.Hint != "":
	case errors.Is(err, oidc.ErrPort):
		f.Hint = "another port may be free, run: " + a.session.LoginCommand("--redirect-port PORT")
	case errors.Is(err, oidc.ErrExpired) && a.options.Flow == FlowBrowser:
		// The browser may have been on another machine, and 127.0.0.1 is not.
		f.Hint = "if your browser is on another machine, run: " + a.session.LoginCommand("--use-device-code")
	case errors.Is(err, oidc.ErrDenied), errors.Is(err, oidc.ErrExpired):
		f.Hint = "to try again, run: " + a.session.LoginCommand()
	}
	return f
}

// ask has the person log in, by the one flow that was chosen.
func (a *attempt) ask(ctx context.Context, r tokencache.Registration) (oidc.Grant, error) {
	if a.options.Flow == FlowDevice {
		return a.askByCode(ctx, r)
	}
	cb, err := oidc.Listen(a.options.RedirectPort)
	if err != nil {
		return oidc.Grant{}, err
	}
	defer cb.Close()
	auth, err := a.client.Authorize(ctx, r, cb, a.session.Label(), scopesOf(a.session))
	if err != nil {
		return oidc.Grant{}, err
	}
	return a.present(ctx, Prompt{
		Session: a.session, Flow: FlowBrowser, URL: auth.URL, Port: cb.Port(), NoBrowser: a.options.NoBrowser, ExpiresAt: auth.ExpiresAt,
	}, auth.Wait)
}

func (a *attempt) askByCode(ctx context.Context, r tokencache.Registration) (oidc.Grant, error) {
	d, err := a.client.StartDevice(ctx, r, a.portal)
	if err != nil {
		return oidc.Grant{}, err
	}
	p := Prompt{
		Session: a.session, Flow: FlowDevice, URL: d.CompleteURL, PageURL: d.VerificationURL, UserCode: d.UserCode,
		NoBrowser: a.options.NoBrowser, ExpiresAt: d.ExpiresAt,
	}
	if p.URL == "" {
		p.URL = d.VerificationURL
	}
	p.Foreign = !oidc.KnownHost(p.URL) || !oidc.KnownHost(p.PageURL)
	return a.present(ctx, p, func(ctx context.Context) (oidc.Grant, error) { return a.client.WaitDevice(ctx, r, d) })
}

// present shows a prompt while wait waits for its answer.
func (e *Engine) present(ctx context.Context, p Prompt, wait func(context.Context) (oidc.Grant, error)) (oidc.Grant, error) {
	e.writeUntil(ctx, p.Session, p.ExpiresAt)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if err := e.Present(ctx, p); err != nil && ctx.Err() == nil {
			cancel(notPresented(err))
		}
	}()
	g, err := wait(ctx)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errNotPresented) {
		err = cause
	}
	cancel(nil)
	select {
	case <-gone:
	case <-time.After(farewell):
	}
	return g, err
}

func notPresented(err error) error {
	f := fault.Annotate(err, "%s", errNotPresented.Error()).OrKind(fault.Login)
	if f.Why == "" {
		f.Why = err.Error()
	}
	f.Err = fmt.Errorf("%w: %w", errNotPresented, err)
	return f
}

// store writes the token of a login. It holds the refresh lock: a refresh of
// the old token that is under way must not be written over the new one. The
// token is written even if the caller gives up now.
//
// Then it removes the role credentials that are cached for the session. Another
// person may have logged in, and the AWS CLI would go on as the first one. The
// token comes first: whoever caches a role afterwards sees that it is a new one.
func (e *Engine) store(ctx context.Context, s portal.Session, r tokencache.Registration, g oidc.Grant) (tokencache.Token, error) {
	t := tokencache.Token{
		StartURL: s.StartURL, Region: s.Region, AccessToken: g.AccessToken, ExpiresAt: g.ExpiresAt,
		ClientID: r.ClientID, ClientSecret: r.ClientSecret, RegistrationExpiresAt: r.ExpiresAt, RefreshToken: g.RefreshToken,
	}
	ctx, stop := outlive(ctx)
	defer stop()
	release, err := e.Cache.Store.LockWait(ctx, refreshLock(s), nil)
	if err != nil {
		return tokencache.Token{}, err
	}
	defer release()
	if err := e.Cache.PutToken(ctx, s.Key(), t); err != nil {
		return tokencache.Token{}, fault.Annotate(err, "logged in, but cannot keep the token").OrKind(fault.File)
	}
	if err := e.removeRoles(ctx, s); err != nil {
		e.notify(Warning, s, err.Error(), fault.HintOf(err))
	}
	return t, nil
}

// registration returns the cached client if it is valid for this login, else a
// new one.
func (a *attempt) registration(ctx context.Context) (r tokencache.Registration, cached bool, err error) {
	key := a.registrationKey()
	r, found, err := a.Cache.Registration(ctx, key)
	if err != nil {
		return tokencache.Registration{}, false, err
	}
	if found && r.ExpiresAt.Sub(a.now()) > registrationReserve && r.Flow() == key.Flow {
		return r, true, nil
	}
	r, err = a.register(ctx)
	return r, false, err
}

// register gets a new client and caches it. One for which AWS names no expiry is
// not cached: nothing would ever renew it.
func (a *attempt) register(ctx context.Context) (r tokencache.Registration, err error) {
	name := clientName(a.session)
	if a.options.Flow == FlowBrowser {
		r, err = a.client.RegisterBrowser(ctx, name, a.portal, scopesOf(a.session))
	} else {
		r, err = a.client.RegisterDevice(ctx, name, scopesOf(a.session))
	}
	if err != nil || r.ExpiresAt.IsZero() {
		return r, err
	}
	return r, a.Cache.PutRegistration(ctx, a.registrationKey(), r)
}

// forget removes a client from the cache. If that fails, the next login meets it
// again and fails as this one did.
func (a *attempt) forget(ctx context.Context) {
	ctx, stop := outlive(ctx)
	defer stop()
	if _, err := a.Cache.RemoveRegistration(ctx, a.registrationKey()); err != nil {
		a.notify(Warning, a.session, err.Error(), fault.HintOf(err))
	}
}

func (a *attempt) registrationKey() tokencache.RegistrationKey {
	s := a.session
	k := tokencache.RegistrationKey{
		Region: s.Region, StartURL: s.StartURL, SessionName: s.Name, Scopes: scopesOf(s), Flow: tokencache.DeviceCode,
	}
	if a.options.Flow == FlowBrowser {
		k.Flow = tokencache.AuthorizationCode
	}
	return k
}

// clientName returns the name that AWS shows the person who approves the login:
// sso-login, with the session's name as far as AWS takes it.
func clientName(s portal.Session) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-", r) {
			return r
		}
		return '-'
	}, s.Name)
	if name == "" {
		return "sso-login"
	}
	return "sso-login-" + name[:min(len(name), 60)]
}
