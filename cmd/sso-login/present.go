package main

import (
	"context"
	"fmt"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/report"
)

// options returns the options of a login to the session.
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

// flow returns how a person can log in from here.
func (c *command) flow(app *cli.App, s portal.Session) login.Flow {
	switch {
	case c.UseDeviceCode:
		return login.FlowDevice
	case c.RedirectPort > 0:
		return login.FlowBrowser
	case len(app.Desktop().Browsers()) > 0 && !s.Legacy():
		return login.FlowBrowser
	case app.ErrTerminal:
		return login.FlowDevice
	}
	// A code that nobody asked for and nobody sees ends up in cron's mail,
	// where it can be approved by whoever reads it.
	return login.FlowNone
}

// presenter returns the function that shows a login to the person.
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
	if browsers := app.Desktop().Browsers(); !p.NoBrowser && len(browsers) > 0 {
		if err := app.Open(p.URL, browsers); err != nil {
			app.Detail("%v", err)
		}
	}
}

func (c *command) showBrowser(app *cli.App, p login.Prompt) {
	desktop := app.Desktop()
	show := func(text string) {
		app.Request("%s", text)
		app.Plain("", "    "+report.Visible(p.URL), "")
		c.hintOfOtherMachine(app, desktop, p)
	}
	browsers := desktop.Browsers()
	if p.NoBrowser || len(browsers) == 0 {
		show(fmt.Sprintf("log in to %q: open this in a browser on this machine", p.Session.Label()))
		return
	}
	if app.ErrTerminal {
		show(fmt.Sprintf("log in to %q in the browser; if none opens, visit", p.Session.Label()))
	}
	if err := app.Open(p.URL, browsers); err != nil && !app.ErrTerminal {
		show(fmt.Sprintf("%v; to log in to %q, visit", err, p.Session.Label()))
	}
}

// hintOfOtherMachine returns the hint for a person whose browser is not on this
// machine: it comes back to 127.0.0.1, which is then another machine's.
func (c *command) hintOfOtherMachine(app *cli.App, desktop cli.Desktop, p login.Prompt) {
	code := p.Session.LoginCommand("--use-device-code")
	switch {
	case c.RedirectPort == 0:
		app.Hint("if your browser is on another machine: " + code)
	case desktop.InContainer():
		// docker run -p forwards to the container's own address.
		app.Hint(fmt.Sprintf("a published port does not reach 127.0.0.1 in a container: run it with the host's network, or: %s", code))
	default:
		app.Hint(fmt.Sprintf("from another machine, first run there: ssh -L %d:127.0.0.1:%d THIS-HOST", p.Port, p.Port))
	}
}
