package portal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"aws-sso-plugins/pkg/fault"
)

// Listing is what [Client.List] collected, in order.
type Listing struct {
	Assignments []Assignment // by account id, then role
	Accounts    int          // listed completely
	Named       []Account    // all that the portal named, picked or not, in no order
	Unlisted    []Unlisted   // by account id
	// Known is how many accounts were picked. Where Err is set, some of them may
	// be neither listed nor in Unlisted.
	Known int
	// Err is why further accounts, or their roles, are not known; nil if all
	// are.
	Err error
}

// Unlisted is an account whose roles could not be listed, and why.
type Unlisted struct {
	Account Account
	Err     error
}

// List collects what [Client.Accounts] hands out, of the accounts that pick
// reports true for (nil: of all). The roles of other accounts are not asked
// for, so they cannot make the listing incomplete.
//
// List calls progress, if it is not nil, after each account with how many are
// done and how many are known. Neither number ever shrinks, and done never
// exceeds known.
func (c *Client) List(ctx context.Context, concurrency int, pick func(Account) bool, progress func(done, known int)) *Listing {
	l := &Listing{}
	run := c.begin(ctx, max(concurrency, 1), pick)
	for ar, err := range run.results(ctx) {
		l.add(ar, err)
		if progress != nil {
			progress(l.Accounts+len(l.Unlisted), l.Known)
		}
	}
	l.Named = run.accounts
	slices.SortFunc(l.Assignments, func(a, b Assignment) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Role, b.Role))
	})
	slices.SortFunc(l.Unlisted, func(a, b Unlisted) int { return cmp.Compare(a.Account.ID, b.Account.ID) })
	return l
}

func (l *Listing) add(ar AccountRoles, err error) {
	l.Known = ar.Known
	switch {
	case err != nil && ar.Account.ID == "":
		l.Err = err
	case err != nil:
		l.Unlisted = append(l.Unlisted, Unlisted{ar.Account, err})
	default:
		l.Accounts++
		for _, role := range ar.Roles {
			l.Assignments = append(l.Assignments, Assignment{ar.Account, role})
		}
	}
}

// Complete reports whether the listing holds every assignment there is in the
// accounts that were picked.
func (l *Listing) Complete() bool { return l.Err == nil && len(l.Unlisted) == 0 }

// Failed says why nothing at all was listed; nil if something was, or if
// there is nothing. Its kind is that of the accounts' errors where they agree.
func (l *Listing) Failed() error {
	switch {
	case l.Accounts > 0:
		return nil
	case l.Err != nil:
		return l.Err
	case len(l.Unlisted) == 0:
		return nil
	}
	causes := make([]error, len(l.Unlisted))
	for i, u := range l.Unlisted {
		causes[i] = u.Err
	}
	first := fault.Annotate(causes[0], "no account could be listed")
	if len(causes) == 1 {
		return first
	}
	first.What = fmt.Sprintf("none of %d accounts could be listed, among them", len(causes))
	first.Err = errors.Join(causes...)
	for _, cause := range causes {
		if fault.KindOf(cause) != first.Kind {
			first.Kind = fault.Unknown
		}
	}
	return first
}
