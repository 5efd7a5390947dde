package probe_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/probe"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/wire"
)

const okta = `[sso-session okta]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
`

// tokenOf is a source that has one token, and refreshes it once if next is
// not empty.
type tokenOf struct {
	mu          sync.Mutex
	token, next string
	err         error
	renewals    atomic.Int32
}

func (s *tokenOf) Token(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token, s.err
}

func (s *tokenOf) Renew(_ context.Context, refused string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token != refused {
		return s.token, nil
	}
	s.renewals.Add(1)
	if s.next == "" {
		return "", errOver
	}
	s.token, s.next = s.next, ""
	return s.token, nil
}

var errOver = fault.New(fault.Login, `session "okta" is over`, "the test says so").WithHint("run: sso-login okta")

func newWire(t testing.TB, s wire.Settings) *wire.Wire {
	t.Helper()
	w, err := wire.New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.CloseIdle)
	return w
}

// newProber is a prober of a config against a server at url, with a token of
// its own for every session.
func newProber(t testing.TB, config, url string, source portal.TokenSource) *probe.Prober {
	t.Helper()
	c := awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, []byte(config)), nil)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	return &probe.Prober{Concurrency: 8, Resolver: resolve.Resolver{
		Config: c, RoleSession: "sso-test",
		Wire:   newWire(t, wire.Settings{Endpoint: url, MaxAttempts: 2}),
		Tokens: func(*wire.Wire, portal.Session) portal.TokenSource { return source },
	}}
}

func against(t testing.TB, cfg idctest.Config, config string) (*idctest.Server, *probe.Prober) {
	t.Helper()
	srv := idctest.New(t, cfg)
	return srv, newProber(t, config, srv.URL, &tokenOf{token: srv.IssueToken("").AccessToken})
}

// ssoProfile is a profile of Identity Center, with further lines.
func ssoProfile(name, account, role string, more ...string) string {
	return fmt.Sprintf("[profile %s]\nsso_session = okta\nsso_account_id = %s\nsso_role_name = %s\n%s",
		name, account, role, strings.Join(append(more, ""), "\n"))
}

// results runs the prober and returns the results in order.
func results(t testing.TB, p *probe.Prober, names ...string) []probe.Result {
	t.Helper()
	return slices.Collect(probe.InOrder(p.Run(t.Context(), names)))
}

func one(t testing.TB, p *probe.Prober, name string) probe.Result {
	t.Helper()
	all := results(t, p, name)
	if len(all) != 1 {
		t.Fatalf("%d results", len(all))
	}
	return all[0]
}

// brief is what the tests look at first.
func brief(all []probe.Result) []string {
	var lines []string
	for _, r := range all {
		lines = append(lines, strings.Join([]string{r.Profile, string(r.Status), r.Reason}, "|"))
	}
	return lines
}

