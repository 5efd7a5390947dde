package profiles

import (
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
)

// accountNameKey is the key in which a profile may hold the name of its account:
// no AWS client reads it.
const accountNameKey = "account_name"

// LocalRow is an Identity Center profile as the files have it. Its State is
// Generated or Foreign; the name of its account is what the key account_name
// holds. Err is of kind Config, with file and line, where no client could use
// the profile; the row then holds what its keys say.
type LocalRow struct {
	Row
	Err error

	profile *awsconfig.Profile
}

// Local returns the Identity Center profiles that a config has, by name, as far
// as the filter picks them and they are of one of the sessions; without sessions
// those of all. It needs no network. That there are none is a fault of kind
// Nothing.
func Local(config *awsconfig.Config, sessions []portal.Session, filter Filter) ([]LocalRow, error) {
	all := config.Profiles()
	rows := make([]LocalRow, 0, len(all))
	found := 0
	reader := resolve.NewAssignments(config)
	for _, profile := range all {
		assignment, err := reader.Of(profile)
		if fault.KindOf(err) == fault.Nothing || !isOneOf(sessions, assignment.Session) {
			continue
		}
		found++
		r := LocalRow{Row: localRow(profile, assignment), Err: err, profile: profile}
		if filter.match(r.Assignment) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b LocalRow) int { return strings.Compare(a.Profile, b.Profile) })
	switch {
	case found == 0 && len(sessions) > 0:
		names, command := sessionNames(sessions)
		return nil, fault.New(fault.Nothing, "the config has no profile of "+names, "").WithHint("run: %s", command)
	case found == 0:
		return nil, fault.New(fault.Nothing, "the config has no profile of IAM Identity Center", "").WithHint("run: sso-profiles")
	case len(rows) == 0:
		return nil, fault.Newf(fault.Nothing, "no profile matches %s", filterFlags(filter)).WithHint("%s", filter.roleHint())
	}
	return rows, nil
}

func localRow(profile *awsconfig.Profile, a resolve.Assignment) Row {
	r := Row{
		Profile: profile.Name, Before: profile.Name, After: profile.Name,
		Assignment: portal.Assignment{
			Account: portal.Account{ID: a.AccountID, Name: profile.Get(accountNameKey)},
			Role:    a.RoleName,
		},
		Region: profile.Get("region"), Session: a.Session.Label(), State: Foreign,
	}
	if IsGenerated(profile) {
		r.State = Generated
	}
	return r
}

func isOneOf(sessions []portal.Session, s portal.Session) bool {
	return len(sessions) == 0 || slices.ContainsFunc(sessions, func(one portal.Session) bool { return one.Name == s.Name })
}

// filterFlags returns the flags of sso-profiles that do the picking.
func filterFlags(f Filter) string {
	switch {
	case f.Roles.matchAll():
		return "--account"
	case f.Accounts.matchAll():
		return "--role"
	default:
		return "--account and --role"
	}
}

// sessionNames returns the names for a person, and the command that makes their
// profiles.
func sessionNames(sessions []portal.Session) (names, command string) {
	labels := make([]string, len(sessions))
	command = "sso-profiles"
	for i, s := range sessions {
		labels[i] = s.Label()
		command += " " + fault.Word(s.Label())
	}
	return quotedList(labels), command
}

// Keys returns the keys of the profile and their values but those that hold
// secrets, or may: access keys and commands. Nested blocks are left out, too.
func (r LocalRow) Keys() map[string]string {
	keys := map[string]string{}
	for _, key := range r.profile.Keys() {
		if value := r.profile.Get(key); value != "" && !isSecretKey(key) {
			keys[key] = value
		}
	}
	return keys
}

// isSecretKey reports whether the value of a key in lower case is, or may hold, a
// secret.
func isSecretKey(key string) bool {
	return strings.HasPrefix(key, "aws_") || key == "credential_process"
}

// Section returns the lines of the profile's section in the config file without
// comments and without keys that hold secrets, or may; none where only the
// credentials file has one.
func (r LocalRow) Section() []string { return lines(r.profile.Section(isSecretKey)) }

// LocalCensus returns "6 profiles in 3 accounts, 4 generated".
func LocalCensus(rows []LocalRow) string {
	accounts := map[string]bool{}
	generated := 0
	for i := range rows {
		accounts[rows[i].Assignment.ID] = true
		if rows[i].State == Generated {
			generated++
		}
	}
	return fmt.Sprintf("%s in %s, %d generated", many(len(rows), "profile"), many(len(accounts), "account"), generated)
}
