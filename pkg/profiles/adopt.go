package profiles

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
)

// adoption plans to make profiles ours that a person or another tool wrote for
// assignments that are listed. They get the mark, and legacy ones their session;
// nothing else of them changes, and no other profile does.
type adoption struct {
	*planner
	inputs      map[string]*Input // by session
	listed      map[identity]portal.Assignment
	names       map[string]string // of accounts: see accountNames
	assignments *resolve.Assignments
	blocks      []block

	candidates []candidate
	refusals   []refusal
}

// candidate is a profile to adopt.
type candidate struct {
	profile *awsconfig.Profile
	identity
	legacy bool
}

// refusal is why some profiles are not adopted.
type refusal struct {
	why, hint string
	class     class
	profiles  []string
}

// newAdoption plans an adoption.
func newAdoption(config *awsconfig.Config, inputs []Input, options Options) (*Plan, error) {
	p, inputs, err := newPlanner(config, inputs, options)
	if err != nil {
		return nil, err
	}
	a := &adoption{
		planner: p, inputs: map[string]*Input{}, listed: map[identity]portal.Assignment{}, names: accountNames(inputs),
		assignments: resolve.NewAssignments(config), blocks: blocksOf(string(config.ConfigFile().Bytes())),
	}
	a.collect(inputs)
	p.reportListings(inputs)
	for _, profile := range config.Profiles() {
		a.consider(profile)
	}
	a.adopt()
	a.report()
	p.plan.Rows = sortRows(p.plan.Rows)
	return p.plan, nil
}

// collect takes the assignments that the filter picks, and makes the rows of
// those that have a generated profile.
func (a *adoption) collect(inputs []Input) {
	for i := range inputs {
		in := &inputs[i]
		a.inputs[in.Session.Name] = in
		for _, as := range in.Listing.Assignments {
			if !a.options.Filter.match(as) {
				continue
			}
			id := identity{in.Session.Name, as.ID, as.Role}
			a.listed[id] = as
			first, known := a.byID[id]
			for known && first >= 0 {
				a.add(a.mine[first].profile, id, Unchanged)
				first = a.mine[first].next
			}
		}
	}
	a.reportFilter(inputs, len(a.listed))
}

func (a *adoption) add(profile *awsconfig.Profile, id identity, state State) {
	row := rowOf(profile, state)
	row.Assignment, row.Session = a.listed[id], id.session
	row.Before, row.After = profile.Name, profile.Name
	a.plan.Rows = append(a.plan.Rows, row)
}

// consider decides on one profile: it is a candidate, is refused, or is none of
// this run's business.
func (a *adoption) consider(profile *awsconfig.Profile) {
	if own, ok := a.own.Profile(profile.Name); ok && IsGenerated(own) {
		return
	}
	c := claimOf(profile)
	if c.account == "" && c.role == "" {
		return
	}
	session, why := a.sessionOf(c)
	if session == "" && why.why == "" {
		return
	}
	id := identity{session, c.account, c.role}
	if !a.options.Filter.match(a.assignmentOf(profile, id)) {
		return
	}
	if why.why == "" {
		why = a.obstacle(profile, id, c)
	}
	if _, listed := a.listed[id]; why.why == "" && !listed {
		if in := a.inputs[session]; !in.Listing.Complete() || a.listsNothing(in) {
			return // the gap that is told may be why
		}
		why.why = "the portal does not list its role"
	}
	if why.why != "" {
		a.refuse(profile, id, why)
		return
	}
	a.candidates = append(a.candidates, candidate{profile, id, c.session == ""})
}

// assignmentOf is what a filter looks at. The portal's name of the account comes
// first, then the key account_name.
func (a *adoption) assignmentOf(profile *awsconfig.Profile, id identity) portal.Assignment {
	name := a.names[id.session+"/"+id.account]
	if name == "" {
		name = profile.Get(accountNameKey)
	}
	return portal.Assignment{Account: portal.Account{ID: id.account, Name: name}, Role: id.role}
}

