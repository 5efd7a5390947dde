package profiles

import "aws-sso-plugins/pkg/portal"

// State is what a run does, or did, with a profile.
type State string

// The states.
const (
	Added     State = "added"
	Changed   State = "changed"
	Renamed   State = "renamed" // and perhaps changed, too
	Removed   State = "removed"
	Unchanged State = "unchanged"
	Foreign   State = "foreign"   // no profile of ours: the name is another's, or cannot be had
	Unlisted  State = "unlisted"  // ours, but the assignment was not listed; kept
	Adopted   State = "adopted"   // written by hand or by another tool, and ours from now on
	Generated State = "generated" // of [Local] alone: ours
)

// states returns all states, in the order of a summary.
func states() []State {
	return []State{Added, Adopted, Changed, Renamed, Removed, Unchanged, Foreign, Unlisted}
}

// Row is one profile of a plan.
type Row struct {
	Profile    string // the name after the run; for Foreign the one that was not to be had
	Assignment portal.Assignment
	Region     string
	Session    string
	State      State

	// Before and After are the name that the file has for this assignment
	// before the run and after it, generated or written by hand for the same
	// role; "" where it has none. The profiles of assignments that were not
	// listed have neither.
	Before, After string

	place int // of the assignment in the listings, from 1; 0 where it does not matter
}

// Was returns the name before, of a renamed profile; else "".
func (r Row) Was() string {
	if r.State != Renamed {
		return ""
	}
	return r.Before
}

// Listed reports whether the row's assignment was listed.
func (r Row) Listed() bool { return r.State != Removed && r.State != Unlisted }

// News reports whether the row is something that changed or could not be done.
func (r Row) News() bool {
	return r.State != Unchanged && (r.State != Foreign || r.After == "")
}
