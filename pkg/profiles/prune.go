package profiles

import (
	"fmt"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
)

// reportListings reports accounts that could not be listed, and sessions without
// any.
func (p *planner) reportListings(inputs []Input) {
	for i := range inputs {
		in := &inputs[i]
		p.plan.Incomplete = p.plan.Incomplete || !in.Listing.Complete()
		if err := in.Listing.Err; err != nil {
			p.gap(fault.Annotate(err, "the listing of %q is incomplete", in.Session.Name))
		}
		for _, u := range in.Listing.Unlisted {
			p.gap(fault.Annotate(u.Err, "account %s (%q) was not listed and keeps its profiles", u.Account.ID, u.Account.Name))
		}
		if in.Listing.Complete() && p.listsNothing(in) {
			p.reportEmpty(in)
		}
	}
}

// listsNothing reports whether the portal named no accounts, or no roles in any
// of those that the filter picks. Where the filter picks no account, that says
// nothing about the portal.
func (p *planner) listsNothing(in *Input) bool {
	return len(in.Listing.Named) == 0 || len(in.Listing.Assignments) == 0 && len(p.picked(in)) > 0
}

// picked returns those of the accounts that the portal named that the filter
// picks.
func (p *planner) picked(in *Input) []portal.Account {
	globs := p.options.Filter.Accounts
	if globs.matchAll() {
		return in.Listing.Named
	}
	var picked []portal.Account
	for _, a := range in.Listing.Named {
		if globs.match(a.ID, a.Name) {
			picked = append(picked, a)
		}
	}
	return picked
}

// reportEmpty reports a session that lists nothing. A person without access sees
// that, but so does one whose portal is in trouble.
func (p *planner) reportEmpty(in *Input) {
	kept := ""
	if n := p.count[in.Session.Name]; n > 0 {
		kept = fmt.Sprintf("it keeps its %s", many(n, "profile"))
	}
	what := fmt.Sprintf("the portal lists no accounts for %q", in.Session.Name)
	if picked := len(p.picked(in)); picked < len(in.Listing.Named) {
		accounts := "account"
		if picked > 1 {
			accounts = many(picked, "account")
		}
		what = fmt.Sprintf("the portal lists no roles of %q in the %s that --account picks", in.Session.Name, accounts)
	}
	p.gap(fault.New(fault.Nothing, what, kept))
}

// reportFilter names the patterns of --account that match no account, and says
// so if the filter picks nothing; matched is how many assignments it picks.
// Where some accounts are not known it cannot tell.
func (p *planner) reportFilter(inputs []Input, matched int) {
	var all []portal.Account
	picked, assignments := 0, 0
	var sessions []string
	for i := range inputs {
		if inputs[i].Listing.Err != nil {
			return
		}
		all = append(all, inputs[i].Listing.Named...)
		sessions = append(sessions, inputs[i].Session.Name)
		picked += len(p.picked(&inputs[i]))
		assignments += len(inputs[i].Listing.Assignments)
	}
	if len(all) == 0 { // reportEmpty says so
		return
	}
	switch unmatched := p.options.Filter.Accounts.unmatched(all); {
	case len(unmatched) > 0:
		p.gap(fault.New(fault.Nothing, fmt.Sprintf("no account of %s matches --account %s", quotedList(sessions), quotedList(unmatched)),
			fmt.Sprintf("%d listed", len(all))).WithHint("to see them: sso-profiles %s --list", words(sessions)))
	case picked == 0:
		p.gap(fault.New(fault.Nothing, "--account excludes every account of "+quotedList(sessions), fmt.Sprintf("%d listed", len(all))))
	case matched == 0 && assignments > 0:
		p.gap(fault.New(fault.Nothing, "no assignment matches --role", fmt.Sprintf("%d listed", assignments)).
			WithHint("%s", p.options.Filter.roleHint()))
	}
}

// prune decides on the generated profiles without an assignment. Those of a
// listing that may be missing something are all kept: an empty or partial
// listing is no proof that access is gone.
func (p *planner) prune(inputs []Input) {
	lost := p.lost(inputs)
	for i := range inputs {
		in := &inputs[i]
		kept := lost[in.Session.Name]
		if len(kept) > 0 && p.mayPrune(in, len(kept)) {
			kept = p.remove(kept)
		}
		for _, profile := range kept {
			p.plan.Rows = append(p.plan.Rows, rowOf(profile, Unlisted))
		}
	}
}

