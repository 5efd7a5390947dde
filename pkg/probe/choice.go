package probe

import (
	"slices"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
)

// Choice says which profiles of a config are to be checked.
type Choice struct {
	All      bool     // also those that do not reach Identity Center
	Sessions []string // only those that reach one of these sso-sessions; none: any
}

// Profiles returns the names of the chosen profiles, in file order.
func (ch Choice) Profiles(c *awsconfig.Config) []string {
	var names []string
	for _, p := range c.Profiles() {
		session, reaches, _ := resolve.SessionOf(c, p)
		if (ch.All || reaches) && ch.takes(session) {
			names = append(names, p.Name)
		}
	}
	return names
}

// Takes reports whether a profile that was named is chosen. Unknown names pass;
// the check reports them.
func (ch Choice) Takes(c *awsconfig.Config, name string) bool {
	p, ok := c.Profile(name)
	if !ok || len(ch.Sessions) == 0 {
		return true
	}
	session, _, _ := resolve.SessionOf(c, p)
	return ch.takes(session)
}

func (ch Choice) takes(session portal.Session) bool {
	return len(ch.Sessions) == 0 || slices.Contains(ch.Sessions, session.Label())
}
