package main

import (
	"context"
	"time"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/report"
)

type command struct {
	Sessions []string `arg:"" optional:"" name:"SESSION" sep:"none" complete:"session" help:"Sessions, by name; - reads them from standard input."`

	SSOSession []string `name:"sso-session" placeholder:"NAME" sep:"none" complete:"session" help:"A session, as the AWS CLI spells it. Repeatable." group:"Which session"`
	Profile    string   `placeholder:"NAME" complete:"sso-profile" help:"The session of this profile, or its legacy sso_start_url." group:"Which session"`
	All        bool     `help:"Every session in the config, and the legacy login of the profile that counts." group:"Which session"`

	SSOStartURL           string  `name:"sso-start-url" placeholder:"URL" help:"Log in at this start URL, and define SESSION once that has succeeded." group:"A new session"`
	SSORegion             string  `name:"sso-region" placeholder:"REGION" complete:"region" help:"The region of the Identity Center instance; not needed where the start URL names it." group:"A new session"`
	SSORegistrationScopes *string `name:"sso-registration-scopes" placeholder:"LIST" help:"Scopes to ask for, separated by commas (sso:account:access)." group:"A new session"`
	Replace               bool    `help:"Give an existing SESSION these values instead of its own." group:"A new session"`

	UseDeviceCode bool          `env:"" help:"Show a code to type in a browser anywhere." group:"How to log in"`
	NoBrowser     bool          `env:"" help:"Print the URL and open no browser." group:"How to log in"`
	RedirectPort  int           `placeholder:"N" env:"" help:"Let the browser come back to this port of 127.0.0.1 (for ssh -L)." group:"How to log in"`
	Force         bool          `help:"Log in even if the token is good." group:"How to log in"`
	ValidFor      time.Duration `default:"15m" placeholder:"DURATION" zero:"" env:"" help:"Refresh the token if less than this is left (${default})." group:"How to log in"`

	Check  bool `help:"Never log in: exit 0 if the token is valid or can be refreshed, 3 if not." xor:"instead" group:"Instead of logging in"`
	List   bool `help:"List the sessions and their state, without the network." xor:"instead" group:"Instead of logging in"`
	Logout bool `help:"End the session, and remove its token and the role credentials that are cached or written for it." xor:"instead" group:"Instead of logging in"`

	cli.Common

	started time.Time
}

// Run does to one session after the other what the flags ask for; one that fails
// does not stop the rest.
func (c *command) Run(ctx context.Context, app *cli.App) error {
	c.started = time.Now()
	if err := c.checkFlags(); err != nil {
		return err
	}
	format, err := app.Format(report.Name)
	if err != nil {
		return err
	}
	names, paths, config, err := app.Begin(ctx, c.Sessions, "session names")
	if err != nil {
		return err
	}
	for _, name := range c.SSOSession {
		names = append(names, cli.Name{Text: name})
	}
	engine, err := c.engine(app, paths, config)
	if err != nil {
		return err
	}
	r := &run{
		command: c, app: app, engine: engine, config: config, configPath: paths.Config,
		keys: &profiles.KeyFile{ConfigPath: paths.Config, CredentialsPath: paths.Credentials, Store: app.Store(paths)},
	}
	targets, err := r.targets(ctx, names)
	if err != nil {
		return err
	}
	return r.each(ctx, targets, format)
}

// engine returns what makes the logins. --list does without the network, and so
// without a look at how it is reached.
func (c *command) engine(app *cli.App, paths cli.Paths, config *awsconfig.Config) (*login.Engine, error) {
	if c.List {
		return &login.Engine{Cache: app.Tokens(paths)}, nil
	}
	engine, err := app.Engine(paths, config, c.Profile)
	if err != nil {
		return nil, err
	}
	engine.Present = c.presenter(app)
	engine.Roles = cachedRoles(config, engine.Cache)
	return engine, nil
}

func (c *command) checkFlags() error {
	switch {
	case c.ValidFor < 0:
		return fault.Newf(fault.Usage, "--valid-for must not be negative: %s", c.ValidFor)
	case c.RedirectPort < 0 || c.RedirectPort > 65535:
		return fault.Newf(fault.Usage, "--redirect-port must be a port from 1 to 65535, not %d", c.RedirectPort)
	case c.UseDeviceCode && c.RedirectPort > 0:
		return fault.Newf(fault.Usage, "--redirect-port is for the browser, --use-device-code does without one")
	case c.Force && (c.Check || c.List || c.Logout):
		return fault.Newf(fault.Usage, "--force is for a login; --check, --list and --logout make none")
	case c.SSOStartURL != "" && (c.Check || c.List || c.Logout):
		return fault.Newf(fault.Usage, "--sso-start-url defines a session by a login; --check, --list and --logout make none")
	case c.SSOStartURL == "" && (c.SSORegion != "" || c.SSORegistrationScopes != nil || c.Replace):
		return fault.Newf(fault.Usage, "--sso-region, --sso-registration-scopes and --replace go with --sso-start-url")
	case c.SSOStartURL != "" && (c.All || c.Profile != ""):
		return fault.Newf(fault.Usage, "--sso-start-url defines one session; --all and --profile name others")
	}
	return nil
}
