package main

import (
	"context"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/report"
)

type command struct {
	Profiles []string `arg:"" optional:"" name:"PROFILE" sep:"none" complete:"profile" help:"Profiles, by name; - reads them from standard input."`

	cli.Assignment
	cli.Handover
	ProfileOnly bool `help:"Hand over AWS_PROFILE and no keys, for commands that run longer than the role's credentials." group:"Credentials"`

	Live        bool   `help:"Write lines as they come, not profile after profile." group:"Many profiles"`
	MaxFailures *int   `placeholder:"N" help:"Start no more after N have failed." group:"Many profiles"`
	DryRun      bool   `help:"Say which profiles and which command; run nothing." group:"Many profiles"`
	Status      string `placeholder:"LIST" complete:"statuses" help:"Show only these statuses, separated by commas; failed is all but ok. The exit status covers all of them." group:"Many profiles"`

	cli.Common
	cli.Parallel
}

// formats of this program alone.
const raw = report.Format("raw")

// Check refuses a command line without --: what follows the profiles would be read
// as flags of sso-exec, or be lost on the way through an alias of the AWS CLI.
func (c *command) Check(app *cli.App, args []string) error {
	asks := func(arg string) bool {
		return arg == "-h" || arg == "--help" || arg == "--version" || strings.HasPrefix(arg, "--completion")
	}
	switch {
	case app.Words == nil && slices.ContainsFunc(args, asks):
		return nil
	case app.Words == nil:
		return missingDashes(app, args)
	case len(app.Words) == 0:
		return fault.Newf(fault.Usage, "there is no command after --").
			WithHint("run: %s %s-- COMMAND", app.Program.Name, before(args))
	}
	return nil
}

func before(args []string) string {
	var words strings.Builder
	for _, a := range args {
		words.WriteString(fault.Word(a) + " ")
	}
	return words.String()
}

// missingDashes returns the fault for a command line without --. Its hint has the
// -- where it was most likely left out: before the first word, after the first
// profile, that is no profile. A wrong flag before that is reported instead.
func missingDashes(app *cli.App, args []string) error {
	own, words, named := args, []string{"COMMAND"}, false
	profiles := app.ProfileNames()
	value := false
loop:
	for i, arg := range args {
		switch {
		case value:
			value = false
		case arg == "-":
			named = true
		case strings.HasPrefix(arg, "-"):
			value = app.TakesValue(arg)
		case !named, slices.Contains(profiles, arg):
			named = true
		default:
			own, words = args[:i], args[i:]
			break loop
		}
	}
	if err := app.CheckFlags(own); err != nil {
		return err
	}
	if len(args) == 1 && named && args[0] != "-" && !slices.Contains(profiles, args[0]) {
		own, words, named = nil, args, false
	}
	line := app.Program.Name + " "
	if !named {
		line += "PROFILE "
	}
	line += before(own) + "-- " + strings.TrimSpace(before(words))
	return fault.Newf(fault.Usage, "-- is missing: it stands between the profiles and the command").WithHint("run: %s", line)
}

// many reports whether the command is run by the rules for many profiles.
func (c *command) many() bool {
	return len(c.Profiles) > 1 || slices.Contains(c.Profiles, "-") ||
		c.Format != "" || c.Live || c.Status != "" || c.MaxFailures != nil
}

// Run runs the command.
func (c *command) Run(ctx context.Context, app *cli.App) error {
	w, ctx := connect(ctx)
	err := c.run(ctx, app, w)
	if sig := cli.SignalOf(context.Cause(ctx)); sig != nil {
		return cli.ErrSignal(sig)
	}
	return err
}

func (c *command) run(ctx context.Context, app *cli.App, w *worker) error {
	m, err := c.options(app)
	if err != nil {
		return err
	}
	path, err := app.Lookup(app.Words[0])
	if err != nil {
		return err
	}
	names, paths, config, err := app.Begin(ctx, c.Profiles, "profile names")
	if err != nil {
		return err
	}
	duplicates(app, names)
	resolver, err := app.Resolver(c.Handover, paths, config)
	if err != nil {
		return err
	}
	targets, err := app.Targets(c.Assignment, names, resolver)
	if err != nil {
		return err
	}
	h := &handover{command: c, app: app, config: config}
	switch {
	case c.DryRun:
		return c.dryRun(app, m.format, h, targets)
	case c.many():
		m.path, m.handover, m.targets, m.worker = path, h, targets, w
		return m.run(ctx)
	}
	app.UnfinishedStatus = cli.StatusNotRun
	return h.one(ctx, path, targets[0])
}

// options checks the flags that go together.
func (c *command) options(app *cli.App) (*many, error) {
	format, err := app.FormatOr(report.Text)
	if err != nil {
		return nil, err
	}
	m := &many{app: app, format: format, live: c.Live, width: c.Concurrency}
	if m.wanted, err = parseStatuses(c.Status); err != nil {
		return nil, err
	}
	switch {
	case len(c.Profiles) == 0 && !c.Assignment.Given():
		f := fault.Newf(fault.Usage, "which profile? none is taken without being named")
		if app.StdinPiped() {
			return nil, f.WithHint("to read profile names from the pipe: %s - -- %s", app.Program.Name, strings.TrimSpace(before(app.Words)))
		}
		return nil, f.WithHint("run: %s PROFILE -- %s", app.Program.Name, strings.TrimSpace(before(app.Words)))
	case c.MaxFailures != nil && *c.MaxFailures < 1:
		return nil, fault.Newf(fault.Usage, "--max-failures must be 1 or more, not %d", *c.MaxFailures)
	case c.Live && c.Status != "":
		return nil, fault.Newf(fault.Usage, "--live and --status exclude each other: a line comes before the status is known")
	case c.Live && format != report.Text && format != raw:
		return nil, fault.Newf(fault.Usage, "--live writes text or raw, not %s", format)
	case c.ProfileOnly && c.Assignment.Given():
		return nil, fault.Newf(fault.Usage, "--profile-only needs a profile, and --account and --role have none")
	}
	if c.MaxFailures != nil {
		m.maxFailures = *c.MaxFailures
	}
	return m, nil
}

// duplicates prints which names were given more than once.
func duplicates(app *cli.App, names []cli.Name) {
	var twice []string
	for _, n := range names {
		if n.Times > 1 {
			twice = append(twice, n.Text)
		}
	}
	switch len(twice) {
	case 0:
	case 1:
		app.Note("%q was named more than once; it runs once", twice[0])
	default:
		app.Note("%d profiles were named more than once; each runs once", len(twice))
	}
}
