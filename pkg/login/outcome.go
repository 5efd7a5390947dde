package login

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/tokencache"
)

// login makes one login for all processes that want it now. The process that
// gets the session's login lock makes it, and writes its outcome to a file
// beside the lock; those that waited for the lock take that outcome. A process
// that is killed writes none and frees its lock: the next in line then asks the
// person.
func (e *Engine) login(ctx context.Context, s portal.Session, o Options, needed error) (State, error) {
	what := "cannot log in to " + strconv.Quote(s.Label())
	release, err := e.lockLogin(ctx, s)
	if err != nil {
		return State{}, fault.Annotate(err, "%s", what).OrKind(fault.File)
	}
	defer release()

	if t, ok, err := e.issuedMeanwhile(ctx, s, o); err != nil {
		return State{}, fault.Annotate(err, "%s", what).OrKind(fault.File)
	} else if ok {
		return e.stateOf(s, t, Waited), nil
	}
	if needed != nil && !errors.Is(needed, errNone) {
		e.notify(Notice, s, "a new login is needed: "+whyOf(needed), "")
	}
	t, err := e.signIn(ctx, s, o)
	e.writeOutcome(ctx, s, err)
	if err != nil {
		return State{}, fault.Annotate(err, "%s", what).OrKind(fault.Login)
	}
	return e.stateOf(s, t, LoggedIn), nil
}

const (
	// maxLogin is longer than any login can last: a device code lives 30
	// minutes at most.
	maxLogin = 35 * time.Minute

	// lateness is how long after its time is up a login may still be writing
	// its outcome.
	lateness = 5 * time.Second
)

// lockLogin takes the session's login lock. While another process holds it, it
// says once whom it waits for, and it gives up with a fault of kind Login once
// that process's login can no longer succeed: a process that is stopped (Ctrl-Z,
// SIGSTOP) holds its lock for ever.
func (e *Engine) lockLogin(ctx context.Context, s portal.Session) (release func(), err error) {
	begun, told := time.Now(), false
	return e.Cache.Store.LockWait(ctx, loginLock(s), func(pid int) error {
		other := "another sso-login"
		switch pid {
		case 0:
		case os.Getpid():
			other = "another login of this process"
		default:
			other += fmt.Sprintf(" (process %d)", pid)
		}
		if !told {
			told = true
			e.notify(Waiting, s, other+" is logging in to "+strconv.Quote(s.Label())+"; waiting", "")
		}
		if time.Now().Before(e.loginEnds(ctx, s, pid, begun).Add(lateness)) {
			return nil
		}
		f := fault.New(fault.Login, "", other+" began a login whose time is up, and has not ended")
		if pid == 0 || pid == os.Getpid() {
			return f.WithHint("end it, then run: %s", s.LoginCommand())
		}
		return f.WithHint("it may be stopped; to end it, run: kill -KILL %d", pid)
	})
}

// loginEnds returns when the login of the process that holds the login lock is
// given up. pid is 0 where the process is not known, begun is when the caller
// began to wait for it.
func (e *Engine) loginEnds(ctx context.Context, s portal.Session, pid int, begun time.Time) time.Time {
	last, err := e.readOutcome(ctx, s)
	if err != nil || last.Until.IsZero() || pid != 0 && last.PID != pid {
		// It has asked nobody yet, or the time is of an earlier login that was killed.
		return begun.Add(maxLogin)
	}
	if last.Until.Before(begun) {
		return begun
	}
	return last.Until
}

// loginLock names the lock that a login to the session holds.
func loginLock(s portal.Session) string { return "login to " + s.Label() }

// issuedMeanwhile looks, with the login lock held, whether another login has
// made this one unnecessary, or has failed for all who waited.
func (e *Engine) issuedMeanwhile(ctx context.Context, s portal.Session, o Options) (tokencache.Token, bool, error) {
	t, found, err := e.token(ctx, s)
	if err != nil {
		return tokencache.Token{}, false, err
	}
	last, ended := e.outcomeSince(ctx, s, o.Since)
	switch {
	case found && !o.Force && e.left(t) >= o.validFor():
		// Whoever got it: the AWS CLI in another window, for example.
		return t, true, nil
	case ended && last.Failure != nil:
		return tokencache.Token{}, false, last.Failure.fault(s)
	case found && ended:
		// Issued for us, so taken however long it lives.
		return t, true, nil
	}
	return tokencache.Token{}, false, nil
}

// outcome is the content of a login's outcome file. It holds no secret and no
// name: the name of the file is a hash.
type outcome struct {
	Ended   time.Time `json:"ended,omitzero"`
	Failure *failure  `json:"failure,omitempty"` // nil: there is a token

	// While a login waits for a person: the process that makes it, and when it
	// is given up.
	PID   int       `json:"pid,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

// failure is a fault that those who waited share.
type failure struct {
	Kind string `json:"kind"`
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}

// maxOutcome is more than any outcome file takes.
const maxOutcome = 64 << 10

func (e *Engine) readOutcome(ctx context.Context, s portal.Session) (outcome, error) {
	data, err := safefile.Read(ctx, e.outcomePath(s), maxOutcome, nil)
	if err != nil {
		return outcome{}, err
	}
	var last outcome
	err = json.Unmarshal(data, &last)
	return last, err
}

// outcomeSince returns the outcome of the last login to the session, if that
// ended after since. One from the future was written before the clock was set
// back, and would count for ever.
func (e *Engine) outcomeSince(ctx context.Context, s portal.Session, since time.Time) (outcome, bool) {
	last, err := e.readOutcome(ctx, s)
	if err != nil || last.Ended.Before(since) || last.Ended.After(time.Now()) {
		return outcome{}, false
	}
	return last, true
}

// writeUntil tells those who wait until when the login can succeed. The outcome
// of the login before it stays, for those who still wait for that one.
func (e *Engine) writeUntil(ctx context.Context, s portal.Session, until time.Time) {
	last, err := e.readOutcome(ctx, s)
	if err != nil {
		last = outcome{}
	}
	last.PID, last.Until = os.Getpid(), until
	e.writeOutcomeFile(ctx, s, last)
}

// writeOutcome tells those who wait how the login ended. Failures that are local
// to this process, before anybody was asked, are not shared: the others try
// themselves.
func (e *Engine) writeOutcome(ctx context.Context, s portal.Session, err error) {
	if errors.Is(err, oidc.ErrPort) || errors.Is(err, errNotPresented) {
		return
	}
	last := outcome{Ended: time.Now()}
	if err != nil {
		f := fault.Annotate(err, "").OrKind(fault.Login)
		last.Failure = &failure{Kind: f.Kind.String(), Why: f.Error(), Hint: f.Hint}
	}
	e.writeOutcomeFile(ctx, s, last)
}

// writeOutcomeFile reports no error: without the file, those who wait ask the
// person again.
func (e *Engine) writeOutcomeFile(ctx context.Context, s portal.Session, o outcome) {
	data, err := json.Marshal(o)
	if err != nil {
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

// fault returns another process's failure as this one's. That the other process
// was stopped means, here, that the login was given up.
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
