package cli

import (
	"fmt"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
)

// Engine does the logins of a run.
func (a *App) Engine(p Paths) (*login.Engine, error) {
	w, err := a.Wire()
	if err != nil {
		return nil, err
	}
	return &login.Engine{Wire: w, Cache: a.Tokens(p), Notify: a.notify}, nil
}

func (a *App) notify(e login.Event) {
	switch e.Kind {
	case login.Warning:
		a.Warn(fault.New(fault.Notice, fmt.Sprintf("%q", e.Session.Label()), e.Text).WithHint("%s", e.Hint))
	default:
		a.Status("%q: %s", e.Session.Label(), e.Text)
	}
}

// SessionNamed finds a session of the config. An unknown name is a fault of
// kind Usage that proposes what was meant.
func (a *App) SessionNamed(c *awsconfig.Config, name string) (portal.Session, error) {
	if s, ok := c.Session(name); ok {
		return portal.SessionIn(s)
	}
	known := []string{}
	for _, s := range c.Sessions() {
		known = append(known, s.Name)
	}
	f := fault.Newf(fault.Usage, "there is no [sso-session %s] in %s", name, c.ConfigFile().Path())
	if meant := a.suggest(name, known); meant != "" {
		return portal.Session{}, f.WithHint("did you mean %q?", meant)
	}
	if !awsconfig.PortableName(name) || strings.HasPrefix(name, "-") {
		name = "NAME" // none that a session could be given
	}
	return portal.Session{}, f.WithHint("run: sso-login %s --sso-start-url URL --sso-region REGION", name)
}

// ProfileNamed finds a profile. An unknown name is a fault of kind Usage that
// proposes what was meant.
func (a *App) ProfileNamed(c *awsconfig.Config, name string) (*awsconfig.Profile, error) {
	if p, ok := c.Profile(name); ok {
		return p, nil
	}
	var known []string
	for _, p := range c.Profiles() {
		known = append(known, p.Name)
	}
	f := fault.Newf(fault.Usage, "there is no profile %q in %s", name, c.ConfigFile().Path())
	if meant := a.suggest(name, known); meant != "" {
		return nil, f.WithHint("did you mean %q?", meant)
	}
	return nil, f.WithHint("run: aws configure list-profiles")
}

// NoSessions is the fault of a config without any session.
func (a *App) NoSessions(c *awsconfig.Config) error {
	return fault.Newf(fault.Usage, "there is no [sso-session] in %s", c.ConfigFile().Path()).
		WithHint("%s", a.FirstLogin())
}

// FirstLogin is the hint for whoever has no session yet: at a terminal
// sso-login asks for what it needs.
func (a *App) FirstLogin() string {
	if a.Interactive {
		return "run: sso-login"
	}
	return "run: sso-login NAME --sso-start-url https://YOURS.awsapps.com/start --sso-region REGION"
}
