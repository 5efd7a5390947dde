package main

import (
	"os"
	"slices"

	"aws-sso-plugins/pkg/fault"
)

// checkMode refuses flags that make no sense beside --local. Values that the
// environment sets are for other runs: it drops them.
func (c *command) checkMode() error {
	if !c.Local {
		return nil
	}
	given := []struct {
		flag  string
		given bool
	}{
		{"--name", c.Name != nil && typed([]string{*c.Name}, "SSO_PROFILES_NAME")},
		{"--set", typed(c.Set, "SSO_PROFILES_SET")},
		{"--client-region", typed(c.ClientRegion, "SSO_PROFILES_CLIENT_REGION")},
		{"--prune", c.Prune},
		{"--prune-limit", c.PruneLimit != nil},
		{"--overwrite", c.Overwrite},
		{"--dry-run", c.DryRun},
		{"--check", c.Check},
		{"--list", c.List},
	}
	for _, g := range given {
		if g.given {
			return fault.Newf(fault.Usage, "--local goes without %s: it only lists what the file has", g.flag)
		}
	}
	c.Name, c.Set, c.ClientRegion = nil, nil, nil
	return nil
}

// typed reports whether values were given, and not by the environment.
func typed(values []string, variable string) bool {
	return len(values) > 0 && !slices.Equal(values, []string{os.Getenv(variable)})
}
