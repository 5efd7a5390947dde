package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/wire"
)

type command struct {
	Sessions []string `arg:"" optional:"" name:"SESSION" sep:"none" complete:"session" help:"Sessions, by name; - reads them from standard input."`

	Name         *string  `placeholder:"TEMPLATE" env:"" help:"Name the profiles by a Go template over .AccountId .AccountName .AccountEmail .RoleName .Session, with lower upper replace trimPrefix trimSuffix slug. New profiles are named {{.RoleName}}-{{.AccountId}} without it." group:"What the profiles hold"`
	ClientRegion []string `placeholder:"[GLOB=]REGION" sep:"none" complete:"region" env:"" help:"Set the profiles' region; with GLOB= for the accounts that match, the first match counts. Repeatable." group:"What the profiles hold"`
	Set          []string `placeholder:"KEY=VALUE" sep:"none" env:"" help:"Set another key, such as output=json or account_name={{.AccountName}}; KEY= removes it. Repeatable." group:"What the profiles hold"`

	Account []string `placeholder:"GLOB" sep:"none" complete:"account" help:"Only accounts whose id or name matches; a leading ! excludes. Repeatable." group:"Which profiles"`
	Role    []string `placeholder:"GLOB" sep:"none" complete:"role" help:"Only roles whose name matches; a leading ! excludes. Repeatable." group:"Which profiles"`

	Prune      bool    `help:"Remove generated profiles whose assignment is gone." group:"What happens to the file"`
	PruneLimit *string `placeholder:"N|N%" help:"Remove none where more than this many of a session's would go (10%, but at least 3)." group:"What happens to the file"`
	Overwrite  bool    `help:"Take over hand-written profiles of the same name: the whole section." group:"What happens to the file"`
	DryRun     bool    `help:"Write nothing and print a unified diff." group:"What happens to the file"`
	Check      bool    `help:"Write nothing and print a unified diff; exit 1 if there is one, 4 if the listing is incomplete." group:"What happens to the file"`
	List       bool    `help:"Write nothing and list what you may assume; in a pipe as text." group:"What happens to the file"`
	Adopt      bool    `help:"Make profiles of listed assignments ours that were written by hand or by another tool: names and keys stay." group:"What happens to the file"`
	Local      bool    `help:"Only list the profiles that the file has, with their keys; no network; in a pipe as text." group:"What happens to the file"`

	cli.Common
	cli.Parallel
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
	engine, err := app.Engine(paths, config, "")
	if err != nil {
		return err
	}
	sessions, err := sessionsToList(ctx, app, config, engine, names)
	if err != nil {
		return err
	}
	options.Adopt, options.Named = c.Adopt, len(names) > 0
	run := &profiles.Sync{
		ConfigPath: paths.Config, CredentialsPath: paths.Credentials, Config: config,
		Store: app.Store(paths), Concurrency: c.Concurrency, Options: options,
	}
	inputs, failed := list(ctx, app, run, engine, sessions)
	shows := c.previews() || c.lists(format)
	if err := ctx.Err(); err != nil && !(shows && cli.DeadlinePassed(ctx)) {
		return err
	}
	if len(inputs) == 0 {
		return cli.ExitStatus(cli.Worst(failed...))
	}
	if !shows {
		plan, err := run.Write(ctx, inputs)
		if err != nil {
			return err
		}
		tell(app, plan)
		err = c.show(app, plan, format)
		if err = c.finish(app, plan, plan.Summary(), failed, err); err == nil && plan.Changes() {
			showNext(app, format, config, inputs)
		}
		return err
	}
	plan, err := run.Preview(ctx, inputs)
	if err != nil {
		return err
	}
	summary := "planned: " + plan.Summary()
	if c.lists(format) {
		plan.DropWriting(format == formatINI)
		summary = plan.ListSummary()
	}
	var sections []byte
	if format == formatINI {
		if sections, err = plan.INI(); err != nil { // before tell: it may add to what is to be told
			return err
		}
	}
	tell(app, plan)
	switch {
	case format == formatINI:
		_, err = app.Out.Write(sections)
		err = ignoreOutput(err)
	case c.previews() && c.Common.Format == "":
		err = showDiff(app, plan.Diff(run.ConfigPath))
	default:
		err = c.show(app, plan, format)
	}
	return c.finish(app, plan, summary, failed, err)
}

// previews reports whether a diff takes the place of the changes, lists whether
// there is nothing but a list.
func (c *command) previews() bool { return c.DryRun || c.Check }

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

