package main

import (
	"context"
	"os"
	"runtime/debug"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/report"
)

type command struct {
	Sessions []string `arg:"" optional:"" name:"SESSION" sep:"none" complete:"session" help:"Sessions, by name; - reads them from standard input."`

	Name         *string  `placeholder:"TEMPLATE" env:"" help:"Name the profiles by a Go template over .AccountId .AccountName .AccountEmail .RoleName .Session, with lower upper replace trimPrefix trimSuffix slug. New profiles are named {{.RoleName}}-{{.AccountId}} without it." group:"What the profiles hold"`
	ClientRegion []string `placeholder:"[GLOB=]REGION" sep:"none" complete:"region" env:"" help:"Set the profiles' region; with GLOB= for the accounts that match, the first match counts. Repeatable." group:"What the profiles hold"`
	Set          []string `placeholder:"KEY=VALUE" sep:"none" env:"" help:"Set another key, such as output=json or account_name={{.AccountName}}; KEY= removes it. Repeatable." group:"What the profiles hold"`

	Account []string `placeholder:"GLOB" sep:"none" complete:"account" help:"Only accounts whose id or name matches; a leading ! excludes. Repeatable." group:"Which profiles"`
	Role    []string `placeholder:"GLOB" sep:"none" complete:"role" help:"Only roles whose name matches; a leading ! excludes. Repeatable." group:"Which profiles"`

	Prune      bool    `help:"Remove generated profiles whose assignment is gone." group:"What happens to the file"`
	PruneLimit *string `placeholder:"N|N%" zero:"" help:"Remove none where more than this many of a session's would go (10%, but at least 3)." group:"What happens to the file"`
	Overwrite  bool    `help:"Take over hand-written profiles of the same name: the whole section." group:"What happens to the file"`
	DryRun     bool    `help:"Write nothing and print a unified diff." group:"What happens to the file"`
	Check      bool    `help:"Write nothing and print a unified diff; exit 1 if there is one, 4 if the listing is incomplete." group:"What happens to the file"`
	List       bool    `help:"Write nothing and list what you may assume; in a pipe as text." group:"What happens to the file"`
	Adopt      bool    `help:"Make profiles of listed assignments ours that were written by hand or by another tool: names and keys stay." group:"What happens to the file"`
	Local      bool    `help:"Only list the profiles that the file has, with their keys; no network; in a pipe as text." group:"What happens to the file"`

	cli.Common
	cli.Parallel
}

// limitMemory lets garbage not take more than what a large config needs: to find
// nothing new in 10,000 profiles took more memory than to write them.
func limitMemory(config string) {
	const large, base, each = 1 << 20, 16 << 20, 12
	if info, err := os.Stat(config); err == nil && info.Size() > large && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(base + each*info.Size())
	}
}

// Run lists, plans and writes.
func (c *command) Run(ctx context.Context, app *cli.App) error {
	if os.Getenv("GOGC") == "" {
		// Planning and reading back make much that lives for the whole of a short
		// run: a quarter of the time of 10,000 profiles went to looking through it.
		debug.SetGCPercent(200)
	}
	if err := c.checkMode(); err != nil {
		return err
	}
	if c.Local {
		return c.local(ctx, app)
	}
	piped := report.Name
	if c.List {
		piped = report.Text // to look through: what is listed may have no profile yet
	}
	format, err := app.Format(piped)
	if err != nil {
		return err
	}
	options, err := c.options(app)
	if err != nil {
		return err
	}
	names, paths, config, err := app.Begin(ctx, c.Sessions, "session names")
	if err != nil {
		return err
	}
	limitMemory(paths.Config)
	engine, err := app.Engine(paths, config, "")
	if err != nil {
		return err
	}
	sessions, err := sessionsToList(ctx, app, config, engine, names)
	if err != nil {
		return err
	}
	options.Adopt, options.Named = c.Adopt, len(names) > 0
	r := &run{command: c, app: app, format: format, sync: &profiles.Sync{
		ConfigPath: paths.Config, CredentialsPath: paths.Credentials, Config: config,
		Store: app.Store(paths), Concurrency: c.Concurrency, Options: options,
	}}
	r.list(ctx, engine, sessions)
	shows := c.previews() || c.lists(format)
	switch err := ctx.Err(); {
	case err != nil && !(shows && cli.DeadlinePassed(ctx)):
		return err
	case len(r.inputs) == 0:
		return cli.ExitStatus(cli.Worst(r.failed...))
	case shows:
		return r.preview(ctx)
	}
	return r.write(ctx)
}

// previews reports whether the run shows what it would change, and writes nothing.
func (c *command) previews() bool { return c.DryRun || c.Check }

// lists reports whether the run only lists what the user may assume.
func (c *command) lists(format report.Format) bool { return c.List || format == formatINI }

func (c *command) options(app *cli.App) (o profiles.Options, err error) {
	o.Prune, o.Overwrite, o.Region = c.Prune, c.Overwrite, app.Environment().Region()
	if c.Name != nil && *c.Name != "" {
		if o.Template, err = profiles.ParseTemplate(*c.Name); err != nil {
			return o, err
		}
	}
	if o.Filter.Accounts, err = profiles.ParseGlobs("--account", c.Account); err != nil {
		return o, err
	}
	if o.Filter.Roles, err = profiles.ParseGlobs("--role", c.Role); err != nil {
		return o, err
	}
	if o.Regions, err = profiles.ParseRegionRules(given(c.ClientRegion)); err != nil {
		return o, err
	}
	if o.Settings, err = profiles.ParseSettings(given(c.Set)); err != nil {
		return o, err
	}
	if c.PruneLimit != nil {
		o.PruneLimit, err = profiles.ParseLimit(*c.PruneLimit)
	}
	return o, err
}

// given leaves out the value of a variable that is set to nothing, which is as
// good as not set.
func given(values []string) []string {
	if len(values) == 1 && values[0] == "" {
		return nil
	}
	return values
}
