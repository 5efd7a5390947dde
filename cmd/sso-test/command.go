package main

import (
	"context"
	"iter"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/probe"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
)

type command struct {
	Profiles []string `arg:"" optional:"" name:"PROFILE" sep:"none" complete:"profile" help:"Profiles, by name; - reads them from standard input."`

	All          bool     `help:"Every profile of the config and credentials files." group:"Which profiles"`
	SSOSession   []string `name:"sso-session" placeholder:"NAME" sep:"none" complete:"session" help:"Only profiles of this session. Repeatable." group:"Which profiles"`
	AllowProcess bool     `help:"Also run credential_process commands." group:"Which profiles"`

	Status string `placeholder:"LIST" complete:"statuses" help:"Show only these statuses, separated by commas; failed is all but ok and skipped. The exit status covers all of them." group:"Output"`

	cli.Common
	cli.Parallel
}

// Run checks the profiles and reports each.
func (c *command) Run(ctx context.Context, app *cli.App) error {
	format, err := app.Format(report.Text)
	if err != nil {
		return err
	}
	wanted, err := probe.ParseStatuses(c.Status)
	if err != nil {
		return err
	}
	t := &test{app: app, format: format, wanted: wanted}
	t.out = newOutput(app, format, &t.tally)
	err = c.check(ctx, t)
	if t.broken || cli.StatusOf(err) == cli.StatusUsage {
		return err
	}
	// also where nothing was checked: the document is whole
	if err := t.out.close(); err != nil {
		return err
	}
	t.sum()
	return err
}

// check finds the profiles and checks them.
func (c *command) check(ctx context.Context, t *test) error {
	names, paths, config, err := t.app.Begin(ctx, c.Profiles, "profile names")
	if err != nil {
		return err
	}
	targets, err := c.targets(t.app, config, names)
	if err != nil {
		return err
	}
	resolver, err := t.app.Resolver(cli.Handover{NoCache: true, AllowProcess: c.AllowProcess}, paths, config)
	if err != nil {
		return err
	}
	prober := &probe.Prober{Concurrency: c.Concurrency, Resolver: *resolver}
	t.warn(config, targets)
	t.total, t.tally.Named = len(targets), len(names) > 0
	t.unasked = len(names) == 0 && !c.All && len(c.SSOSession) == 0
	return t.take(prober.Run(ctx, targets))
}

const namesFromPipe = "to read profile names from the pipe: sso-test -"

// targets returns the names to check, each once.
func (c *command) targets(app *cli.App, config *awsconfig.Config, names []cli.Name) ([]string, error) {
	for _, name := range c.SSOSession {
		if _, ok := config.Session(name); !ok {
			_, err := app.SessionNamed(config, name) // says so, and proposes one
			return nil, err
		}
	}
	choice := probe.Choice{All: c.All, Sessions: c.SSOSession}
	if len(names) > 0 {
		return named(app, config, choice, names)
	}
	if targets := choice.Profiles(config); len(targets) > 0 {
		return targets, nil
	}
	f := fault.Newf(fault.Nothing, "there is no profile to check in %s", config.ConfigFile().Path())
	if app.StdinPiped() {
		return nil, f.WithHint(namesFromPipe)
	}
	if len(config.Sessions()) == 0 {
		return nil, f.WithHint("%s", app.FirstLogin())
	}
	return nil, f.WithHint("run: sso-profiles")
}

// named returns the profiles that were named and are chosen. An unknown name is
// a mistake on the command line, and a result on standard input.
func named(app *cli.App, config *awsconfig.Config, choice probe.Choice, names []cli.Name) ([]string, error) {
	var targets []string
	for _, name := range names {
		if _, err := app.ProfileNamed(config, name.Text); err != nil && !name.Piped {
			return nil, err
		}
		if choice.Takes(config, name.Text) {
			targets = append(targets, name.Text)
		}
	}
	if len(targets) == 0 {
		return nil, fault.Newf(fault.Nothing, "none of the profiles is of session %q", strings.Join(choice.Sessions, ", "))
	}
	return targets, nil
}

// test is one run of the command.
type test struct {
	app    *cli.App
	format report.Format
	wanted resolve.StatusSet
	out    output
	tally  probe.Tally
	total  int
	passed string // the first profile that is ok
	broken bool   // standard output takes no more

	unasked bool     // the command line does not say which profiles
	mending []string // the hints of profiles that make no sense: two at most
}

// take reports the results, in the order asked for but in jsonl, where each
// comes when it is known. A reader that goes away ends the work.
func (t *test) take(results iter.Seq[probe.Result]) error {
	line := t.app.Progress("checking profiles")
	defer line.End()
	results = t.counted(results, line)
	if t.format != report.JSONL {
		results = probe.InOrder(results)
	}
	for result := range results {
		if !t.wanted.Has(result.Status) {
			continue
		}
		if t.passed == "" && result.Status == resolve.OK {
			t.passed = result.Profile
		}
		if err := t.out.add(result); err != nil {
			t.broken = true
			return err
		}
	}
	return exitStatus(t.tally.Verdict())
}

func (t *test) counted(results iter.Seq[probe.Result], line *cli.Progress) iter.Seq[probe.Result] {
	return func(yield func(probe.Result) bool) {
		for result := range results {
			t.tally.Add(result)
			t.keepHint(result)
			line.Set(t.tally.Done(), t.total, "")
			if !yield(result) {
				return
			}
		}
	}
}

// sum prints how many profiles have which status. Where no person reads it,
// success is silent.
func (t *test) sum() {
	switch summary := t.tally.Summary(t.total); {
	case summary == "":
	case t.format == report.Table, t.tally.Verdict() != probe.Healthy, t.tally.Done() < t.total:
		t.app.Note("%s", summary)
	default:
		t.app.Status("%s", summary)
	}
	if len(t.mending) == 1 && !t.app.Common.Quiet { // all need the same
		t.app.Hint(t.mending[0])
	}
	if t.unasked && t.tally.Verdict() == probe.LoginNeeded && t.app.StdinPiped() {
		t.app.Hint(namesFromPipe)
	}
	t.showNext()
}

// keepHint keeps the hints of profiles that make no sense. Those for a login are
// told with the session.
func (t *test) keepHint(r probe.Result) {
	hint := fault.HintOf(r.Err)
	if r.Status == resolve.InvalidConfig && hint != "" && len(t.mending) < 2 && !slices.Contains(t.mending, hint) {
		t.mending = append(t.mending, hint)
	}
}

// showNext prints at a terminal what comes after a check of all profiles that found
// nothing. Whoever names profiles knows what to do with them.
func (t *test) showNext() {
	if t.format == report.Table && t.app.OutTerminal && !t.tally.Named && t.tally.Verdict() == probe.Healthy && t.passed != "" {
		t.app.Status("next: sso-exec %s -- COMMAND  runs a command with its credentials", fault.Word(t.passed))
	}
}

func exitStatus(v probe.Verdict) error {
	switch v {
	case probe.Healthy:
		return nil
	case probe.LoginNeeded:
		return cli.ExitStatus(cli.StatusLogin)
	case probe.Outage:
		return cli.ExitStatus(cli.StatusFailed)
	default:
		return cli.ExitStatus(cli.StatusPartial)
	}
}
