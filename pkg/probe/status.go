package probe

import "aws-sso-plugins/pkg/resolve"

// WrongIdentity is the one status that only STS can tell: it answered for another
// account or role. The others are those of pkg/resolve.
const WrongIdentity resolve.Status = "wrong-identity"

// Statuses returns all statuses, in the order of a summary.
func Statuses() []resolve.Status {
	return []resolve.Status{
		resolve.OK, resolve.Skipped, resolve.LoginRequired, resolve.AccessDenied, resolve.STSDenied, WrongIdentity,
		resolve.InvalidConfig, resolve.MFARequired, resolve.Throttled, resolve.Timeout, resolve.Unreachable, resolve.Failed,
	}
}

// Meaning returns what the status says of a profile, in a few words.
func Meaning(s resolve.Status) string {
	switch s {
	case resolve.OK:
		return "STS answered, for the account and role that the profile names"
	case resolve.Skipped:
		return "no credentials of its own, a credential_process without --allow-process, or an endpoint_url that would get the login"
	case resolve.LoginRequired:
		return "no valid token, or the session ended meanwhile; run sso-login"
	case resolve.AccessDenied:
		return "the portal says that there is no such assignment"
	case resolve.STSDenied:
		return "STS refused the credentials, or the role"
	case WrongIdentity:
		return "the profile works, but for another account or role than it says"
	case resolve.InvalidConfig:
		return "keys are missing, contradict each other or make no sense"
	case resolve.MFARequired:
		return "a role that needs an MFA code"
	case resolve.Throttled:
		return "AWS asked for fewer calls to the end"
	case resolve.Timeout:
		return "no answer in time"
	case resolve.Unreachable:
		return "no connection"
	case resolve.Failed:
		return "anything else: a fault of the service, a reply of no use, a command that failed"
	}
	return ""
}

// ParseStatuses reads a list of statuses separated by commas, in which "failed"
// stands for all but ok and skipped. The empty list is all. An unknown word is a
// fault of kind Usage.
func ParseStatuses(list string) (resolve.StatusSet, error) {
	return resolve.ParseStatuses(list, Statuses(), func(s resolve.Status) bool { return !s.Healthy() })
}
