package profiles

import (
	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/portal"
)

// What tests look at beside what the commands use.
const DefaultTemplate = defaultTemplate

var (
	Make   = newPlan
	Clean  = cleanName
	States = states
)

func (g Globs) Match(names ...string) bool { return g.match(names...) }

func (l Limit) Of(generated int) int { return l.of(generated) }

func (r RegionRules) For(a portal.Account) string { return r.regionOf(a) }

func (t *Template) Name(session string, a portal.Assignment) (string, error) {
	return t.name(session, a)
}

func (p *Plan) Bytes() ([]byte, error) { return p.edit.Bytes() }

func (s Settings) For(session string, a portal.Assignment) (keys []awsconfig.KeyValue, failed []error) {
	keys = s.of(nil, session, a, func(err error) { failed = append(failed, err) })
	return keys, failed
}
