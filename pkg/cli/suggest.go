package cli

import (
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/fault"
)

// suggest returns what a person who typed an unknown name probably meant: a
// flag without its dashes, one of the known names, or help. It returns "" if
// nothing is similar.
func (a *App) suggest(name string, known []string) string {
	if a.grammar.Flag(name) != nil {
		return "--" + name
	}
	if near := fault.Closest(name, known); near != "" {
		return near
	}
	return fault.Closest(name, []string{"help", "version"})
}

// unknownFlag returns the message about a flag that does not exist, with the one
// that was probably meant.
func unknownFlag(flag string, args, known []string) string {
	text := "unknown flag " + flag
	meant := ""
	if name, long := strings.CutPrefix(flag, "--"); long {
		for _, k := range known {
			// --region for --sso-region, --session for --sso-session
			if meant == "" && strings.HasSuffix(k, "-"+name) {
				meant = k
			}
		}
		if meant == "" {
			meant = fault.Closest(name, known)
		}
		for _, k := range known {
			if meant == "" && strings.HasPrefix(k, name) {
				meant = k
			}
		}
	} else {
		// -list is read as -l -i -s -t
		for _, k := range known {
			if len(k) > 1 && slices.Contains(args, "-"+k) {
				return fmt.Sprintf("unknown flag -%s, did you mean %q?", k, "--"+k)
			}
		}
	}
	if meant != "" {
		text += fmt.Sprintf(", did you mean %q?", "--"+meant)
	}
	return text
}
