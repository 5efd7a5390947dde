package portal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// check holds a listing against the accounts that there are.
func check(t *testing.T, got *portal.Listing, want []account) {
	t.Helper()
	var assignments []portal.Assignment
	for _, a := range want {
		for _, role := range a.roles {
			assignments = append(assignments, portal.Assignment{Account: portal.Account{ID: a.id, Name: a.name, Email: a.email}, Role: role})
		}
	}
	if !slices.Equal(got.Assignments, assignments) {
		t.Errorf("%d assignments, want the %d that there are, in order", len(got.Assignments), len(assignments))
	}
	if got.Accounts != len(want) {
		t.Errorf("%d accounts, want %d", got.Accounts, len(want))
	}
}

func complete(t *testing.T, l *portal.Listing) {
	t.Helper()
	if !l.Complete() || l.Err != nil || len(l.Unlisted) > 0 || l.Failed() != nil || l.Known != l.Accounts {
		t.Errorf("incomplete: %v, %d of %d known, unlisted: %v", l.Err, l.Accounts, l.Known, l.Unlisted)
	}
}

// says holds an error against the words of a person.
func says(t *testing.T, err error, kind fault.Kind, text string) {
	t.Helper()
	if err == nil || err.Error() != text || fault.KindOf(err) != kind {
		t.Errorf("got  %v (%v)\nwant %s (%v)", err, fault.KindOf(err), text, kind)
	}
}

// The bar is 0.6 s for 300 accounts of 3 roles at 50 ms a call.
func TestListIsFast(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		accounts, roles, concurrency int
		within                       time.Duration
	}{
		{300, 3, 32, 600 * time.Millisecond},
		{300, 3, 64, 400 * time.Millisecond},
		{300, 3, 128, 300 * time.Millisecond},
		{1000, 5, 64, 1000 * time.Millisecond},
		{1000, 5, 128, 700 * time.Millisecond},
		{300, 3, 1, 303 * 50 * time.Millisecond},
		{3, 2, 64, 100 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("%d x %d with %d", test.accounts, test.roles, test.concurrency), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{accounts: some(test.accounts, test.roles), latency: 50 * time.Millisecond}
				c := f.client(t, &source{})
				begun := time.Now()
				l := c.List(t.Context(), test.concurrency, nil, nil)
				took := time.Since(begun)
				t.Logf("took %v", took)
				synctest.Wait() // for the server
				check(t, l, f.accounts)
				complete(t, l)
				if took > test.within {
					t.Errorf("took %v, want at most %v", took, test.within)
				}
				if f.most > test.concurrency {
					t.Errorf("%d calls at once, want at most %d", f.most, test.concurrency)
				}
				if want := test.accounts + (test.accounts+99)/100; f.count() != want {
					t.Errorf("%d calls, want %d", f.count(), want)
				}
				if rate, refused := c.Throttled(); rate != 0 || refused != 0 {
					t.Errorf("throttled to %v after %d refusals", rate, refused)
				}
			})
		})
	}
}

// The bar under a limit is 1.05 times the time that the limit alone takes.
func TestListThrottled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		accounts    int
		rate, burst float64
		retryAfter  int
		within      float64
	}{
		{300, 20, 20, 0, 1.03},
		{1000, 20, 20, 0, 1.02},
		{300, 5, 5, 0, 1.03},
		{300, 20, 20, 1, 1.15},
	} {
		for _, concurrency := range []int{32, 64, 128} {
			if test.accounts > 300 && concurrency != 64 {
				continue // pkg/wire has the others, without the portal
			}
			t.Run(fmt.Sprintf("%d at %v a second, %d s, with %d", test.accounts, test.rate, test.retryAfter, concurrency), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					f := &fake{
						accounts: some(test.accounts, 3), latency: 50 * time.Millisecond,
						rate: test.rate, burst: test.burst, retryAfter: test.retryAfter,
					}
					c := f.client(t, &source{})
					begun := time.Now()
					l := c.List(t.Context(), concurrency, nil, nil)
					took := time.Since(begun)
					calls := float64(test.accounts + (test.accounts+99)/100)
					floor := (calls - test.burst) / test.rate
					t.Logf("floor %.2f s, took %v (%.3f), %d calls refused", floor, took, took.Seconds()/floor, f.refused)
					synctest.Wait() // for the server
					check(t, l, f.accounts)
					complete(t, l)
					if took.Seconds() > test.within*floor {
						t.Errorf("took %v, want at most %.2f x %.2f s", took, test.within, floor)
					}
					if f.refused >= int(calls) {
						t.Errorf("%d refusals for %v calls", f.refused, calls)
					}
					if _, refused := c.Throttled(); refused != f.refused {
						t.Errorf("Throttled says %d refusals, there were %d", refused, f.refused)
					}
				})
			})
		}
	}
}

func TestListThrottledForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{accounts: some(300, 3), latency: 50 * time.Millisecond, rate: 1e-9, burst: 40}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begun := time.Now()
		l := f.client(t, &source{}).List(ctx, 64, nil, nil)
		if took := time.Since(begun); took != time.Hour {
			t.Errorf("ended after %v", took)
		}
		says(t, l.Err, fault.Timeout, "cannot list all accounts: the time is up")
		if pages := l.Known / 100; l.Accounts != 40-pages || len(l.Unlisted) != 0 {
			t.Errorf("%d of %d listed, %d unlisted; want those that were answered", l.Accounts, l.Known, len(l.Unlisted))
		}
	})
}

// The roles of a page's accounts are listed while the next page is fetched.
func TestPagesOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{accounts: some(200, 1), latency: 50 * time.Millisecond}
		f.strike = func(c *request) reply {
			if c.op != opAccounts || c.page == "" {
				return nil
			}
			page := f.accountsPage(c.page, 100)
			return func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(10 * time.Second)
				page(w, r)
			}
		}
		begun := time.Now()
		var early int
		l := f.client(t, &source{}).List(t.Context(), 8, nil, func(done, known int) {
			if time.Since(begun) < 5*time.Second {
				early = done
				if known != 100 {
					t.Errorf("%d known, want 100", known)
				}
			}
		})
		if !l.Complete() || l.Accounts != 200 {
			t.Errorf("%d accounts, %v", l.Accounts, l.Err)
		}
		if early != 100 {
			t.Errorf("%d accounts came before the second page, want 100", early)
		}
	})
}

// One attempt in ten fails, in every way that passes; nothing is lost.
func TestListLosesNothingInFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 0))
				faults := []reply{
					broken, cut, text(500, "<html>oops</html>"), text(503, ""), text(200, ""), text(200, `{"accountList":[{`),
					text(200, "{}"), text(200, `{"accountList":null,"roleList":null}`), text(200, `{"accountList":[null],"roleList":[null,{"roleName":null}]}`),
					text(502, "bad gateway"),
				}
				f := &fake{accounts: some(300, 3), latency: 50 * time.Millisecond, strike: func(*request) reply {
					if random.IntN(10) > 0 {
						return nil
					}
					return faults[random.IntN(len(faults))]
				}}
				begun := time.Now()
				l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
				check(t, l, f.accounts)
				complete(t, l)
				if took := time.Since(begun); took > 10*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestListEmpty(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		l := f.client(t, &source{}).List(t.Context(), 64, nil, func(int, int) { t.Error("progress of nothing") })
		check(t, l, nil)
		complete(t, l)
	})
}

// Roles are asked for in the accounts that are picked; all are named.
func TestListOfPickedAccounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		pick   func(portal.Account) bool
		picked int
	}{
		{"one by id", func(a portal.Account) bool { return a.ID == "100000000599" }, 1},
		{"some by name", func(a portal.Account) bool { return strings.HasSuffix(a.Name, "7") }, 60},
		{"none", func(portal.Account) bool { return false }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{accounts: some(600, 2), strike: func(c *request) reply {
					if c.op == opRoles && !test.pick(portal.Account{ID: c.account, Name: "account " + strings.TrimLeft(c.account[3:], "0")}) {
						return refuse(403, "ForbiddenException", "No access", 0)
					}
					return nil
				}}
				last := 0
				l := f.client(t, &source{}).List(t.Context(), 64, test.pick, func(done, known int) {
					if done < last || done > known || known > test.picked {
						t.Errorf("%d of %d are done", done, known)
					}
					last = done
				})
				complete(t, l)
				if l.Accounts != test.picked || len(l.Assignments) != 2*test.picked || len(l.Named) != 600 || last != test.picked {
					t.Errorf("%d accounts, %d assignments, %d named, progress to %d", l.Accounts, len(l.Assignments), len(l.Named), last)
				}
				if calls := f.count(); calls != 6+test.picked {
					t.Errorf("%d calls, want %d", calls, 6+test.picked)
				}
			})
		})
	}
}

