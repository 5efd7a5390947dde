package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
)

type command struct {
	Profiles []string `arg:"" optional:"" name:"PROFILE" sep:"none" complete:"profile" help:"Profiles, by name; - reads them from standard input."`

	Write   bool    `xor:"write" help:"Write sections [ACCOUNT_ROLE] to the credentials file, and print their names." group:"Into the credentials file"`
	WriteAs *string `name:"write-as" xor:"write" placeholder:"NAME" help:"Write a section of this name, for one profile." group:"Into the credentials file"`

	cli.Handover
	cli.Assignment
	cli.Common
	cli.Parallel
}

// Run hands out credentials. If it fails, it prints a script after which a
// shell that evaluates it has no role, rather than an earlier one.
func (c *command) Run(ctx context.Context, app *cli.App) error {
	format, err := app.FormatOr(defaultFormat())
	if err != nil {
		format = defaultFormat()
	} else {
		err = c.handOut(ctx, app, format)
	}
	if err != nil && format.ForShell() && !c.writes() && !app.OutTerminal {
		_, _ = io.WriteString(app.Out, report.FailureScript(format, resolve.NoRole(os.Environ()))) // err is told
	}
	return err
}

func (c *command) writes() bool { return c.Write || c.WriteAs != nil }

func (c *command) handOut(ctx context.Context, app *cli.App, format report.Format) error {
	if c.writes() && c.Format != "" {
		return fault.Newf(fault.Usage, "--write prints the names of sections, so -o %s means nothing", c.Format).
			WithHint("to print a section: %s -o ini", app.Program.Name)
	}
	if c.WriteAs != nil {
		if err := profiles.CheckSectionName(*c.WriteAs); err != nil {
			return err
		}
	}
	names, paths, config, err := app.Begin(ctx, c.Profiles, "profile names")
	if err != nil {
		return err
	}
	if !c.Assignment.Given() {
		if names, err = app.ProfilesOrOwn(names, config); err != nil {
			return err
		}
	}
	if err := c.checkCount(len(names), format); err != nil {
		return err
	}
	h := &handout{command: c, app: app, format: format, config: config}
	targets, err := h.targets(paths, names)
	if err != nil {
		return err
	}
	if c.writes() {
		file := &profiles.KeyFile{ConfigPath: paths.Config, CredentialsPath: paths.Credentials, Store: app.Store(paths)}
		return h.write(ctx, targets, file)
	}
	return h.print(ctx, targets)
}

// checkCount refuses several profiles where there is room for one.
func (c *command) checkCount(n int, format report.Format) error {
	switch {
	case n < 2:
		return nil
	case c.WriteAs != nil:
		return fault.Newf(fault.Usage, "--write-as is for one profile, and %d are named", n).WithHint("for several: --write")
	case c.writes() || forMany(format):
		return nil
	}
	return fault.Newf(fault.Usage, "the format %s is for one profile, and %d are named", format, n).
		WithHint("for several: -o json, -o jsonl or -o ini")
}

// handout is one run of the command.
type handout struct {
	*command
	app    *cli.App
	format report.Format
	config *awsconfig.Config
	tally  tally

	waiting []resolve.Result // of profiles that have no login
}

// targets returns what credentials are wanted for.
func (h *handout) targets(paths cli.Paths, names []cli.Name) ([]*resolve.Target, error) {
	resolver, err := h.app.Resolver(h.Handover, paths, h.config)
	if err != nil {
		return nil, err
	}
	resolver.Notify = h.notify
	return h.app.Targets(h.Assignment, names, resolver)
}

// notify prints a failure that concerns more than one profile.
func (h *handout) notify(err error) {
	if fault.KindOf(err) == fault.Notice {
		h.app.WarnOfClock(err)
		return
	}
	h.tell(err)
}

// tell prints an error. A client that runs a credential_process shows its user
// the whole message or its last line: so the hint is put into the line.
func (h *handout) tell(err error) {
	if hint := fault.HintOf(err); h.format == processFormat && hint != "" {
		err = &fault.Error{Kind: fault.KindOf(err), What: err.Error() + "; " + hint}
	}
	h.app.Error(err)
}

