package profiles

import (
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
)

// refusal is why some profiles are not adopted.
type refusal struct {
	why, hint string
	class     class
	profiles  []string
}

// obstacle returns why a profile cannot be adopted; the zero refusal if it can.
func (a *adoption) obstacle(profile *awsconfig.Profile, id identity, c claim) refusal {
	if strings.EqualFold(profile.Name, "default") {
		return refusal{why: "it is what every client takes without being asked"}
	}
	if !profile.InConfig() || profile.InCredentials() {
		return refusal{why: "the credentials file has a section of that name", hint: "rename or remove that section"}
	}
	if b := a.blockOf(profile); b != nil {
		return refusal{why: "it stands between " + b.String() + ": whoever wrote those writes it anew"}
	}
	for _, other := range otherCredentials {
		if _, ok := profile.Lookup(other.key); ok {
			return refusal{why: other.key + " " + other.does, hint: other.hint}
		}
	}
	if mark := profile.Get(markKey); mark != "" {
		return refusal{why: fmt.Sprintf("it has the mark of another program, %s = %q", markKey, mark)}
	}
	// also finds what is missing, and values that the session contradicts
	if _, err := a.assignments.Of(profile); err != nil {
		return refusal{class: unusable, why: err.Error()}
	}
	for _, key := range []string{"sso_account_id", "sso_role_name"} {
		if !profile.Own(key) {
			return refusal{why: "its " + key + " does not stand in its own section"}
		}
	}
	if first, ok := a.byID[id]; ok {
		return refusal{class: sameRole, why: fmt.Sprintf("%q was made by sso-profiles for the same role", a.mine[first].profile.Name)}
	}
	if c.session == "" {
		return a.legacyObstacle(profile, id.session)
	}
	return refusal{}
}

// otherCredentials are keys that make some client take the profile's credentials
// from elsewhere than Identity Center.
var otherCredentials = []struct{ key, does, hint string }{
	{"credential_process", "serves it", "remove that key, then run: sso-profiles --adopt"},
	{"aws_access_key_id", "serves it", "give the keys a profile of their own"},
	{"aws_secret_access_key", "serves it", "give the keys a profile of their own"},
	{"role_arn", "makes it a role of its own", ""},
	{"web_identity_token_file", "serves it", ""},
	{"credential_source", "serves it", ""},
	{"login_session", "serves it", ""},
}

// legacyObstacle returns why sso_session cannot take the place of a profile's
// start URL; the zero refusal if it can.
func (a *adoption) legacyObstacle(profile *awsconfig.Profile, session string) refusal {
	section, _ := a.merged.Session(session)
	if section.Region == "" {
		return refusal{why: fmt.Sprintf("[sso-session %s] has no sso_region, which SDKs need", session), hint: "write sso_region = " + a.inputs[session].Session.Region + " there"}
	}
	for _, key := range legacyKeys {
		if _, ok := profile.Lookup(key); ok && !profile.Own(key) {
			return refusal{why: "its " + key + " does not stand in its own section"}
		}
	}
	for _, key := range section.Keys() {
		value, _ := section.Lookup(key)
		own, ok := profile.Lookup(key)
		if ok && own != value && !slices.Contains(legacyKeys, key) {
			return refusal{why: fmt.Sprintf("its %s is another than that of [sso-session %s]", key, session)}
		}
	}
	return refusal{}
}

var legacyKeys = []string{"sso_start_url", "sso_region"}

// blockOf returns the block that contains a profile's section or a part of it; nil
// if none does.
func (a *adoption) blockOf(profile *awsconfig.Profile) *block {
	_, first := profile.Pos("")
	last := first
	for _, key := range profile.Keys() {
		if profile.Own(key) {
			_, line := profile.Pos(key)
			last = max(last, line)
		}
	}
	for i := range a.blocks {
		if b := &a.blocks[i]; first <= b.last && last >= b.first {
			return b
		}
	}
	return nil
}

func (a *adoption) refuse(profile *awsconfig.Profile, id identity, why refusal) {
	if _, listed := a.listed[id]; listed {
		a.add(profile, id, Foreign)
	}
	i := slices.IndexFunc(a.refusals, func(r refusal) bool { return r.why == why.why })
	if i < 0 {
		i = len(a.refusals)
		a.refusals = append(a.refusals, why)
	}
	a.refusals[i].profiles = append(a.refusals[i].profiles, profile.Name)
}

func (a *adoption) report() {
	for _, r := range a.refusals {
		what := fmt.Sprintf("%s were not adopted: %s", many(len(r.profiles), "profile"), some(r.profiles))
		if len(r.profiles) == 1 {
			what = fmt.Sprintf("%q was not adopted", r.profiles[0])
		}
		f := fault.New(fault.Conflict, what, r.why)
		if r.hint != "" {
			f = f.WithHint("%s", r.hint)
		}
		if len(r.profiles) > mostNamed+1 {
			a.plan.Details = append(a.plan.Details, r.why+": "+quotedList(r.profiles))
		}
		a.problem(r.class, f)
	}
	told, details := gather(a.problems)
	a.plan.Problems, a.plan.Details = told, append(a.plan.Details, details...)
	if len(a.plan.Rows) == 0 && len(a.plan.Gaps)+len(told) == 0 {
		a.remark("no profile of the listed assignments was found")
	}
}

// some returns the names, or the first few of many and how many more there are.
func some(names []string) string {
	if len(names) <= mostNamed+1 {
		return quotedList(names)
	}
	return fmt.Sprintf("%s and %d more", quotedList(names[:mostNamed]), len(names)-mostNamed)
}

// mostNamed is how many of many profiles a message names.
const mostNamed = 3