// lost returns the generated profiles whose assignment was not listed and that the
// filter picks, by session and in file order. Where the filter excludes
// accounts by name, and the name of a profile's account is not known any more,
// the profile stays: it may be one of those.
func (p *planner) lost(inputs []Input) map[string][]*awsconfig.Profile {
	lost := map[string][]*awsconfig.Profile{}
	nameless := map[string][]*awsconfig.Profile{}
	var names map[string]string
	for i := range p.mine {
		g := &p.mine[i]
		if p.mine[p.byID[g.identity]].listed {
			continue
		}
		if names == nil {
			names = accountNames(inputs)
		}
		name, known := names[g.session+"/"+g.account]
		if name == "" {
			name = g.profile.Get(accountNameKey)
		}
		switch {
		case !p.options.Filter.match(portal.Assignment{Account: portal.Account{ID: g.account, Name: name}, Role: g.role}):
		case !known && name == "" && p.options.Filter.Accounts.excludesNames():
			nameless[g.session] = append(nameless[g.session], g.profile)
		default:
			lost[g.session] = append(lost[g.session], g.profile)
		}
	}
	for _, session := range sortedKeys(nameless) {
		p.keepNameless(session, nameless[session])
	}
	return lost
}

func (p *planner) keepNameless(session string, kept []*awsconfig.Profile) {
	for _, profile := range kept {
		p.plan.Rows = append(p.plan.Rows, rowOf(profile, Unlisted))
	}
	if p.options.Prune {
		p.note("%q keeps %s of accounts that the portal no longer lists: --account may exclude their names; to decide by id: --account ID",
			session, many(len(kept), "profile"))
	}
}

// accountNames returns the names of the accounts that the portal named, by session
// and id, for filters by name.
func accountNames(inputs []Input) map[string]string {
	names := map[string]string{}
	for i := range inputs {
		for _, a := range inputs[i].Listing.Named {
			names[inputs[i].Session.Name+"/"+a.ID] = a.Name
		}
	}
	return names
}

func (p *planner) mayPrune(in *Input, lost int) bool {
	generated := p.count[in.Session.Name]
	limit := p.options.PruneLimit.of(generated)
	switch {
	case !in.Listing.Complete():
		if p.options.Prune {
			p.note("nothing of %q was removed, because its listing is incomplete", in.Session.Name)
		}
	case p.listsNothing(in): // reportEmpty says so
	case !p.options.Prune:
		p.remark("%q keeps %s without an assignment; to remove what is gone: --prune", in.Session.Name, many(lost, "profile"))
	case lost > limit:
		p.problem(single, fault.New(fault.Conflict, fmt.Sprintf("nothing of %q was removed", in.Session.Name),
			fmt.Sprintf("%d of its %d profiles lost their assignment, and the limit is %d", lost, generated, limit)).
			WithHint("to remove them: --prune --prune-limit %d", lost))
	default:
		return true
	}
	return false
}

// remove removes the profiles but those that have to stay, which it returns.
func (p *planner) remove(lost []*awsconfig.Profile) (kept []*awsconfig.Profile) {
	for _, profile := range lost {
		err := p.pinned(profile.Name)
		if err == nil {
			err = p.trial.RemoveProfile(profile.Name)
		}
		if err != nil {
			p.problem(profilesPinned, fault.Wrap(fault.Conflict, err, "%q was not removed", profile.Name))
			kept = append(kept, profile)
			continue
		}
		p.gone[profile.Name] = true
		p.plan.Rows = append(p.plan.Rows, rowOf(profile, Removed))
	}
	return kept
}

func rowOf(profile *awsconfig.Profile, state State) Row {
	return Row{
		Profile: profile.Name,
		Assignment: portal.Assignment{
			Account: portal.Account{ID: profile.Get("sso_account_id")},
			Role:    profile.Get("sso_role_name"),
		},
		Region:  profile.Get("region"),
		Session: profile.Get("sso_session"),
		State:   state,
	}
}