// An account that says no, or is broken, is named; the others are listed.
func TestListWithBrokenAccounts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		strike reply
		kind   fault.Kind
		why    string
	}{
		{"403", refuse(403, "ForbiddenException", "No access", 0), fault.Denied, "AWS answered 403 ForbiddenException: No access"},
		{"404", refuse(404, "ResourceNotFoundException", "gone", 0), fault.Request, "AWS answered 404 ResourceNotFoundException: gone"},
		{"500", text(500, "<html>"), fault.Reply, "AWS answered 500"},
		{"reset", broken, fault.Unreachable, "the connection to 127.0.0.1:1 broke: it was closed in the middle"},
		{"cut", cut, fault.Reply, "127.0.0.1:1: the reply was cut off"},
		{"hang", hang, fault.Timeout, "no answer from 127.0.0.1:1 within 15s"},
		{"no list", text(200, "{}"), fault.Reply, "127.0.0.1:1: the reply lacks what it should hold"},
		{"null roles", text(200, `{"roleList":[null,{}]}`), fault.Reply, "127.0.0.1:1: the reply lacks what it should hold"},
		{"a role without a name", text(200, `{"roleList":[{"roleName":"Admin"},{"accountId":"100000000007"}]}`), fault.Reply, "the portal listed one role without a name"},
		{"a hostile role", text(200, `{"roleList":[{"roleName":"a]\n[profile x"}]}`), fault.Reply, `the portal listed role "a]\n[profile x", which cannot exist`},
		{"a long role", text(200, `{"roleList":[{"roleName":"`+strings.Repeat("a", 65)+`"}]}`), fault.Reply, `the portal listed role "` + strings.Repeat("a", 65) + `", which cannot exist`},
		{"another account", text(200, `{"roleList":[{"roleName":"Admin","accountId":"100000000008"}]}`), fault.Reply, `the portal answered for account "100000000008"`},
		{"a repeated page", text(200, `{"roleList":[],"nextToken":"x"}`), fault.Reply, "the portal repeated a page marker"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				isBroken := func(id string) bool { return strings.HasSuffix(id, "7") } // 10 accounts
				f := &fake{accounts: some(100, 3), latency: 50 * time.Millisecond, strike: func(c *request) reply {
					if isBroken(c.account) {
						return test.strike
					}
					return nil
				}}
				l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
				check(t, l, slices.DeleteFunc(slices.Clone(f.accounts), func(a account) bool { return isBroken(a.id) }))
				if l.Complete() || l.Err != nil || l.Failed() != nil || l.Known != 100 || len(l.Unlisted) != 10 {
					t.Fatalf("complete: %v, err: %v, failed: %v, known: %d, unlisted: %d", l.Complete(), l.Err, l.Failed(), l.Known, len(l.Unlisted))
				}
				if !slices.IsSortedFunc(l.Unlisted, func(a, b portal.Unlisted) int { return strings.Compare(a.Account.ID, b.Account.ID) }) {
					t.Error("the unlisted accounts are not in order")
				}
				first := l.Unlisted[0]
				if first.Account != (portal.Account{ID: "100000000007", Name: "account 7", Email: "a7@example.com"}) {
					t.Errorf("unlisted: %+v", first.Account)
				}
				says(t, first.Err, test.kind, "cannot list the roles in account 100000000007: "+test.why)
			})
		})
	}
}

