package profiles

import (
	"cmp"
	"fmt"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
)

// identity identifies a generated profile, whatever its name.
type identity struct{ session, account, role string }

// generated is a marked profile of a session of this run.
type generated struct {
	profile *awsconfig.Profile
	identity
	next   int  // another one of the same identity, -1: there is none
	listed bool // the portal lists the assignment; holds for the first of an identity
	want   *want
}

// want is an assignment and the profile that it is to have.
type want struct {
	input      *Input
	assignment portal.Assignment
	place      int                // in the listings, from 1
	old        *awsconfig.Profile // the generated profile there is; nil: none yet
	name       string             // planned
	takeOver   bool               // in the place of the hand-written profile of that name
	rival      *want              // the next assignment that would have the same name
	decided    *Row               // decided without an edit
}

// moves reports whether an existing profile gets another name.
func (w *want) moves() bool { return w.old != nil && w.old.Name != w.name }

// claims reports whether w is still to get a name that it does not have.
func (w *want) claims() bool {
	return w.decided == nil && !w.takeOver && (w.old == nil || w.moves())
}

type planner struct {
	merged  *awsconfig.Config // the config with the credentials file over it
	own     *awsconfig.Config // the config file alone: what is written to
	options Options
	several bool // sessions

	mine    []generated      // in file order
	byID    map[identity]int // the first in mine
	count   map[string]int   // how many in mine, by session
	wants   []want
	claims  []*want
	claimed map[string]*want // by the claimed name, folded
	byOld   map[string]*want // by the name of the profile there is
	gone    map[string]bool  // names of profiles that are removed

	nameless []*want // the template makes no name for these
	nameErr  error   // why, for the first for which it fails

	references map[string]string               // profile -> one that names it as source_profile
	marked     map[string][]*awsconfig.Profile // by folded name; see markedLike
	apart      *string                         // see tellApart
	unchosen   map[string]bool                 // sessions; see remarkRegion

	// trial is to ask pkg/awsconfig whether it would do a thing
	trial       *awsconfig.Edit
	credentials *awsconfig.Config // the credentials file alone; see place

	keys, values []awsconfig.KeyValue // of the profile that is being written, and what the settings make of it
	problems     []problem            // as they came; see gather
	plan         *Plan
}

// newPlanner returns a planner that knows the generated profiles, and those of
// the inputs that can be planned for. A config that AWS could not read is an
// error, and so are regions that can be used for none of the sessions.
func newPlanner(config *awsconfig.Config, inputs []Input, options Options) (*planner, []Input, error) {
	if err := config.Err(); err != nil {
		return nil, nil, err
	}
	p := &planner{
		merged: config, own: configFileOf(config), options: options,
		count: map[string]int{},
		gone:  map[string]bool{},
		trial: config.ConfigFile().Edit(),
		plan:  &Plan{file: config.ConfigFile(), edit: config.ConfigFile().Edit(), settings: options.Settings},
	}
	inputs, err := p.usable(inputs)
	if err != nil {
		return nil, nil, err
	}
	p.several = len(inputs) > 1
	p.index(inputs)
	return p, inputs, nil
}

// newPlan compares the listings with the config and returns what to do. Its
// errors are those of [newPlanner]; what is left undone for other reasons is in
// the plan.
func newPlan(config *awsconfig.Config, inputs []Input, options Options) (*Plan, error) {
	p, inputs, err := newPlanner(config, inputs, options)
	if err != nil {
		return nil, err
	}
	p.collect(inputs)
	p.reportListings(inputs)
	p.prune(inputs)
	p.skipSharedNames()
	p.resolveConflicts()
	if err = p.write(); err != nil {
		return nil, err
	}
	told, details := gather(p.problems)
	p.plan.Problems, p.plan.Details = told, append(p.plan.Details, details...)
	p.plan.Rows = sortRows(p.plan.Rows)
	return p.plan, nil
}

// configFileOf returns a config without its credentials file. That overrides the
// config file, but only the config file is edited.
func configFileOf(config *awsconfig.Config) *awsconfig.Config {
	for _, profile := range config.Profiles() {
		if profile.InCredentials() {
			return awsconfig.Merge(config.ConfigFile(), nil)
		}
	}
	return config
}

// usable returns the inputs whose session still is what was listed, and whose
// accounts get no region of another partition. A profile of a session that does
// not exist makes the Go SDK refuse the whole config. If the regions leave no
// input, that is the error.
func (p *planner) usable(inputs []Input) (kept []Input, err error) {
	for _, in := range inputs {
		if s, ok := p.merged.Session(in.Session.Name); !ok || s.StartURL != in.Session.StartURL {
			p.gap(fault.New(fault.Conflict, fmt.Sprintf("nothing was done for %q", in.Session.Name),
				fmt.Sprintf("[sso-session %s] was changed in the meantime", in.Session.Name)).
				WithHint("run: sso-profiles %s", fault.Word(in.Session.Name)))
			continue
		}
		if wrong := p.options.Regions.check(in.Session, p.picked(&in)); wrong != nil {
			p.gap(fault.Annotate(wrong, "nothing was done for %q", in.Session.Name))
			p.plan.Incomplete = true
			err = wrong
			continue
		}
		kept = append(kept, in)
	}
	if len(kept) > 0 {
		err = nil
	}
	return kept, err
}

