package resolve

import (
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// Assignment is a role in an account, as an Identity Center profile names it.
type Assignment struct {
	Session   portal.Session
	AccountID string // 12 digits
	RoleName  string // the permission set
}

// AssignmentOf returns the assignment that a profile names itself. A profile
// that has none, but a role, keys or a process, is a fault of kind Nothing; one
// whose keys make no sense is one of kind Config, with file and line.
func AssignmentOf(c *awsconfig.Config, p *awsconfig.Profile) (Assignment, error) {
	return NewAssignments(c).Of(p)
}

// Assignments reads the assignments of many profiles of a config, each session
// once.
type Assignments struct{ sessions sessions }

// NewAssignments returns the assignments of a config's profiles.
func NewAssignments(c *awsconfig.Config) *Assignments {
	return &Assignments{sessions{config: c}}
}

// Of returns the assignment of a profile, and the faults, as [AssignmentOf] does.
// With a fault of kind Config the assignment holds what the keys say.
func (a *Assignments) Of(p *awsconfig.Profile) (Assignment, error) {
	if originOf(p, false) != fromPortal {
		return Assignment{}, fault.Newf(fault.Nothing, "the profile %q names no account and role of IAM Identity Center", p.Name)
	}
	return a.sessions.assignment(p)
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

	accounts error // its tokens are not for accounts
}

// named returns the section of a name, nil where there is none.
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

func readSection(c *awsconfig.Config, name string) *section {
	in, ok := c.Session(name)
	if !ok {
		return nil
	}
	sec := &section{}
	if sec.session, sec.err = portal.SessionIn(in); sec.err == nil {
		sec.err = checkSSORegion(in, sec.session)
	}
	sec.accounts = portal.CheckAccounts(in)
	for _, key := range in.Keys() {
		if value, ok := in.Lookup(key); ok {
			sec.keys = append(sec.keys, awsconfig.Pair{Key: key, Value: value})
		}
	}
	return sec
}

// of returns the session of an Identity Center profile. With an error it holds
// as much as the label.
func (s *sessions) of(p *awsconfig.Profile) (portal.Session, error) {
	name, ok := p.Lookup("sso_session")
	if !ok {
		legacy, err := portal.LegacySession(p)
		if err == nil {
			err = checkSSORegion(p, legacy)
		}
		return legacy, err
	}
	if sec := s.named(name); sec != nil {
		return sec.session, sec.err
	}
	return portal.Session{Name: name}, invalid(p, "sso_session", "there is no [sso-session %s]", name).
		WithHint("%s", portal.HintForMissing(s.config, name))
}

// assignment reads the keys of an Identity Center profile. As in the AWS CLI
// every key of the session counts in the profile too, and one that says
// something else in both is an error.
func (s *sessions) assignment(p *awsconfig.Profile) (Assignment, error) {
	a := Assignment{AccountID: p.Get("sso_account_id"), RoleName: p.Get("sso_role_name")}
	var err error
	a.Session, err = s.of(p)
	name, _ := p.Lookup("sso_session")
	if sec := s.named(name); sec != nil {
		if err := a.merge(p, sec); err != nil {
			return a, err
		}
	}
	if err != nil {
		return a, err
	}
	if sec := s.named(name); sec != nil && sec.accounts != nil {
		return a, sec.accounts
	}
	return a, a.check(p)
}

// merge lays the keys of the session over those of the profile.
func (a *Assignment) merge(p *awsconfig.Profile, sec *section) error {
	for _, key := range sec.keys {
		switch own, ok := p.Lookup(key.Key); {
		case ok && own != key.Value && !strings.HasPrefix(key.Key, "sso_") && key.Key != "region":
			// whatever it is, it may be a secret
			return invalid(p, key.Key, "%s is something else here than in [sso-session %s]", key.Key, sec.session.Name)
		case ok && own != key.Value:
			return invalid(p, key.Key, "%s is %q here and %q in [sso-session %s]", key.Key, own, key.Value, sec.session.Name)
		case ok:
		case key.Key == "sso_account_id":
			a.AccountID = key.Value
		case key.Key == "sso_role_name":
			a.RoleName = key.Value
		}
	}
	return nil
}

func (a Assignment) check(p *awsconfig.Profile) error {
	switch {
	case a.AccountID == "":
		return invalid(p, "sso_account_id", "sso_account_id is missing")
	case a.RoleName == "":
		return invalid(p, "sso_role_name", "sso_role_name is missing")
	case !portal.IsAccountID(a.AccountID):
		return invalid(p, "sso_account_id", "sso_account_id is not a number of 12 digits: %q", a.AccountID)
	}
	if permissionSet, ok := portal.PermissionSetOf(a.RoleName); ok {
		return invalid(p, "sso_role_name", "sso_role_name is the IAM role of a permission set; write the permission set: %q", permissionSet)
	}
	return nil
}

func checkSSORegion(in placed, s portal.Session) error {
	if err := wire.CheckRegion(s.Region); err != nil {
		return invalid(in, "sso_region", "sso_region: %s", err)
	}
	return nil
}
