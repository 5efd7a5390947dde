package login

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/tokencache"
)

// login has one login made for all who want it now. Who gets the session's
// login lock makes it and leaves its outcome beside the lock; who had to wait
// takes that outcome. A process that is killed leaves none and its lock is
// free: then the next in line asks the person.
func (e *Engine) login(ctx context.Context, s portal.Session, o Options, needed error) (State, error) {
	what := "cannot log in to " + quote(s.Label())
	release, err := e.Cache.Store.LockWait(ctx, loginLock(s))
	if err != nil {
		return State{}, fault.Annotate(err, "%s", what).OrKind(fault.File)
	}
	defer release()

	if t, ok, err := e.issuedMeanwhile(s, o); err != nil {
		return State{}, fault.Annotate(err, "%s", what).OrKind(fault.File)
	} else if ok {
		return e.stateOf(s, t, Waited), nil
	}
	if needed != nil && !errors.Is(needed, errNone) {
		e.notify(Notice, s, "a new login is needed: "+whyOf(needed), "")
	}
	t, err := e.signIn(ctx, s, o)
	e.leaveOutcome(ctx, s, err)
	if err != nil {
		return State{}, fault.Annotate(err, "%s", what).OrKind(fault.Login)
	}
	return e.stateOf(s, t, LoggedIn), nil
}

// loginLock is named for the notice that it is waited for.
func loginLock(s portal.Session) string { return "login to " + s.Label() }

// issuedMeanwhile looks, with the login lock held, whether another login has
// made this one unnecessary, or has failed for all who waited.
func (e *Engine) issuedMeanwhile(s portal.Session, o Options) (tokencache.Token, bool, error) {
	t, found, err := e.token(s)
	if err != nil {
		return tokencache.Token{}, false, err
	}
	last, ended := e.outcome(s, o.Since)
	switch {
	case found && !o.Force && e.left(t) >= o.validFor():
		// Whoever got it: the AWS CLI, say, in another window.
		return t, true, nil
	case ended && last.Failure != nil:
		return tokencache.Token{}, false, last.Failure.fault(s)
	case found && ended:
		// Issued for us, so taken however long it lives.
		return t, true, nil
	}
	return tokencache.Token{}, false, nil
}

// outcome is how a login ended, as its file has it. There is no secret in it,
// and no name: the file's own is a hash.
type outcome struct {
	Ended   time.Time `json:"ended"`
	Failure *failure  `json:"failure,omitempty"` // nil: there is a token
}

// failure is a fault that others share.
type failure struct {
	Kind string `json:"kind"`
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}

// maxOutcome is more than any outcome is long.
const maxOutcome = 64 << 10

// outcome is that of the last login to the session, if it ended after since.
// One from the future was written before the clock was set back, and would
// count for ever.
func (e *Engine) outcome(s portal.Session, since time.Time) (outcome, bool) {
	data, err := safefile.Read(e.outcomePath(s), maxOutcome, nil)
	if err != nil {
		return outcome{}, false
	}
	var last outcome
	if err := json.Unmarshal(data, &last); err != nil || last.Ended.Before(since) || last.Ended.After(time.Now()) {
		return outcome{}, false
	}
	return last, true
}

// leaveOutcome tells those who wait how the login ended. What only this
// process could not do, before anybody was asked, is not for them: they try
// themselves. That it cannot be written is not worth a word: whoever waits
// then asks the person again.
func (e *Engine) leaveOutcome(ctx context.Context, s portal.Session, err error) {
	if errors.Is(err, oidc.ErrPort) || errors.Is(err, errNotPresented) {
		return
	}
	last := outcome{Ended: time.Now()}
	if err != nil {
		f := fault.Annotate(err, "").OrKind(fault.Login)
		last.Failure = &failure{Kind: f.Kind.String(), Why: f.Error(), Hint: f.Hint}
	}
	data, merr := json.Marshal(last)
	if merr != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rescue)
	defer cancel()
	_, _ = e.Cache.Store.Update(ctx, safefile.Target{Path: e.outcomePath(s), Secret: true}, func([]byte) ([]byte, error) {
		return data, nil
	})
}

func (e *Engine) outcomePath(s portal.Session) string {
	sum := sha256.Sum256([]byte(loginLock(s)))
	return filepath.Join(e.Cache.Store.LockDir, hex.EncodeToString(sum[:])+".outcome")
}

// fault is another process's failure as this one's. That the other was stopped
// is, here, a login that was given up.
func (f failure) fault(s portal.Session) error {
	own := &fault.Error{Kind: kindNamed(f.Kind), Why: f.Why + " (in another process)", Hint: f.Hint}
	if own.Kind == fault.Canceled {
		own.Kind, own.Hint = fault.Login, "run: "+s.LoginCommand()
	}
	return own
}

func kindNamed(name string) fault.Kind {
	if kind, ok := fault.KindNamed(name); ok {
		return kind
	}
	return fault.Login
}
