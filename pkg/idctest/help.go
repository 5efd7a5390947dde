package idctest

import (
	"maps"
	"slices"
	"strings"
)

// FaultHelp returns what a fault may be in the text form that [ParseFault] reads: the operations, and the kinds.
func FaultHelp() string {
	var b strings.Builder
	b.WriteString("OP[@ACCOUNT[/ROLE]]=KIND[:10%][:x3][:200ms]: a probability, a number of times, a duration for slow\n\n")
	names := func(title string, list ...string) {
		line := title
		for i, name := range list {
			if i < len(list)-1 {
				name += ","
			}
			if len(line)+1+len(name) > 100 {
				b.WriteString(line + "\n")
				line = strings.Repeat(" ", 9)
			}
			line += " " + name
		}
		b.WriteString(line + "\n")
	}
	text := func(ops []Op) (out []string) {
		for _, op := range ops {
			out = append(out, string(op))
		}
		return out
	}
	names("OIDC:    ", text(oidcOps)...)
	names("portal:  ", text(portalOps)...)
	names("STS:     ", text(stsOps)...)
	names("pages:   ", text(pageOps)...)
	names("any OP:  ", "reset", "500", "502", "503", "cut", "truncate", "empty", "hollow", "nulls", "html", "hang", "huge", "slow:DURATION")
	names("listings:", string(RepeatToken), string(CycleTokens), string(EmptyPage))
	names("GetCallerIdentity:", string(WrongAccount), string(WrongRole))
	names("GetRoleCredentials:", string(ShellKeys), string(ControlKeys))
	oidc := slices.Collect(maps.Keys(oidcErrors))
	for kind := range kmsErrors {
		oidc = append(oidc, string(kind))
	}
	slices.Sort(oidc)
	names("OIDC:    ", oidc...)
	names("portal:  ", slices.Sorted(maps.Keys(portalStatus))...)
	names("STS:     ", slices.Sorted(maps.Keys(stsStatus))...)
	return b.String()
}

// RuleHelp returns the names of the rules, for -tolerate and -warn, in lines.
func RuleHelp() string {
	var b strings.Builder
	line := ""
	for _, r := range rules {
		if len(line)+1+len(r) > 100 {
			b.WriteString(line + "\n")
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += string(r)
	}
	return b.String() + line + "\n"
}