// index finds the generated profiles of the sessions of this run, and which
// profiles others name as source_profile.
func (p *planner) index(inputs []Input) {
	atHand := map[string]bool{}
	for _, in := range inputs {
		atHand[in.Session.Name] = true
	}
	all := p.own.Profiles()
	p.byID = make(map[identity]int, len(all))
	p.mine = make([]generated, 0, len(all))
	for _, profile := range all {
		p.refer(profile)
		if !IsGenerated(profile) {
			continue
		}
		id := identity{profile.Get("sso_session"), profile.Get("sso_account_id"), profile.Get("sso_role_name")}
		// without an account or a role there is nothing to find it again by
		if !atHand[id.session] || id.account == "" || id.role == "" {
			continue
		}
		p.add(generated{profile: profile, identity: id, next: -1})
	}
	if p.own != p.merged {
		for _, profile := range p.merged.Profiles() {
			p.refer(profile)
		}
	}
}

func (p *planner) refer(profile *awsconfig.Profile) {
	if source := profile.Get("source_profile"); source != "" && source != profile.Name {
		if p.references == nil {
			p.references = map[string]string{}
		}
		p.references[source] = profile.Name
	}
}

// add keeps the profiles of one identity as a chain in file order.
func (p *planner) add(g generated) {
	n := len(p.mine)
	p.mine = append(p.mine, g)
	p.count[g.session]++
	at, known := p.byID[g.identity]
	if !known {
		p.byID[g.identity] = n
		return
	}
	for p.mine[at].next >= 0 {
		at = p.mine[at].next
	}
	p.mine[at].next = n
}

// IsGenerated reports whether sso-profiles made or adopted a profile: whether its
// own section has the mark. A mark in [DEFAULT] would be in every hand-written
// profile, too.
func IsGenerated(profile *awsconfig.Profile) bool {
	return profile.Own(markKey) && profile.Get(markKey) == mark
}

// collect makes a want of each assignment that the filter picks.
func (p *planner) collect(inputs []Input) {
	n := 0
	for i := range inputs {
		n += len(inputs[i].Listing.Assignments)
	}
	p.wants = make([]want, 0, n)
	p.byOld = make(map[string]*want, len(p.byID))
	for i := range inputs {
		in := &inputs[i]
		for _, a := range in.Listing.Assignments {
			first, known := p.byID[identity{in.Session.Name, a.ID, a.Role}]
			if known {
				p.mine[first].listed = true
			} else {
				first = -1
			}
			if p.options.Filter.match(a) {
				p.want(in, a, first)
			}
		}
	}
	p.reportNameless()
	p.reportFilter(inputs, len(p.wants))
}

// want plans the name for an assignment; first is the first generated profile
// that it has, or -1.
func (p *planner) want(in *Input, a portal.Assignment, first int) {
	p.wants = append(p.wants, want{input: in, assignment: a, place: len(p.wants) + 1})
	w := &p.wants[len(p.wants)-1]
	if first >= 0 {
		w.old = p.mine[first].profile
		if p.options.Template == nil && p.mine[first].next < 0 {
			// the usual case: it keeps its name, whatever that is
			w.name = w.old.Name
			p.mine[first].want = w
			p.byOld[w.old.Name] = w
			return
		}
	}
	planned, err := p.options.Template.name(in.Session.Name, a)
	if first >= 0 {
		p.pick(w, first, planned)
		p.byOld[w.old.Name] = w
	}
	switch {
	case w.old != nil && p.options.Template == nil:
		w.name = w.old.Name
	case planned == "":
		p.nameless, p.nameErr = append(p.nameless, w), cmp.Or(p.nameErr, err)
		p.keepName(w)
	default:
		w.name = planned
		if w.claims() {
			p.claims = append(p.claims, w)
		}
	}
}

// pick chooses among several generated profiles of one assignment: the one with
// the planned name, else the first. The others stay as they are.
func (p *planner) pick(w *want, first int, planned string) {
	for i := first; i >= 0; i = p.mine[i].next {
		if p.mine[i].profile.Name == planned {
			w.old = p.mine[i].profile
		}
	}
	for i := first; i >= 0; i = p.mine[i].next {
		if profile := p.mine[i].profile; profile == w.old {
			p.mine[i].want = w
		} else {
			row := rowOf(profile, Unchanged)
			row.Assignment, row.Before, row.After = w.assignment, profile.Name, profile.Name
			p.plan.Rows = append(p.plan.Rows, row)
		}
	}
}

// reportNameless reports the assignments for which the template makes no name.
func (p *planner) reportNameless() {
	if len(p.nameless) == 0 {
		return
	}
	what := fmt.Sprintf("the name template %q leaves no usable name for", p.options.Template.String())
	f := fault.New(fault.Conflict, what+" "+p.list(what, p.nameless), "")
	if p.nameErr != nil {
		what = "no name was made for"
		f = fault.Wrap(fault.Conflict, p.nameErr, "%s %s", what, p.list(what, p.nameless))
	}
	p.problem(single, f.WithHint("a template that always works: --name %s", fault.Word(defaultTemplate)))
}

// keepName gives up the planned name: an existing profile keeps its own, a new one
// is not made.
func (p *planner) keepName(w *want) {
	if w.old != nil {
		w.name = w.old.Name
		return
	}
	w.decided = &Row{Profile: w.name, State: Foreign}
}

// describe returns the words for an assignment, with its session if the run has
// several.
func (p *planner) describe(w *want) string {
	text := fmt.Sprintf("%q in %s (%q)", w.assignment.Role, w.assignment.ID, w.assignment.Name)
	if p.several {
		text += fmt.Sprintf(" of %q", w.input.Session.Name)
	}
	return text
}

func (p *planner) gap(err *fault.Error) { p.plan.Gaps = append(p.plan.Gaps, err) }

func (p *planner) problem(c class, err *fault.Error) {
	p.problems = append(p.problems, problem{c, err})
}

func (p *planner) note(format string, args ...any) {
	p.plan.Notes = append(p.plan.Notes, fmt.Sprintf(format, args...))
}

func (p *planner) remark(format string, args ...any) {
	p.plan.Remarks = append(p.plan.Remarks, fmt.Sprintf(format, args...))
}
