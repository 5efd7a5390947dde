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

// errNotPresented is a login that could not be brought before anybody.
var errNotPresented = errors.New("nobody could be asked to log in")

// registrationReserve is how long a client registration must still be good to
// be used again: longer than a login can take.
const registrationReserve = 15 * time.Minute

// farewell is how long a Presenter may take to notice that the login is over.
const farewell = 500 * time.Millisecond

// signIn makes a login and keeps its token. The caller holds the login lock.
func (e *Engine) signIn(ctx context.Context, s portal.Session, o Options) (tokencache.Token, error) {
	if e.Present == nil {
		return tokencache.Token{}, fault.New(fault.Login, "", errNotPresented.Error())
	}
	// A folder that cannot be written to, or a full disk, should not cost a
	// person a login.
	if err := safefile.Rehearse(e.Cache.TokenPath(s.Key()), roomForToken); err != nil {
		return tokencache.Token{}, err
	}
	client, err := e.client(s)
	if err != nil {
		return tokencache.Token{}, err
	}
	r, cached, err := e.registration(ctx, client, s, o)
	if err != nil {
		return tokencache.Token{}, err
	}
	g, err := e.ask(ctx, client, r, s, o)
	if cached && e.suspect(o, err) {
		e.forget(ctx, s, o)
	}
	if cached && errors.Is(err, oidc.ErrInvalidClient) {
		if r, err = e.register(ctx, client, s, o); err != nil {
			return tokencache.Token{}, err
		}
		g, err = e.ask(ctx, client, r, s, o)
	}
	if err != nil {
		return tokencache.Token{}, withHint(s, err)
	}
	e.remark(s, g)
	return e.store(ctx, s, r, g)
}

// suspect says whether a login may have failed for its registration. In the
// browser flow AWS tells the person alone that it does not know the client, and
// the login here never ends; so one that did not end casts doubt on it too.
func (e *Engine) suspect(o Options, err error) bool {
	if err == nil || errors.Is(err, oidc.ErrDenied) {
		return false
	}
	return o.Flow == FlowBrowser || errors.Is(err, oidc.ErrInvalidClient)
}

// withHint adds what a person can do about a failed login.
func withHint(s portal.Session, err error) error {
	f := fault.Annotate(err, "").OrKind(fault.Login)
	switch {
	case f.Hint != "":
	case errors.Is(err, oidc.ErrPort):
		f.Hint = "another port may be free, run: " + s.LoginCommand("--redirect-port PORT")
	case errors.Is(err, oidc.ErrDenied), errors.Is(err, oidc.ErrExpired):
		f.Hint = "to try again, run: " + s.LoginCommand()
	}
	return f
}

// ask has the person log in, by the one flow that was chosen.
func (e *Engine) ask(ctx context.Context, c *oidc.Client, r tokencache.Registration, s portal.Session, o Options) (oidc.Grant, error) {
	if o.Flow == FlowDevice {
		return e.askByCode(ctx, c, r, s, o)
	}
	cb, err := oidc.Listen(o.RedirectPort)
	if err != nil {
		return oidc.Grant{}, err
	}
	defer cb.Close()
	a, err := c.Authorize(ctx, r, cb, scopesOf(s))
	if err != nil {
		return oidc.Grant{}, err
	}
	p := Prompt{
		Session: s, Flow: FlowBrowser, URL: a.URL, Port: cb.Port(), NoBrowser: o.NoBrowser, ExpiresAt: a.ExpiresAt,
	}
	return e.present(ctx, p, a.Wait)
}

func (e *Engine) askByCode(ctx context.Context, c *oidc.Client, r tokencache.Registration, s portal.Session, o Options) (oidc.Grant, error) {
	d, err := c.StartDevice(ctx, r, s.StartURL)
	if err != nil {
		return oidc.Grant{}, err
	}
	p := Prompt{
		Session: s, Flow: FlowDevice, URL: d.CompleteURL, PageURL: d.VerificationURL, UserCode: d.UserCode,
		NoBrowser: o.NoBrowser, ExpiresAt: d.ExpiresAt,
	}
	if p.URL == "" {
		p.URL = d.VerificationURL
	}
	p.Foreign = !oidc.KnownHost(p.URL) || !oidc.KnownHost(p.PageURL)
	return e.present(ctx, p, func(ctx context.Context) (oidc.Grant, error) { return c.WaitDevice(ctx, r, d) })
}

