package probe

import (
	"errors"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/fault"
)

// Status is what a check found. A profile has exactly one.
type Status string

// The statuses.
const (
	OK            Status = "ok"
	Skipped       Status = "skipped"        // no credentials of its own, or a process or an endpoint that is not allowed
	LoginRequired Status = "login-required" // no valid token, or the session ended
	AccessDenied  Status = "access-denied"  // the portal: no such assignment
	STSDenied     Status = "sts-denied"     // STS refused the credentials, or the role
	WrongIdentity Status = "wrong-identity" // STS answered for another account or role
	InvalidConfig Status = "invalid-config" // keys are missing, contradict each other or make no sense
	MFARequired   Status = "mfa-required"   // a role that asks for a code
	Throttled     Status = "throttled"      // AWS asked for fewer calls to the end
	Timeout       Status = "timeout"        // no answer in time
	Unreachable   Status = "unreachable"    // no connection
	Failed        Status = "error"          // anything else: 5xx, a reply of no use, a command that failed
)

// Statuses are all of them, in the order of a summary.
func Statuses() []Status {
	return []Status{
		OK, Skipped, LoginRequired, AccessDenied, STSDenied, WrongIdentity,
		InvalidConfig, MFARequired, Throttled, Timeout, Unreachable, Failed,
	}
}

// Meaning is what the status says of a profile, in a few words.
func (s Status) Meaning() string {
	switch s {
	case OK:
		return "STS answered, for the account and role that the profile names"
	case Skipped:
		return "no credentials of its own, a credential_process without --allow-process, or an endpoint_url that would get the login"
	case LoginRequired:
		return "no valid token, or the session ended meanwhile; run sso-login"
	case AccessDenied:
		return "the portal says that there is no such assignment"
	case STSDenied:
		return "STS refused the credentials, or the role"
	case WrongIdentity:
		return "the profile works, but for another account or role than it says"
	case InvalidConfig:
		return "keys are missing, contradict each other or make no sense"
	case MFARequired:
		return "a role that asks for a code"
	case Throttled:
		return "AWS asked for fewer calls to the end"
	case Timeout:
		return "no answer in time"
	case Unreachable:
		return "no connection"
	case Failed:
		return "anything else: a fault of the service, a reply of no use, a command that failed"
	}
	return ""
}

// Healthy says whether the status is no failure.
func (s Status) Healthy() bool { return s == OK || s == Skipped }

// Asked says whether a profile of this status was really asked about: AWS, or
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

// StatusSet is a choice of statuses; nil is all of them.
type StatusSet map[Status]bool

// Has says whether the status is among those chosen.
func (s StatusSet) Has(status Status) bool { return s == nil || s[status] }

// FailedWord stands for all statuses that are not healthy.
const FailedWord = "failed"

// ParseStatuses reads a list of statuses separated by commas, in which
// "failed" stands for all but ok and skipped. The empty list is all. An
// unknown word is a fault of kind Usage.
func ParseStatuses(list string) (StatusSet, error) {
	if list == "" {
		return nil, nil
	}
	chosen := StatusSet{}
	for word := range strings.SplitSeq(list, ",") {
		status := Status(strings.TrimSpace(word))
		switch {
		case status == FailedWord:
			for _, s := range Statuses() {
				if !s.Healthy() {
					chosen[s] = true
				}
			}
		case slices.Contains(Statuses(), status):
			chosen[status] = true
		default:
			return nil, fault.UnknownWord("status", string(status), "--status takes", statusWords())
		}
	}
	return chosen, nil
}

// statusWords are what a list may hold.
func statusWords() []string {
	words := []string{FailedWord}
	for _, s := range Statuses() {
		words = append(words, string(s))
	}
	return words
}

// finding is an error whose status its kind alone does not tell.
type finding struct {
	status Status
	err    error
}

func (f *finding) Error() string { return f.err.Error() }
func (f *finding) Unwrap() error { return f.err }

// statusOf is the status of a failure: by what the service said in status and
// code, which pkg/wire has made a kind of, never by text.
func statusOf(err error) Status {
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