// claim is the assignment that a profile is for, as far as its keys say it.
type claim struct {
	session, startURL, region string
	account, role             string
}

// claimOf reads the keys of Identity Center; else those that granted writes beside
// its credential_process; else the role in the credential_process of aws-sso-cli.
func claimOf(profile *awsconfig.Profile) claim {
	for _, prefix := range []string{"", "granted_"} {
		c := claim{
			session: profile.Get(prefix + "sso_session"), startURL: profile.Get(prefix + "sso_start_url"), region: profile.Get(prefix + "sso_region"),
			account: profile.Get(prefix + "sso_account_id"), role: profile.Get(prefix + "sso_role_name"),
		}
		if c.account != "" || c.role != "" {
			return c
		}
	}
	if process := profile.Get("credential_process"); strings.Contains(process, "aws-sso") {
		if m := roleARN().FindStringSubmatch(process); m != nil {
			return claim{account: m[1], role: m[2]}
		}
	}
	return claim{}
}

var roleARN = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`--arn[ =]["']?arn:aws[a-z-]*:iam::(\d{12}):role/(?:\S*/)?([\w+=,.@-]+)`)
})

// sessionOf returns the session at hand that a claim is of. "" without a
// refusal stands for a profile that no such session has to do with.
func (a *adoption) sessionOf(c claim) (session string, why refusal) {
	switch {
	case c.session != "":
		if a.inputs[c.session] == nil {
			return "", refusal{}
		}
		return c.session, refusal{}
	case c.startURL == "":
		for _, name := range sortedKeys(a.inputs) {
			if _, ok := a.listed[identity{name, c.account, c.role}]; ok {
				return name, refusal{}
			}
		}
		return "", refusal{}
	}
	var same, sameRegion []string
	atHand := false
	for _, section := range a.merged.Sessions() {
		s, err := portal.SessionIn(section)
		if err != nil || !samePortal(s.StartURL, c.startURL) {
			continue
		}
		same = append(same, s.Name)
		atHand = atHand || a.inputs[s.Name] != nil
		if c.region == "" || c.region == s.Region {
			sameRegion = append(sameRegion, s.Name)
		}
	}
	switch {
	case a.options.Named && !atHand:
		return "", refusal{}
	case len(same) == 0:
		return "", refusal{why: "no [sso-session] has its start URL", hint: fmt.Sprintf("run: sso-login NAME --sso-start-url %s --sso-region %s",
			fault.Word(c.startURL), fault.Word(cmp.Or(c.region, "REGION")))}
	case len(sameRegion) == 0 && !atHand:
		return "", refusal{}
	case len(sameRegion) == 0:
		return "", refusal{why: fmt.Sprintf("its sso_region is %q, and that of %s another", c.region, quotedList(same))}
	case len(sameRegion) > 1:
		return "", refusal{why: "its start URL is that of several sessions, " + quotedList(sameRegion),
			hint: "put sso_session = NAME in the place of sso_start_url and sso_region"}
	case a.inputs[sameRegion[0]] == nil:
		return "", refusal{}
	}
	return sameRegion[0], refusal{}
}

// obstacle is why a profile is left alone; a zero refusal if it may be adopted.
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

// otherCredentials are keys by which some client has a profile's credentials from
// elsewhere than Identity Center.
var otherCredentials = []struct{ key, does, hint string }{
	{"credential_process", "serves it", "remove that key, then run: sso-profiles --adopt"},
	{"aws_access_key_id", "serves it", "give the keys a profile of their own"},
	{"aws_secret_access_key", "serves it", "give the keys a profile of their own"},
	{"role_arn", "makes it a role of its own", ""},
	{"web_identity_token_file", "serves it", ""},
	{"credential_source", "serves it", ""},
	{"login_session", "serves it", ""},
}

// legacyObstacle is why sso_session cannot take the place of a profile's start
// URL.
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

