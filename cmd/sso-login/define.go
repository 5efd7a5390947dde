package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// fromFlags returns the session that the flags define. At a terminal, one that
// exists with other values is shown beside the new ones, and the person decides.
func (r *run) fromFlags(ctx context.Context, names []cli.Name) (d login.Definition, err error) {
	d.Replace = r.Replace
	if d.Session.StartURL, err = portal.CleanStartURL(r.SSOStartURL); err != nil {
		return d, err
	}
	if d.Session.Region = r.SSORegion; r.SSORegion != "" {
		if err := wire.CheckRegion(r.SSORegion); err != nil {
			return d, fault.Annotate(err, "--sso-region").OrKind(fault.Usage)
		}
	}
	if len(names) > 1 {
		return d, fault.Newf(fault.Usage, "--sso-start-url defines one session, and %d are named", len(names)).
			WithHint("run: %s", definingCommand(names[0].Text, d.Session))
	}
	if len(names) == 0 {
		return d, fault.Newf(fault.Usage, "--sso-start-url defines one session, which needs a name").
			WithHint("run: %s", definingCommand("NAME", d.Session))
	}
	d.Session.Name = names[0].Text
	if err := checkNewName(d.Session.Name); err != nil {
		return d, err
	}
	if r.SSORegistrationScopes != nil {
		d.Session.Scopes = splitScopes(*r.SSORegistrationScopes)
	}
	existing, ok := r.config.Session(d.Session.Name)
	if !ok || d.Replace || !r.app.Interactive {
		return d, nil
	}
	if changes := d.Changes(existing); len(changes) > 0 {
		d.Replace, err = r.askToReplace(ctx, existing, changes)
	}
	return d, err
}

// definingCommand returns the command that defines a session, for a hint.
func definingCommand(name string, s portal.Session) string {
	command := "sso-login " + name + " --sso-start-url " + fault.Word(s.StartURL)
	if region := cmp.Or(s.Region, portal.RegionOf(s.StartURL)); region != "" {
		command += " --sso-region " + region
	} else if mayBePortal(s.StartURL) {
		command += " --sso-region REGION"
	}
	return command
}

// mayBePortal reports whether the start URL is at a host of AWS: a vanity URL
// says its region by the portal that it leads to.
func mayBePortal(startURL string) bool {
	host, _, _ := strings.Cut(strings.TrimPrefix(startURL, "https://"), "/")
	return portal.IsHost(host)
}

// splitScopes cuts a list at its commas, and drops what is blank. It is never
// nil.
func splitScopes(list string) []string {
	scopes := []string{}
	for scope := range strings.SplitSeq(list, ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

func checkNewName(name string) error {
	if !awsconfig.PortableName(name) {
		return fault.Newf(fault.Usage, "cannot name a session %q: not every AWS client would read it", name).
			WithHint("use letters, digits and _@+.%%:/- only")
	}
	return nil
}

// askToReplace shows the values that a session has beside the new ones.
func (r *run) askToReplace(ctx context.Context, existing *awsconfig.Session, changes []login.Change) (bool, error) {
	path, line := existing.Pos("")
	r.app.Request("[sso-session %s] already exists, %s:%d", existing.Name, path, line)
	for _, c := range changes {
		r.app.Plain(fmt.Sprintf("  %s", c.Key), "    now  "+orNone(c.Old), "    new  "+orNone(c.New))
	}
	return r.app.Confirm(ctx, "Replace it once the new login has succeeded?")
}

func orNone(value string) string { return cmp.Or(value, "(none)") }

// fromQuestions asks what `aws configure sso` asks, and checks each answer as it
// is given: the start URL and its region by asking AWS.
func (r *run) fromQuestions(ctx context.Context) (d login.Definition, err error) {
	r.app.Note("there is no session yet; a few questions define one")
	r.app.Plain("  SSO session name  what you want to call it, such as okta",
		"  SSO start URL     the address of your AWS access portal",
		"  SSO region        where your organisation set up IAM Identity Center", "")
	if d.Session.Name, err = cli.Ask(ctx, r.app.Console, "SSO session name", "", checked(checkNewName)); err != nil {
		return d, err
	}
	for {
		if err := r.askForPortal(ctx, &d.Session); err != nil {
			return d, err
		}
		err := r.engine.CheckPortal(ctx, d.Session)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return d, ctx.Err()
		}
		r.app.Warn(fault.Annotate(err, "no access portal found at %s in %s", d.Session.StartURL, d.Session.Region))
	}
	const scopes = "SSO registration scopes (Enter is right)"
	d.Session.Scopes, err = cli.Ask(ctx, r.app.Console, scopes, oidc.DefaultScope, func(answer string) ([]string, error) {
		return splitScopes(answer), awsconfig.KeyValue{Key: "sso_registration_scopes", Value: answer}.Check()
	})
	return d, err
}

// checked returns a parser that takes an answer as it is if check finds nothing
// wrong with it.
func checked(check func(answer string) error) func(string) (string, error) {
	return func(answer string) (string, error) { return answer, check(answer) }
}

// askForPortal asks for the start URL and the region; the answers of a first
// round are the fallbacks of the next.
func (r *run) askForPortal(ctx context.Context, s *portal.Session) error {
	type place struct{ startURL, region string }
	at, err := cli.Ask(ctx, r.app.Console, "SSO start URL", s.StartURL, func(answer string) (place, error) {
		clean, err := portal.CleanStartURL(answer)
		if err != nil {
			return place{}, err
		}
		behind, err := portal.ResolveStartURL(ctx, r.engine.Wire, clean)
		return place{clean, portal.RegionOf(behind)}, err
	})
	if err != nil {
		return err
	}
	s.StartURL = at.startURL
	s.Region, err = cli.Ask(ctx, r.app.Console, "SSO region", cmp.Or(at.region, s.Region), checked(wire.CheckRegion))
	return err
}
