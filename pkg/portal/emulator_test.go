package portal_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// fixedToken is a token that nobody can renew.
type fixedToken string

func (t fixedToken) Token(context.Context) (string, error)         { return string(t), nil }
func (t fixedToken) Renew(context.Context, string) (string, error) { return "", errOver }

// emulated is a client of the emulator, over the loopback.
func emulated(tb testing.TB, srv *idctest.Server) (*portal.Client, *wire.Wire, string) {
	tb.Helper()
	w, err := wire.New(wire.Settings{Endpoint: srv.URL, Timeout: 5 * time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.CloseIdle)
	token := srv.IssueToken("").AccessToken
	c, err := portal.New(w, srv.Region, wire.NewPace(), fixedToken(token))
	if err != nil {
		tb.Fatal(err)
	}
	return c, w, token
}

func fromEmulator(accounts []idctest.Account) []account {
	var all []account
	for _, a := range accounts {
		roles := slices.Sorted(slices.Values(a.Roles))
		all = append(all, account{a.ID, a.Name, a.Email, roles})
	}
	slices.SortFunc(all, func(a, b account) int { return strings.Compare(a.id, b.id) })
	return all
}

// The emulator answers as AWS does; what it serves is what is listed, faults
// or not.
func TestEmulatedPortal(t *testing.T) {
	t.Parallel()
	accounts := idctest.MakeAccounts(120, 3)
	srv := idctest.New(t, idctest.Config{Accounts: accounts, Seed: 1})
	c, w, token := emulated(t, srv)
	for _, faults := range [][]idctest.Fault{nil, {
		{Op: idctest.ListAccountRoles, Kind: idctest.Reset, Prob: .025},
		{Op: idctest.ListAccountRoles, Kind: idctest.ServerError, Prob: .025},
		{Op: idctest.ListAccountRoles, Kind: idctest.Cut, Prob: .025},
		{Op: idctest.ListAccountRoles, Kind: idctest.Truncated, Prob: .025},
		{Op: idctest.ListAccounts, Kind: idctest.EmptyPage, Times: 1},
		{Op: idctest.ListAccounts, Kind: idctest.Nulls, Times: 1},
	}} {
		srv.Update(func(c *idctest.Config) { c.Faults = faults })
		l := c.List(t.Context(), 16, nil, nil)
		check(t, l, fromEmulator(accounts))
		complete(t, l)
	}

	srv.Update(func(c *idctest.Config) { c.Faults = nil })
	credentials, _, err := c.RoleCredentials(t.Context(), accounts[0].ID, accounts[0].Roles[0])
	if err != nil || !credentials.HasKeys() || credentials.SessionToken == "" || !credentials.Expires.After(srv.Now()) {
		t.Errorf("credentials of %q until %v, %v", credentials.AccessKeyID, credentials.Expires, err)
	}
	_, _, err = c.RoleCredentials(t.Context(), accounts[0].ID, "Nobody")
	if fault.KindOf(err) != fault.Denied {
		t.Errorf("of a role that is not assigned: %v", err)
	}

	for range 2 { // the second time nobody knows the token
		if err := portal.Logout(t.Context(), w, srv.Region, token); err != nil {
			t.Error(err)
		}
	}
	if l := c.List(t.Context(), 16, nil, nil); fault.KindOf(l.Failed()) != fault.Login {
		t.Errorf("after the logout: %v", l.Failed())
	}
}

// Endings of a listing that the emulator knows: repeated and cycling tokens,
// an account without access, odd names.
func TestEmulatedFaults(t *testing.T) {
	t.Parallel()
	accounts := idctest.OddAccounts()
	srv := idctest.New(t, idctest.Config{Accounts: accounts})
	c, _, _ := emulated(t, srv)
	l := c.List(t.Context(), 16, nil, nil)
	want := fromEmulator(accounts)
	for i := range want {
		if strings.TrimSpace(want[i].name) == "" {
			want[i].name = want[i].id
		}
	}
	complete(t, l)
	if l.Accounts != len(want) {
		t.Errorf("%d accounts, want %d", l.Accounts, len(want))
	}
	for _, kind := range []idctest.FaultKind{idctest.RepeatToken, idctest.CycleTokens} {
		srv.Update(func(c *idctest.Config) { c.Faults = []idctest.Fault{{Op: idctest.ListAccounts, Kind: kind}} })
		l := c.List(t.Context(), 16, nil, nil)
		if l.Complete() || fault.KindOf(l.Err) != fault.Reply || !strings.HasSuffix(l.Err.Error(), "the portal repeated a page marker") {
			t.Errorf("%s: %v", kind, l.Err)
		}
	}
	srv.Update(func(c *idctest.Config) {
		c.Faults = []idctest.Fault{{Op: idctest.ListAccountRoles, Account: accounts[0].ID, Kind: idctest.Forbidden}}
	})
	l = c.List(t.Context(), 16, nil, nil)
	if l.Err != nil || len(l.Unlisted) != 1 || l.Unlisted[0].Account.ID != accounts[0].ID || fault.KindOf(l.Unlisted[0].Err) != fault.Denied {
		t.Errorf("err %v, unlisted %v", l.Err, l.Unlisted)
	}
}

// The bar: 300 accounts of 3 roles at 50 ms a call in under 0.6 s. It needs
// real time, and is 0.35 s on a machine with nothing else to do.
func BenchmarkList300At50ms(b *testing.B) {
	srv, err := idctest.Start(idctest.Config{Accounts: idctest.MakeAccounts(300, 3), Latency: 50 * time.Millisecond})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(srv.Close)
	c, _, _ := emulated(b, srv)
	b.ReportAllocs()
	for b.Loop() {
		if l := c.List(b.Context(), 64, nil, nil); !l.Complete() || len(l.Assignments) != 900 {
			b.Fatalf("%d assignments, %v", len(l.Assignments), l.Err)
		}
	}
}
