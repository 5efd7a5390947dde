package main

import (
	"bufio"
	"io"
	"strings"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/report"
)

const formatINI report.Format = "ini"

var columns = []report.Column{
	{Title: "PROFILE"},
	{Title: "WAS", Only: report.Table},
	{Title: "ACCOUNT", DropOrder: 4},
	{Title: "ROLE", DropOrder: 3},
	{Title: "REGION", DropOrder: 2},
	{Title: "SESSION", DropOrder: 1},
	{Title: "STATE", Color: stateColor},
	{Title: "ACCOUNT NAME"},
}

func stateColor(state string) report.Color {
	switch profiles.State(state) {
	case profiles.Added:
		return report.Green
	case profiles.Changed, profiles.Renamed, profiles.Adopted:
		return report.Yellow
	case profiles.Removed, profiles.Foreign:
		return report.Red
	}
	return report.Faint
}

// row is a profile in a report. Its field names are the keys in JSON.
type row struct {
	Profile      string
	AccountId    string //nolint:revive // as AWS prints it
	AccountName  string
	AccountEmail string
	RoleName     string
	Region       string
	Session      string
	State        profiles.State
	Was          string `json:",omitempty"` // the name before, of a renamed profile
}

func newRow(r profiles.Row) row {
	return row{
		Profile: r.Profile, AccountId: r.Assignment.ID, AccountName: r.Assignment.Name, AccountEmail: r.Assignment.Email,
		RoleName: r.Assignment.Role, Region: r.Region, Session: r.Session, State: r.State, Was: r.Was(),
	}
}

// Cells returns the values of the columns.
func (r row) Cells() []string {
	return []string{r.Profile, r.Was, r.AccountId, r.RoleName, r.Region, r.Session, string(r.State), r.AccountName}
}

// show writes the rows. A table is for a person, who wants to see what changed
// or, of a list, all; the name format is for the next program, which wants to
// know what is in the file now. An error of standard output is not returned: the
// work is done either way, and app.Out remembers it for the exit status.
func (r *run) show(plan *profiles.Plan) {
	buffered := bufio.NewWriterSize(r.app.Out, 64<<10) // all rows are here already
	out := report.NewWriter(buffered, r.format, columns, r.app.Screen())
	for _, p := range plan.Rows {
		if r.List && !p.Listed() || r.format == report.Table && !r.List && !p.News() {
			continue
		}
		shown := newRow(p)
		if r.format == report.Name {
			shown.Profile = p.After
			if r.List || r.previews() {
				shown.Profile = p.Before
			}
		}
		_ = out.Add(shown)
	}
	_ = out.Close()
	_ = buffered.Flush()
}

func showDiff(app *cli.App, lines []string) {
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(report.Visible(line) + "\n")
	}
	_, _ = io.WriteString(app.Out, text.String())
}
