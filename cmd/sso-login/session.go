package main

import (
	"context"
	"fmt"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
)

// choose is which sessions are meant.
func (c *command) choose(ctx context.Context, app *cli.App, config *awsconfig.Config, names []cli.Name) ([]login.Session, error) {
	all := config.Sessions()
	switch {
	case c.All, c.List && len(names)+len(c.SSOSession) == 0 && c.Profile == "":
		return everySession(all)
	case len(names)+len(c.SSOSession) > 0:
		return c.namedSessions(app, config, names)
	}
	if name := c.profileOf(app, config); name != "" {
		return one(profileSession(app, config, name))
	}
	if len(all) < 2 {
		return everySession(all)
	}
	var known []string
	for _, s := range all {
		known = append(known, s.Name)
	}
	if app.Interactive {
		i, err := app.Choose(ctx, "Session", known)
		if err != nil {
			return nil, err
		}
		return one(cli.SessionIn(all[i]), cli.CheckSession(all[i]))
	}
	return nil, fault.Newf(fault.Usage, "which session? there are %s", strings.Join(known, ", ")).
		WithHint("run: %s", cli.SessionIn(all[0]).Command())
}

// profileOf is the profile whose session is meant: that of the flag, or of
// AWS_PROFILE if it has one.
func (c *command) profileOf(app *cli.App, config *awsconfig.Config) string {
	if c.Profile != "" {
		return c.Profile
	}
	name := app.Environment().Profile()
	if p, ok := config.Profile(name); ok && (p.Get("sso_session") != "" || p.Get("sso_start_url") != "") {
		return name
	}
	return ""
}

func one(s login.Session, err error) ([]login.Session, error) { return []login.Session{s}, err }

func everySession(all []*awsconfig.Session) ([]login.Session, error) {
	var sessions []login.Session
	for _, s := range all {
		if err := cli.CheckSession(s); err != nil {
			return nil, err
		}
		sessions = append(sessions, cli.SessionIn(s))
	}
	return sessions, nil
}

func (c *command) namedSessions(app *cli.App, config *awsconfig.Config, names []cli.Name) ([]login.Session, error) {
	var sessions []login.Session
	seen := map[string]bool{}
	add := func(name string) error {
		if seen[name] {
			return nil
		}
		seen[name] = true
		s, err := app.SessionNamed(config, name)
		sessions = append(sessions, s)
		return err
	}
	for _, name := range names {
		if err := add(name.Text); err != nil {
			return nil, err
		}
	}
	for _, name := range c.SSOSession {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	return sessions, nil
}

// profileSession is the session of a profile, or the login of its start URL.
func profileSession(app *cli.App, config *awsconfig.Config, name string) (login.Session, error) {
	p, err := app.ProfileNamed(config, name)
	if err != nil {
		return login.Session{}, err
	}
	if session := p.Get("sso_session"); session != "" {
		return app.SessionNamed(config, session)
	}
	s := login.Session{StartURL: p.Get("sso_start_url"), Region: p.Get("sso_region"), Legacy: true, Profile: name}
	missing := s.Missing()
	if missing == "" {
		return s, nil
	}
	path, line := p.Pos("")
	return s, fault.New(fault.Config, fmt.Sprintf("%s:%d", path, line),
		fmt.Sprintf("the profile %q has neither sso_session nor %s", name, missing))
}