func TestResultOfAHealthyProfile(t *testing.T) {
	srv, p := against(t, idctest.Config{Accounts: []idctest.Account{{ID: "111111111111", Roles: []string{"Admin"}}}},
		okta+ssoProfile("dev", "111111111111", "Admin", "region = eu-west-1"))
	r := one(t, p, "dev")
	if r.Latency <= 0 {
		t.Error("the latency is missing")
	}
	if !strings.HasPrefix(r.ARN, "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_") || r.UserID == "" {
		t.Errorf("the caller is %q, %q", r.ARN, r.UserID)
	}
	r.Latency, r.ARN, r.UserID = 0, "", ""
	want := probe.Result{
		Profile: "dev", Status: resolve.OK, AccountID: "111111111111", RoleName: "Admin", Region: "eu-west-1", Session: "okta",
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	for _, request := range srv.Requests() {
		if request.Op == idctest.GetCallerIdentity && request.Status != http.StatusOK {
			t.Errorf("STS answered %d", request.Status)
		}
	}
}

const devAccount = "111111111111"

func TestStatusOfEachFault(t *testing.T) {
	const portalOf, stsOf = "GetRoleCredentials=", "GetCallerIdentity="
	tests := []struct {
		fault  string
		status resolve.Status
		reason string // contained in
	}{
		{portalOf + "ForbiddenException", resolve.AccessDenied, `role "Admin" is not assigned to you in account 111111111111: AWS answered 403 `},
		{portalOf + "ForbiddenException", resolve.AccessDenied, "(sso_role_name, config:7)"},
		{portalOf + "UnauthorizedException", resolve.LoginRequired, `session "okta" is over`},
		{portalOf + "InvalidRequestException", resolve.Failed, "(sso_role_name, config:7)"},
		{portalOf + "ResourceNotFoundException", resolve.AccessDenied, "AWS answered 404 ResourceNotFoundException: The specified resource doesn't exist. (sso_role_name, config:7)"},
		{portalOf + "500", resolve.Failed, "AWS answered 500"},
		{portalOf + "503", resolve.Failed, "AWS answered 503"},
		{portalOf + "empty", resolve.Failed, "the reply was empty"},
		{portalOf + "hollow", resolve.Failed, "the reply lacks"},
		{portalOf + "nulls", resolve.Failed, "the reply lacks"},
		{portalOf + "html", resolve.Failed, "the reply was not from AWS"},
		{portalOf + "truncate", resolve.Failed, "the reply was cut off"},
		{portalOf + "cut", resolve.Failed, "the reply was cut off"},
		{portalOf + "huge", resolve.Failed, "larger than 8 MiB"},
		{portalOf + "reset", resolve.Unreachable, "broke"},
		{portalOf + "hang", resolve.Timeout, "within 100ms"},
		{stsOf + "AccessDenied", resolve.STSDenied, "(sso_role_name, config:7)"},
		{stsOf + "ExpiredToken", resolve.STSDenied, "ExpiredToken"},
		{stsOf + "InvalidClientTokenId", resolve.STSDenied, "InvalidClientTokenId"},
		{stsOf + "SignatureDoesNotMatch", resolve.STSDenied, "SignatureDoesNotMatch"},
		{stsOf + "RequestExpired", resolve.STSDenied, "RequestExpired"},
		{stsOf + "RegionDisabledException", resolve.STSDenied, "(region, config:8)"},
		{stsOf + "MalformedInput", resolve.Failed, "(sso_role_name, config:7)"},
		{stsOf + "500", resolve.Failed, "AWS answered 500"},
		{stsOf + "empty", resolve.Failed, "the reply was empty"},
		{stsOf + "nulls", resolve.Failed, "the reply lacks"},
		{stsOf + "html", resolve.Failed, "the reply was not from AWS"},
		{stsOf + "reset", resolve.Unreachable, "broke"},
		{stsOf + "hang", resolve.Timeout, "within 100ms"},
		{stsOf + "wrong-account", probe.WrongIdentity, "(sso_account_id, config:6)"},
		{stsOf + "wrong-role", probe.WrongIdentity, "(sso_role_name, config:7)"},
	}
	for _, tt := range tests {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			f, err := idctest.ParseFault(tt.fault)
			if err != nil {
				t.Fatal(err)
			}
			srv, p := against(t, idctest.Config{
				Accounts: []idctest.Account{{ID: devAccount, Roles: []string{"Admin"}}}, Faults: []idctest.Fault{f},
			}, okta+ssoProfile("dev", devAccount, "Admin", "region = eu-west-1"))
			if tt.status == resolve.Timeout {
				p.Wire = newWire(t, wire.Settings{Endpoint: srv.URL, MaxAttempts: 2, Timeout: 100 * time.Millisecond})
			}
			r := one(t, p, "dev")
			if r.Status != tt.status || !strings.Contains(r.Reason, tt.reason) {
				t.Errorf("%s: %s, want %s: ... %s ...", r.Status, r.Reason, tt.status, tt.reason)
			}
			if r.Err == nil {
				t.Error("the failure has no error")
			}
			answered := strings.HasPrefix(tt.fault, stsOf) && tt.status != resolve.Timeout && tt.status != resolve.Unreachable &&
				!strings.Contains(tt.reason, "the reply")
			if (r.Latency > 0) != answered {
				t.Errorf("the latency is %s", r.Latency)
			}
		})
	}
}

// TestTokenFaults are those of the way to a token: what the source says is
// what the profile has.
func TestTokenFaults(t *testing.T) {
	for kind, want := range map[fault.Kind]resolve.Status{
		fault.Login: resolve.LoginRequired, fault.Throttled: resolve.Throttled, fault.Timeout: resolve.Timeout,
		fault.Unreachable: resolve.Unreachable, fault.Reply: resolve.Failed, fault.File: resolve.Failed,
	} {
		source := &tokenOf{err: fault.New(kind, "no token", "of this kind")}
		p := newProber(t, okta+ssoProfile("dev", devAccount, "Admin"), "http://127.0.0.1:9", source)
		if r := one(t, p, "dev"); r.Status != want || !strings.Contains(r.Reason, "no token: of this kind") {
			t.Errorf("%s: %s: %s", kind, r.Status, r.Reason)
		}
	}
}

