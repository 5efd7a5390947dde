package main

import (
	"context"
	"iter"
	"strings"
	"time"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/tokencache"
)

// run does to each session what the command was asked for.
type run struct {
	*command
	app        *cli.App
	engine     *login.Engine
	config     *awsconfig.Config
	configPath string
	keys       *profiles.KeyFile
}

func (r *run) each(ctx context.Context, targets []target, format report.Format) error {
	out := report.NewWriter(r.app.Out, format, columns, r.app.Screen())
	var statuses []int
	var loggedIn []target
	for _, t := range targets {
		state, err := r.one(ctx, t)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			r.app.Error(err)
		}
		statuses = append(statuses, cli.StatusOf(err))
		if err == nil && state.Action == login.LoggedIn {
			loggedIn = append(loggedIn, t)
		}
		if row := r.row(ctx, t.Session, state, err); r.reports(format) && (format != report.Name || row.usable) {
			row.local = format == report.Table
			// A closed stdout is the console's business: the logins go on.
			_ = out.Add(row)
		}
	}
	_ = out.Close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.showNext(loggedIn)
	if len(targets) == 0 {
		return fault.Newf(fault.Nothing, "there is no session in %s, and no profile with a login", r.configPath).
			WithHint("%s", r.app.FirstLogin())
	}
	switch status := cli.Worst(statuses...); {
	case status == cli.StatusUsage && (r.All || r.List):
		return cli.ExitStatus(cli.StatusPartial) // the rest, had there been one, would have been done
	case status != cli.StatusOK:
		return cli.ExitStatus(status)
	}
	return nil
}

// reports reports whether sessions are written to standard output. At a terminal
// the line that a login leaves on standard error says it all.
func (r *run) reports(format report.Format) bool {
	return r.List || r.Common.Format != "" || format != report.Table && !r.Logout
}

func (r *run) one(ctx context.Context, t target) (login.State, error) {
	switch {
	case t.fault != nil && r.Logout && t.Label() != "":
		// What is stored under its name is removed all the same.
		if err := r.logout(ctx, t.Session); err != nil {
			r.app.Error(err)
		}
		return login.State{Session: t.Session, Status: login.StatusInvalid}, t.fault
	case t.fault != nil:
		return login.State{Session: t.Session, Status: login.StatusInvalid}, t.fault
	case r.List:
		return r.engine.State(ctx, t.Session)
	case r.Logout:
		return login.State{Session: t.Session, Status: login.StatusNone}, r.logout(ctx, t.Session)
	}
	state, err := r.ensure(ctx, t)
	if err != nil {
		return state, err
	}
	until := ""
	if state.Refreshable {
		until = ", then refreshed without a browser"
	}
	r.app.Status("%s: valid until %s%s", t.Label(), fault.Clock{At: state.ExpiresAt, Now: time.Now()}, until)
	return state, nil
}

func (r *run) ensure(ctx context.Context, t target) (login.State, error) {
	o := r.options(r.app, t.Session)
	switch {
	case t.definition != nil:
		return r.engine.Define(ctx, r.configPath, *t.definition, o)
	case r.Check:
		return r.engine.Check(ctx, t.Session, o)
	default:
		return r.engine.Ensure(ctx, t.Session, o)
	}
}

// showNext prints at a terminal what comes after logins: the profiles of those
// sessions for which sso-profiles has made none. One written by hand says nothing
// of the rest.
func (r *run) showNext(loggedIn []target) {
	if !r.app.OutTerminal {
		return
	}
	var bare, tests []string
	for _, t := range loggedIn {
		switch {
		case t.Legacy():
		case r.isNew(t) || !r.hasGenerated(t.Name):
			bare = append(bare, fault.Word(t.Name))
		default:
			tests = append(tests, "--sso-session "+fault.Word(t.Name))
		}
	}
	switch {
	case len(bare) > 0:
		r.app.Status("next: sso-profiles %s  makes a profile for each account and role", strings.Join(bare, " "))
	case len(tests) == 1:
		r.app.Status("next: sso-test %s  checks its profiles", tests[0])
	case len(tests) > 1:
		r.app.Status("next: sso-test %s  checks their profiles", strings.Join(tests, " "))
	}
}

