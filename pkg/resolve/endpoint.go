package resolve

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/wire"
)

// where is where a profile's calls go, those for its source_profile too: as in
// the AWS CLI that of the profile that was asked for counts.
type where struct {
	portal *wire.Wire
	tokens *wire.Wire // how a session's token is refreshed
	sts    stsAt
}

// stsAt is an STS: a region, by one way to AWS. Two ways with the same effect are
// the same [wire.Wire].
type stsAt struct {
	region string
	wire   *wire.Wire
}

// where reads the settings of a profile.
func (pl *planner) where(p *awsconfig.Profile, region string) (where, error) {
	w := pl.resolver.Wire
	// What the environment says of both comes first: nobody looks further.
	ignore := pl.resolver.IgnoreEndpoints || w.Moved(wire.Portal) && w.Moved(wire.OIDC) && w.Moved(wire.STS)
	local, err := Settings(pl.config, p, ignore)
	if err != nil {
		return where{}, err
	}
	at := where{sts: stsAt{region: region}}
	if at.portal, err = with(w, p, local.Only(wire.Portal)); err != nil {
		return at, err
	}
	if at.tokens, err = with(w, p, w.Trusted(local).Only(wire.OIDC)); err != nil {
		return at, err
	}
	at.sts.wire, err = with(w, p, local.Only(wire.STS))
	return at, err
}

// Settings returns what a profile says about how AWS is reached: ca_bundle,
// use_fips_endpoint, use_dualstack_endpoint, and its endpoints in the order of
// the AWS CLI, those of its services section before its endpoint_url.
// ignoreEndpoints leaves the endpoints out, as the profile's
// ignore_configured_endpoint_urls does. An error is of kind Config with file and
// line.
func Settings(c *awsconfig.Config, p *awsconfig.Profile, ignoreEndpoints bool) (wire.Local, error) {
	local := wire.Local{CABundle: p.Get("ca_bundle"), FIPS: switchIn(p, "use_fips_endpoint"), DualStack: switchIn(p, "use_dualstack_endpoint")}
	if ignoreEndpoints || strings.EqualFold(p.Get("ignore_configured_endpoint_urls"), "true") {
		return local, nil
	}
	var section *awsconfig.Service
	if name, ok := p.Lookup("services"); ok {
		if section, ok = c.Service(name); !ok {
			return local, invalid(p, "services", "there is no [services %s]", name)
		}
	}
	for i, id := range []string{"sso", "sso_oidc", "sts"} {
		if section != nil {
			local.Endpoints[i] = section.EndpointURL(id)
		}
		local.Endpoints[i] = cmp.Or(local.Endpoints[i], p.Get("endpoint_url"))
	}
	return local, nil
}

func switchIn(p *awsconfig.Profile, key string) wire.Switch {
	switch value, ok := p.Lookup(key); {
	case !ok:
		return wire.Unset
	case strings.EqualFold(value, "true"):
		return wire.On
	default:
		return wire.Off
	}
}

// with returns the way to AWS of a profile, or why there is none, with the place
// of the key.
func with(w *wire.Wire, p *awsconfig.Profile, local wire.Local) (*wire.Wire, error) {
	if _, err := w.With(wire.Local{CABundle: local.CABundle}); err != nil {
		return nil, invalid(p, "ca_bundle", "%s", err)
	}
	own, err := w.With(local)
	switch {
	case errors.Is(err, wire.ErrNotLocal):
		return nil, skip(p, endpointKey(p), err.Error())
	case err != nil:
		return nil, invalid(p, endpointKey(p), "%s", err)
	}
	return own, nil
}

// endpointKey returns the key of a profile that its endpoints come from.
func endpointKey(p *awsconfig.Profile) string {
	if p.Get("endpoint_url") != "" {
		return "endpoint_url"
	}
	return "services"
}

// entrust refuses to take what is as good as a password, an access token or a
// web identity, to another machine on the word of the config alone. A signed
// call gives nothing away, and the environment is that of who runs this.
func (pl *planner) entrust(p *awsconfig.Profile, service wire.Service) error {
	if pl.resolver.Wire.Moved(service) {
		return nil
	}
	local, err := Settings(pl.config, p, pl.resolver.IgnoreEndpoints)
	if err != nil || local.Endpoint(service) == "" {
		return err
	}
	u, err := url.Parse(local.Endpoint(service))
	if err != nil {
		return invalid(p, "endpoint_url", "%s", err)
	}
	if pl.resolver.Wire.IsThisMachine(u.Hostname()) {
		return nil
	}
	return skip(p, endpointKey(p), fmt.Sprintf("would take the login to %q; to allow that, set %s", u.Host, service.EnvironmentVariable()))
}
