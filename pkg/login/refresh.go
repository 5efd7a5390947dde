package login

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/tokencache"
)

var (
	// errOver is a session that only a login can bring back.
	errOver = errors.New("the session is over")
	// errNone is one of them: there was no login yet.
	errNone = fmt.Errorf("no login yet: %w", errOver)
	// errRefused is one of them: AWS does not take the refresh token any more.
	errRefused = fmt.Errorf("the refresh was refused: %w", errOver)
)

// rescue is how long a refresh goes on after the caller gave up. The refresh
// token is spent once AWS has the request; leaving before the answer is
// written would throw the session away.
const rescue = 800 * time.Millisecond

// renewed is the outcome of a refresh.
type renewed struct {
	token  tokencache.Token
	action Action // Refreshed, or Waited: somebody else had done it

	// goodFor is how long the token lives. That is known apart from its
	// ExpiresAt, which a wrong clock makes look past.
	goodFor time.Duration
}

// refresh gets another token in stale's place. It holds the session's refresh
// lock and reads the file again under it, so that of many processes one
// refreshes and the others take what it wrote. After AWS has refused the
// refresh token it reads once more: other clients know no lock.
//
// Where only a login helps the error is errOver, of kind Login.
func (e *Engine) refresh(ctx context.Context, s portal.Session, stale tokencache.Token) (renewed, error) {
	release, err := e.Cache.Store.Lock(ctx, refreshLock(s))
	if err != nil {
		return renewed{}, fault.Annotate(err, "cannot refresh the token of %s", quoted(s)).OrKind(fault.File)
	}
	defer release()

	t, found, err := e.token(ctx, s)
	switch {
	case err != nil:
		return renewed{}, err
	case e.replaces(t, found, stale):
		return e.found(t), nil
	case !found:
		return renewed{}, e.missing(ctx, s)
	case !e.refreshable(s, t):
		return renewed{}, e.over(s, t)
	}
	return e.spend(ctx, s, t)
}

// roomForToken is more than any token file takes.
const roomForToken = 16 << 10

// spend uses the refresh token of t, unless there is nowhere to keep the new
// one: with a cache that is mounted read-only into a container, or on a full
// disk, the session would be lost for everybody. The caller holds the refresh
// lock.
func (e *Engine) spend(ctx context.Context, s portal.Session, t tokencache.Token) (renewed, error) {
	if err := safefile.Rehearse(e.Cache.TokenPath(s.Key()), roomForToken); err != nil {
		return renewed{}, fault.Annotate(err, "cannot refresh the token of %s", quoted(s)).OrKind(fault.File)
	}
	client, err := e.client(s, s.StartURL)
	if err != nil {
		return renewed{}, err
	}
	ctx, stop := outlive(ctx)
	defer stop()
	g, err := client.Refresh(ctx, tokencache.Registration{ClientID: t.ClientID, ClientSecret: t.ClientSecret}, t.RefreshToken)
	if err != nil {
		return e.refused(ctx, s, t, err)
	}
	e.notifyOf(s, g)
	lifetime := g.Lifetime
	t.AccessToken, t.ExpiresAt = g.AccessToken, g.ExpiresAt
	t.StartURL, t.Region = s.StartURL, s.Region
	if g.RefreshToken != "" {
		t.RefreshToken = g.RefreshToken
	}
	if err := e.Cache.PutToken(ctx, s.Key(), t); err != nil {
		return renewed{}, fault.Annotate(err, "cannot keep the refreshed token of %s", quoted(s)).OrKind(fault.File)
	}
	return renewed{t, Refreshed, lifetime}, nil
}

// refused returns the token of another client that has refreshed t meanwhile, or
// why the refresh failed.
func (e *Engine) refused(ctx context.Context, s portal.Session, t tokencache.Token, err error) (renewed, error) {
	if fault.KindOf(err) != fault.Login {
		return renewed{}, fault.Annotate(err, "cannot refresh the token of %s", quoted(s))
	}
	if errors.Is(err, oidc.ErrInvalidGrant) {
		if now, found, rerr := e.token(ctx, s); rerr == nil && e.replaces(now, found, t) {
			return e.found(now), nil
		}
	}
	over := e.over(s, t)
	over.Err = fmt.Errorf("%w: %w", errRefused, err)
	return renewed{}, over
}

// replaces reports whether the file has another token by now than stale, and a
// good one.
func (e *Engine) replaces(t tokencache.Token, found bool, stale tokencache.Token) bool {
	return found && t.AccessToken != stale.AccessToken && e.left(t) > 0
}

func (e *Engine) found(t tokencache.Token) renewed { return renewed{t, Waited, e.left(t)} }

// missing returns the fault of a session without a token, or with one of another
// start URL or region than the config has.
func (e *Engine) missing(ctx context.Context, s portal.Session) *fault.Error {
	f := &fault.Error{
		Kind: fault.Login, What: quoted(s) + " has no login", Why: "it has no cached token",
		Hint: "run: " + s.LoginCommand(), Err: errNone,
	}
	if t, found, err := e.Cache.Token(ctx, s.Key()); err == nil && found && !owns(s, t) {
		f.Why = fmt.Sprintf("the token in the cache is of %q in %q, and the config says otherwise", t.StartURL, t.Region)
		f.Err = errOver
	}
	return f
}

// over returns the fault of a session whose token can neither be used nor
// refreshed.
func (e *Engine) over(s portal.Session, t tokencache.Token) *fault.Error {
	f := &fault.Error{
		Kind: fault.Login, What: quoted(s) + " is over", Why: e.expiryText(t), Hint: "run: " + s.LoginCommand(), Err: errOver,
	}
	if e.left(t) > 0 {
		f.What = quoted(s) + " is about to end"
	}
	return f
}

// expiryText says until when a token that cannot be refreshed is valid.
func (e *Engine) expiryText(t tokencache.Token) string {
	switch {
	case t.ExpiresAt.IsZero():
		return "the token does not say until when it is good, and cannot be refreshed"
	case e.left(t) > 0:
		return "the token is good until " + e.clock(t.ExpiresAt) + " and cannot be refreshed"
	default:
		return "the token expired at " + e.clock(t.ExpiresAt) + " and cannot be refreshed"
	}
}

func refreshLock(s portal.Session) string { return "refresh of " + s.Label() }

// outlive returns a context that ends later than its parent, so that what has
// begun can be finished.
func outlive(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	unhook := context.AfterFunc(parent, func() { time.AfterFunc(rescue, cancel) })
	return ctx, func() {
		unhook()
		cancel()
	}
}
