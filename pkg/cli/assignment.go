package cli

import (
	"fmt"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
)

// Assignment holds the flags that name a role of an account without a profile.
type Assignment struct {
	Account    string `placeholder:"ID" complete:"account" help:"The account of an assignment without a profile; with --role." group:"Without a profile"`
	Role       string `placeholder:"NAME" complete:"role" help:"The role of an assignment without a profile; with --account." group:"Without a profile"`
	SSOSession string `name:"sso-session" placeholder:"NAME" complete:"session" help:"The session of --account and --role, where there are several." group:"Without a profile"`
}

// Given reports whether any of the flags is set.
func (f Assignment) Given() bool { return f.Account != "" || f.Role != "" || f.SSOSession != "" }

// Assignment returns the assignment that the flags name. names are the profiles
// on the command line: any profile beside the flags is a fault of kind Usage.
func (a *App) Assignment(f Assignment, names []Name, config *awsconfig.Config) (resolve.Assignment, error) {
	none := resolve.Assignment{}
	switch {
	case len(names) > 0:
		return none, fault.Newf(fault.Usage, "a profile is named, and --account, --role or --sso-session").
			WithHint("a profile has its account and role in the config")
	case f.Account == "" || f.Role == "":
		var missing []string
		if f.Account == "" {
			missing = append(missing, "--account 111111111111")
		}
		if f.Role == "" {
			missing = append(missing, "--role NAME")
		}
		return none, fault.Newf(fault.Usage, "an assignment needs both --account and --role").
			WithHint("add: %s", strings.Join(missing, " "))
	case !portal.IsAccountID(f.Account):
		return none, fault.Newf(fault.Usage, "--account is not a number of 12 digits: %q", f.Account)
	}
	if permissionSet, ok := portal.PermissionSetOf(f.Role); ok {
		return none, fault.Newf(fault.Usage, "--role is the IAM role of a permission set, not the permission set: %q", f.Role).
			WithHint("use --role %s", fault.Word(permissionSet))
	}
	s, err := a.onlySession(f.SSOSession, config)
	return resolve.Assignment{Session: s, AccountID: f.Account, RoleName: f.Role}, err
}

// Targets returns what the flags, or else the names, are to be resolved to, in
// their order. The name of a profile that does not exist is a fault of kind Usage
// on the command line, and a target that fails on standard input.
func (a *App) Targets(f Assignment, names []Name, r *resolve.Resolver) ([]*resolve.Target, error) {
	if f.Given() {
		assignment, err := a.Assignment(f, names, r.Config)
		if err != nil {
			return nil, err
		}
		return []*resolve.Target{r.Assignment(assignment)}, nil
	}
	profiles := make([]string, len(names))
	for i, name := range names {
		if _, err := a.ProfileNamed(r.Config, name.Text); err != nil && !name.Piped {
			return nil, err
		}
		profiles[i] = name.Text
	}
	return r.Plan(profiles).Targets(), nil
}

// onlySession returns the session of that name. Without a name it returns the
// only session of the config.
func (a *App) onlySession(name string, config *awsconfig.Config) (portal.Session, error) {
	all := config.Sessions()
	switch {
	case name != "":
		return a.SessionNamed(config, name)
	case len(all) == 0:
		return portal.Session{}, a.NoSessions(config)
	case len(all) == 1:
		return portal.SessionIn(all[0])
	}
	known := make([]string, len(all))
	for i, s := range all {
		known[i] = s.Name
	}
	return portal.Session{}, fault.Newf(fault.Usage, "which session? there are %s", strings.Join(known, ", ")).
		WithHint("add: --sso-session %s", fault.Word(known[0]))
}

// profilesShown is how many profiles a message names to choose from.
const profilesShown = 10

// ProfilesOrOwn returns names. If there are none, it returns the profile that
// the environment names: AWS_PROFILE, or SSO_PROFILE, which the suite sets for
// commands that it hands a role to. Without either the error is a fault of kind
// Usage that lists profiles.
func (a *App) ProfilesOrOwn(names []Name, config *awsconfig.Config) ([]Name, error) {
	if len(names) > 0 {
		return names, nil
	}
	for _, own := range []string{a.env.Profile(), a.env.Getenv("SSO_PROFILE")} {
		if own != "" {
			return []Name{{Text: own}}, nil
		}
	}
	f := fault.Newf(fault.Usage, "which profile? there is none in %s", config.ConfigFile().Path())
	profiles := config.Profiles()
	if len(profiles) == 0 {
		if len(config.Sessions()) == 0 {
			return nil, f.WithHint("%s", a.FirstLogin())
		}
		return nil, f.WithHint("run: sso-profiles")
	}
	known := make([]string, 0, profilesShown)
	for _, p := range profiles[:min(len(profiles), profilesShown)] {
		known = append(known, p.Name)
	}
	f.What = "which profile? there are " + strings.Join(known, ", ")
	if more := len(profiles) - len(known); more > 0 {
		f.What += fmt.Sprintf(" and %d more", more)
	}
	if a.StdinPiped() {
		return nil, f.WithHint("to read profile names from the pipe: %s -", a.Program.Name)
	}
	return nil, f.WithHint("run: %s %s", a.Program.Name, fault.Word(known[0]))
}
