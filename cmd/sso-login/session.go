package main

import (
	"context"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
)

// choose is which sessions are meant.
func (c *command) choose(ctx context.Context, app *cli.App, config *awsconfig.Config, names []cli.Name) ([]portal.Session, error) {
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
		return one(portal.SessionIn(all[i]))
	}
	return nil, fault.Newf(fault.Usage, "which session? there are %s", strings.Join(known, ", ")).
		WithHint("run: %s", portal.Session{Name: known[0]}.LoginCommand())
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

func one(s portal.Session, err error) ([]portal.Session, error) { return []portal.Session{s}, err }

func everySession(all []*awsconfig.Session) ([]portal.Session, error) {
	var sessions []portal.Session
	for _, section := range all {
		s, err := portal.SessionIn(section)
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, s)
	}
	return sessions, nil
}

func (c *command) namedSessions(app *cli.App, config *awsconfig.Config, names []cli.Name) ([]portal.Session, error) {
	var sessions []portal.Session
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
func profileSession(app *cli.App, config *awsconfig.Config, name string) (portal.Session, error) {
	p, err := app.ProfileNamed(config, name)
	if err != nil {
		return portal.Session{}, err
	}
	if session := p.Get("sso_session"); session != "" {
		return app.SessionNamed(config, session)
	}
	return portal.LegacySession(p)
}
