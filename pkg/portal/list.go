package portal

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// roles returns the names of the roles assigned in one account, sorted.
func (c *Client) roles(ctx context.Context, account string) ([]string, error) {
	roles := []string{}
	err := eachPage(func(next *string) (*string, error) {
		out, err := call(ctx, c.tokens, func(token string) (*sso.ListAccountRolesOutput, error) {
			return c.sso.ListAccountRoles(ctx, &sso.ListAccountRolesInput{
				AccessToken: &token, AccountId: &account, MaxResults: aws.Int32(pageSize), NextToken: next,
			})
		})
		if err != nil {
			return nil, err
		}
		for _, info := range out.RoleList {
			role, err := roleOf(info, account)
			if err != nil {
				return nil, err
			}
			roles = append(roles, role)
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(roles)
	return slices.Compact(roles), nil
}

// listing is one run of [Client.List]. It works with as many goroutines as there is
// work for, the first of which finds the accounts: the roles of the accounts known
// so far are listed while further pages of accounts are fetched.
type listing struct {
	client      *Client
	concurrency int
	pick        func(Account) bool // nil: all
	outcomes    chan outcome       // read to its end
	workers     sync.WaitGroup

	ctx  context.Context // of the calls; stop ends it
	stop context.CancelFunc

	breaker *wire.Breaker

	mu       sync.Mutex
	seen     map[string]bool // account ids
	accounts []Account       // all that were seen, picked or not
	picked   int             // how many of them
	waiting  []Account       // nobody asks for yet
	active   int             // goroutines
	err      error           // why the listing is incomplete
}

// How many calls in a row must fail before the portal is taken to be down. An
// account may be broken by itself, a dozen of them in a row hardly.
const (
	maxUnanswered = 3
	maxUseless    = 12
)

// outcome is what came of one account.
type outcome struct {
	account Account
	roles   []string // sorted, each once
	err     error    // why they could not be listed
}

func (c *Client) begin(ctx context.Context, concurrency int, pick func(Account) bool) *listing {
	l := &listing{client: c, concurrency: concurrency, pick: pick, outcomes: make(chan outcome), seen: map[string]bool{}, active: 1,
		breaker: wire.NewBreaker(wire.Limits{Unanswered: maxUnanswered, Useless: maxUseless})}
	l.ctx, l.stop = context.WithCancel(ctx)
	l.workers.Go(func() {
		if err := l.findAccounts(); err != nil {
			l.miss(err)
		}
		l.work()
	})
	go func() {
		l.workers.Wait()
		close(l.outcomes)
	}()
	return l
}

func (l *listing) findAccounts() error {
	return eachPage(func(next *string) (*string, error) {
		var out *sso.ListAccountsOutput
		err := l.breaker.Call(l.ctx, func(ctx context.Context) (err error) {
			out, err = call(ctx, l.client.tokens, func(token string) (*sso.ListAccountsOutput, error) {
				return l.client.sso.ListAccounts(ctx, &sso.ListAccountsInput{
					AccessToken: &token, MaxResults: aws.Int32(pageSize), NextToken: next,
				})
			})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, info := range out.AccountList {
			account, err := accountOf(info)
			if err != nil {
				l.miss(err) // the others on the page may be right
				continue
			}
			l.add(account)
		}
		return out.NextToken, nil
	})
}

// add puts an account that is picked into the queue, and starts a goroutine
// for it if one more may run.
func (l *listing) add(account Account) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen[account.ID] {
		return
	}
	l.seen[account.ID] = true
	l.accounts = append(l.accounts, account)
	if l.pick != nil && !l.pick(account) {
		return
	}
	l.picked++
	l.waiting = append(l.waiting, account)
	if l.active < l.concurrency {
		l.active++
		l.workers.Go(l.work)
	}
}

// work lists the roles of waiting accounts until none waits.
func (l *listing) work() {
	for {
		account, ok := l.next()
		if !ok {
			return
		}
		var roles []string
		err := l.breaker.Call(l.ctx, func(ctx context.Context) (err error) {
			roles, err = l.client.roles(ctx, account.ID)
			return err
		})
		if err != nil && l.ctx.Err() != nil {
			continue // it was stopped, which says nothing of the account
		}
		if fatal := l.fatal(err); fatal != nil {
			l.abort(fatal)
			continue
		}
		l.outcomes <- outcome{account, roles, wire.Fault(err, "cannot list the roles in account %s", account.ID)}
	}
}

func (l *listing) next() (Account, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 || l.ctx.Err() != nil {
		l.active--
		return Account{}, false
	}
	account := l.waiting[0]
	l.waiting = l.waiting[1:]
	return account, true
}

// miss keeps the first reason why accounts are missing.
func (l *listing) miss(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

// fatal returns why the roles of no further account need to be asked for, nil
// if they should: the session has no login, or nobody answers.
func (l *listing) fatal(err error) error {
	var untried *tokenError
	if errors.As(err, &untried) || fault.KindOf(wire.Fault(err, "")) == fault.Login {
		return err
	}
	return l.breaker.Err()
}

// abort cancels the listing and records err as the cause.
func (l *listing) abort(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() == nil { // who comes first says why
		l.err = err
		l.stop()
	}
}

func (l *listing) known() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.picked
}

// incomplete returns why accounts are missing, nil if none is. ctx is the caller's.
func (l *listing) incomplete(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.err
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if len(l.seen) == 0 {
		return wire.Fault(err, "cannot list the accounts")
	}
	return wire.Fault(err, "cannot list all accounts")
}
