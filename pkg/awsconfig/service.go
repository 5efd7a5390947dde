package awsconfig

// A Service is a [services NAME] section: endpoints by service, to which a
// profile's "services" key points.
type Service struct {
	block
}

// Service returns the [services NAME] section of that name. A profile that names
// one that is missing is an error to the AWS CLI; the Go SDK goes on without.
func (c *Config) Service(name string) (*Service, bool) {
	i, ok := c.config.find(servicesSection, name)
	if !ok {
		return nil, false
	}
	return &Service{block{c.config, i}}, true
}

// EndpointURL returns the endpoint_url in the nested block of a service, by its id
// in lower case with underscores: sso, sso_oidc, sts. It is "" where there is
// none.
func (s *Service) EndpointURL(id string) string {
	for _, p := range nestedPairs(s.f.key(s.i, id)) {
		if p.Key == "endpoint_url" {
			return p.Value
		}
	}
	return ""
}
