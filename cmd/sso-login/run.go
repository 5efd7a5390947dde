package main

import (
	"context"
	"iter"
	"time"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/report"
)

// doer does to each session what the command was asked for.
type doer struct {
	*command
	app    *cli.App
	engine *login.Engine
	config *awsconfig.Config
}

func (d *doer) each(ctx context.Context, sessions []portal.Session, format report.Format) error {
	out := report.NewWriter(d.app.Out, format, columns, d.app.Screen())
	var statuses []int
	for _, s := range sessions {
		state, err := d.one(ctx, s)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			d.app.Error(err)
		}
		statuses = append(statuses, cli.StatusOf(err))
		if r := d.row(s, state, err); d.reports(format) && (format != report.Name || r.usable) {
			// A closed stdout is the console's business: the logins go on.
			_ = out.Add(r)
		}
	}
	_ = out.Close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if status := cli.Worst(statuses...); status != cli.StatusOK {
		return cli.ExitStatus(status)
	}
	return nil
}

// reports says whether sessions are written to standard output. At a terminal
// the line that a login leaves on standard error says it all.
func (d *doer) reports(format report.Format) bool {
	return d.List || d.Common.Format != "" || format != report.Table && !d.Logout
}

func (d *doer) one(ctx context.Context, s portal.Session) (login.State, error) {
	switch {
	case d.List:
		return d.engine.State(s)
	case d.Logout:
		return login.State{Session: s, Status: login.StatusNone}, d.logout(ctx, s)
	}
	do := d.engine.Ensure
	if d.Check {
		do = d.engine.Check
	}
	state, err := do(ctx, s, d.options(d.app, s))
	if err == nil {
		d.app.Status("%s: valid until %s", s.Label(), cli.Clock{Time: state.ExpiresAt})
	}
	return state, err
}

func (d *doer) logout(ctx context.Context, s portal.Session) error {
	existed, err := d.engine.Logout(ctx, s, d.roles(s))
	switch {
	case err != nil:
		return err
	case existed:
		d.app.Status("%s: logged out; role credentials issued before live on until they expire", s.Label())
	default:
		d.app.Status("%s: there was no login", s.Label())
	}
	return nil
}

// roles are the accounts and roles for which the AWS CLI may have kept
// credentials of the session: those of its profiles.
func (d *doer) roles(s portal.Session) iter.Seq2[string, string] {
	return func(yield func(account, role string) bool) {
		for _, p := range d.config.Profiles() {
			belongs := p.Get("sso_session") == s.Name && !s.Legacy() ||
				p.Get("sso_session") == "" && s.Legacy() && p.Get("sso_start_url") == s.StartURL
			if belongs && !yield(p.Get("sso_account_id"), p.Get("sso_role_name")) {
				return
			}
		}
	}
}

var columns = []report.Column{
	{Title: "SESSION"},
	{Title: "STATUS", Color: statusColor},
	{Title: "EXPIRES", Least: len("2006-01-02T15:04:05Z")},
	{Title: "REFRESHABLE", Spare: 1},
	{Title: "REGION", Spare: 2},
	{Title: "START URL", Least: 24},
}

func statusColor(status string) report.Color {
	switch login.Status(status) {
	case login.StatusValid:
		return report.Green
	case login.StatusRefreshable:
		return report.Yellow
	}
	return report.Faint
}

// row is a session in a report. Its field names are the keys in JSON.
type row struct {
	Session     string
	StartUrl    string //nolint:revive // as AWS prints it
	Region      string
	ExpiresAt   *time.Time
	Refreshable bool
	Status      login.Status

	usable bool // the next program in a pipe can go on with it
}

func (d *doer) row(s portal.Session, state login.State, err error) row {
	if err != nil && state.Status == "" {
		// after a failed login: what there is now
		if now, stateErr := d.engine.State(s); stateErr == nil {
			state = now
		} else if fault.KindOf(stateErr) == fault.File {
			state.Status = login.StatusNone
		}
	}
	r := row{Session: s.Label(), StartUrl: s.StartURL, Region: s.Region, Refreshable: state.Refreshable, Status: state.Status}
	if !state.ExpiresAt.IsZero() {
		at := state.ExpiresAt.UTC().Truncate(time.Second)
		r.ExpiresAt = &at
	}
	r.usable = err == nil && state.Status == login.StatusValid
	return r
}

// Cells are the columns' values.
func (r row) Cells() []string {
	expires, refreshable := "", "no"
	if r.ExpiresAt != nil {
		expires = r.ExpiresAt.Format(time.RFC3339)
	}
	if r.Refreshable {
		refreshable = "yes"
	}
	return []string{r.Session, string(r.Status), expires, refreshable, r.Region, r.StartUrl}
}
