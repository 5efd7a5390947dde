package main

import (
	"context"
	"strconv"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
)

// sessionsToList returns the named sessions, else all that have a login.
func sessionsToList(ctx context.Context, app *cli.App, config *awsconfig.Config, engine *login.Engine, names []cli.Name) ([]portal.Session, error) {
	var sessions []portal.Session
	for _, name := range names {
		s, err := app.SessionNamed(config, name.Text)
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, s)
	}
	if len(sessions) > 0 {
		return sessions, nil
	}
	all, err := sectionsForAccounts(app, config)
	if err != nil {
		return nil, err
	}
	for _, section := range all {
		state := login.State{Status: login.StatusInvalid}
		s, err := portal.SessionIn(section)
		if err == nil {
			state, err = engine.State(ctx, s)
		}
		switch {
		case err != nil && state.Status == login.StatusInvalid && len(all) > 1:
			app.Warn(fault.Annotate(err, "%q was skipped", s.Name).OrKind(fault.Config))
		case err != nil:
			return nil, err
		case state.Status == login.StatusValid, state.Status == login.StatusRefreshable:
			sessions = append(sessions, s)
		case len(all) > 1:
			app.Warn(fault.Newf(fault.Login, "%q was skipped: it has no login", s.Name).WithHint("run: %s", s.LoginCommand()))
		}
	}
	if len(sessions) == 0 {
		return nil, noLogin(app, portal.Session{Name: all[0].Name}, len(all))
	}
	return sessions, nil
}

// sectionsForAccounts returns the sections of the sessions whose scopes reach
// accounts, at least one, and notes those whose scopes do not.
func sectionsForAccounts(app *cli.App, config *awsconfig.Config) ([]*awsconfig.Session, error) {
	if len(config.Sessions()) == 0 {
		return nil, app.NoSessions(config)
	}
	var all []*awsconfig.Session
	var others []string
	for _, section := range config.Sessions() {
		if portal.CheckAccounts(section) == nil {
			all = append(all, section)
		} else {
			others = append(others, strconv.Quote(section.Name))
		}
	}
	switch {
	case len(all) == 0:
		return nil, fault.New(fault.Nothing, "no session is for accounts", "their sso_registration_scopes lack sso:account:access")
	case len(others) == 1:
		app.Note("%s was skipped: its sso_registration_scopes lack sso:account:access", others[0])
	case len(others) > 1:
		app.Note("%s were skipped: their sso_registration_scopes lack sso:account:access", strings.Join(others, ", "))
	}
	return all, nil
}

// noLogin returns the fault of a run for which no session has a login.
func noLogin(app *cli.App, first portal.Session, sessions int) error {
	f := fault.New(fault.Login, "there is no login", "")
	switch {
	case app.StdinPiped():
		return f.WithHint("to read session names from the pipe: sso-profiles -")
	case sessions == 1:
		return f.WithHint("run: %s", first.LoginCommand())
	case app.Interactive:
		return f.WithHint("run: sso-login") // it asks which
	}
	return f.WithHint("run: sso-login SESSION")
}

// namedSessions returns the named sessions. One whose section is faulty is among
// them: its profiles are then reported as faulty.
func namedSessions(app *cli.App, config *awsconfig.Config, names []cli.Name) ([]portal.Session, error) {
	var sessions []portal.Session
	for _, name := range names {
		s, err := app.SessionNamed(config, name.Text)
		if err != nil && s.Name == "" {
			return nil, err
		}
		sessions = append(sessions, s)
	}
	return sessions, nil
}
