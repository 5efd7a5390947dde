package main

import (
	"context"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/wire"
)

type command struct {
	Profiles []string `arg:"" optional:"" name:"PROFILE" sep:"none" complete:"sso-profile" help:"Profiles, by name; - reads them from standard input."`

	Destination string `placeholder:"WHERE" help:"Where to go in the console: its URL, or the name of a service such as s3." group:"Where to"`
	NoBrowser   bool   `env:"" help:"Print the link and open no browser." group:"Where to"`

	cli.Assignment
	cli.Basic
}

// Run prints a link for each profile. At a terminal it also opens the link, if
// there is one.
func (c *command) Run(ctx context.Context, app *cli.App) error {
	format, err := app.FormatOr(urlFormat)
	if err != nil {
		return err
	}
	names, _, config, err := app.Begin(ctx, c.Profiles, "profile names")
	if err != nil {
		return err
	}
	links, failed, err := c.links(app, config, names)
	if err != nil {
		return err
	}
	if err := print(app, format, links); err != nil {
		return err
	}
	if len(links) == 1 && !failed && format == urlFormat && app.OutTerminal && !c.NoBrowser {
		open(app, links[0].Url)
	}
	if failed {
		return cli.ExitStatus(cli.StatusPartial)
	}
	return nil
}

// open opens the link if a browser can be shown. If none opens, that is no
// failure: the link has been printed.
func open(app *cli.App, link string) {
	browser := app.Desktop().Browsers()
	if len(browser) == 0 {
		return
	}
	if err := app.Open(link, browser); err != nil {
		app.Note("%s", err) // it says whether one opened
	}
}

// links returns the links of the profiles, or of the assignment, in the order
// asked for. It prints which profiles have none; failed is true then. A
// destination that is refused is a mistake on the command line, so nothing is
// printed before all links are known.
func (c *command) links(app *cli.App, config *awsconfig.Config, names []cli.Name) (links []link, failed bool, err error) {
	if c.Assignment.Given() {
		assignment, err := app.Assignment(c.Assignment, names, config)
		if err != nil {
			return nil, false, err
		}
		l, err := c.link(assignment, nil)
		return []link{l}, false, err
	}
	if names, err = app.ProfilesOrOwn(names, config); err != nil {
		return nil, false, err
	}
	for _, name := range names {
		profile, err := app.ProfileNamed(config, name.Text)
		if err != nil {
			if !name.Piped {
				return nil, false, err
			}
			app.Error(err)
			failed = true
			continue
		}
		assignment, err := resolve.AssignmentOf(config, profile)
		if err != nil {
			app.Error(fault.Annotate(err, "%s", name.Text))
			failed = true
			continue
		}
		l, err := c.link(assignment, profile)
		if err != nil {
			return nil, false, err
		}
		links = append(links, l)
	}
	return links, failed, nil
}

// link returns the link of an assignment, in the region of the profile if that
// is of the session's partition.
func (c *command) link(a resolve.Assignment, profile *awsconfig.Profile) (link, error) {
	l := link{AccountId: a.AccountID, RoleName: a.RoleName}
	region := a.Session.Region
	if profile != nil {
		l.Profile = profile.Name
		if own := profile.Get("region"); wire.Partition(own) == wire.Partition(region) {
			region = own
		}
	}
	destination := ""
	if c.Destination != "" {
		var err error
		if destination, err = portal.Destination(c.Destination, region); err != nil {
			return link{}, err
		}
	}
	l.Url = portal.ConsoleLink(a.Session, a.AccountID, a.RoleName, destination)
	return l, nil
}

// urlFormat is the links alone, a line each.
const urlFormat = report.Format("url")

var columns = []report.Column{{Title: "PROFILE"}, {Title: "URL"}}

// link is the row of a profile. Its field names are the keys in JSON.
type link struct {
	Profile   string
	AccountId string //nolint:revive // as AWS prints it
	RoleName  string
	Url       string //nolint:revive // as AWS prints it
}

// Cells returns the values of the columns.
func (l link) Cells() []string { return []string{l.Profile, l.Url} }

// urlOnly is a row with the URL alone.
type urlOnly link

// Cells returns the URL.
func (u urlOnly) Cells() []string { return []string{u.Url} }

func print(app *cli.App, format report.Format, links []link) error {
	if format == urlFormat {
		out := report.NewWriter(app.Out, report.Name, columns[1:], app.Screen())
		for _, l := range links {
			if err := out.Add(urlOnly(l)); err != nil {
				return err
			}
		}
		return out.Close()
	}
	out := report.NewWriter(app.Out, format, columns, app.Screen())
	for _, l := range links {
		if err := out.Add(l); err != nil {
			return err
		}
	}
	return out.Close()
}