// Nothing at all is one error, which says so.
func TestListFailed(t *testing.T) {
	t.Parallel()
	no := refuse(403, "ForbiddenException", "No access", 0)
	for _, test := range []struct {
		name   string
		n      int
		strike func(*request) reply
		kind   fault.Kind
		text   string
	}{
		{"first page", 3, func(*request) reply { return text(503, "") }, fault.Reply, "cannot list the accounts: AWS answered 503"},
		{"no access", 3, func(*request) reply { return no }, fault.Denied, "cannot list the accounts: AWS answered 403 ForbiddenException: No access"},
		{"no connection", 3, func(*request) reply { return broken }, fault.Unreachable, "cannot list the accounts: the connection to 127.0.0.1:1 broke: it was closed in the middle"},
		{"one account", 1, func(c *request) reply {
			if c.op == opRoles {
				return no
			}
			return nil
		}, fault.Denied, "no account could be listed: cannot list the roles in account 100000000000: AWS answered 403 ForbiddenException: No access"},
		{"all accounts", 30, func(c *request) reply {
			if c.op == opRoles {
				return no
			}
			return nil
		}, fault.Denied, "none of 30 accounts could be listed, among them: cannot list the roles in account 100000000000: AWS answered 403 ForbiddenException: No access"},
		{"all accounts for two reasons", 2, func(c *request) reply {
			if c.op == opRoles && c.account == "100000000000" {
				return no
			} else if c.op == opRoles {
				return text(400, "")
			}
			return nil
		}, fault.Unknown, "none of 2 accounts could be listed, among them: cannot list the roles in account 100000000000: AWS answered 403 ForbiddenException: No access"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{accounts: some(test.n, 2), strike: test.strike}
				l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
				if l.Complete() || l.Accounts != 0 || len(l.Assignments) != 0 {
					t.Errorf("%+v", l)
				}
				says(t, l.Failed(), test.kind, test.text)
			})
		})
	}
}

// A page that does not come leaves what is known, and is told last.
func TestListWithABrokenPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		strike reply
		kind   fault.Kind
		why    string
		listed int
	}{
		{"500", text(500, ""), fault.Reply, "AWS answered 500", 200},
		{"reset", broken, fault.Unreachable, "the connection to 127.0.0.1:1 broke: it was closed in the middle", 200},
		{"null", text(200, `{"accountList":null}`), fault.Reply, "127.0.0.1:1: the reply lacks what it should hold", 200},
		{"repeated", text(200, `{"accountList":[],"nextToken":"200"}`), fault.Reply, "the portal repeated a page marker", 200},
		{"cycle", text(200, `{"accountList":[],"nextToken":"100"}`), fault.Reply, "the portal repeated a page marker", 200},
		{"an account without a name", text(200, `{"accountList":[null,{"accountId":"200000000000","accountName":null}]}`), fault.Reply, "the portal listed one account without a name", 201},
		{"a hostile account", text(200, `{"accountList":[{"accountId":"12345678901\n"},{"accountId":"200000000000"}]}`), fault.Reply, `the portal listed account "12345678901\n", which cannot exist`, 201},
		{"a short account", text(200, `{"accountList":[{"accountId":"1"}]}`), fault.Reply, `the portal listed account "1", which cannot exist`, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{accounts: some(300, 1), latency: 50 * time.Millisecond}
				f.strike = func(c *request) reply {
					switch {
					case c.op == opAccounts && c.page == "200":
						return test.strike
					case c.account == "200000000000":
						return text(200, `{"roleList":[{"roleName":"Role0"}]}`)
					}
					return nil
				}
				l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
				want := slices.Clone(f.accounts[:200])
				if test.listed > 200 {
					want = append(want, account{id: "200000000000", name: "200000000000", roles: []string{"Role0"}})
				}
				check(t, l, want)
				if l.Complete() || l.Failed() != nil || l.Known != test.listed || len(l.Unlisted) != 0 {
					t.Errorf("complete: %v, failed: %v, known: %d, unlisted: %v", l.Complete(), l.Failed(), l.Known, l.Unlisted)
				}
				says(t, l.Err, test.kind, "cannot list all accounts: "+test.why)
			})
		})
	}
}

