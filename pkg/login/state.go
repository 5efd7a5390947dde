package login

import (
	"context"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
)

// Status is the state of a session's login in one word.
type Status string

// The statuses.
const (
	// StatusValid is an access token that has not expired.
	StatusValid Status = "valid"
	// StatusRefreshable is an expired one that can be refreshed without a
	// person, as far as can be known without asking AWS.
	StatusRefreshable Status = "refreshable"
	// StatusExpired is an expired one that cannot.
	StatusExpired Status = "expired"
	// StatusNone is no token: none was ever got, the file makes no sense, or it
	// is of another start URL or region than the config has now.
	StatusNone Status = "none"
	// StatusInvalid is a session that nobody can log in to: its section of the
	// config lacks a key, or has one that cannot be used.
	StatusInvalid Status = "invalid"
)

// Action is what was done about a session.
type Action string

// The actions.
const (
	// Kept: the token was good.
	Kept Action = "kept"
	// Refreshed: a refresh token got another access token.
	Refreshed Action = "refreshed"
	// LoggedIn: a person logged in.
	LoggedIn Action = "logged in"
	// Waited: another process, or goroutine, refreshed or logged in meanwhile.
	Waited Action = "waited"
)

// State is a session and the state of its login. It holds no secret.
type State struct {
	Session portal.Session
	Status  Status

	// ExpiresAt is when the access token ends, or ended; zero with StatusNone.
	ExpiresAt time.Time

	// Refreshable reports whether the token can be refreshed when it ends.
	Refreshable bool

	// Action is empty where nothing was asked for but the state.
	Action Action
}

// State returns the state of the session's login by its token file, without the
// network. The error is of kind File for a file that cannot be read, and of kind
// Config, with [StatusInvalid], for a session that cannot be used.
func (e *Engine) State(ctx context.Context, s portal.Session) (State, error) {
	if err := checkSession(s); err != nil {
		return State{Session: s, Status: StatusInvalid}, err
	}
	t, found, err := e.token(ctx, s)
	if err != nil {
		return State{}, err
	}
	if !found {
		return State{Session: s, Status: StatusNone}, nil
	}
	return e.stateOf(s, t, ""), nil
}

func (e *Engine) stateOf(s portal.Session, t tokencache.Token, a Action) State {
	st := State{Session: s, Status: StatusExpired, ExpiresAt: t.ExpiresAt, Refreshable: e.refreshable(s, t), Action: a}
	switch {
	case e.left(t) > 0, a == Refreshed, a == LoggedIn, a == Waited:
		// What AWS has just given is good whatever the clock here says.
		st.Status = StatusValid
	case st.Refreshable:
		st.Status = StatusRefreshable
	}
	return st
}

// token reads the session's token. One of another start URL or region counts
// as none: the session was changed in the config since.
func (e *Engine) token(ctx context.Context, s portal.Session) (t tokencache.Token, found bool, err error) {
	t, found, err = e.Cache.Token(ctx, s.Key())
	if err != nil {
		return tokencache.Token{}, false, fault.Annotate(err, "cannot read the token of %s", quoted(s)).OrKind(fault.File)
	}
	if !found || !owns(s, t) {
		return tokencache.Token{}, false, nil
	}
	return t, true, nil
}

// left returns how long a token is still valid, negative if it has expired.
func (e *Engine) left(t tokencache.Token) time.Duration { return t.ExpiresAt.Sub(e.now()) }

func (e *Engine) refreshable(s portal.Session, t tokencache.Token) bool {
	return !s.Legacy() && t.Refreshable(e.now())
}
