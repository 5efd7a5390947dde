package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/wire"
)

// run is one run of the command.
type run struct {
	*command
	app    *cli.App
	format report.Format
	sync   *profiles.Sync
	inputs []profiles.Input // of the sessions that were listed
	failed []int            // exit statuses of those of which nothing was listed
}

// list asks the portal. It reports the sessions of which nothing could be listed.
func (r *run) list(ctx context.Context, engine *login.Engine, sessions []portal.Session) {
	fail := func(session string, err error) {
		if ctx.Err() == nil {
			r.app.Error(fault.Annotate(err, "nothing was listed for %q", session))
			r.failed = append(r.failed, cli.StatusOf(err))
		}
	}
	var sources []profiles.Source
	for _, s := range sessions {
		client, err := portal.New(engine.Wire, s.Region, wire.NewPace(), engine.Source(s))
		if section, ok := r.sync.Config.Session(s.Name); ok {
			err = cmp.Or(portal.CheckAccounts(section), r.sync.Check(s), err)
		}
		if err != nil {
			fail(s.Name, err)
			continue
		}
		sources = append(sources, profiles.Source{Session: s, Portal: client})
	}
	line := r.app.Progress("listing accounts")
	defer line.End()
	r.sync.Progress = func(done, known int) { line.Set(done, known, pace(sources)) }
	for _, in := range r.sync.List(ctx, sources) {
		if err := in.Listing.Failed(); err != nil {
			fail(in.Session.Name, err)
			continue
		}
		r.inputs = append(r.inputs, in)
	}
}

func pace(sources []profiles.Source) string {
	for _, s := range sources {
		if rate, refused := s.Portal.Throttled(); refused > 0 {
			return fmt.Sprintf("throttled, %.0f/s", rate)
		}
	}
	return ""
}

// write writes the plan into the file, and reports what changed.
func (r *run) write(ctx context.Context) error {
	plan, err := r.sync.Write(ctx, r.inputs)
	if err != nil {
		return err
	}
	r.tell(plan)
	r.show(plan)
	err = r.finish(plan, plan.Summary())
	if err == nil && plan.Changes() {
		r.showNext()
	}
	return err
}

// preview prints the plan as a list or a diff, and writes nothing.
func (r *run) preview(ctx context.Context) error {
	plan, err := r.sync.Preview(ctx, r.inputs)
	if err != nil {
		return err
	}
	summary := "planned: " + plan.Summary()
	if r.lists(r.format) {
		plan.DropWriting(r.format == formatINI)
		summary = plan.ListSummary()
	}
	var sections []byte
	if r.format == formatINI {
		if sections, err = plan.INI(); err != nil { // before tell: it may add a problem
			return err
		}
	}
	r.tell(plan)
	switch {
	case r.format == formatINI:
		_, _ = r.app.Out.Write(sections)
	case r.previews() && r.Common.Format == "":
		showDiff(r.app, plan.Diff(r.sync.ConfigPath))
	default:
		r.show(plan)
	}
	return r.finish(plan, summary)
}

// tell prints what could not be done, and what the user should know. A hint that
// several in a row have, of which there may be hundreds, stands below the last.
func (r *run) tell(plan *profiles.Plan) {
	problems := slices.Concat(plan.Gaps, plan.Problems)
	for i, problem := range problems {
		if i+1 < len(problems) && fault.HintOf(problems[i+1]) == fault.HintOf(problem) {
			problem = errors.New(problem.Error())
		}
		r.app.Warn(problem)
	}
	for _, detail := range plan.Details {
		r.app.Detail("%s", detail)
	}
	for _, note := range plan.Notes {
		r.app.Note("%s", note)
	}
	for _, remark := range plan.Remarks {
		r.app.Status("%s", remark)
	}
}

// finish prints the summary, and returns the exit status that the plan and the
// sessions which could not be listed come to.
func (r *run) finish(plan *profiles.Plan, summary string) error {
	flawed := len(r.failed) > 0 || len(plan.Gaps) > 0 || len(plan.Problems) > 0
	if flawed {
		r.app.Note("%s", summary)
	} else {
		r.app.Status("%s", summary) // where nobody looks, success is silent
	}
	switch {
	case r.Check && (len(r.failed) > 0 || plan.Incomplete):
		return cli.ExitStatus(cli.StatusFailed)
	case flawed, r.Check && plan.Changes():
		return cli.ExitStatus(cli.StatusPartial)
	}
	return nil
}

// showNext prints at a terminal what comes after profiles were written.
func (r *run) showNext() {
	if r.format != report.Table || !r.app.OutTerminal {
		return
	}
	command := []string{"sso-test"}
	if len(r.inputs) < len(r.sync.Config.Sessions()) {
		for _, in := range r.inputs {
			command = append(command, "--sso-session", fault.Word(in.Session.Name))
		}
	}
	r.app.Status("next: %s  checks the profiles", strings.Join(command, " "))
}
