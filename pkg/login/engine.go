// Package login is the workflow of a login: a valid token is kept, one that can be
// refreshed is refreshed, and a person is asked only where neither helps.
//
// [Engine.Ensure] does that for sso-login, [Engine.Check] without ever asking
// anybody, [Engine.State] without the network, and [Engine.Logout] undoes it.
// [Engine.Source] hands the token to those who call the portal.
//
// Processes share their work. A refresh token can be used once, so one process
// refreshes and the others take what it wrote. A person should be asked once, so
// one process asks, and those that wait for it share the outcome, success or
// failure. The locks are the kernel's: a process that is killed blocks nobody.
//
// How a URL reaches a browser, and a code a person, is the caller's business
// ([Engine.Present]); so are flags, the environment and the terminal.
package login

import (
	"context"
	"iter"
	"strconv"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

// Engine does logins for one user. Its fields must not change once it is in
// use; its methods may be called by several goroutines.
type Engine struct {
	Wire  *wire.Wire        // how AWS is reached
	Cache *tokencache.Cache // where tokens are

	// Present shows a login to the person. It is needed by Ensure with a flow
	// that asks somebody, and by nothing else.
	Present Presenter

	// Roles returns the accounts (ids) and roles for which the AWS CLI may have
	// cached credentials of a session: a login and [Engine.Logout] remove
	// those. Nil: none.
	Roles func(portal.Session) iter.Seq2[string, string]

	// Notify is called with what a person should know although the work goes on,
	// at once by several goroutines. It may be nil.
	Notify func(Event)

	// Now returns the time that expiries are compared with; nil: time.Now.
	Now func() time.Time
}

// Presenter shows a login to the person: it opens Prompt.URL in a
// browser, or prints what is in the prompt. It is called once a login (and once
// more where AWS turns out to have forgotten the client), in a goroutine of its
// own, and may last as long as the browser does: the login ends without it.
// Once ctx is done, the login is over and Presenter must return. An error means
// that nobody could be asked, and ends the login.
type Presenter func(ctx context.Context, p Prompt) error

// Prompt is what a person needs to log in.
type Prompt struct {
	Session portal.Session
	Flow    Flow // FlowBrowser or FlowDevice

	// URL is where the person must go: in the browser flow on this machine, in
	// the device code flow anywhere. It may be opened and printed, and must not
	// be logged: whoever has it can finish the login.
	URL string

	// UserCode is what the page must show, or what is typed at PageURL, in the
	// device code flow.
	UserCode string
	PageURL  string

	// Port is where the browser comes back to on 127.0.0.1, in the browser
	// flow.
	Port int

	// NoBrowser is that of the options.
	NoBrowser bool

	// Foreign says that URL does not lead to a page of AWS, which a person
	// should be warned of.
	Foreign bool

	// ExpiresAt is when the login is given up.
	ExpiresAt time.Time
}

// EventKind says how much an event matters.
type EventKind string

// The kinds of events.
const (
	// Notice says what is going on: why a new login is needed.
	Notice EventKind = "notice"
	// Waiting says which other process is waited for. It matters off a terminal
	// too: nothing goes on until that process ends.
	Waiting EventKind = "waiting"
	// WrongClock says that the clock of this machine is wrong, which is not the
	// session's matter.
	WrongClock EventKind = "clock"
	// Warning says what should be seen to: a refresh that failed, a clock that
	// is wrong.
	Warning EventKind = "warning"
)

// Event is something that a person should know. Its texts are those of a
// fault: one line, lower case, no full stop, no secrets.
type Event struct {
	Kind    EventKind
	Session portal.Session
	Text    string
	Hint    string // what to do; may be empty
}

func (e *Engine) notify(kind EventKind, s portal.Session, text, hint string) {
	if e.Notify != nil {
		e.Notify(Event{kind, s, text, hint})
	}
}

func (e *Engine) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

// client returns the OIDC client of a session whose portal is at startURL.
func (e *Engine) client(s portal.Session, startURL string) (*oidc.Client, error) {
	c, err := oidc.New(e.Wire, s.Region)
	if err != nil {
		return nil, err
	}
	c.Now = e.now
	return c.For(startURL), nil
}

// notifyOf warns of a grant that shows a wrong clock or an odd lifetime.
func (e *Engine) notifyOf(s portal.Session, g oidc.Grant) {
	if g.Skew != 0 {
		wrong := wire.WrongClock(g.Skew)
		e.notify(WrongClock, s, wrong.What, wrong.Hint)
	}
	if g.Capped {
		e.notify(Warning, s, "AWS says that the token lives longer than any session can; it is taken to live "+
			strconv.Itoa(int(oidc.MaxLifetime/(24*time.Hour)))+" days", "")
	}
}

// clock returns a time for a person.
func (e *Engine) clock(t time.Time) string { return fault.Clock{At: t, Now: e.now()}.String() }
