package resolve

import (
	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/portal"
)

// chain leads from a profile to the one that it has its credentials from: each
// link but the last is a role, and names the next one as its source_profile.
type chain struct {
	links []link
	err   error // why the last link, a role, leads nowhere
}

type link struct {
	profile *awsconfig.Profile
	origin  origin
}

// maxChain is how many profiles a chain may have.
const maxChain = 50

// chainOf follows source_profile from a profile on. A profile that was passed
// already is a circle, unless it names itself and has access keys to lend.
func chainOf(c *awsconfig.Config, p *awsconfig.Profile) chain {
	ch := chain{links: []link{{p, originOf(p, false)}}}
	for ch.last().origin == fromRole {
		p := ch.last().profile
		name, ok := p.Lookup("source_profile")
		if !ok {
			ch.err = invalid(p, "role_arn", "source_profile is missing")
			return ch
		}
		source, ok := c.Profile(name)
		if !ok {
			ch.err = invalid(p, "source_profile", "there is no profile %q", name)
			return ch
		}
		next := link{source, originOf(source, true)}
		switch {
		case ch.has(source) && (next.origin == fromRole || source.Name != p.Name):
			ch.err = invalid(p, "source_profile", "the profiles name one another in a circle")
			return ch
		case len(ch.links) == maxChain:
			ch.err = invalid(ch.links[0].profile, "source_profile", "more than %d profiles name one another", maxChain)
			return ch
		}
		ch.links = append(ch.links, next)
	}
	return ch
}

func (ch chain) last() link { return ch.links[len(ch.links)-1] }

func (ch chain) has(p *awsconfig.Profile) bool {
	for _, l := range ch.links {
		if l.profile.Name == p.Name {
			return true
		}
	}
	return false
}

// SessionOf returns the session that a profile reaches, itself or by way of
// source_profile. reaches is false for a profile that reaches none. Where the
// session cannot be used the error is of kind Config, with file and line, and
// only the session's Label counts.
func SessionOf(c *awsconfig.Config, p *awsconfig.Profile) (s portal.Session, reaches bool, err error) {
	last := chainOf(c, p).last()
	if last.origin != fromPortal {
		return portal.Session{}, false, nil
	}
	s, err = (&sessions{config: c}).of(last.profile)
	return s, true, err
}