// blockOf is the block that a profile's section stands in, or a part of it.
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

// adopt writes the mark into one profile of each assignment: the one with the name
// that a new profile would have, else the first that can be edited.
func (a *adoption) adopt() {
	chosen := map[identity]string{}
	for _, usual := range []bool{true, false} {
		for _, c := range a.candidates {
			if chosen[c.identity] != "" || usual && c.profile.Name != cleanName(c.role+"-"+c.account) {
				continue
			}
			if err := a.write(c); err != nil {
				if !usual {
					a.refuse(c.profile, c.identity, refusal{why: err.Error(), hint: fault.HintOf(err)})
				}
				continue
			}
			chosen[c.identity] = c.profile.Name
		}
	}
	var adopted []candidate
	for _, c := range a.candidates {
		switch chosen[c.identity] {
		case "":
		case c.profile.Name:
			a.add(c.profile, c.identity, Adopted)
			adopted = append(adopted, c)
		default:
			a.refuse(c.profile, c.identity, refusal{class: sameRole, why: fmt.Sprintf("%q, which is for the same role, is adopted", chosen[c.identity])})
		}
	}
	a.explain(adopted)
}

func (a *adoption) write(c candidate) error {
	set := []awsconfig.KeyValue{{Key: markKey, Value: mark}}
	if c.legacy {
		set = append([]awsconfig.KeyValue{{Key: "sso_session", Value: c.session}}, set...)
	}
	if err := a.plan.edit.SetProfile(c.profile.Name, set...); err != nil || !c.legacy {
		return err
	}
	return a.plan.edit.UnsetProfile(c.profile.Name, legacyKeys...)
}

// explain says what an adoption means.
func (a *adoption) explain(adopted []candidate) {
	if len(adopted) == 0 {
		return
	}
	a.note("what is adopted is from then on renamed by --name, and removed by --prune once its assignment is gone")
	legacy, made := map[string][]string{}, map[string][]string{}
	for _, c := range adopted {
		if c.legacy {
			legacy[c.session] = append(legacy[c.session], c.profile.Name)
		}
		for _, m := range makers {
			if c.profile.Own(m.key) {
				made[m.key] = append(made[m.key], c.profile.Name)
			}
		}
		if by := a.references[c.profile.Name]; by != "" {
			a.note("%q names %q as its source_profile: as long as it does, --name and --prune leave that alone", by, c.profile.Name)
		}
	}
	for _, session := range sortedKeys(legacy) {
		a.note("sso_session = %s takes the place of the start URL in %s: the login is that of %q then", session, some(legacy[session]), session)
	}
	for _, m := range makers {
		if names := made[m.key]; len(names) > 0 {
			a.note("%s in %s: %s may write such a profile anew when it runs next", m.key, some(names), m.tool)
		}
	}
}

// makers are tools that leave a key in the profiles that they make.
var makers = []struct{ key, tool string }{
	{"common_fate_generated_from", "granted"},
	{"granted_generated_from", "granted"},
	{"sso_auto_populated", "aws-sso-util"},
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

// some is the first of many names, and how many more there are.
func some(names []string) string {
	if len(names) <= mostNamed+1 {
		return quotedList(names)
	}
	return fmt.Sprintf("%s and %d more", quotedList(names[:mostNamed]), len(names)-mostNamed)
}

// mostNamed is how many of many profiles a message names.
const mostNamed = 3

// samePortal reports whether two start URLs lead to one access portal: with and
// without what a browser puts at the end.
func samePortal(a, b string) bool { return a == b || portalURL(a) == portalURL(b) }

func portalURL(startURL string) string {
	if clean, err := portal.CleanStartURL(startURL); err == nil {
		return clean
	}
	if end := strings.IndexAny(startURL, "?#"); end >= 0 {
		startURL = startURL[:end]
	}
	return strings.TrimRight(startURL, "/")
}
