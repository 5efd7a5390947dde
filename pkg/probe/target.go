package probe

import (
	"slices"

	"aws-sso-plugins/pkg/awsconfig"
)

// Choice says which profiles of a config are to be checked.
type Choice struct {
	All      bool     // also those that do not reach Identity Center
	Sessions []string // only those that reach one of these sso-sessions; none: any
}

// Profiles are the names of the chosen profiles, in file order.
func (ch Choice) Profiles(c *awsconfig.Config) []string {
	var names []string
	for _, p := range c.Profiles() {
		session, reaches := SessionOf(c, p)
		if (ch.All || reaches) && ch.takes(session) {
			names = append(names, p.Name)
		}
	}
	return names
}

// Takes says whether a profile that was named is one of those. One that is not
// in the config is: that it is missing is for the check to tell.
func (ch Choice) Takes(c *awsconfig.Config, name string) bool {
	p, ok := c.Profile(name)
	if !ok || len(ch.Sessions) == 0 {
		return true
	}
	session, _ := SessionOf(c, p)
	return ch.takes(session)
}

func (ch Choice) takes(session string) bool {
	return len(ch.Sessions) == 0 || slices.Contains(ch.Sessions, session)
}

// SessionOf is the name of the sso-session that a profile reaches, itself or
// by way of source_profile; the start URL for a profile without a session
// name. reaches is false where it reaches none.
func SessionOf(c *awsconfig.Config, p *awsconfig.Profile) (name string, reaches bool) {
	var seen map[string]bool // most profiles have no source
	for asSource := false; p != nil; asSource = true {
		switch originOf(p, asSource) {
		case fromPortal:
			if s := p.Get("sso_session"); s != "" {
				return s, true
			}
			return p.Get("sso_start_url"), true
		case fromRole:
			if seen[p.Name] {
				return "", false
			}
			if seen == nil {
				seen = map[string]bool{}
			}
			seen[p.Name] = true
			p, _ = c.Profile(p.Get("source_profile"))
		default:
			return "", false
		}
	}
	return "", false
}
