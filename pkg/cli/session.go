package cli

import (
	"cmp"
	"fmt"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/wire"
)

// Engine returns what makes the logins of a run. It reaches AWS with the
// settings of the profile where the environment sets none; "" stands for
// AWS_PROFILE, else [default].
func (a *App) Engine(p Paths, c *awsconfig.Config, profile string) (*login.Engine, error) {
	w, err := a.wireFor(c, profile)
	if err != nil {
		return nil, err
	}
	return &login.Engine{Wire: w, Cache: a.Tokens(p), Notify: a.notify}, nil
}

// wireFor returns the connection to AWS with the settings of a profile where
// the environment sets none; "" stands for AWS_PROFILE, else [default]. A
// setting that cannot be used is a fault of kind Config.
func (a *App) wireFor(c *awsconfig.Config, profile string) (*wire.Wire, error) {
	w, err := a.Wire()
	if err != nil {
		return nil, err
	}
	p, ok := c.Profile(cmp.Or(profile, a.env.Profile(), "default"))
	if !ok {
		return w, nil
	}
	local, err := resolve.Settings(c, p, a.env.IgnoresEndpoints())
	if err != nil {
		return nil, err
	}
	trusted := w.Trusted(local)
	for i, service := range wire.Services() {
		if trusted.Endpoints[i] != local.Endpoints[i] {
			a.Detail("the endpoint_url of profile %q is not used for a login: it would take it to %q; to allow that, set %s",
				p.Name, local.Endpoints[i], service.EnvironmentVariable())
		}
	}
	own, err := w.With(trusted)
	if err != nil {
		path, line := p.Pos("ca_bundle")
		return nil, fault.Annotate(err, "%s:%d", path, line)
	}
	return own, nil
}

func (a *App) notify(e login.Event) {
	switch e.Kind {
	case login.Warning:
		a.Warn(fault.New(fault.Notice, fmt.Sprintf("%q", e.Session.Label()), e.Text).WithHint("%s", e.Hint))
	case login.WrongClock:
		a.WarnOfClock(fault.New(fault.Notice, e.Text, "").WithHint("%s", e.Hint))
	case login.Waiting:
		a.noteOnce("%s", e.Text)
	default:
		a.Status("%q: %s", e.Session.Label(), e.Text)
	}
}

// WarnOfClock says once in a run that the clock of this machine is wrong, whoever
// finds it out: a login, a refresh or a call of STS.
func (a *App) WarnOfClock(err error) {
	if !a.clockTold.Swap(true) {
		a.Warn(err)
	}
}

// SessionNamed returns a session of the config. An unknown name is a fault of
// kind Usage that proposes a similar one.
func (a *App) SessionNamed(c *awsconfig.Config, name string) (portal.Session, error) {
	if s, ok := c.Session(name); ok {
		return portal.SessionIn(s)
	}
	known := []string{}
	for _, s := range c.Sessions() {
		known = append(known, s.Name)
	}
	f := fault.Newf(fault.Usage, "there is no [sso-session %s] in %s", name, c.ConfigFile().Path())
	if p, ok := c.Profile(name); ok {
		if s, reaches, _ := resolve.SessionOf(c, p); reaches && !s.Legacy() {
			return portal.Session{}, f.WithHint("%q is a profile; its session is %q", name, s.Name)
		}
	}
	if meant := a.suggest(name, known); meant != "" {
		return portal.Session{}, f.WithHint("did you mean %q?", meant)
	}
	return portal.Session{}, f.WithHint("%s", portal.HintForMissing(c, name))
}

// ProfileNamed returns a profile. An unknown name is a fault of kind Usage that
// proposes a similar one.
func (a *App) ProfileNamed(c *awsconfig.Config, name string) (*awsconfig.Profile, error) {
	if p, ok := c.Profile(name); ok {
		return p, nil
	}
	var known []string
	for _, p := range c.Profiles() {
		known = append(known, p.Name)
	}
	f := fault.Newf(fault.Usage, "there is no profile %q in %s", name, c.ConfigFile().Path())
	if misnamed := c.MisnamedProfile(name); misnamed != "" {
		return nil, f.WithHint("%s", misnamed)
	}
	if s, ok := c.Session(name); ok {
		return nil, f.WithHint("%q is a session; for its profiles, run: sso-profiles %s --local", name, fault.Word(s.Name))
	}
	if meant := a.suggest(name, known); meant != "" {
		return nil, f.WithHint("did you mean %q?", meant)
	}
	switch {
	case len(known) > 0:
		return nil, f.WithHint("run: sso-profiles --local -o name")
	case len(c.Sessions()) > 0:
		return nil, f.WithHint("run: sso-profiles")
	}
	return nil, f.WithHint("%s", a.FirstLogin())
}

// NoSessions returns the fault of a config without any session.
func (a *App) NoSessions(c *awsconfig.Config) error {
	return fault.Newf(fault.Usage, "there is no [sso-session] in %s", c.ConfigFile().Path()).
		WithHint("%s", a.FirstLogin())
}

// FirstLogin returns the hint for a person who has no session yet. At a
// terminal sso-login asks for what it needs.
func (a *App) FirstLogin() string {
	if a.Interactive {
		return "run: sso-login"
	}
	return "run: sso-login NAME --sso-start-url https://YOURS.awsapps.com/start --sso-region REGION"
}
