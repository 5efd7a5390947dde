package login

import (
	"context"
	"errors"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
)

// Flow is how a person logs in.
type Flow string

// The flows.
const (
	// FlowNone is no login: without a token that is good or can be refreshed
	// there is a fault of kind Login at once. It is the zero value.
	FlowNone Flow = ""
	// FlowBrowser is the authorization code flow with PKCE, in a browser on
	// this machine. A legacy session takes FlowDevice instead.
	FlowBrowser Flow = "browser"
	// FlowDevice is the device code flow, in a browser anywhere.
	FlowDevice Flow = "device"
)

// defaultValidFor is how long a token must still be good, unless the options
// say so. The AWS CLI refreshes at the same time; the SDKs, which refresh
// later or never, then find a fresh token always.
const defaultValidFor = 15 * time.Minute

// Options are the options of [Engine.Ensure].
type Options struct {
	// Force logs in although the token is good.
	Force bool

	// ValidFor is how long a token must still be good to be kept as it is. A
	// token that was just refreshed or issued is taken however long it lives.
	// 0: 15 minutes; negative: any time left will do.
	ValidFor time.Duration

	// Flow is the one flow that is tried. It is never another because the first
	// one failed: a device code is what phishers send.
	Flow Flow

	// RedirectPort is the port that the browser comes back to; 0: a free one.
	RedirectPort int

	// NoBrowser is handed to the Presenter.
	NoBrowser bool

	// Since is when the caller began to want the login. The outcome of a login
	// to the session that another process ended after that is taken as the
	// caller's own. Zero: when Ensure is called. A program that makes one login
	// sets it to when it was started, so that of many started at once none asks
	// a second time.
	Since time.Time
}

func (o Options) validFor() time.Duration {
	switch {
	case o.ValidFor == 0:
		return defaultValidFor
	case o.ValidFor < 0:
		return time.Nanosecond
	default:
		return o.ValidFor
	}
}

// Ensure leaves a good token in the cache: the one that is there, a refreshed
// one, or that of a login. Many processes that want the same make one login,
// and share its outcome.
//
// A refresh that fails while the token is still good is a [Warning] event. Else
// a refresh that AWS refuses leads to a login, and one that did not reach AWS
// is the error: a login would not reach it either.
//
// Faults: Login (refused, not finished in time, or needed and not allowed),
// Unreachable, Timeout and Reply (AWS), File (the cache), Config (the
// session), Canceled. No token is written but one that AWS gave whole. With an
// error the state is empty, but where AWS refused to refresh a token that has
// expired: no file tells that.
func (e *Engine) Ensure(ctx context.Context, s portal.Session, o Options) (State, error) {
	if o.Since.IsZero() {
		o.Since = time.Now()
	}
	if s.Legacy() && o.Flow == FlowBrowser {
		o.Flow = FlowDevice
	}
	if err := checkSession(s); err != nil {
		return State{}, err
	}
	var (
		needed error // why, unless it was forced
		before State
	)
	if !o.Force {
		before, needed = e.keep(ctx, s, o)
		if !errors.Is(needed, errOver) {
			return before, needed
		}
	}
	if o.Flow == FlowNone {
		return before, e.needs(s, needed)
	}
	st, err := e.login(ctx, s, o, needed)
	if err != nil {
		return before, err
	}
	return st, nil
}

// Check is Ensure that never logs in, whatever the options say: the token is
// kept or refreshed, and else the fault is of kind Login and says why.
func (e *Engine) Check(ctx context.Context, s portal.Session, o Options) (State, error) {
	o.Flow, o.Force = FlowNone, false
	return e.Ensure(ctx, s, o)
}

// keep returns a valid token or a refreshed one, without asking a person. The
// error is errOver where only a login helps.
func (e *Engine) keep(ctx context.Context, s portal.Session, o Options) (State, error) {
	t, found, err := e.token(ctx, s)
	switch {
	case err != nil:
		return State{}, err
	case !found:
		return State{}, e.missing(ctx, s)
	case e.left(t) >= o.validFor():
		if t.Odd {
			e.heal(ctx, s)
		}
		return e.stateOf(s, t, Kept), nil
	case e.refreshable(s, t):
		return e.renew(ctx, s, t)
	case e.left(t) > 0 && o.Flow == FlowNone:
		// Not for as long as was asked for, but nothing better is to be had.
		e.heal(ctx, s)
		return e.stateOf(s, t, Kept), nil
	}
	return State{}, e.over(s, t)
}

// renew refreshes a token; if that fails, the old one is used while it is valid.
func (e *Engine) renew(ctx context.Context, s portal.Session, t tokencache.Token) (State, error) {
	r, err := e.refresh(ctx, s, t)
	switch {
	case err == nil:
		return e.stateOf(s, r.token, r.action), nil
	case e.left(t) <= 0 && errors.Is(err, errRefused):
		return State{Session: s, Status: StatusExpired, ExpiresAt: t.ExpiresAt}, err
	case e.left(t) <= 0, ctx.Err() != nil:
		return State{}, err
	}
	e.warnOfRefresh(s, t, err)
	return e.stateOf(s, t, Kept), nil
}

// warnOfRefresh warns that a refresh failed, and until when the old token is valid.
func (e *Engine) warnOfRefresh(s portal.Session, t tokencache.Token, err error) {
	if errors.Is(err, errOver) {
		e.notify(Warning, s, e.expiryText(t), "run: "+s.LoginCommand("--force"))
		return
	}
	e.notify(Warning, s, "cannot refresh the token, which is good until "+e.clock(t.ExpiresAt)+": "+whyOf(err), fault.HintOf(err))
}

// whyOf returns the reason of an error alone: an event says itself what failed.
func whyOf(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Why != "" {
		return f.Why
	}
	return err.Error()
}

// heal rewrites a token file that some AWS clients cannot read. Nothing here
// depends on it.
func (e *Engine) heal(ctx context.Context, s portal.Session) {
	if _, err := e.Cache.Heal(ctx, s.Key()); err != nil {
		e.notify(Notice, s, "cannot mend the token file: "+err.Error(), fault.HintOf(err))
	}
}

// needs returns the fault of a login that is needed and must not be started.
func (e *Engine) needs(s portal.Session, why error) error {
	if why != nil {
		return why
	}
	return fault.New(fault.Login, quoted(s)+" needs a login", "nobody can be asked here").WithHint("run: %s", s.LoginCommand())
}
