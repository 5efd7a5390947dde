package main

import (
	"context"
	"fmt"
	"time"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/report"
)

type command struct {
	Sessions []string `arg:"" optional:"" name:"SESSION" sep:"none" complete:"session" help:"Sessions, by name; - reads them from standard input."`

	SSOSession []string `name:"sso-session" placeholder:"NAME" sep:"none" complete:"session" help:"A session, as the AWS CLI spells it. Repeatable." group:"Which session"`
	Profile    string   `placeholder:"NAME" complete:"sso-profile" help:"The session of this profile, or its legacy sso_start_url." group:"Which session"`
	All        bool     `help:"Every session in the config." group:"Which session"`

	SSOStartURL           string  `name:"sso-start-url" placeholder:"URL" help:"Define SESSION with this start URL, then log in." group:"A new session"`
	SSORegion             string  `name:"sso-region" placeholder:"REGION" complete:"region" help:"The region of the Identity Center instance; not needed where the start URL names it." group:"A new session"`
	SSORegistrationScopes *string `name:"sso-registration-scopes" placeholder:"LIST" help:"Scopes to ask for, separated by commas (sso:account:access)." group:"A new session"`

	UseDeviceCode bool          `env:"SSO_LOGIN_USE_DEVICE_CODE" help:"Show a code to type in a browser anywhere." group:"How to log in"`
	NoBrowser     bool          `env:"SSO_LOGIN_NO_BROWSER" help:"Print the URL and open no browser." group:"How to log in"`
	RedirectPort  int           `placeholder:"N" env:"SSO_LOGIN_REDIRECT_PORT" help:"Let the browser come back to this port of 127.0.0.1 (for ssh -L and containers)." group:"How to log in"`
	Force         bool          `help:"Log in even if the token is good." group:"How to log in"`
	ValidFor      time.Duration `default:"15m" placeholder:"DURATION" env:"SSO_LOGIN_VALID_FOR" help:"Refresh the token if less than this is left (${default})." group:"How to log in"`

	Check  bool `help:"Never log in: exit 0 if the token is valid or can be refreshed, 3 if not." xor:"do" group:"Instead of logging in"`
	List   bool `help:"List the sessions and how they stand, without the network." xor:"do" group:"Instead of logging in"`
	Logout bool `help:"End the session, and remove its token and what the AWS CLI cached for it." xor:"do" group:"Instead of logging in"`

	cli.Common

	started time.Time
}

// Run logs in to one session after the other; one that fails does not stop the
// rest.
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
	config, names, err = c.defineSession(ctx, app, paths, config, names)
	if err != nil {
		return err
	}
	sessions, err := c.choose(ctx, app, config, names)
	if err != nil {
		return err
	}
	engine, err := app.Engine(paths)
	if err != nil {
		return err
	}
	engine.Present = c.presenter(app)
	do := &doer{command: c, app: app, engine: engine, config: config}
	return do.each(ctx, sessions, format)
}

func (c *command) checkFlags() error {
	switch {
	case c.ValidFor < 0:
		return fault.Newf(fault.Usage, "--valid-for cannot be negative: %s", c.ValidFor)
	case c.RedirectPort < 0 || c.RedirectPort > 65535:
		return fault.Newf(fault.Usage, "--redirect-port %d is not a port", c.RedirectPort)
	case c.UseDeviceCode && c.RedirectPort > 0:
		return fault.Newf(fault.Usage, "--redirect-port is for the browser, --use-device-code does without one")
	case c.Force && (c.Check || c.List || c.Logout):
		return fault.Newf(fault.Usage, "--force is for a login; --check, --list and --logout make none")
	case c.SSOStartURL == "" && (c.SSORegion != "" || c.SSORegistrationScopes != nil):
		return fault.Newf(fault.Usage, "--sso-region and --sso-registration-scopes go with --sso-start-url")
	case c.SSOStartURL != "" && (c.All || c.Profile != ""):
		return fault.Newf(fault.Usage, "--sso-start-url defines one session; --all and --profile name others")
	}
	return nil
}

