package main

import (
	"strings"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
)

var dryColumns = []report.Column{{Title: "PROFILE"}, {Title: "COMMAND"}}

// planned is a command that would run. Its field names are the keys in JSON.
type planned struct {
	Profile   string
	AccountId string //nolint:revive // as AWS prints it
	RoleName  string
	Region    string
	Command   []string

	label string
}

// Cells returns the values of the columns.
func (p planned) Cells() []string {
	words := make([]string, len(p.Command))
	for i, w := range p.Command {
		words[i] = fault.Word(w)
	}
	return []string{p.label, strings.Join(words, " ")}
}

// dryRun prints which command would run for which profiles.
func (c *command) dryRun(app *cli.App, format report.Format, h *handover, targets []*resolve.Target) error {
	if format == raw {
		format = report.Text
	}
	out := report.NewWriter(app.Out, format, dryColumns, app.Screen())
	failed := false
	for _, t := range targets {
		if t.Err != nil {
			app.Error(fault.Annotate(t.Err, "%s", label(t)))
			failed = true
			continue
		}
		to := h.to(t)
		err := out.Add(planned{t.Profile, to.AccountID, to.RoleName, to.Region, app.Words, label(t)})
		if err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	if failed {
		return cli.ExitStatus(cli.StatusPartial)
	}
	return nil
}
