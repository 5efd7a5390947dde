package profiles

import (
	"fmt"
	"strings"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// RegionRules give the profiles' region: the first rule that matches an
// account does.
type RegionRules []regionRule

// regionRule is a region for the accounts that match.
type regionRule struct {
	accounts Globs
	region   string
}

// ParseRegionRules reads [GLOB=]REGION values. A bad one is a fault of kind
// Usage or Config.
func ParseRegionRules(values []string) (RegionRules, error) {
	var rules RegionRules
	for _, value := range values {
		var globs Globs
		region := value
		// an account's name may hold "=", a region does not
		if i := strings.LastIndexByte(value, '='); i >= 0 {
			var err error
			if globs, err = ParseGlobs("--client-region", []string{value[:i]}); err != nil {
				return nil, err
			}
			region = value[i+1:]
		}
		if err := wire.CheckRegion(region); err != nil {
			return nil, fault.Annotate(err, "--client-region %q", value).OrKind(fault.Usage)
		}
		rules = append(rules, regionRule{globs, region})
	}
	return rules, nil
}

// regionOf returns the region that the rules give an account, "" for none.
func (r RegionRules) regionOf(a portal.Account) string {
	for _, rule := range r {
		if rule.accounts.match(a.ID, a.Name) {
			return rule.region
		}
	}
	return ""
}

// check refuses rules that give an account of the session a region of another
// partition, in which the session's roles do not exist, as a fault of kind
// Usage. accounts are those that the portal listed.
func (r RegionRules) check(s portal.Session, accounts []portal.Account) error {
	if len(r) == 0 {
		return nil
	}
	for _, a := range accounts {
		if err := checkPartition(r.regionOf(a), s); err != nil {
			return err
		}
	}
	return nil
}

// checkAll does what check does before the accounts are known, for a first rule
// that is for all of them.
func (r RegionRules) checkAll(s portal.Session) error {
	if len(r) == 0 || !r[0].accounts.matchAll() {
		return nil
	}
	return checkPartition(r[0].region, s)
}

func checkPartition(region string, s portal.Session) error {
	if region == "" || wire.Partition(region) == wire.Partition(s.Region) {
		return nil
	}
	return fault.New(fault.Usage, fmt.Sprintf("--client-region %q", region),
		fmt.Sprintf("it is of another partition of AWS than %s, the region of %q", s.Region, s.Name)).
		WithHint("name the sessions to use it for, or the accounts: --client-region GLOB=%s", region)
}

// defaultRegion returns the region of a session's new profiles that no rule
// gives one: AWS_REGION, else that of [default], else the session's own.
func (p *planner) defaultRegion(in *Input) string {
	region, from := p.inheritedRegion()
	home := in.Session.Region
	switch {
	case region == "":
		p.remarkRegion(in, "")
	case wire.CheckRegion(region) != nil:
		p.remarkRegion(in, fmt.Sprintf("%q in %s is not the name of a region", region, from))
	case wire.Partition(region) != wire.Partition(home):
		p.remarkRegion(in, fmt.Sprintf("%s in %s is of another partition of AWS", region, from))
	default:
		return region
	}
	return home
}

// inheritedRegion returns the region that is set for all profiles, "" for none,
// and where.
func (p *planner) inheritedRegion() (region, from string) {
	if p.options.Region != "" {
		return p.options.Region, "the environment"
	}
	profile, ok := p.merged.Profile("default")
	if !ok || profile.Get("region") == "" {
		return "", ""
	}
	path, line := profile.Pos("region")
	return profile.Get("region"), fmt.Sprintf("%s:%d", path, line)
}

// remarkRegion says once that a session's new profiles have a region that
// nobody chose, and why the one that somebody did choose was not taken.
func (p *planner) remarkRegion(in *Input, why string) {
	if p.unchosen[in.Session.Name] {
		return
	}
	if p.unchosen == nil {
		p.unchosen = map[string]bool{}
	}
	p.unchosen[in.Session.Name] = true
	text := fmt.Sprintf("new profiles of %q have the region of its Identity Center, %s", in.Session.Name, in.Session.Region)
	const hint = "; to set another: --client-region REGION"
	if why != "" {
		p.note("%s", text+", since "+why+hint)
		return
	}
	p.remark("%s", text+hint)
}
