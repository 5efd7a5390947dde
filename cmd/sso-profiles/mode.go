package main

import (
	"os"
	"slices"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/report"
)

// checkMode refuses flags that make no sense beside --local or --adopt. Values
// that the environment sets are for other runs: it drops them.
func (c *command) checkMode() error {
	format := report.Format(c.Common.Format)
	given := []struct {
		flag  string
		given bool
		local bool // makes no sense beside --local
		adopt bool // makes no sense beside --adopt
	}{
		{"--adopt", c.Adopt, true, false},
		{"--name", c.Name != nil && typed([]string{*c.Name}, "SSO_PROFILES_NAME"), true, true},
		{"--set", typed(c.Set, "SSO_PROFILES_SET"), true, true},
		{"--client-region", typed(c.ClientRegion, "SSO_PROFILES_CLIENT_REGION"), true, true},
		{"--prune", c.Prune, true, true},
		{"--prune-limit", c.PruneLimit != nil, true, true},
		{"--overwrite", c.Overwrite, true, true},
		{"--dry-run", c.DryRun, true, false},
		{"--check", c.Check, true, false},
		{"--list", c.List, true, true},
		{"-o ini", format == formatINI, false, true},
	}
	for _, g := range given {
		switch {
		case c.Local && g.local && g.given:
			return fault.Newf(fault.Usage, "--local goes without %s: it only lists what the file has", g.flag)
		case c.Adopt && g.adopt && g.given:
			return fault.Newf(fault.Usage, "--adopt goes without %s: names and keys of what it adopts stay", g.flag).
				WithHint("run: sso-profiles --adopt; then sso-profiles %s", g.flag)
		}
	}
	if c.Local || c.Adopt {
		c.Name, c.Set, c.ClientRegion = nil, nil, nil
	}
	return nil
}

// typed reports whether values were given, and not by the environment.
func typed(values []string, variable string) bool {
	return len(values) > 0 && !slices.Equal(values, []string{os.Getenv(variable)})
}
