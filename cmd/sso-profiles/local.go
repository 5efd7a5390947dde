package main

import (
	"bufio"
	"context"
	"slices"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/report"
)

// localRow is a profile that the files have. Its field names are the keys in
// JSON.
type localRow struct {
	row
	Keys map[string]string
}

// local lists what the files have, without the network.
func (c *command) local(ctx context.Context, app *cli.App) error {
	format, err := app.Format(report.Text)
	if err != nil {
		return err
	}
	options, err := c.options(app)
	if err != nil {
		return err
	}
	names, _, config, err := app.Begin(ctx, c.Sessions, "session names")
	if err != nil {
		return err
	}
	sessions, err := namedSessions(app, config, names)
	if err != nil {
		return err
	}
	rows, none := profiles.Local(config, sessions, options.Filter)
	showLocal(app, rows, format)
	if none != nil {
		return none
	}
	app.Status("%s", profiles.LocalCensus(rows))
	return tellFaulty(app, rows)
}

// showLocal writes the rows as [run.show] does.
func showLocal(app *cli.App, rows []profiles.LocalRow, format report.Format) {
	buffered := bufio.NewWriterSize(app.Out, 64<<10)
	if format == formatINI {
		writeSections(buffered, rows)
		_ = buffered.Flush()
		return
	}
	out := report.NewWriter(buffered, format, localColumns(), app.Screen())
	for _, r := range rows {
		shown := localRow{row: newRow(r.Row)}
		if format == report.JSON || format == report.JSONL {
			shown.Keys = r.Keys()
		}
		_ = out.Add(shown)
	}
	_ = out.Close()
	_ = buffered.Flush()
}

// localColumns returns the columns of a list in which a profile written by hand is
// nothing to worry about.
func localColumns() []report.Column {
	local := slices.Clone(columns)
	for i := range local {
		if local[i].Title == "STATE" {
			local[i].Color = func(state string) report.Color {
				if profiles.State(state) == profiles.Generated {
					return report.Faint
				}
				return report.Yellow
			}
		}
	}
	return local
}

func writeSections(w *bufio.Writer, rows []profiles.LocalRow) {
	between := ""
	for _, r := range rows {
		for i, line := range r.Section() {
			if i == 0 {
				line = between + line
				between = "\n"
			}
			_, _ = w.WriteString(report.Visible(line) + "\n") // w remembers its first error
		}
	}
}

// mostFaulty is how many faulty profiles are named without -v.
const mostFaulty = 10

// tellFaulty warns of the profiles that no client could use. They are on the
// list, since the file has them.
func tellFaulty(app *cli.App, rows []profiles.LocalRow) error {
	told := 0
	for _, r := range rows {
		if r.Err == nil {
			continue
		}
		if told++; told <= mostFaulty || app.Verbose() {
			app.Warn(fault.Annotate(r.Err, "the profile %q cannot be used", r.Profile))
		}
	}
	if told == 0 {
		return nil
	}
	if more := told - mostFaulty; more > 0 && !app.Verbose() {
		app.Note("profiles that cannot be used: %d more; to see all: -v", more)
	}
	return cli.ExitStatus(cli.StatusPartial)
}
