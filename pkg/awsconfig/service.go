package awsconfig

// A Service is a [services NAME] section: endpoints by service, to which a
// profile's "services" key points.
type Service struct {
	Name string

	block
}

// Service is the [services NAME] section of that name. A profile that names
// one that is missing is an error to the AWS CLI; the Go SDK goes on without.
func (c *Config) Service(name string) (*Service, bool) {
	i, ok := c.config.find(servicesSection, name)
	if !ok {
		return nil, false
	}
	return &Service{Name: name, block: block{c.config, i}}, true
}

// Services are the [services NAME] sections in file order.
func (c *Config) Services() []*Service {
	var all []*Service
	for i := range c.config.sections {
		s := &c.config.sections[i]
		if s.typ != servicesSection || !s.named {
			continue
		}
		if last, _ := c.config.find(servicesSection, s.name); last == int32(i) {
			all = append(all, &Service{Name: s.name, block: block{c.config, last}})
		}
	}
	return all
}

// EndpointURL is the endpoint_url in the nested block of a service, by its id
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
