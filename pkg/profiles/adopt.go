package profiles

import (
	"fmt"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
)

// adoption plans which profiles become ours: those that a person or another tool
// wrote for listed assignments. They get the mark, and legacy ones their session;
// their other keys stay, and so does every other profile.
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

// newAdoption compares the listings with the config and returns which profiles are
// adopted. Its errors are those of [newPlanner].
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
			return // the gap that is reported may be why
		}
		why.why = "the portal does not list its role"
	}
	if why.why != "" {
		a.refuse(profile, id, why)
		return
	}
	a.candidates = append(a.candidates, candidate{profile, id, c.session == ""})
}

// assignmentOf returns what a filter looks at. The account has the name that the
// portal gives it, else that of the key account_name.
func (a *adoption) assignmentOf(profile *awsconfig.Profile, id identity) portal.Assignment {
	name := a.names[id.session+"/"+id.account]
	if name == "" {
		name = profile.Get(accountNameKey)
	}
	return portal.Assignment{Account: portal.Account{ID: id.account, Name: name}, Role: id.role}
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

// explain notes what the adoption means for the profiles.
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
