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
type RegionRules []RegionRule

// RegionRule is a region for the accounts that match.
type RegionRule struct {
	Accounts Globs
	Region   string
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
		rules = append(rules, RegionRule{globs, region})
	}
	return rules, nil
}

// regionOf is the region that the rules give an account, "" for none.
func (r RegionRules) regionOf(a portal.Account) string {
	for _, rule := range r {
		if rule.Accounts.match(a.ID, a.Name) {
			return rule.Region
		}
	}
	return ""
}

// defaultRegion is the region of new profiles that no rule gives one.
// fallback says that nobody chose it: it is where Identity Center happens to
// be. A region that none can be is a fault of kind Config.
func (p *planner) defaultRegion(in *Input) (region string, fallback bool, err error) {
	if p.options.Region != "" {
		return p.options.Region, false, checkInherited(p.options.Region, "the environment")
	}
	if profile, ok := p.merged.Profile("default"); ok {
		if region := profile.Get("region"); region != "" {
			path, line := profile.Pos("region")
			return region, false, checkInherited(region, fmt.Sprintf("%s:%d", path, line))
		}
	}
	return in.Session.Region, in.Session.Region != "", nil
}

// checkInherited refuses what no client takes for a region. It asks for less
// than the flag does: who works against services of their own has regions such
// as "local" there.
func checkInherited(region, place string) error {
	if slug(region) == strings.ToLower(region) {
		return nil
	}
	return fault.New(fault.Config, place, fmt.Sprintf("%q cannot be a region", region)).
		WithHint("correct it, or set --client-region REGION")
}