// defineSession adds the session that the flags describe or, where there is
// none at all and somebody to ask, the one that the answers do.
func (c *command) defineSession(
	ctx context.Context, app *cli.App, paths cli.Paths, config *awsconfig.Config, names []cli.Name,
) (*awsconfig.Config, []cli.Name, error) {
	var d definition
	var err error
	switch {
	case c.SSOStartURL != "":
		d, err = c.fromFlags(names)
	case len(config.Sessions()) > 0 || len(names)+len(c.SSOSession) > 0 || c.profileOf(app, config) != "":
		return config, names, nil
	case !app.Interactive || c.Check || c.List || c.Logout || c.All:
		return nil, nil, app.NoSessions(config)
	default:
		d, err = c.fromQuestions(ctx, app)
		names = []cli.Name{{Text: d.name}}
	}
	if err != nil {
		return nil, nil, err
	}
	config, err = d.write(ctx, app, paths)
	return config, names, err
}

// options are those of a login.
func (c *command) options(app *cli.App, s portal.Session) login.Options {
	validFor := c.ValidFor
	if validFor == 0 {
		validFor = -1 // any time left will do
	}
	return login.Options{
		Force: c.Force, ValidFor: validFor, Flow: c.flow(app, s), RedirectPort: c.RedirectPort,
		NoBrowser: c.NoBrowser, Since: c.started,
	}
}

// flow is how a person can log in from here.
func (c *command) flow(app *cli.App, s portal.Session) login.Flow {
	switch {
	case c.UseDeviceCode:
		return login.FlowDevice
	case c.RedirectPort > 0:
		return login.FlowBrowser
	case len(app.Desktop().Browser()) > 0 && !s.Legacy():
		return login.FlowBrowser
	case app.ErrTerminal:
		return login.FlowDevice
	}
	// A code that nobody asked for and nobody sees ends up in cron's mail,
	// where it can be approved by whoever reads it.
	return login.FlowNone
}

// presenter shows a login to the person.
func (c *command) presenter(app *cli.App) login.Presenter {
	return func(_ context.Context, p login.Prompt) error {
		if p.Foreign {
			app.Warn(fault.Newf(fault.Login, "the page to log in at is not one of AWS; go on only if you know it"))
		}
		if p.Flow == login.FlowDevice {
			c.showCode(app, p)
			return nil
		}
		c.showBrowser(app, p)
		return nil
	}
}

func (c *command) showCode(app *cli.App, p login.Prompt) {
	app.Request("log in to %q in a browser, on this machine or another:", p.Session.Label())
	app.Plain("", "    "+report.Visible(p.URL), "",
		"  or open "+report.Visible(p.PageURL)+" and type", "",
		"    "+report.Visible(p.UserCode), "",
		"  Approve only if the page shows this code and you started this login yourself.", "")
	if browser := app.Desktop().Browser(); !p.NoBrowser && len(browser) > 0 {
		if err := app.Open(p.URL, browser); err != nil {
			app.Detail("no browser opened: %v", err)
		}
	}
}

func (c *command) showBrowser(app *cli.App, p login.Prompt) {
	show := func(text string) {
		app.Request("%s", text)
		app.Plain("", "    "+report.Visible(p.URL), "")
		if c.RedirectPort > 0 {
			app.Hint(fmt.Sprintf("from another machine, first run there: ssh -L %d:127.0.0.1:%d THIS-HOST", p.Port, p.Port))
		}
	}
	browser := app.Desktop().Browser()
	if p.NoBrowser || len(browser) == 0 {
		show(fmt.Sprintf("log in to %q: open this in a browser on this machine", p.Session.Label()))
		return
	}
	if app.ErrTerminal {
		show(fmt.Sprintf("log in to %q in the browser; if none opens, visit", p.Session.Label()))
	}
	if err := app.Open(p.URL, browser); err != nil && !app.ErrTerminal {
		show(fmt.Sprintf("no browser opened (%v); to log in to %q, visit", err, p.Session.Label()))
	}
}
