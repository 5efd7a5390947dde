package probe

import "aws-sso-plugins/pkg/resolve"

// Status is what a check found. A profile has exactly one.
type Status = resolve.Status

// The statuses.
const (
	OK            = resolve.OK
	Skipped       = resolve.Skipped
	LoginRequired = resolve.LoginRequired
	AccessDenied  = resolve.AccessDenied
	STSDenied     = resolve.STSDenied
	InvalidConfig = resolve.InvalidConfig
	MFARequired   = resolve.MFARequired
	Throttled     = resolve.Throttled
	Timeout       = resolve.Timeout
	Unreachable   = resolve.Unreachable
	Failed        = resolve.Failed

	WrongIdentity Status = "wrong-identity" // STS answered for another account or role
)

// Statuses returns all statuses, in the order of a summary.
func Statuses() []Status {
	return []Status{
		OK, Skipped, LoginRequired, AccessDenied, STSDenied, WrongIdentity,
		InvalidConfig, MFARequired, Throttled, Timeout, Unreachable, Failed,
	}
}

// Meaning returns what the status says of a profile, in a few words.
func Meaning(s Status) string {
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
		return "a role that needs an MFA code"
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

// ParseStatuses reads a list of statuses separated by commas, in which "failed"
// stands for all but ok and skipped. The empty list is all. An unknown word is a
// fault of kind Usage.
func ParseStatuses(list string) (resolve.StatusSet, error) {
	return resolve.ParseStatuses(list, Statuses(), func(s Status) bool { return !s.Healthy() })
}
