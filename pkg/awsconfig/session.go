package awsconfig

import "strings"

// A Session is an [sso-session NAME] section.
type Session struct {
	Name     string
	StartURL string   // sso_start_url as it stands, "" where absent
	Region   string   // sso_region
	Scopes   []string // sso_registration_scopes; nil where the key is absent, empty where it is blank

	block
}

// Sessions returns the sessions of the config file in file order. No client reads
// any from the credentials file.
func (c *Config) Sessions() []*Session {
	var all []*Session
	f := c.config
	for i := range f.sections {
		s := &f.sections[i]
		if s.typ != sessionSection || !s.named {
			continue
		}
		if last, _ := f.find(sessionSection, s.name); last == int32(i) {
			all = append(all, f.session(last))
		}
	}
	return all
}

// Session returns the session of that name.
func (c *Config) Session(name string) (*Session, bool) {
	i, ok := c.config.find(sessionSection, name)
	if !ok {
		return nil, false
	}
	return c.config.session(i), true
}

func (f *File) session(i int32) *Session {
	s := &Session{Name: f.sections[i].name, block: block{f, i}}
	s.StartURL, s.Region = s.Get("sso_start_url"), s.Get("sso_region")
	if list, ok := s.Lookup("sso_registration_scopes"); ok {
		s.Scopes = splitScopes(list)
	}
	return s
}

// splitScopes cuts at commas and drops what is blank, as the AWS CLI does.
func splitScopes(list string) []string {
	scopes := []string{}
	for scope := range strings.SplitSeq(list, ",") {
		if scope = trimSpace(scope); scope != "" {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}
