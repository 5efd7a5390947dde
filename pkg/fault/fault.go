// Package fault holds the one error type that the suite shows to people.
//
// A fault says what went wrong, why, and what to do about it. Its [Kind] is
// what code branches on: pkg/cli turns it into an exit status, pkg/probe into
// the status of a profile, pkg/wire into a decision whether to try again. The
// text is written where the cause is known and printed in one place.
package fault

import (
	"errors"
	"fmt"
	"slices"
)

// Kind says what went wrong, for code to branch on.
type Kind uint8

// The kinds. Their order has no meaning and may change.
const (
	// Unknown means that the cause was not foreseen.
	Unknown Kind = iota
	// Usage means that the command line makes no sense. Nothing was done.
	Usage
	// Config means that AWS could not read the config, or the config contradicts itself.
	// Nothing was done.
	Config
	// Login means that a login is missing, has ended, was refused or given up.
	Login
	// Denied means that a service knows the caller and refuses (403).
	Denied
	// Throttled means that a service asks for fewer calls (429).
	Throttled
	// Timeout means that an answer did not come in time.
	Timeout
	// Unreachable means that there is no connection to a service: name lookup, refused
	// connection, TLS, proxy.
	Unreachable
	// Reply means that an answer cannot be used: 5xx, cut short, not JSON, or without a
	// field that it must have.
	Reply
	// Request means that a service calls the request wrong (400, 404).
	Request
	// Identity means that the credentials are of another account or role than the
	// profile names.
	Identity
	// Process means that a command on this machine could not be run, failed or printed
	// something useless.
	Process
	// File means that a file could not be read or written.
	File
	// Conflict means that two things exclude each other: two assignments with one name,
	// a profile that somebody wrote by hand, an edit made meanwhile.
	Conflict
	// Nothing means that the run found nothing to work on.
	Nothing
	// Notice means that nothing has failed, and a person should know something.
	Notice
	// Canceled means that the work was stopped from outside, as a rule by a signal.
	Canceled
)

var kindNames = [...]string{
	Unknown: "unknown", Usage: "usage", Config: "config", Login: "login", Denied: "denied",
	Throttled: "throttled", Timeout: "timeout", Unreachable: "unreachable", Reply: "reply",
	Request: "request", Identity: "identity", Process: "process", File: "file", Conflict: "conflict",
	Nothing: "nothing", Notice: "notice", Canceled: "canceled",
}

// KindNamed returns the kind whose [Kind.String] is name, or false if there is
// none.
func KindNamed(name string) (Kind, bool) {
	i := slices.Index(kindNames[:], name)
	return Kind(max(i, 0)), i >= 0
}

// String returns the kind's name, for logs and tests.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Error is a fault. What and Why are in lower case and without a full stop;
// data of users and servers in them is quoted with %q, and a path by [Path].
type Error struct {
	Kind Kind
	What string // the thing that failed: `cannot list the accounts of "okta"`
	Why  string // the cause in words; empty where Err says it
	Hint string // what to do, a command to run where there is one; may be empty
	Err  error  // the cause as a value, for errors.Is and errors.As; may be nil
}

// New returns a fault without a cause in code.
func New(kind Kind, what, why string) *Error {
	return &Error{Kind: kind, What: what, Why: why}
}

// Newf returns a fault that is one sentence.
func Newf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, What: fmt.Sprintf(format, args...)}
}

// Wrap returns a fault of this kind that says what failed because of err. A
// fault inside err gives its reason and its hint.
func Wrap(kind Kind, err error, format string, args ...any) *Error {
	outer := &Error{Kind: kind, What: fmt.Sprintf(format, args...), Err: err}
	var inner *Error
	if errors.As(err, &inner) {
		outer.Why, outer.Hint = inner.Error(), inner.Hint
	}
	return outer
}

// Annotate returns a fault that says what failed because of err, of the kind
// that [KindOf] finds in err.
func Annotate(err error, format string, args ...any) *Error {
	return Wrap(KindOf(err), err, format, args...)
}

// OrKind returns e, with this kind if its own is Unknown.
func (e *Error) OrKind(kind Kind) *Error {
	if e.Kind != Unknown {
		return e
	}
	c := *e
	c.Kind = kind
	return &c
}

// WithHint returns a copy of e with another hint.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// Error returns "what: why", without the hint.
func (e *Error) Error() string {
	switch why := e.why(); {
	case why == "":
		return e.What
	case e.What == "":
		return why
	default:
		return e.What + ": " + why
	}
}

// Unwrap returns the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) why() string {
	if e.Why == "" && e.Err != nil {
		return withoutFullStop(e.Err.Error())
	}
	return e.Why
}

// KindOf returns the kind of the outermost fault in err: Unknown if there is none,
// and for nil.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Unknown
}

// HintOf returns the hint of the outermost fault in err that has one.
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
