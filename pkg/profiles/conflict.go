package profiles

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
)

// fold returns the form of a name in which generated names are compared. AWS
// distinguishes Admin from admin, but people do not, nor do file systems on which
// tools keep a file for each profile.
func fold(name string) string { return strings.ToLower(name) }

// skipSharedNames skips assignments that would have the same name.
func (p *planner) skipSharedNames() {
	if len(p.claims) == 0 {
		return
	}
	p.claimed = make(map[string]*want, len(p.claims))
	shared := map[string]bool{}
	for _, w := range p.claims {
		key := fold(w.name)
		if w.rival = p.claimed[key]; w.rival != nil {
			shared[key] = true
		}
		p.claimed[key] = w
	}
	var left []*want
	for _, key := range sortedKeys(shared) {
		left = append(left, p.skipShared(p.claimed[key])...)
		delete(p.claimed, key)
	}
	if len(left) == 0 {
		return
	}
	if text := p.tellApart(); text != "" {
		last := &p.problems[len(p.problems)-1] // skipShared has just added it
		last.err = last.err.WithHint("a template that tells them apart: --name %s", fault.Word(text))
	}
}

// skipShared skips the assignments that would have the same name, and returns
// them. One that a hand-written profile of that name already serves uses that.
func (p *planner) skipShared(rivals *want) []*want {
	var out []*want
	name := rivals.name
	for w := rivals; w != nil; w = w.rival {
		if holder := p.holder(w); holder != nil && !p.isOurs(holder) && w.isTwin(holder) {
			p.useTwin(w, holder)
			continue
		}
		out = append(out, w)
	}
	slices.Reverse(out) // into the order of the listing
	if len(out) == 0 {
		return nil
	}
	what := fmt.Sprintf("several assignments would be named %q; skipped", name)
	p.problem(namesShared, fault.New(fault.Conflict, what, p.list(what, out)))
	for _, w := range out {
		p.keepName(w)
	}
	return out
}

// tellApart returns a template that gives each assignment of the run a name of
// its own, or "" if none of the likely templates does.
func (p *planner) tellApart() string {
	if p.apart == nil {
		text := p.findApart()
		p.apart = &text
	}
	return *p.apart
}

func (p *planner) findApart() string {
	given := p.options.Template.String()
	texts := []string{given}
	for _, field := range []string{"{{.AccountId}}", "{{.RoleName}}"} {
		if !strings.Contains(given, field) {
			texts = append(texts, given+"-"+field)
		}
	}
	// roles may differ only in characters that no name holds
	texts = append(texts, defaultTemplate, `{{.RoleName | replace "=" "%3D" | replace "," "%2C"}}-{{.AccountId}}`)
	for _, prefix := range []string{"", "{{.Session}}-"} {
		for _, text := range texts {
			if p.separates(prefix + text) {
				return prefix + text
			}
		}
	}
	return ""
}

// separates reports whether a template gives each assignment a name of its own
// that no profile of another assignment has.
func (p *planner) separates(text string) bool {
	t, err := ParseTemplate(text)
	if err != nil {
		return false
	}
	seen := make(map[string]bool, len(p.wants))
	for i := range p.wants {
		w := &p.wants[i]
		name, err := t.name(w.input.Session.Name, w.assignment)
		key := fold(name)
		if err != nil || name == "" || seen[key] || p.taken(w, name) {
			return false
		}
		seen[key] = true
		if kept := fold(p.keeps(w, name)); kept != "" && kept != key {
			if seen[kept] {
				return false
			}
			seen[kept] = true
		}
	}
	return true
}

// keeps returns the name that the generated profile of w keeps because a
// hand-written profile of the same assignment has name, or "" if it gives its
// name up.
func (p *planner) keeps(w *want, name string) string {
	holder, ok := p.merged.Profile(name)
	if !ok || w.old == nil || p.isOurs(holder) || !w.isTwin(holder) || p.options.Overwrite && !holder.InCredentials() {
		return ""
	}
	return w.old.Name
}

// taken reports whether another profile would have name after a run that renames
// all generated profiles.
func (p *planner) taken(w *want, name string) bool {
	for _, profile := range p.markedLike(name) {
		if p.byOld[profile.Name] == nil {
			return true
		}
	}
	holder, ok := p.merged.Profile(name)
	return ok && !p.isOurs(holder) && !w.isTwin(holder)
}

// resolveConflicts decides which assignment gets a name that a profile already
// has.
func (p *planner) resolveConflicts() {
	for _, w := range p.claims {
		p.decide(w)
	}
}

// decide gives w its new name or leaves it its old one. In the second case the
// assignment that was to get the old name is decided again, and so on.
func (p *planner) decide(w *want) {
	for w != nil && w.claims() && !p.granted(w) {
		if w.old == nil {
			return
		}
		w = p.claimed[fold(w.old.Name)]
	}
}

// granted reports whether w gets its name; if not, w keeps the old one.
func (p *planner) granted(w *want) bool {
	if w.old != nil {
		err := p.pinned(w.old.Name)
		if err == nil {
			err = p.trial.RenameProfile(w.old.Name, w.name)
		}
		if err != nil {
			p.problem(profilesPinned, fault.Wrap(fault.Conflict, err, "%s", p.undone(w)))
			p.keepName(w)
			return false
		}
	}
	holder := p.holder(w)
	return holder == nil || p.resolve(w, holder)
}

