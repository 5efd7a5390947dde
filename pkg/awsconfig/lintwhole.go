package awsconfig

import (
	"fmt"
	"slices"
)

// Keys that decide which credentials a profile gets.
const (
	keySession   = "sso_session"
	keyStartURL  = "sso_start_url"
	keySSORegion = "sso_region"
	keyAccount   = "sso_account_id"
	keyRole      = "sso_role_name"
	keySource    = "source_profile"
	keyServices  = "services"
	keyAccess    = "aws_access_key_id"
)

// Problems are the problems of both files, and those that show only in the
// whole: a session, source profile or services section that is missing,
// profile and session that contradict each other, keys that the credentials
// file overrides. Those of the config file come first, each file's by line.
func (c *Config) Problems() []Problem {
	l := wholeLint{c: c}
	for _, s := range c.Sessions() {
		l.session(s)
	}
	for i := range c.profiles {
		l.profile(&c.profiles[i])
	}
	inConfig := append(c.config.Problems(), l.inConfig...)
	inCredentials := append(c.credentials.Problems(), l.inCredentials...)
	slices.SortStableFunc(inConfig, byLine)
	slices.SortStableFunc(inCredentials, byLine)
	return append(inConfig, inCredentials...)
}

// A wholeLint collects problems that show in no file alone.
type wholeLint struct {
	c                       *Config
	inConfig, inCredentials []Problem
}

// at adds a problem where a key of a profile stands, or its header with "".
func (l *wholeLint) at(p *Profile, key, hint, format string, args ...any) {
	f, line := p.position(key)
	l.add(f, line, hint, format, args...)
}

func (l *wholeLint) add(f *File, line int32, hint, format string, args ...any) {
	problem := f.problem(line, false, fmt.Sprintf(format, args...), hint)
	if f == l.c.config {
		l.inConfig = append(l.inConfig, problem)
	} else {
		l.inCredentials = append(l.inCredentials, problem)
	}
}

func (l *wholeLint) session(s *Session) {
	for _, key := range []string{keyStartURL, keySSORegion} {
		if s.Get(key) == "" {
			_, line := s.Pos("")
			l.add(l.c.config, int32(line), "", "sso-session %q has no %s", s.Name, key)
		}
	}
	for _, key := range []string{keyAccount, keyRole} {
		if _, ok := s.Lookup(key); ok {
			_, line := s.Pos(key)
			l.add(l.c.config, int32(line), "put it into the profiles", "%s in an sso-session is read by the AWS CLI alone", key)
		}
	}
}

func (l *wholeLint) profile(p *Profile) {
	l.overrides(p)
	l.references(p)
	l.sso(p)
}

// overrides reports keys of the config file that the credentials file hides.
func (l *wholeLint) overrides(p *Profile) {
	if p.inConfig < 0 || p.inCredentials < 0 {
		return
	}
	l.c.config.allKeys(p.inConfig, func(k *key) {
		if over := l.c.credentials.key(p.inCredentials, k.name); over != nil && over.value != k.value {
			l.add(l.c.config, k.line, "", "%q of profile %q is overridden in %s:%d", k.name, p.Name, l.c.credentials.path, over.line)
		}
	})
}

// references reports names that lead nowhere.
func (l *wholeLint) references(p *Profile) {
	if name := p.Get(keySource); name != "" {
		if _, ok := l.c.Profile(name); !ok {
			l.at(p, keySource, "", "profile %q names the source_profile %q, which does not exist", p.Name, name)
		}
	}
	if name := p.Get(keyServices); name != "" {
		if _, ok := l.c.Service(name); !ok {
			l.at(p, keyServices, "", "profile %q names the services section %q, which does not exist: an error to the AWS CLI", p.Name, name)
		}
	}
}

// sso reports what keeps a profile from Identity Center.
func (l *wholeLint) sso(p *Profile) {
	name, ok := p.Lookup(keySession)
	if !ok && p.Get(keyStartURL) == "" {
		return
	}
	if ok {
		s, found := l.c.Session(name)
		if !found {
			l.at(p, keySession, "", "profile %q names the sso-session %q, which does not exist", p.Name, name)
			return
		}
		l.contradictions(p, s)
	}
	for _, pair := range [][2]string{{keyAccount, keyRole}, {keyRole, keyAccount}} {
		if p.Get(pair[0]) != "" && p.Get(pair[1]) == "" && !l.inSession(p, pair[1]) {
			l.at(p, pair[0], "", "profile %q has %s but no %s", p.Name, pair[0], pair[1])
		}
	}
	if p.Get(keyAccess) != "" && p.Get(keyRole) != "" {
		l.at(p, keyAccess, "give the two a profile each",
			"profile %q has keys of its own beside Identity Center: the Go SDK uses the keys, the AWS CLI does not", p.Name)
	}
}

func (l *wholeLint) inSession(p *Profile, key string) bool {
	s, ok := l.c.Session(p.Get(keySession))
	return ok && s.Get(key) != ""
}

// contradictions reports keys with one value in the profile and another in its
// session. botocore refuses such a profile, whatever the key; the Go SDK only
// for the start URL and the region.
func (l *wholeLint) contradictions(p *Profile, s *Session) {
	for _, key := range s.Keys() {
		mine, ok := p.Lookup(key)
		if theirs := s.Get(key); ok && mine != theirs {
			_, line := s.Pos(key)
			l.at(p, key, "remove it from the profile", "%q of profile %q is %q, and %q in its sso-session in line %d", key, p.Name, mine, theirs, line)
		}
	}
}