// sessionsToList returns the named ones, else all that have a login.
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
	for _, section := range all {
		s, err := portal.SessionIn(section)
		if err != nil {
			if len(all) == 1 {
				return nil, err
			}
			app.Warn(fault.Annotate(err, "%q was skipped", s.Name).OrKind(fault.Config))
			continue
		}
		state, err := engine.State(ctx, s)
		if err != nil && state.Status == login.StatusInvalid && len(all) > 1 {
			app.Warn(fault.Annotate(err, "%q was skipped", s.Name).OrKind(fault.Config))
			continue
		}
		if err != nil {
			return nil, err
		}
		if state.Status == login.StatusValid || state.Status == login.StatusRefreshable {
			sessions = append(sessions, s)
		} else if len(all) > 1 {
			app.Warn(fault.Newf(fault.Login, "%q was skipped: it has no login", s.Name).WithHint("run: %s", s.LoginCommand()))
		}
	}
	if len(sessions) == 0 {
		return nil, noLogin(app, portal.Session{Name: all[0].Name}, len(all))
	}
	return sessions, nil
}

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

// list asks the portal. Sessions of which nothing could be listed are told of
// and left out; failed are their exit statuses.
func list(
	ctx context.Context, app *cli.App, run *profiles.Sync, engine *login.Engine, sessions []portal.Session,
) (inputs []profiles.Input, failed []int) {
	fail := func(session string, err error) {
		if ctx.Err() == nil {
			app.Error(fault.Annotate(err, "nothing was listed for %q", session))
			failed = append(failed, cli.StatusOf(err))
		}
	}
	var sources []profiles.Source
	for _, s := range sessions {
		client, err := portal.New(engine.Wire, s.Region, wire.NewPace(), engine.Source(s))
		if section, ok := run.Config.Session(s.Name); ok {
			err = cmp.Or(portal.CheckAccounts(section), run.Check(s), err)
		}
		if err != nil {
			fail(s.Name, err)
			continue
		}
		sources = append(sources, profiles.Source{Session: s, Portal: client})
	}
	line := app.Progress("listing accounts")
	defer line.End()
	run.Progress = func(done, known int) { line.Set(done, known, pace(sources)) }
	for _, in := range run.List(ctx, sources) {
		if err := in.Listing.Failed(); err != nil {
			fail(in.Session.Name, err)
			continue
		}
		inputs = append(inputs, in)
	}
	return inputs, failed
}

func pace(sources []profiles.Source) string {
	for _, s := range sources {
		if rate, refused := s.Portal.Throttled(); refused > 0 {
			return fmt.Sprintf("throttled, %.0f/s", rate)
		}
	}
	return ""
}

// tell says what could not be done and what is to be known. A hint that goes
// with several in a row, of which there may be hundreds, is told below the last.
func tell(app *cli.App, plan *profiles.Plan) {
	problems := slices.Concat(plan.Gaps, plan.Problems)
	for i, problem := range problems {
		if i+1 < len(problems) && fault.HintOf(problems[i+1]) == fault.HintOf(problem) {
			problem = errors.New(problem.Error())
		}
		app.Warn(problem)
	}
	for _, detail := range plan.Details {
		app.Detail("%s", detail)
	}
	for _, note := range plan.Notes {
		app.Note("%s", note)
	}
	for _, remark := range plan.Remarks {
		app.Status("%s", remark)
	}
}

// finish sums up, and is how the run ends: with the error of showing it, else
// with what came of the plan and of the sessions that could not be listed.
func (c *command) finish(app *cli.App, plan *profiles.Plan, summary string, failed []int, err error) error {
	if err != nil {
		return err
	}
	flawed := len(failed) > 0 || len(plan.Gaps) > 0 || len(plan.Problems) > 0
	if flawed {
		app.Note("%s", summary)
	} else {
		app.Status("%s", summary) // where nobody looks, success is silent
	}
	switch {
	case c.Check && (len(failed) > 0 || plan.Incomplete):
		return cli.ExitStatus(cli.StatusFailed)
	case flawed, c.Check && plan.Changes():
		return cli.ExitStatus(cli.StatusPartial)
	}
	return nil
}

// showNext prints at a terminal what comes after profiles were written.
func showNext(app *cli.App, format report.Format, config *awsconfig.Config, written []profiles.Input) {
	if format != report.Table || !app.OutTerminal {
		return
	}
	command := []string{"sso-test"}
	if len(written) < len(config.Sessions()) {
		for _, in := range written {
			command = append(command, "--sso-session", fault.Word(in.Session.Name))
		}
	}
	app.Status("next: %s  checks the profiles", strings.Join(command, " "))
}