// A portal that promises page after page is not followed for ever.
func TestPagesEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.strike = func(*request) reply {
			return text(200, fmt.Sprintf(`{"accountList":[],"nextToken":"%d"}`, len(f.calls)))
		}
		l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
		says(t, l.Err, fault.Reply, "cannot list the accounts: the portal sent 1000 pages and promised more")
		if n := f.count(); n != 1000 {
			t.Errorf("%d pages", n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := &fake{accounts: some(1, 1)}
		f.strike = func(c *request) reply {
			if c.op == opAccounts {
				return nil
			}
			return text(200, fmt.Sprintf(`{"roleList":[],"nextToken":"%d"}`, len(f.calls)))
		}
		l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
		if len(l.Unlisted) != 1 {
			t.Fatalf("unlisted: %v", l.Unlisted)
		}
		says(t, l.Unlisted[0].Err, fault.Reply, "cannot list the roles in account 100000000000: the portal sent 1000 pages and promised more")
		if n := f.count(opRoles); n != 1000 {
			t.Errorf("%d pages", n)
		}
	})
}

// Pages may be empty, or have an empty token at the end; accounts may come
// twice, without a name, and roles in any order.
func TestOddPagesAreRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pages := map[string]string{
			"":  `{"accountList":[],"nextToken":"b"}`,
			"b": `{"accountList":[{"accountId":"000000000002","accountName":null},{"accountId":"000000000001","accountName":"  ","emailAddress":null}],"nextToken":"c"}`,
			"c": `{"accountList":[{"accountId":"000000000002","accountName":"again"},{"accountId":"000000000003","accountName":"\u001b]0;x\u0007\u0000"}],"nextToken":""}`,
		}
		roles := map[string]string{
			"000000000001": `{"roleList":[{"roleName":"z+=,.@-_"},{"roleName":"B"},{"roleName":"a"},{"roleName":"B"}],"nextToken":null}`,
			"000000000002": `{"roleList":[]}`,
			"000000000003": `{"roleList":[{"roleName":"R","accountId":"000000000003"}],"nextToken":""}`,
		}
		f := &fake{strike: func(c *request) reply {
			if c.op == opAccounts {
				return text(200, pages[c.page])
			}
			return text(200, roles[c.account])
		}}
		l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
		complete(t, l)
		check(t, l, []account{
			{"000000000001", "000000000001", "", []string{"B", "a", "z+=,.@-_"}},
			{"000000000002", "000000000002", "", nil},
			{"000000000003", "\x1b]0;x\a\x00", "", []string{"R"}},
		})
	})
}

func TestRolesOverSeveralPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{accounts: some(1, 250)}
		l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
		complete(t, l)
		sorted := slices.IsSortedFunc(l.Assignments, func(a, b portal.Assignment) int { return strings.Compare(a.Role, b.Role) })
		if len(l.Assignments) != 250 || !sorted || f.count(opRoles) != 3 {
			t.Errorf("%d roles from %d pages, sorted: %v", len(l.Assignments), f.count(opRoles), sorted)
		}
	})
}

// A token that ends in the middle is renewed once, for all.
func TestTokenEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, renewals := range []int{1, 2} {
		t.Run(fmt.Sprint(renewals), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{accounts: some(300, 3), latency: 50 * time.Millisecond}
				f.strike = func(c *request) reply {
					// each token is good for a hundred calls, the last for the rest
					if good := "t" + fmt.Sprint(min(len(f.calls)/100, renewals)+1); c.token != good {
						return refuse(401, "UnauthorizedException", "Session token not found or invalid", 0)
					}
					return nil
				}
				tokens := &source{renewals: renewals, wait: time.Second}
				l := f.client(t, tokens).List(t.Context(), 64, nil, nil)
				check(t, l, f.accounts)
				complete(t, l)
				if tokens.nth != renewals {
					t.Errorf("%d renewals, want %d", tokens.nth, renewals)
				}
			})
		})
	}
}

