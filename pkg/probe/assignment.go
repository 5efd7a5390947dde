package probe

import (
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// assignment is what an Identity Center profile names: a role in an account.
type assignment struct {
	session portal.Session
	account string
	role    string
}

// sessionKey tells sessions apart. One start URL with two regions, as profiles
// without a session may have it, are two.
type sessionKey struct{ name, startURL, region string }

func keyOf(s portal.Session) sessionKey { return sessionKey{s.Name, s.StartURL, s.Region} }

// sessions reads the sso-sessions of a config, each once however many profiles
// name it.
type sessions struct {
	config *awsconfig.Config
	known  map[string]*section
}

// section is an [sso-session] as it is laid over the profiles that name it.
type section struct {
	session portal.Session
	keys    []awsconfig.Pair
	err     error // it cannot be used
}

func (s *sessions) named(name string) *section {
	if sec, ok := s.known[name]; ok {
		return sec
	}
	if s.known == nil {
		s.known = map[string]*section{}
	}
	s.known[name] = readSection(s.config, name)
	return s.known[name]
}

// readSection is nil where there is none of the name.
func readSection(c *awsconfig.Config, name string) *section {
	in, ok := c.Session(name)
	if !ok {
		return nil
	}
	sec := &section{}
	if sec.session, sec.err = portal.SessionIn(in); sec.err == nil {
		sec.err = checkRegionKey(in, sec.session.Region)
	}
	for _, key := range in.Keys() {
		if value, ok := in.Lookup(key); ok {
			sec.keys = append(sec.keys, awsconfig.Pair{Key: key, Value: value})
		}
	}
	return sec
}

// assignment reads the keys of an Identity Center profile. As in the AWS CLI
// every key of the session counts in the profile too, and one that says
// something else in both is an error.
func (s *sessions) assignment(p *awsconfig.Profile) (assignment, error) {
	a := assignment{account: p.Get("sso_account_id"), role: p.Get("sso_role_name")}
	name, ok := p.Lookup("sso_session")
	if !ok {
		var err error
		if a.session, err = portal.LegacySession(p); err != nil {
			return a, err
		}
		if err := checkRegionKey(p, a.session.Region); err != nil {
			return a, err
		}
		return a, checkAssignment(p, a)
	}
	sec := s.named(name)
	if sec == nil {
		return a, invalid(p, "sso_session", "there is no [sso-session %s]", name)
	}
	a.session = sec.session
	for _, key := range sec.keys {
		switch own, ok := p.Lookup(key.Key); {
		case ok && own != key.Value && !strings.HasPrefix(key.Key, "sso_") && key.Key != "region":
			// whatever it is, it may be a secret
			return a, invalid(p, key.Key, "%s is something else here than in [sso-session %s]", key.Key, name)
		case ok && own != key.Value:
			return a, invalid(p, key.Key, "%s is %q here and %q in [sso-session %s]", key.Key, own, key.Value, name)
		case ok:
		case key.Key == "sso_account_id":
			a.account = key.Value
		case key.Key == "sso_role_name":
			a.role = key.Value
		}
	}
	if sec.err != nil {
		return a, sec.err
	}
	return a, checkAssignment(p, a)
}

func checkRegionKey(in placed, region string) error {
	if err := wire.CheckRegion(region); err != nil {
		return invalid(in, "sso_region", "sso_region: %s", err)
	}
	return nil
}

func checkAssignment(p *awsconfig.Profile, a assignment) error {
	switch {
	case a.account == "":
		return invalid(p, "sso_account_id", "sso_account_id is missing")
	case a.role == "":
		return invalid(p, "sso_role_name", "sso_role_name is missing")
	case !isAccountID(a.account):
		return invalid(p, "sso_account_id", "sso_account_id is not a number of 12 digits: %q", a.account)
	}
	return nil
}

func isAccountID(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// placed is a section of the config that knows where it stands.
type placed interface {
	Pos(key string) (path string, line int)
}

// invalid is a fault of a section's key, or of the section where the key is
// not there.
func invalid(p placed, key, format string, args ...any) *fault.Error {
	f := fault.Newf(fault.Config, format, args...)
	f.What, f.Why = place(p, key), f.What
	return f
}
