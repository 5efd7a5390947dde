package profiles

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
)

// Globs picks names by patterns: * is any text, ? one character, [a-z] a set;
// a leading ! excludes. Case is ignored. If all patterns exclude, every other
// name is picked.
type Globs struct {
	include, exclude []string // folded
	given            []string // what include is, as it was given
}

// ParseGlobs checks the patterns. A bad one is a fault of kind Usage.
func ParseGlobs(flag string, patterns []string) (Globs, error) {
	var g Globs
	for _, p := range patterns {
		pattern, excludes := strings.CutPrefix(p, "!")
		pattern = folded(pattern)
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			return g, fault.Newf(fault.Usage, "%s %q is not a pattern", flag, p).
				WithHint("* is any text, ? one character, [a-z] a set, a leading ! excludes")
		}
		if excludes {
			g.exclude = append(g.exclude, pattern)
		} else {
			g.include, g.given = append(g.include, pattern), append(g.given, p)
		}
	}
	return g, nil
}

// folded returns the form of text in which it is compared. No * of path.Match
// crosses a slash, but account names may hold one.
func folded(text string) string {
	return strings.ToLower(strings.ReplaceAll(text, "/", "\x00"))
}

// match reports whether one of the names is picked and none excluded.
func (g Globs) match(names ...string) bool {
	return (len(g.include) == 0 || matchAny(g.include, names)) && !matchAny(g.exclude, names)
}

// excludesNames reports whether a pattern may exclude an account for its name.
func (g Globs) excludesNames() bool {
	return slices.ContainsFunc(g.exclude, func(pattern string) bool { return !portal.IsAccountID(pattern) })
}

// unmatched returns the patterns that pick none of the accounts, as they were
// given. Patterns that exclude do not count.
func (g Globs) unmatched(accounts []portal.Account) []string {
	var none []string
	for i := range g.include {
		matches := func(a portal.Account) bool { return matchAny(g.include[i:i+1], []string{a.ID, a.Name}) }
		if !slices.ContainsFunc(accounts, matches) {
			none = append(none, g.given[i])
		}
	}
	return none
}

func (g Globs) matchAll() bool { return len(g.include)+len(g.exclude) == 0 }

func matchAny(patterns, names []string) bool {
	if len(patterns) == 0 {
		return false
	}
	for _, name := range names {
		name = folded(name)
		for _, p := range patterns {
			if ok, _ := path.Match(p, name); ok {
				return true
			}
		}
	}
	return false
}

// Filter picks assignments.
type Filter struct{ Accounts, Roles Globs }

// match reports whether an assignment is picked: its account by id or name, and
// its role.
func (f Filter) match(a portal.Assignment) bool {
	return f.Accounts.match(a.ID, a.Name) && f.Roles.match(a.Role)
}

// roleHint returns what to write for a role that cannot match, since it is the
// IAM role of a permission set; "" where there is none.
func (f Filter) roleHint() string {
	for _, role := range f.Roles.given {
		if permissionSet, ok := portal.PermissionSetOf(role); ok {
			return fmt.Sprintf("%s is the IAM role of a permission set; use --role %s", fault.Word(role), fault.Word(permissionSet))
		}
	}
	return ""
}