// present shows a prompt while wait waits for its answer.
func (e *Engine) present(ctx context.Context, p Prompt, wait func(context.Context) (oidc.Grant, error)) (oidc.Grant, error) {
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
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	select {
	case <-gone:
	case <-timer.C:
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

// store writes what a login brought. It holds the refresh lock: a refresh of
// the old token that is under way must not be written over the new one. The
// token is written even if the caller gives up now.
func (e *Engine) store(ctx context.Context, s portal.Session, r tokencache.Registration, g oidc.Grant) (tokencache.Token, error) {
	t := tokencache.Token{
		StartURL: s.StartURL, Region: s.Region, AccessToken: g.AccessToken, ExpiresAt: g.ExpiresAt,
		ClientID: r.ClientID, ClientSecret: r.ClientSecret, RegistrationExpiresAt: r.ExpiresAt, RefreshToken: g.RefreshToken,
	}
	ctx, stop := outlive(ctx)
	defer stop()
	release, err := e.Cache.Store.LockWait(ctx, refreshLock(s))
	if err != nil {
		return tokencache.Token{}, err
	}
	defer release()
	if err := e.Cache.PutToken(ctx, s.Key(), t); err != nil {
		return tokencache.Token{}, fault.Annotate(err, "logged in, but cannot keep the token").OrKind(fault.File)
	}
	return t, nil
}

// registration is the cached client if it is good for this login, else a new
// one.
func (e *Engine) registration(ctx context.Context, c *oidc.Client, s portal.Session, o Options) (r tokencache.Registration, cached bool, err error) {
	key := registrationKey(s, o)
	r, found, err := e.Cache.Registration(key)
	if err != nil {
		return tokencache.Registration{}, false, err
	}
	if found && r.ExpiresAt.Sub(e.now()) > registrationReserve && r.Flow() == key.Flow {
		return r, true, nil
	}
	r, err = e.register(ctx, c, s, o)
	return r, false, err
}

// register gets a new client and keeps it. One that AWS gives no end to is not
// kept: nothing would ever renew it.
func (e *Engine) register(ctx context.Context, c *oidc.Client, s portal.Session, o Options) (r tokencache.Registration, err error) {
	if o.Flow == FlowBrowser {
		r, err = c.RegisterBrowser(ctx, clientName(s, o), s.StartURL, scopesOf(s))
	} else {
		r, err = c.RegisterDevice(ctx, clientName(s, o), scopesOf(s))
	}
	if err != nil || r.ExpiresAt.IsZero() {
		return r, err
	}
	return r, e.Cache.PutRegistration(ctx, registrationKey(s, o), r)
}

// forget drops a cached client. If that fails, the next login meets it again
// and fails as this one did.
func (e *Engine) forget(ctx context.Context, s portal.Session, o Options) {
	ctx, stop := outlive(ctx)
	defer stop()
	if _, err := e.Cache.RemoveRegistration(ctx, registrationKey(s, o)); err != nil {
		e.notify(Warning, s, err.Error(), fault.HintOf(err))
	}
}

func registrationKey(s portal.Session, o Options) tokencache.RegistrationKey {
	k := tokencache.RegistrationKey{
		Region: s.Region, StartURL: s.StartURL, SessionName: s.Name, Scopes: scopesOf(s), Flow: tokencache.DeviceCode,
	}
	if o.Flow == FlowBrowser {
		k.Flow = tokencache.AuthorizationCode
	}
	return k
}

// clientName is what the page of AWS calls us. A session's name may hold what
// AWS does not take for a name.
func clientName(s portal.Session, o Options) string {
	if o.ClientName != "" {
		return o.ClientName
	}
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