// A session that ends in the middle ends the listing: what is known is kept,
// nobody asks for the rest.
func TestSessionEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		over error
		kind fault.Kind
		text string
	}{
		{"over", nil, fault.Login, `cannot list all accounts: the session "okta" is over: the token expired at 17:02`},
		{"no refresh", fault.New(fault.File, "cannot keep the token", "no space left on device"), fault.File, "cannot list all accounts: cannot keep the token: no space left on device"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{accounts: some(300, 3), latency: 50 * time.Millisecond}
				f.strike = func(*request) reply {
					if len(f.calls) > 150 {
						return refuse(401, "UnauthorizedException", "Session token not found or invalid", 0)
					}
					return nil
				}
				begun := time.Now()
				l := f.client(t, &source{over: test.over}).List(t.Context(), 64, nil, nil)
				says(t, l.Err, test.kind, test.text)
				if test.over == nil && fault.HintOf(l.Err) != "run: sso-login okta" {
					t.Errorf("hint %q", fault.HintOf(l.Err))
				}
				if len(l.Unlisted) != 0 || l.Accounts < 150-2-64 || l.Accounts > 150 {
					t.Errorf("%d listed, %d unlisted; want those that were answered", l.Accounts, len(l.Unlisted))
				}
				if n := f.count(); n > 150+2*64 {
					t.Errorf("%d calls, 150 before the end", n)
				}
				if took := time.Since(begun); took > 500*time.Millisecond {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// That the session ended counts more than an odd entry that was met before: it
// says what to do.
func TestSessionEndIsToldFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{strike: func(c *request) reply {
			if c.op == opAccounts {
				return text(200, `{"accountList":[{"accountId":"x"},{"accountId":"123456789012"}]}`)
			}
			return refuse(401, "UnauthorizedException", "no", 0)
		}}
		l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
		says(t, l.Err, fault.Login, `cannot list all accounts: the session "okta" is over: the token expired at 17:02`)
	})
}

// A portal that refuses every token is asked thrice, and then not again.
func TestEveryTokenIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{accounts: some(3, 1), strike: func(*request) reply { return refuse(401, "UnauthorizedException", "no", 0) }}
		tokens := &source{renewals: 1000}
		l := f.client(t, tokens).List(t.Context(), 64, nil, nil)
		says(t, l.Err, fault.Login, "cannot list the accounts: AWS answered 401 UnauthorizedException: no")
		if f.count() != 3 || tokens.nth != 2 {
			t.Errorf("%d calls, %d renewals", f.count(), tokens.nth)
		}
	})
}

func TestNoTokenAtAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{accounts: some(3, 1)}
		c := f.client(t, noToken{})
		l := c.List(t.Context(), 64, nil, nil)
		says(t, l.Err, fault.Login, `cannot list the accounts: the session "okta" is over: the token expired at 17:02`)
		_, _, err := c.RoleCredentials(t.Context(), "123456789012", "Admin")
		says(t, err, fault.Login, `no credentials for role "Admin" in account 123456789012: the session "okta" is over: the token expired at 17:02`)
		if f.count() != 0 || fault.HintOf(err) != "run: sso-login okta" {
			t.Errorf("%d calls, hint %q", f.count(), fault.HintOf(err))
		}
	})
}

type noToken struct{}

func (noToken) Token(context.Context) (string, error)         { return "", errOver }
func (noToken) Renew(context.Context, string) (string, error) { return "", errOver }

// Once nobody answers any more, nobody waits for thousands of accounts to
// fail one by one.
func TestOutageEndsTheListing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		strike reply
		kind   fault.Kind
		text   string
		calls  int // accounts that are asked for after the outage began
	}{
		{"reset", broken, fault.Unreachable, "cannot list all accounts: no answer to 3 calls in a row: the connection to 127.0.0.1:1 broke: it was closed in the middle", 3 * 64},
		{"hang", hang, fault.Timeout, "cannot list all accounts: no answer to 3 calls in a row: no answer from 127.0.0.1:1 within 15s", 3 * 64},
		{"500", text(500, ""), fault.Reply, "cannot list all accounts: no usable answer to 12 calls in a row: AWS answered 500", 3*64 + 12},
		{"page", text(200, "<html>log in</html>"), fault.Reply, "cannot list all accounts: no usable answer to 12 calls in a row: 127.0.0.1:1: the reply was not from AWS (a proxy or a captive portal?)", 3*64 + 12},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{accounts: some(2000, 3), latency: 50 * time.Millisecond}
				asked := map[string]bool{}
				f.strike = func(c *request) reply {
					if c.op == opRoles && len(f.calls) > 500 {
						asked[c.account] = true
						return test.strike
					}
					return nil
				}
				begun := time.Now()
				l := f.client(t, &source{}).List(t.Context(), 64, nil, nil)
				says(t, l.Err, test.kind, test.text)
				if took := time.Since(begun); took > 65*time.Second {
					t.Errorf("took %v", took)
				}
				synctest.Wait() // for the server
				if len(asked) > test.calls {
					t.Errorf("%d accounts were asked for after the end, want at most %d", len(asked), test.calls)
				}
				if l.Accounts < 450 || l.Complete() || l.Failed() != nil {
					t.Errorf("%d listed, complete: %v, failed: %v", l.Accounts, l.Complete(), l.Failed())
				}
			})
		})
	}
}