func TestProfilesShareCalls(t *testing.T) {
	config := okta + `[sso-session twin]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
` +
		ssoProfile("a", devAccount, "Admin") +
		ssoProfile("b", devAccount, "Admin") +
		ssoProfile("c", devAccount, "Admin", "region = us-east-1") +
		ssoProfile("other", devAccount, "Billing") +
		strings.ReplaceAll(ssoProfile("twin", devAccount, "Admin"), "okta", "twin") + `[profile role]
role_arn = arn:aws:iam::222222222222:role/Deploy
source_profile = b
[profile chain]
role_arn = arn:aws:iam::333333333333:role/Read
source_profile = role
[profile same]
role_arn = arn:aws:iam::333333333333:role/Read
source_profile = role
`
	srv, p := against(t, idctest.Config{Accounts: []idctest.Account{{ID: devAccount, Roles: []string{"Admin", "Billing"}}}}, config)
	for _, r := range results(t, p, "a", "b", "c", "other", "twin", "role", "chain", "same") {
		if r.Status != resolve.OK {
			t.Errorf("%s: %s: %s", r.Profile, r.Status, r.Reason)
		}
	}
	// okta's Admin for a, b, c, role and, by role, chain and same; its Billing; twin's Admin
	if n := srv.Count(idctest.GetRoleCredentials); n != 3 {
		t.Errorf("%d calls of GetRoleCredentials", n)
	}
	// a and b, c, other, twin, role, chain, same
	if n := srv.Count(idctest.GetCallerIdentity); n != 7 {
		t.Errorf("%d calls of GetCallerIdentity", n)
	}
	// role, chain, same
	if n := srv.Count(idctest.AssumeRole); n != 3 {
		t.Errorf("%d calls of AssumeRole", n)
	}
}

func TestSourceIsSharedByManyAtOnce(t *testing.T) {
	config := okta + ssoProfile("base", devAccount, "Admin")
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprintf("role%d", i))
		config += fmt.Sprintf("[profile role%d]\nrole_arn = arn:aws:iam::222222222222:role/R%d\nsource_profile = base\n", i, i)
	}
	srv, p := against(t, idctest.Config{Accounts: []idctest.Account{{ID: devAccount, Roles: []string{"Admin"}}}}, config)
	for _, r := range results(t, p, names...) {
		if r.Status != resolve.OK || r.AccountID != "222222222222" {
			t.Errorf("%s: %s: %s", r.Profile, r.Status, r.Reason)
		}
	}
	if n := srv.Count(idctest.GetRoleCredentials); n != 1 {
		t.Errorf("%d calls of GetRoleCredentials", n)
	}
}

// accounts is a config with n profiles p0, p1, ... of accounts of their own.
func accounts(n int) (cfg idctest.Config, config string, names []string) {
	cfg.Accounts = idctest.MakeAccounts(n, 1)
	var b strings.Builder
	b.WriteString(okta)
	for i, a := range cfg.Accounts {
		names = append(names, fmt.Sprintf("p%d", i))
		b.WriteString(ssoProfile(names[i], a.ID, a.Roles[0]))
	}
	return cfg, b.String(), names
}

func countStatus(all []probe.Result, s resolve.Status) int {
	n := 0
	for _, r := range all {
		if r.Status == s {
			n++
		}
	}
	return n
}

func TestSessionThatEndsIsNotAskedForEachProfile(t *testing.T) {
	cfg, config, names := accounts(200)
	srv := idctest.New(t, cfg)
	p := newProber(t, config, srv.URL, &tokenOf{token: srv.IssueToken("").AccessToken})
	p.Concurrency = 4
	var told []error
	p.Notify = func(err error) { told = append(told, err) } // only one call: no lock
	var all []probe.Result
	for r := range p.Run(t.Context(), names) {
		if all = append(all, r); len(all) == 50 {
			srv.EndSession("")
		}
	}
	ok, over := countStatus(all, resolve.OK), countStatus(all, resolve.LoginRequired)
	if ok < 50 || ok == 200 || ok+over != 200 {
		t.Errorf("%d are ok, %d wait for a login", ok, over)
	}
	if asked := srv.Count(idctest.GetRoleCredentials); asked > ok+p.Concurrency {
		t.Errorf("%d were asked for although %d had an answer", asked, ok)
	}
	if len(told) != 1 || fault.HintOf(told[0]) != "run: sso-login okta" {
		t.Errorf("it was told as %v", told)
	}
	for _, r := range all {
		if r.Status == resolve.LoginRequired && r.Reason != `session "okta" is over: the test says so` {
			t.Errorf("%s: %s", r.Profile, r.Reason)
		}
	}
}

