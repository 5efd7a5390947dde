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
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
)

// target is a session to work on.
type target struct {
	portal.Session
	fault      error             // why its section of the config cannot be used
	definition *login.Definition // of a session that is to be defined
}

// targets returns the sessions that are meant.
func (r *run) targets(ctx context.Context, names []cli.Name) ([]target, error) {
	if err := r.refuseURLs(names); err != nil {
		return nil, err
	}
	if len(names) > 0 && (r.All || r.Profile != "") && r.SSOStartURL == "" {
		return nil, fault.Newf(fault.Usage, "the session %q is named; --all and --profile name others", names[0].Text).
			WithHint("run: %s", portal.Session{Name: names[0].Text}.LoginCommand())
	}
	switch {
	case r.SSOStartURL != "":
		d, err := r.fromFlags(ctx, names)
		return []target{{Session: d.Session, definition: &d}}, err
	case len(names) > 0:
		return r.named(names)
	case r.All, r.List && r.Profile == "":
		return r.every()
	}
	if t, ok, err := r.ofProfile(); ok || err != nil {
		return []target{t}, err
	}
	return r.chosen(ctx)
}

// refuseURLs returns a fault if a start URL was given in the place of a name,
// with what to type instead.
func (r *run) refuseURLs(names []cli.Name) error {
	for _, name := range names {
		if !strings.Contains(name.Text, "://") && !mayBePortal(name.Text) {
			continue
		}
		if _, ok := r.config.Session(name.Text); ok {
			continue
		}
		clean, err := portal.CleanStartURL(name.Text)
		if err != nil {
			return err
		}
		f := fault.Newf(fault.Usage, "%q is a start URL; a session has a name", clean)
		for _, s := range r.config.Sessions() {
			if same, err := portal.CleanStartURL(s.StartURL); err == nil && same == clean {
				return f.WithHint("run: %s", portal.Session{Name: s.Name}.LoginCommand())
			}
		}
		return f.WithHint("run: %s", definingCommand("NAME", portal.Session{StartURL: clean, Region: r.SSORegion}))
	}
	return nil
}

// named returns the sessions of these names. An unknown one is a fault, since
// nothing was done yet; one that is faulty is a target with that fault.
func (r *run) named(names []cli.Name) ([]target, error) {
	var targets []target
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name.Text] {
			continue
		}
		seen[name.Text] = true
		if section, ok := r.config.Session(name.Text); ok {
			targets = append(targets, targetOf(section))
			continue
		}
		if _, err := r.app.SessionNamed(r.config, name.Text); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

func targetOf(section *awsconfig.Session) target {
	s, err := portal.SessionIn(section)
	return target{Session: s, fault: err}
}

// every returns all sessions of the config, and the legacy login that --profile,
// AWS_PROFILE or [default] names.
func (r *run) every() ([]target, error) {
	var targets []target
	for _, section := range r.config.Sessions() {
		targets = append(targets, targetOf(section))
	}
	t, ok, err := r.ofProfile()
	if ok && t.Legacy() {
		targets = append(targets, t)
	}
	if r.Profile != "" && err != nil {
		return nil, err
	}
	return targets, nil
}

// ofProfile returns the login of --profile, of AWS_PROFILE or of [default]: the
// first of them that reaches one, itself or by way of source_profile.
func (r *run) ofProfile() (t target, ok bool, err error) {
	if r.Profile != "" {
		p, err := r.app.ProfileNamed(r.config, r.Profile)
		if err != nil {
			return target{}, false, err
		}
		t, ok := r.loginOf(p)
		if !ok {
			path, line := p.Pos("")
			err = fault.New(fault.Config, fmt.Sprintf("%s:%d", path, line),
				fmt.Sprintf("the profile %q has neither sso_session nor sso_start_url, nor a source_profile with one", r.Profile))
		}
		return t, ok, err
	}
	// AWS_PROFILE counts in the place of [default], as in every client.
	p, exists := r.config.Profile(cmp.Or(r.app.Environment().Profile(), "default"))
	if !exists {
		return target{}, false, nil
	}
	t, ok = r.loginOf(p)
	return t, ok, nil
}

// loginOf returns the login that a profile reaches. A section that is faulty is
// a target with that fault.
func (r *run) loginOf(p *awsconfig.Profile) (t target, reaches bool) {
	if name, ok := p.Lookup("sso_session"); ok {
		if section, ok := r.config.Session(name); ok {
			return targetOf(section), true
		}
		path, line := p.Pos("sso_session")
		_, err := r.app.SessionNamed(r.config, name)
		f := fault.New(fault.Config, fmt.Sprintf("%s:%d", path, line), fmt.Sprintf("there is no [sso-session %s]", name))
		return target{Session: portal.Session{Name: name}, fault: f.WithHint("%s", fault.HintOf(err))}, true
	}
	if p.Get("sso_start_url") != "" {
		s, err := portal.LegacySession(p)
		return target{Session: s, fault: err}, true
	}
	s, reaches, err := resolve.SessionOf(r.config, p)
	if source, ok := r.bareSource(p); !reaches && ok {
		return r.loginOf(source)
	}
	return target{Session: s, fault: err}, reaches
}

// bareSource returns the profile that a profile without credentials of its own
// names as its source_profile. Without a role the clients take no credentials
// from there, yet no other login can be meant. One that names a further profile
// in the same way is none: they could go round in a circle.
func (r *run) bareSource(p *awsconfig.Profile) (*awsconfig.Profile, bool) {
	for _, key := range []string{"role_arn", "aws_access_key_id", "credential_process", "login_session"} {
		if p.Get(key) != "" {
			return nil, false
		}
	}
	source, ok := r.config.Profile(p.Get("source_profile"))
	if !ok {
		return nil, false
	}
	further := source.Get("source_profile") != "" && source.Get("role_arn") == "" && source.Get("sso_session") == "" && source.Get("sso_start_url") == ""
	return source, !further
}

// chosen returns the only session, or the one that the person picks; without any
// the one that the answers to a few questions define.
func (r *run) chosen(ctx context.Context) ([]target, error) {
	sections := r.config.Sessions()
	switch {
	case len(sections) == 1:
		return []target{targetOf(sections[0])}, nil
	case len(sections) == 0 && (!r.app.Interactive || r.Check || r.Logout):
		return nil, r.app.NoSessions(r.config)
	case len(sections) == 0:
		d, err := r.fromQuestions(ctx)
		return []target{{Session: d.Session, definition: &d}}, err
	}
	var known []string
	for _, s := range sections {
		known = append(known, s.Name)
	}
	if !r.app.Interactive {
		return nil, fault.Newf(fault.Usage, "which session? there are %s", strings.Join(known, ", ")).
			WithHint("run: %s", portal.Session{Name: known[0]}.LoginCommand())
	}
	i, err := r.app.Choose(ctx, "Session", known)
	if err != nil {
		return nil, err
	}
	return []target{targetOf(sections[i])}, nil
}
