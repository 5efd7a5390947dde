package probe

import "aws-sso-plugins/pkg/resolve"

// WrongIdentity is the one status that only STS can tell: it answered for another
// account or role. The others are those of pkg/resolve.
const WrongIdentity resolve.Status = "wrong-identity"

// statuses are all statuses in the order of a summary, each with what it says of a
// profile.
var statuses = []struct {
	status  resolve.Status
	meaning string
}{
	{resolve.OK, "STS answered, for the account and role that the profile names"},
	{resolve.Skipped, "no credentials of its own, a credential_process without --allow-process, or an endpoint_url that would get the login"},
	{resolve.LoginRequired, "no valid token, or the session ended meanwhile; run sso-login"},
	{resolve.AccessDenied, "the portal says that there is no such assignment"},
	{resolve.STSDenied, "STS refused the credentials, or the role"},
	{WrongIdentity, "the profile works, but for another account or role than it says"},
	{resolve.InvalidConfig, "keys are missing, contradict each other or make no sense"},
	{resolve.MFARequired, "a role that needs an MFA code"},
	{resolve.Throttled, "AWS asked for fewer calls to the end"},
	{resolve.Timeout, "no answer in time"},
	{resolve.Unreachable, "no connection"},
	{resolve.Failed, "anything else: a fault of the service, a reply of no use, a command that failed"},
}

// Statuses returns all statuses, in the order of a summary.
func Statuses() []resolve.Status {
	all := make([]resolve.Status, len(statuses))
	for i, s := range statuses {
		all[i] = s.status
	}
	return all
}

// Meaning returns what the status says of a profile, in a few words.
func Meaning(status resolve.Status) string {
	for _, s := range statuses {
		if s.status == status {
			return s.meaning
		}
	}
	return ""
}

// ParseStatuses reads a list of statuses separated by commas, in which "failed"
// stands for all but ok and skipped. The empty list is all. An unknown word is a
// fault of kind Usage.
func ParseStatuses(list string) (resolve.StatusSet, error) {
	return resolve.ParseStatuses(list, Statuses(), func(s resolve.Status) bool { return !s.Healthy() })
}