// fetch asks for the credentials of all targets, and gives them to use as they
// come. It prints each failure.
func (h *handout) fetch(ctx context.Context, targets []*resolve.Target, use func(resolve.Result) error) error {
	line := h.app.Progress("fetching credentials")
	defer line.End()
	done := 0
	for r := range resolve.Each(ctx, targets, h.Concurrency) {
		if r.Err == nil {
			r.Err = checkSendable(r.Credentials)
		}
		done++
		line.Set(done, len(targets), "")
		h.tally.add(r.Err)
		if r.Err != nil {
			h.tellFailure(r)
			continue
		}
		if err := use(r); err != nil {
			return err
		}
	}
	h.tellWaiting()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return nil
}

// tellFailure prints which profile failed, with its status. For a session
// without a login notify has printed the command to run, so its profiles are
// only named, together, at the end.
func (h *handout) tellFailure(r resolve.Result) {
	status := resolve.StatusOf(r.Err)
	if status == resolve.LoginRequired {
		h.waiting = append(h.waiting, r)
		return
	}
	h.tell(fault.Annotate(r.Err, "%s: %s", label(r), status))
}

// label is what a profile, or an assignment without one, is called in messages.
func label(r resolve.Result) string {
	if r.Profile == "" {
		return r.AccountID + "/" + r.RoleName
	}
	return r.Profile
}

// waitingShown is how many profiles without a login a message names.
const waitingShown = 10

// tellWaiting names the profiles that have no login, if there are several, in the
// order they were asked for.
func (h *handout) tellWaiting() {
	if len(h.waiting) < 2 {
		return
	}
	slices.SortFunc(h.waiting, func(a, b resolve.Result) int { return cmp.Compare(a.Index, b.Index) })
	var names []string
	for _, r := range h.waiting[:min(len(h.waiting), waitingShown)] {
		names = append(names, label(r))
	}
	shown := strings.Join(names, ", ")
	if more := len(h.waiting) - waitingShown; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	h.app.Error(fault.Newf(fault.Login, "%s: %s", resolve.LoginRequired, shown))
}

// handover returns the role that a program gets with a result.
func (h *handout) handover(r resolve.Result) resolve.Handover {
	to := r.Handover()
	if h.ClientRegion != "" {
		to.Region = h.ClientRegion
	}
	return to
}

// end returns the exit status, and prints at a terminal until when the
// credentials are valid.
func (h *handout) end(results []resolve.Result) error {
	var soonest time.Time
	for _, r := range results {
		if r.Credentials.CanExpire && (soonest.IsZero() || r.Credentials.Expires.Before(soonest)) {
			soonest = r.Credentials.Expires
		}
	}
	if !soonest.IsZero() {
		h.app.Status("valid until %s", fault.Clock{At: soonest, Now: time.Now()})
	}
	return h.tally.exitStatus()
}

// tally counts results by what they mean for the exit status.
type tally struct {
	ok, logins, outages, misuses, others int
}

func (t *tally) total() int { return t.ok + t.logins + t.outages + t.misuses + t.others }

func (t *tally) add(err error) {
	switch {
	case err == nil:
		t.ok++
	case resolve.StatusOf(err) == resolve.LoginRequired:
		t.logins++
	case errors.Is(err, resolve.ErrMisusedProcess):
		t.misuses++
	case resolve.Outage(err):
		t.outages++
	default:
		t.others++
	}
}

// exitStatus returns nil if nothing failed.
func (t *tally) exitStatus() error {
	switch failed := t.total() - t.ok; {
	case failed == 0:
		return nil
	case failed == t.logins:
		return cli.ExitStatus(cli.StatusLogin)
	case t.ok == 0 && failed == t.outages:
		return cli.ExitStatus(cli.StatusFailed)
	case t.ok == 0 && failed == t.misuses:
		return cli.ExitStatus(cli.StatusUsage)
	default:
		return cli.ExitStatus(cli.StatusPartial)
	}
}
