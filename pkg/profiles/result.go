package profiles

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
)

// Plan is what a run does with a config.
type Plan struct {
	Rows []Row // by profile name

	// Gaps are the accounts that could not be listed and the sessions without
	// any; Problems are what was not done. A run with either is not a full success.
	Gaps, Problems []error

	// Notes are what a person should know although nothing failed; Remarks are
	// for a terminal and -v alone.
	Notes, Remarks []string

	// Details are for a person who asked for more: the problems that one of
	// Problems stands for.
	Details []string

	// Incomplete says that an account or more of some session could not be
	// listed, so that the plan may lack profiles.
	Incomplete bool

	file     *awsconfig.File
	edit     *awsconfig.Edit
	settings Settings
}

// Summary returns "12 added, 3 renamed, 2 removed, 880 unchanged", with "nothing to
// do" for a plan without rows.
func (p *Plan) Summary() string {
	count := map[State]int{}
	for i := range p.Rows {
		count[p.Rows[i].State]++
	}
	var parts []string
	for _, s := range states() {
		if n := count[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

// ListSummary returns the totals of what a person may assume: "6 roles in 3
// accounts, 4 with a profile".
func (p *Plan) ListSummary() string {
	accounts := map[string]bool{}
	roles, have := 0, 0
	for i := range p.Rows {
		r := &p.Rows[i]
		if !r.Listed() {
			continue
		}
		accounts[r.Session+"/"+r.Assignment.ID] = true
		roles++
		if r.Before != "" {
			have++
		}
	}
	return fmt.Sprintf("%s in %s, %d with a profile", many(roles, "role"), many(len(accounts), "account"), have)
}

func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// DropWriting removes the messages that only matter to a run that writes. With
// sections, which is for a list of them, the problems stay: the list lacks what
// they are about.
func (p *Plan) DropWriting(sections bool) {
	if !sections {
		p.Problems, p.Details = nil, nil
	}
	p.Notes, p.Remarks = nil, nil
}

// Changes reports whether carrying out the plan changes the file.
func (p *Plan) Changes() bool { return p.edit.Changed() }

// INI returns a config with a generated section for every assignment that has a
// profile after the run. A profile that a person changed so that AWS clients would
// read it differently is left out and becomes a problem.
func (p *Plan) INI() ([]byte, error) {
	edit := awsconfig.Parse("", awsconfig.ConfigFile, nil).Edit()
	var keys, values []awsconfig.KeyValue
	for _, r := range p.Rows {
		if r.After == "" {
			continue
		}
		values = p.settings.of(values[:0], r.Session, r.Assignment, func(err error) {
			if r.State == Foreign { // of others the plan has told
				p.Problems = append(p.Problems, fault.Wrap(fault.Conflict, err, "a key of %q was not set", r.After))
			}
		})
		keys = appendKeys(keys[:0], r, values)
		if err := edit.AddProfile(r.After, keys...); err != nil {
			p.Problems = append(p.Problems, fault.Wrap(fault.Conflict, err, "the section of %q is left out", r.After))
		}
	}
	return edit.Bytes()
}

// sortRows sorts rows by name, those of one name as they were listed. Rows are
// large, so each is moved once.
func sortRows(rows []Row) []Row {
	compare := func(a, b *Row) int {
		return cmp.Or(strings.Compare(a.Profile, b.Profile), cmp.Compare(a.place, b.place))
	}
	sorted := true
	for i := 1; i < len(rows) && sorted; i++ {
		sorted = compare(&rows[i-1], &rows[i]) <= 0
	}
	if sorted {
		return rows
	}
	order := make([]int32, len(rows))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(compare(&rows[a], &rows[b]), cmp.Compare(a, b))
	})
	inOrder := make([]Row, len(rows))
	for i, at := range order {
		inOrder[i] = rows[at]
	}
	return inOrder
}
