package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/safefile"
	"aws-sso-plugins/pkg/wire"
)

// definition is a session to be written to the config.
type definition struct{ name, startURL, region, scopes string }

func (d definition) keys() []awsconfig.KeyValue {
	keys := []awsconfig.KeyValue{
		{Key: "sso_start_url", Value: d.startURL},
		{Key: "sso_region", Value: d.region},
	}
	if d.scopes != "" {
		keys = append(keys, awsconfig.KeyValue{Key: "sso_registration_scopes", Value: d.scopes})
	}
	return keys
}

// fromFlags is the session that the flags describe.
func (c *command) fromFlags(names []cli.Name) (d definition, err error) {
	if d.startURL, err = portal.CleanStartURL(c.SSOStartURL); err != nil {
		return d, err
	}
	if d.name, err = c.newName(names, d.startURL); err != nil {
		return d, err
	}
	if d.region = c.SSORegion; d.region == "" {
		d.region = portal.RegionOf(d.startURL)
	}
	if d.region == "" {
		return d, fault.Newf(fault.Usage, "the start URL %q does not say its region", d.startURL).
			WithHint("add --sso-region REGION, that of the Identity Center instance")
	}
	if err := wire.CheckRegion(d.region); err != nil {
		return d, fault.Annotate(err, "--sso-region").OrKind(fault.Usage)
	}
	d.scopes = oidc.DefaultScope
	if c.SSORegistrationScopes != nil {
		d.scopes = strings.TrimSpace(*c.SSORegistrationScopes)
	}
	return d, nil
}

func (c *command) newName(names []cli.Name, startURL string) (string, error) {
	all := slices.Clone(c.SSOSession)
	for _, n := range names {
		all = append(all, n.Text)
	}
	if len(all) != 1 {
		return "", fault.Newf(fault.Usage, "--sso-start-url defines one session, which needs a name").
			WithHint("run: sso-login NAME --sso-start-url %s --sso-region %s", startURL, cmp.Or(c.SSORegion, portal.RegionOf(startURL), "REGION"))
	}
	return all[0], checkNewName(all[0])
}

func checkNewName(name string) error {
	if !awsconfig.PortableName(name) {
		return fault.Newf(fault.Usage, "cannot name a session %q: not every AWS client would read it", name).
			WithHint("use letters, digits and _@+.%%:/- only")
	}
	return nil
}

// fromQuestions asks what `aws configure sso` asks.
func (c *command) fromQuestions(ctx context.Context, app *cli.App) (d definition, err error) {
	app.Note("there is no session yet; a few questions define one")
	app.Plain("  SSO session name  what you want to call it, such as okta",
		"  SSO start URL     the address of your AWS access portal",
		"  SSO region        where your organisation set up IAM Identity Center", "")
	if d.name, err = cli.Ask(ctx, app.Console, "SSO session name", "", checked(checkNewName)); err != nil {
		return d, err
	}
	if d.startURL, err = cli.Ask(ctx, app.Console, "SSO start URL", "", portal.CleanStartURL); err != nil {
		return d, err
	}
	if d.region, err = cli.Ask(ctx, app.Console, "SSO region", portal.RegionOf(d.startURL), checked(wire.CheckRegion)); err != nil {
		return d, err
	}
	d.scopes, err = cli.Ask(ctx, app.Console, "SSO registration scopes", oidc.DefaultScope, checked(func(answer string) error {
		return awsconfig.KeyValue{Key: "sso_registration_scopes", Value: answer}.Check()
	}))
	return d, err
}

// checked returns a parser that takes an answer as it is if check finds nothing
// wrong with it.
func checked(check func(answer string) error) func(string) (string, error) {
	return func(answer string) (string, error) { return answer, check(answer) }
}

// write adds the session to the config, unless it is there already, and
// returns the config that holds it.
func (d definition) write(ctx context.Context, app *cli.App, paths cli.Paths) (*awsconfig.Config, error) {
	added := false
	_, err := app.Store(paths).Update(ctx, safefile.Target{Path: paths.Config, Backup: awsconfig.BackupSuffix}, func(old []byte) ([]byte, error) {
		file := awsconfig.Parse(paths.Config, awsconfig.ConfigFile, old)
		if there, ok := awsconfig.Merge(file, nil).Session(d.name); ok {
			return old, d.differsFrom(there)
		}
		edit := file.Edit()
		if err := edit.AddSession(d.name, d.keys()...); err != nil {
			return nil, err
		}
		added = true
		return edit.Bytes()
	})
	if err != nil {
		return nil, err
	}
	if added {
		app.Status("added [sso-session %s] to %s", d.name, paths.Config)
	}
	return app.Config(paths)
}

// differsFrom refuses to define a session that is there with other values:
// what logs in by it now would log in elsewhere.
func (d definition) differsFrom(there *awsconfig.Session) error {
	for _, kv := range d.keys() {
		value := there.Get(kv.Key)
		switch kv.Key {
		case "sso_start_url":
			if clean, err := portal.CleanStartURL(value); err == nil && clean == kv.Value {
				continue
			}
		case "sso_registration_scopes":
			if value == "" {
				continue
			}
		}
		if value != kv.Value {
			path, line := there.Pos("")
			return fault.New(fault.Usage, fmt.Sprintf("%s:%d", path, line),
				fmt.Sprintf("[sso-session %s] is there already with %s = %s, not %s", d.name, kv.Key, value, kv.Value)).
				WithHint("choose another name, or change the file")
		}
	}
	return nil
}