// A context that ends does so at once, wherever the listing is.
func TestCancelEndsTheListing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		fake *fake
		wait time.Duration // for a new token
	}{
		{"answers", &fake{latency: time.Minute}, 0},
		{"roles", &fake{latency: 300 * time.Millisecond}, 0},
		{"pace", &fake{latency: 50 * time.Millisecond, rate: 5, burst: 5}, 0},
		{"Retry-After", &fake{latency: 50 * time.Millisecond, rate: 5, burst: 5, retryAfter: 60}, 0},
		{"pauses", &fake{latency: 50 * time.Millisecond, strike: func(c *request) reply {
			if c.op == opRoles {
				return broken
			}
			return nil
		}}, 0},
		{"renewal", &fake{strike: func(*request) reply { return refuse(401, "UnauthorizedException", "", 0) }}, time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := test.fake
				f.accounts = some(300, 3)
				c := f.client(t, &source{wait: test.wait})
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				begun := time.Now()
				l := c.List(ctx, 64, nil, nil)
				if took := time.Since(begun); took != time.Second {
					t.Errorf("ended after %v", took)
				}
				if fault.KindOf(l.Err) != fault.Canceled || !errors.Is(l.Err, context.Canceled) {
					t.Errorf("ended with %v", l.Err)
				}
				// With the next pages of accounts, 14 and 42 calls were under way.
				if listed := l.Accounts + len(l.Unlisted); test.name == "roles" && (listed < 13+41 || listed > 14+42) {
					t.Errorf("%d accounts before the end", listed)
				}
			})
		})
	}
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			f := &fake{accounts: some(3, 1)}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			l := f.client(t, &source{}).List(ctx, 64, nil, nil)
			says(t, l.Err, fault.Canceled, "cannot list the accounts: stopped")
			if f.count() != 0 {
				t.Errorf("%d calls", f.count())
			}
		})
	})
}

// Progress only grows, and ends with all.
func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{accounts: some(1000, 1), latency: 50 * time.Millisecond, strike: func(c *request) reply {
			if strings.HasSuffix(c.account, "77") {
				return refuse(403, "ForbiddenException", "No access", 0)
			}
			return nil
		}}
		var lastDone, lastKnown, told int
		f.client(t, &source{}).List(t.Context(), 64, nil, func(done, known int) {
			told++
			if done != told || done < lastDone || known < lastKnown || done > known {
				t.Errorf("%d of %d after %d of %d", done, known, lastDone, lastKnown)
			}
			lastDone, lastKnown = done, known
		})
		if lastDone != 1000 || lastKnown != 1000 {
			t.Errorf("ended with %d of %d", lastDone, lastKnown)
		}
	})
}

// Any concurrency is at least one call at a time.
func TestConcurrencyIsAtLeastOne(t *testing.T) {
	t.Parallel()
	for _, concurrency := range []int{-1, 0, 1, 2} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{accounts: some(120, 2), latency: time.Millisecond}
			l := f.client(t, &source{}).List(t.Context(), concurrency, nil, nil)
			synctest.Wait() // for the server
			check(t, l, f.accounts)
			if f.most != max(concurrency, 1) {
				t.Errorf("%d calls at once for a concurrency of %d", f.most, concurrency)
			}
		})
	}
}

func TestRegionThatIsNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		w := f.wire(t)
		_, err := portal.New(w, "nowhere", wire.NewPace(), &source{})
		says(t, err, fault.Config, `"nowhere" is not the name of a region`)
		says(t, portal.Logout(t.Context(), w, "", "t"), fault.Config, "no region is set")
	})
}
