package resolve

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/wire"
)

// where is where a profile's calls go, those for its source_profile too: as in
// the AWS CLI that of the profile that was asked for counts.
type where struct {
	portal string // a URL that the config has; empty: AWS's own, or the environment's
	sts    stsAt
}

// stsAt is an STS: that of a region, or what the config has in its place.
type stsAt struct{ region, endpoint string }

// where reads the endpoints of a profile, in the order of the AWS CLI: the
// environment's, its services section's, its own.
func (pl *planner) where(p *awsconfig.Profile, region string) (where, error) {
	at := where{sts: stsAt{region: region}}
	if pl.resolver.IgnoreEndpoints || strings.EqualFold(p.Get("ignore_configured_endpoint_urls"), "true") {
		return at, nil
	}
	for _, service := range []struct {
		of  wire.Service
		id  string
		url *string
	}{{wire.Portal, "sso", &at.portal}, {wire.STS, "sts", &at.sts.endpoint}} {
		if pl.resolver.Wire.Moved(service.of) {
			continue
		}
		own := ""
		if name, ok := p.Lookup("services"); ok {
			section, ok := pl.config.Service(name)
			if !ok {
				return at, invalid(p, "services", "there is no [services %s]", name)
			}
			own = section.EndpointURL(service.id)
		}
		*service.url = cmp.Or(own, p.Get("endpoint_url"))
		if _, err := pl.resolver.Wire.WithEndpoint(service.of, "endpoint_url", *service.url); err != nil {
			return at, invalid(p, "endpoint_url", "%s", err)
		}
	}
	return at, nil
}

// entrust refuses to take what is as good as a password, an access token or a
// web identity, to another machine on the word of the config alone. A signed
// call gives nothing away, and the environment is that of who runs this.
func entrust(p *awsconfig.Profile, service wire.Service, endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return invalid(p, "endpoint_url", "%s", err)
	}
	if wire.Loopback(u.Hostname()) {
		return nil
	}
	key := "endpoint_url"
	if p.Get(key) != endpoint {
		key = "services"
	}
	return skip(p, key, fmt.Sprintf("would take the login to %q; to allow that, set %s", u.Host, service.EnvironmentVariable()))
}
