package profiles

import (
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
)

// write turns the decisions into an edit. Removals and renames come first:
// what they free may be taken.
func (p *planner) write() error {
	edit := p.plan.edit
	for name := range p.gone {
		if err := edit.RemoveProfile(name); err != nil {
			return err
		}
	}
	var fresh []*want
	p.plan.Rows = slices.Grow(p.plan.Rows, len(p.wants))
	for i := range p.wants {
		w := &p.wants[i]
		if w.decided == nil && w.old == nil {
			fresh = append(fresh, w)
		}
		if err := p.writeName(w); err != nil {
			return err
		}
	}
	for i := range p.mine { // in file order, in which most files have them sorted
		if w := p.mine[i].want; w != nil && w.decided == nil {
			p.row(w, p.writeOld(w))
		}
	}
	for i := range p.wants {
		if w := &p.wants[i]; w.decided != nil {
			p.row(w, *w.decided)
		}
	}
	slices.SortFunc(fresh, func(a, b *want) int { return strings.Compare(a.name, b.name) })
	for _, w := range fresh {
		row, err := p.writeNew(w)
		if err != nil {
			return err
		}
		p.row(w, row)
	}
	p.noteOtherNames()
	return nil
}

// writeName renames a profile. A hand-written profile of the new name that is
// taken over is removed first, so that ours keeps the keys that the user added.
func (p *planner) writeName(w *want) error {
	if w.decided != nil || !w.moves() {
		return nil
	}
	if w.takeOver {
		if err := p.plan.edit.RemoveProfile(w.name); err != nil {
			return err
		}
	}
	return p.plan.edit.RenameProfile(w.old.Name, w.name)
}

func (p *planner) row(w *want, row Row) {
	row.Assignment, row.Session, row.place = w.assignment, w.input.Session.Name, w.place
	p.plan.Rows = append(p.plan.Rows, row)
}

func (p *planner) writeNew(w *want) (Row, error) {
	row := Row{
		Profile: w.name, After: w.name, Assignment: w.assignment, Session: w.input.Session.Name, State: Added,
		Region: p.options.Regions.regionOf(w.assignment.Account),
	}
	if row.Region == "" {
		row.Region = p.defaultRegion(w.input)
	}
	p.values = p.options.Settings.of(p.values[:0], row.Session, row.Assignment, p.leftUnset(w.name))
	p.keys = appendKeys(p.keys[:0], row, p.values)
	if w.takeOver {
		row.State = Changed
		if holder, ok := p.merged.Profile(w.name); ok && w.isTwin(holder) {
			row.Before = w.name
		}
		return row, p.plan.edit.ReplaceProfile(w.name, p.keys...)
	}
	err := p.plan.edit.AddProfile(w.name, p.keys...)
	if fault.KindOf(err) == fault.Config {
		// there is a section that only some clients take for this profile
		p.problem(writesRefused, fault.Wrap(fault.Conflict, err, "%s", p.undone(w)))
		return Row{Profile: w.name, State: Foreign}, nil
	}
	return row, err
}

// writeOld changes only what this run was asked for: a key that the user added
// or changed stays.
func (p *planner) writeOld(w *want) Row {
	row := Row{Profile: w.name, Before: w.old.Name, After: w.name, Region: w.old.Get("region"), State: Unchanged}
	set, unset := p.asked(w)
	if err := p.rewrite(w.old.Name, set, unset); err != nil {
		p.problem(writesRefused, fault.Wrap(fault.Conflict, err, "%q was left as it is", w.old.Name))
		set, unset = nil, nil
	}
	if len(set)+len(unset) > 0 {
		row.State = Changed
	}
	for _, kv := range set {
		if kv.Key == "region" {
			row.Region = kv.Value
		}
	}
	if w.moves() {
		row.State = Renamed
	}
	p.reportCovered(w)
	return row
}

// asked returns the keys of a profile that this run was asked to set and to
// remove, and that differ.
func (p *planner) asked(w *want) (set []awsconfig.KeyValue, unset []string) {
	ask := func(kv awsconfig.KeyValue) {
		switch {
		case kv.Value == "" && w.old.Own(kv.Key):
			unset = append(unset, kv.Key)
		case kv.Value != "" && w.old.Get(kv.Key) != kv.Value:
			set = append(set, kv)
		}
	}
	if region := p.options.Regions.regionOf(w.assignment.Account); region != "" {
		ask(awsconfig.KeyValue{Key: "region", Value: region})
	}
	p.values = p.options.Settings.of(p.values[:0], w.input.Session.Name, w.assignment, p.leftUnset(w.name))
	for _, kv := range p.values {
		ask(kv)
	}
	return set, unset
}

// leftUnset returns what reports keys that a profile does not get.
func (p *planner) leftUnset(profile string) func(error) {
	return func(err error) {
		p.problem(keysUnset, fault.Wrap(fault.Conflict, err, "a key of %q was not set", profile))
	}
}

func (p *planner) rewrite(name string, set []awsconfig.KeyValue, unset []string) error {
	if len(set) > 0 {
		if err := p.plan.edit.SetProfile(name, set...); err != nil {
			return err
		}
	}
	if len(unset) > 0 {
		return p.plan.edit.UnsetProfile(name, unset...)
	}
	return nil
}

// reportCovered reports a generated profile whose name also stands in the
// credentials file, with other credentials: those count.
func (p *planner) reportCovered(w *want) {
	holder, ok := p.merged.Profile(w.name)
	if !ok || !holder.InCredentials() {
		return
	}
	covered := !w.isTwin(holder)
	for _, key := range []string{"aws_access_key_id", "credential_process", "role_arn", "web_identity_token_file"} {
		covered = covered || holder.Get(key) != ""
	}
	if covered {
		path, line := p.place(holder)
		p.problem(namesCovered, fault.New(fault.Conflict, fmt.Sprintf("the profile %q for %s has other credentials", w.name, p.describe(w)),
			fmt.Sprintf("%s:%d has a profile of that name, too", path, line)).
			WithHint("rename that one, or set another --name"))
	}
}

// noteOtherNames says once that new profiles got names of another kind than the
// existing ones, since the template of those was not given this time.
func (p *planner) noteOtherNames() {
	if p.options.Template != nil {
		return
	}
	added := p.added()
	usual := map[string]int{}
	for i := range p.mine {
		if g := &p.mine[i]; added[g.session] > 0 && g.profile.Name == defaultName(g.role, g.account) {
			usual[g.session]++
		}
	}
	var others []string
	for _, session := range sortedKeys(added) {
		// most of them: one that a person has renamed is no other template
		if n := p.count[session]; usual[session]*2 < n {
			others = append(others, session)
		}
	}
	if len(others) > 0 {
		p.note("new profiles are named %s, others of %s are not; to name all alike: --name TEMPLATE", defaultTemplate, quotedList(others))
	}
}

// added returns the number of new profiles by session, for sessions that get any.
func (p *planner) added() map[string]int {
	added := map[string]int{}
	for i := range p.plan.Rows {
		if row := &p.plan.Rows[i]; row.State == Added {
			added[row.Session]++
		}
	}
	return added
}
