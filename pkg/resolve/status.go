package resolve

import (
	"errors"
	"fmt"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// Status is what came of a profile, in a word that scripts read.
type Status string

// The statuses of credentials.
const (
	OK            Status = "ok"
	Skipped       Status = "skipped"        // no credentials of its own, or a process or an endpoint that is not allowed
	LoginRequired Status = "login-required" // no valid token, or the session ended
	AccessDenied  Status = "access-denied"  // the portal: no such assignment
	STSDenied     Status = "sts-denied"     // STS refused the credentials, or the role
	InvalidConfig Status = "invalid-config" // keys are missing, contradict each other or make no sense
	MFARequired   Status = "mfa-required"   // a role that needs an MFA code
	Throttled     Status = "throttled"      // AWS asked for fewer calls to the end
	Timeout       Status = "timeout"        // no answer in time
	Unreachable   Status = "unreachable"    // no connection
	Failed        Status = "error"          // anything else: 5xx, a reply of no use, a command that failed
)

// Healthy reports whether the status is no failure.
func (s Status) Healthy() bool { return s == OK || s == Skipped }

// Asked reports whether a profile of this status was really asked about: AWS, or
// the profile's own command, had the chance to say yes. A profile that nobody
// asked about, because there is no login or no connection, is not known to be
// down.
func (s Status) Asked() bool {
	switch s {
	case Skipped, LoginRequired, InvalidConfig, MFARequired, Unreachable:
		return false
	}
	return true
}

// StatusOf returns the status of an error of this package, of pkg/portal or of
// pkg/wire: by the kind of the fault, which is known from what the service said
// in status and code, never by text. nil is [OK].
func StatusOf(err error) Status {
	if err == nil {
		return OK
	}
	var f *finding
	if errors.As(err, &f) {
		return f.status
	}
	switch fault.KindOf(err) {
	case fault.Login:
		return LoginRequired
	case fault.Denied:
		return AccessDenied
	case fault.Config, fault.Usage:
		return InvalidConfig
	case fault.Throttled:
		return Throttled
	case fault.Timeout:
		return Timeout
	case fault.Unreachable:
		return Unreachable
	default:
		return Failed
	}
}

// Outage reports whether an error says nothing about the profile, but that the
// service or the network failed.
func Outage(err error) bool {
	switch StatusOf(err) {
	case Throttled, Timeout, Unreachable:
		return true
	}
	return fault.KindOf(err) == fault.Reply
}

// finding is an error whose status its kind alone does not tell.
type finding struct {
	status Status
	err    error
}

func (f *finding) Error() string { return f.err.Error() }
func (f *finding) Unwrap() error { return f.err }

func isFinding(err error) bool {
	var f *finding
	return errors.As(err, &f)
}

// WithStatus returns err with a status of its own, for what no kind of fault
// tells.
func WithStatus(status Status, err error) error { return &finding{status, err} }

// located is an error with the place in the config that is to blame for it.
type located struct {
	err   error
	place string // "KEY, FILE:LINE"
}

// Error has the place after the reason: rows are cut at their end.
func (l *located) Error() string { return l.err.Error() + " (" + l.place + ")" }
func (l *located) Unwrap() error { return l.err }

// regionError is a refusal that comes from the region where STS was asked.
type regionError struct{ err error }

func (r *regionError) Error() string { return r.err.Error() }
func (r *regionError) Unwrap() error { return r.err }

// regionFault returns err, of a call in a region with credentials of the
// assignment that the portal just issued. Where STS does not know such, the
// region is the reason: its account has not enabled it, or it is another
// partition's.
func (a Assignment) regionFault(err error, region string) error {
	switch wire.Code(err) {
	case "RegionDisabledException":
		return &regionError{err}
	case "InvalidClientTokenId":
	default:
		return err
	}
	why := "the region is not enabled in account " + a.AccountID
	switch here, home := wire.Partition(region), wire.Partition(a.Session.Region); {
	case here == "" || home == "":
		why += ", or is of another partition"
	case here != home:
		why = fmt.Sprintf("the region is of the partition %s, and the session %q of %s", here, a.Session.Label(), home)
	}
	var f *fault.Error
	if errors.As(err, &f) {
		f.Why = why + ": " + f.Why
	}
	return &regionError{err}
}

// isOfProfile reports whether a failure is to be mended at a line of the
// profile that its text does not name yet.
func isOfProfile(err error) bool {
	switch kind := fault.KindOf(err); {
	case kind == fault.Config, kind == fault.Nothing:
		return false // those name their line
	case kind == fault.Request, kind == fault.Denied, kind == fault.Process:
		return true
	}
	return isFinding(err)
}