func TestOneRefreshForAll(t *testing.T) {
	cfg, config, names := accounts(100)
	srv := idctest.New(t, cfg)
	source := &tokenOf{token: srv.IssueToken("").AccessToken, next: srv.IssueToken("").AccessToken}
	p := newProber(t, config, srv.URL, source)
	var all []probe.Result
	for r := range p.Run(t.Context(), names) {
		if all = append(all, r); len(all) == 30 {
			source.mu.Lock()
			srv.Revoke(source.token)
			source.mu.Unlock()
		}
	}
	if n := countStatus(all, resolve.OK); n != 100 || source.renewals.Load() != 1 {
		t.Errorf("%d of 100 are ok after %d refreshes", n, source.renewals.Load())
	}
}

func TestClockIsToldOnce(t *testing.T) {
	cfg, config, names := accounts(20)
	for offset, want := range map[time.Duration]string{
		0:                 "",
		time.Minute:       "",
		3 * time.Minute:   "the clock of this machine is 3 min behind AWS",
		-25 * time.Minute: "the clock of this machine is 25 min ahead of AWS",
		2 * time.Hour:     "the clock of this machine is 2 h behind AWS",
		-90 * time.Minute: "the clock of this machine is 1 h 30 min ahead of AWS",
	} {
		srv := idctest.New(t, cfg)
		p := newProber(t, config, srv.URL, &tokenOf{token: srv.IssueToken("").AccessToken})
		srv.Update(func(c *idctest.Config) { c.TokenLifetime = 9 * time.Hour })
		p.Tokens = func(*wire.Wire, portal.Session) portal.TokenSource {
			return &tokenOf{token: srv.IssueToken("").AccessToken}
		}
		srv.Advance(offset)
		var mu sync.Mutex
		told := ""
		p.Notify = func(err error) {
			mu.Lock()
			defer mu.Unlock()
			told += err.Error()
		}
		if n := countStatus(results(t, p, names...), resolve.OK); n != 20 {
			t.Errorf("%s: %d of 20 are ok", offset, n)
		}
		if told != want {
			t.Errorf("%s: told %q, want %q", offset, told, want)
		}
	}
}

func TestCancelledRunHandsOutWhatIsDone(t *testing.T) {
	cfg, config, names := accounts(50)
	cfg.Faults = []idctest.Fault{{Op: idctest.GetRoleCredentials, Account: cfg.Accounts[20].ID, Kind: idctest.Hang}}
	srv := idctest.New(t, cfg)
	p := newProber(t, config, srv.URL, &tokenOf{token: srv.IssueToken("").AccessToken})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all []probe.Result
	for r := range p.Run(ctx, names) {
		if all = append(all, r); len(all) == 49 {
			cancel() // all but the one that hangs
		}
	}
	if n := countStatus(all, resolve.OK); n != 49 || len(all) != 49 {
		t.Errorf("%d results, %d ok, want 49", len(all), n)
	}
}

func TestBreakingOffStopsTheCalls(t *testing.T) {
	cfg, config, names := accounts(500)
	srv := idctest.New(t, cfg)
	p := newProber(t, config, srv.URL, &tokenOf{token: srv.IssueToken("").AccessToken})
	// Counted here: the server may still be reading a call that was broken off.
	var calls atomic.Int64
	p.Wire = newWire(t, wire.Settings{Endpoint: srv.URL, Log: func(wire.Exchange) { calls.Add(1) }})
	for range p.Run(t.Context(), names) {
		break
	}
	if n := calls.Load(); n == 0 || n > 300 {
		t.Errorf("%d calls were made for one result", n)
	}
	// Whoever had gone on would make calls until all 500 are done.
	settled := calls.Load()
	for range 20 {
		runtime.Gosched()
	}
	srv.Close()
	if n := calls.Load(); n != settled {
		t.Errorf("%d calls were made after the end", n-settled)
	}
}
