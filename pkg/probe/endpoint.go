package probe

import (
	"cmp"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/wire"
)

// where is where a profile's calls go, those for its source_profile too: as in
// the AWS CLI that of the profile that was asked for counts.
type where struct {
	region      string // of STS
	portal, sts string // URLs that the config has; empty: AWS's own, or the environment's
}

// where reads the endpoints of a profile, in the order of the AWS CLI: the
// environment's, its services section's, its own.
func (pl *planner) where(p *awsconfig.Profile, region string) (where, error) {
	at := where{region: region}
	if pl.IgnoreEndpoints || strings.EqualFold(p.Get("ignore_configured_endpoint_urls"), "true") {
		return at, nil
	}
	for _, service := range []struct {
		of  wire.Service
		id  string
		url *string
	}{{wire.Portal, "sso", &at.portal}, {wire.STS, "sts", &at.sts}} {
		if pl.Wire.Moved(service.of) {
			continue
		}
		own := ""
		if name, ok := p.Lookup("services"); ok {
			section, ok := pl.Config.Service(name)
			if !ok {
				return at, invalid(p, "services", "there is no [services %s]", name)
			}
			own = section.EndpointURL(service.id)
		}
		*service.url = cmp.Or(own, p.Get("endpoint_url"))
		if _, err := pl.Wire.WithEndpoint(service.of, "endpoint_url", *service.url); err != nil {
			return at, invalid(p, "endpoint_url", "%s", err)
		}
	}
	return at, nil
}