// isNew reports whether the login has defined the session, or changed it.
func (r *run) isNew(t target) bool {
	if t.definition == nil {
		return false
	}
	was, ok := r.config.Session(t.Name)
	return !ok || len(t.definition.Changes(was)) > 0
}

func (r *run) hasGenerated(session string) bool {
	for _, p := range r.config.Profiles() {
		if p.Get("sso_session") == session && profiles.IsGenerated(p) {
			return true
		}
	}
	return false
}

func (r *run) logout(ctx context.Context, s portal.Session) error {
	existed, err := r.engine.Logout(ctx, s)
	sections, failed := r.keys.Remove(ctx, s)
	if len(sections) > 0 {
		r.app.Status("%s: removed %s from %s", s.Label(), strings.Join(sections, ", "), r.keys.CredentialsPath)
	}
	switch {
	case err != nil && failed != nil:
		r.app.Error(failed)
		return err
	case err != nil:
		return err
	case failed != nil:
		return failed
	case existed:
		r.app.Status("%s: logged out; role credentials issued before stay valid until they expire", s.Label())
	default:
		r.app.Status("%s: there was no login", s.Label())
	}
	return nil
}

// cachedRoles returns the function that names the accounts and roles for which
// the AWS CLI may have cached credentials of a session. The names of the cache's
// files are hashes of them, so they are tried: those of the session's profiles,
// and for each account that an entry names every role of the config, since a
// profile may have left the config meanwhile.
func cachedRoles(config *awsconfig.Config, cache *tokencache.Cache) func(portal.Session) iter.Seq2[string, string] {
	return func(s portal.Session) iter.Seq2[string, string] {
		return func(yield func(account, role string) bool) {
			roles := map[string]bool{}
			for _, p := range config.Profiles() {
				role := p.Get("sso_role_name")
				if role != "" {
					roles[role] = true
				}
				belongs := p.Get("sso_session") == s.Name && !s.Legacy() ||
					p.Get("sso_session") == "" && s.Legacy() && p.Get("sso_start_url") == s.StartURL
				if belongs && !yield(p.Get("sso_account_id"), role) {
					return
				}
			}
			for account := range cache.RoleAccounts(context.Background()) {
				for role := range roles {
					if !yield(account, role) {
						return
					}
				}
			}
		}
	}
}

var columns = []report.Column{
	{Title: "SESSION"},
	{Title: "STATUS", Color: statusColor},
	{Title: "EXPIRES", MinWidth: len("2006-01-02 15:04")},
	{Title: "REFRESHABLE", DropOrder: 1},
	{Title: "REGION", DropOrder: 2},
	{Title: "START URL", MinWidth: 24},
}

func statusColor(status string) report.Color {
	switch login.Status(status) {
	case login.StatusValid:
		return report.Green
	case login.StatusRefreshable:
		return report.Yellow
	case login.StatusInvalid:
		return report.Red
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
	local  bool // a person reads it: the time is that of this place
}

func (r *run) row(ctx context.Context, s portal.Session, state login.State, err error) row {
	if err != nil && state.Status == "" {
		// after a failed login: what there is now
		if now, stateErr := r.engine.State(ctx, s); stateErr == nil {
			state = now
		} else if fault.KindOf(stateErr) == fault.File {
			state.Status = login.StatusNone
		}
	}
	row := row{Session: s.Label(), StartUrl: s.StartURL, Region: s.Region, Refreshable: state.Refreshable, Status: state.Status}
	if !state.ExpiresAt.IsZero() {
		at := state.ExpiresAt.UTC().Truncate(time.Second)
		row.ExpiresAt = &at
	}
	row.usable = err == nil && state.Status == login.StatusValid
	return row
}

// Cells returns the values of the columns.
func (r row) Cells() []string {
	expires, refreshable := "", "no"
	if r.ExpiresAt != nil {
		expires = r.ExpiresAt.Format(time.RFC3339)
		if r.local {
			expires = r.ExpiresAt.Local().Format("2006-01-02 15:04")
		}
	}
	if r.Refreshable {
		refreshable = "yes"
	}
	return []string{r.Session, string(r.Status), expires, refreshable, r.Region, r.StartUrl}
}
