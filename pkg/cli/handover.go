package cli

import (
	"time"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/wire"
)

// Handover holds the flags of the programs that hand out a role's credentials.
type Handover struct {
	ClientRegion string        `placeholder:"REGION" complete:"region" env:"" help:"Hand over this region instead of the profile's." group:"Credentials"`
	ValidFor     time.Duration `default:"15m" placeholder:"DURATION" zero:"" env:"" help:"Ask for new credentials if less than this is left of cached ones (${default})." group:"Credentials"`
	NoCache      bool          `help:"Neither read nor write cached credentials." group:"Credentials"`
	AllowProcess bool          `help:"Also run credential_process commands." group:"Credentials"`
}

// AfterApply checks the values. kong calls it.
func (h Handover) AfterApply() error {
	if h.ValidFor < 0 {
		return fault.Newf(fault.Usage, "--valid-for must not be negative: %s", h.ValidFor)
	}
	if h.ClientRegion == "" {
		return nil
	}
	if err := wire.CheckRegion(h.ClientRegion); err != nil {
		return fault.Newf(fault.Usage, "--client-region: %s", err)
	}
	return nil
}

// Resolver returns what finds the credentials of profiles, with the AWS CLI's
// cache of role credentials unless the flags say otherwise. It prints failures
// that concern several profiles at once, unless the caller sets another Notify.
func (a *App) Resolver(h Handover, paths Paths, config *awsconfig.Config) (*resolve.Resolver, error) {
	engine, err := a.Engine(paths, config, "")
	if err != nil {
		return nil, err
	}
	w, err := a.Wire() // the settings of each profile go on top
	if err != nil {
		return nil, err
	}
	r := &resolve.Resolver{
		Config: config, Wire: w, NoProfile: engine.Wire, Tokens: engine.SourceBy,
		Region: a.env.Region(), RoleSession: a.Program.Name, ValidFor: h.ValidFor,
		AllowProcess: h.AllowProcess, IgnoreEndpoints: a.env.IgnoresEndpoints(),
		Notify: a.tell,
	}
	if !h.NoCache {
		r.Roles = engine.Cache
	}
	return r, nil
}

// tell prints a failure that concerns more than one profile.
func (a *App) tell(err error) {
	if fault.KindOf(err) == fault.Notice {
		a.WarnOfClock(err) // the only notice there is
		return
	}
	a.Error(err)
}