// pinned returns an error if another profile uses the profile as source_profile:
// it can then be neither renamed nor removed.
func (p *planner) pinned(name string) error {
	if by := p.references[name]; by != "" {
		return fault.Newf(fault.Conflict, "profile %q names it as its source_profile", by)
	}
	return nil
}

// undone returns the words for what does not happen to w.
func (p *planner) undone(w *want) string {
	if w.old != nil {
		return fmt.Sprintf("%q was not renamed to %q", w.old.Name, w.name)
	}
	return "no profile was made for " + p.describe(w)
}

// holder returns the profile that has the name of w now and after this plan, or
// nil if the name is free then.
func (p *planner) holder(w *want) *awsconfig.Profile {
	if profile, ok := p.merged.Profile(w.name); ok && (profile.InCredentials() || !p.leaves(w.name)) {
		return profile
	}
	for _, profile := range p.markedLike(w.name) {
		if profile.Name != w.name && !p.leaves(profile.Name) {
			return profile
		}
	}
	return nil
}

// leaves reports whether the generated profile of that name is renamed or removed.
func (p *planner) leaves(name string) bool {
	w := p.byOld[name]
	return w != nil && w.moves() || p.gone[name]
}

// markedLike returns the generated profiles, of whatever session, whose names
// differ from name in case at most.
func (p *planner) markedLike(name string) []*awsconfig.Profile {
	if p.marked == nil {
		p.marked = map[string][]*awsconfig.Profile{}
		for _, profile := range p.own.Profiles() {
			if IsGenerated(profile) {
				key := fold(profile.Name)
				p.marked[key] = append(p.marked[key], profile)
			}
		}
	}
	return p.marked[fold(name)]
}

// resolve reports whether w takes over the name of holder. If not, it records why.
func (p *planner) resolve(w *want, holder *awsconfig.Profile) bool {
	ours := p.isOurs(holder)
	switch {
	case !ours && p.options.Overwrite && !holder.InCredentials() && p.trial.ReplaceProfile(holder.Name) == nil:
		w.takeOver = true
		return true
	case !ours && w.isTwin(holder):
		p.useTwin(w, holder)
		return false
	}
	what := p.undone(w)
	path, line := p.place(holder)
	f := fault.New(fault.Conflict, what, fmt.Sprintf("the profile %q in %s:%d was not made by sso-profiles", holder.Name, path, line)).
		WithHint("set another --name, or take it over with --overwrite")
	switch {
	case ours:
		f = fault.New(fault.Conflict, what, fmt.Sprintf("the profile %q in %s:%d is for %q in %s", holder.Name, path, line,
			holder.Get("sso_role_name"), holder.Get("sso_account_id")))
		if text := p.tellApart(); text != "" {
			f = f.WithHint("a template that tells them apart: --name %s", fault.Word(text))
		}
	case holder.InCredentials():
		f = f.WithHint("rename that profile, or set another --name")
	}
	p.problem(namesHeld, f)
	p.keepName(w)
	return false
}

// place returns the file and the line of a profile: in the credentials file if
// that has it, since its keys count there.
func (p *planner) place(holder *awsconfig.Profile) (path string, line int) {
	if holder.InCredentials() {
		if p.credentials == nil {
			p.credentials = awsconfig.Merge(nil, p.merged.CredentialsFile())
		}
		if there, ok := p.credentials.Profile(holder.Name); ok {
			holder = there
		}
	}
	return holder.Pos("")
}

// isOurs reports whether a profile is generated, and no section of the credentials
// file overrides it.
func (p *planner) isOurs(holder *awsconfig.Profile) bool {
	profile, ok := p.own.Profile(holder.Name)
	return ok && IsGenerated(profile) && !holder.InCredentials()
}

// useTwin makes w use a hand-written profile of the same assignment. A generated
// profile beside that keeps its name.
func (p *planner) useTwin(w *want, holder *awsconfig.Profile) {
	p.keepName(w)
	if w.decided != nil {
		*w.decided = Row{
			Profile: holder.Name, Region: holder.Get("region"), State: Foreign, Before: holder.Name, After: holder.Name,
		}
	}
}

// isTwin reports whether a profile is of the same portal, account and role as w.
func (w *want) isTwin(profile *awsconfig.Profile) bool {
	if profile.Get("sso_account_id") != w.assignment.ID || profile.Get("sso_role_name") != w.assignment.Role {
		return false
	}
	if session := profile.Get("sso_session"); session != "" {
		return session == w.input.Session.Name
	}
	return samePortal(profile.Get("sso_start_url"), w.input.Session.StartURL)
}

func sortedKeys[V any](set map[string]V) []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// quotedList returns the words in quotes, with commas between: "a", "b".
func quotedList(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = strconv.Quote(word)
	}
	return strings.Join(quoted, ", ")
}

// words returns names as words for a shell.
func words(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fault.Word(name)
	}
	return strings.Join(quoted, " ")
}
