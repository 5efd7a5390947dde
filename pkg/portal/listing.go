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

// List lists the roles in the accounts that pick reports true for (nil: in all),
// with up to concurrency calls at once (at least one). The roles of other accounts
// are not asked for, so they cannot make the listing incomplete. An account whose
// roles cannot be listed does not end the listing. What does is [Listing.Err]: a
// page of accounts that could not be fetched, a login that ended (kind Login), ctx
// (Canceled), or a portal that does not answer any more.
//
// List calls progress, if it is not nil, after each account with how many are
// done and how many are known. Neither number ever shrinks, and done never
// exceeds known. When List returns, nothing is left running.
func (c *Client) List(ctx context.Context, concurrency int, pick func(Account) bool, progress func(done, known int)) *Listing {
	l := &Listing{}
	run := c.begin(ctx, max(concurrency, 1), pick)
	defer run.stop()
	for o := range run.outcomes {
		l.add(o)
		if progress != nil {
			progress(l.Accounts+len(l.Unlisted), run.known())
		}
	}
	l.Err, l.Known, l.Named = run.incomplete(ctx), run.known(), run.accounts
	slices.SortFunc(l.Assignments, func(a, b Assignment) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Role, b.Role))
	})
	slices.SortFunc(l.Unlisted, func(a, b Unlisted) int { return cmp.Compare(a.Account.ID, b.Account.ID) })
	return l
}

func (l *Listing) add(o outcome) {
	if o.err != nil {
		l.Unlisted = append(l.Unlisted, Unlisted{o.account, o.err})
		return
	}
	l.Accounts++
	for _, role := range o.roles {
		l.Assignments = append(l.Assignments, Assignment{o.account, role})
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
