package torture

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

var services = []torment{
	{name: "every fault at every call, always", holds: "a reason and a status; token and config as they were; no wrong answer", run: faultsAlways},
	{name: "every fault at 10% of all calls", holds: "every profile is made and none is lost; no wrong status", run: faultsSometimes},
	{name: "429 without and with Retry-After", holds: "the whole run is done, slower; nothing counts as failed", run: throttled},
	{name: "429 for ever", holds: "Ctrl-C ends it, and nothing was written", run: throttledForEver},
	{name: "a page token that repeats, pages that go in a circle", holds: "an error; no endless run, nothing pruned", run: pagesWithoutEnd},
	{name: "an empty listing, or one that lacks accounts", holds: "prunes nothing", run: emptyListing},
	{name: "the token ends in the middle of a run", holds: "one refresh for all, or what was done is kept and the rest is login-required", run: tokenEnds},
	{name: "a session that is over", holds: "said once with the command to run; no browser from sso-profiles and sso-test", run: sessionOver},
	{name: "roles that were taken away", holds: "access-denied for them alone; their profiles stay", run: rolesRevoked},
	{name: "a service that cannot be reached", holds: "told once, not once a profile; no token, profile or file is lost", run: unreachable},
	{name: "a certificate that is not trusted, a proxy with a password", holds: "told; no switch to go on, and the password in no message", run: distrusted},
	{name: "a clock that is wrong by two hours", holds: "told; the token is good", run: wrongClock},
	{name: "replies of 64 MiB, without end, a byte at a time", holds: "given up within the timeout and 100 MiB", run: endlessReplies, alone: true},
	{name: "replies with random bytes changed", holds: "no crash; token and config stay whole", run: garbledReplies},
}

// strikes are all faults that fit an operation.
func strikes(op idctest.Op) []idctest.FaultKind {
	all := []idctest.FaultKind{
		idctest.Reset, idctest.ServerError, idctest.BadGateway, idctest.Unavailable, idctest.Cut, idctest.Truncated, idctest.Empty,
		idctest.Hollow, idctest.Nulls, idctest.HTML, idctest.Hang, idctest.Huge, idctest.Slow,
		idctest.RepeatToken, idctest.CycleTokens, idctest.EmptyPage, idctest.WrongAccount, idctest.WrongRole,
		"AccessDeniedException", "AuthorizationPendingException", "ExpiredTokenException", "InternalServerException",
		"InvalidClientException", "InvalidClientMetadataException", "InvalidGrantException", "InvalidRedirectUriException",
		"InvalidRequestException", "InvalidScopeException", "SlowDownException", "UnauthorizedClientException",
		"UnsupportedGrantTypeException",
		"UnauthorizedException", "ForbiddenException", "ResourceNotFoundException",
		"AccessDenied", "ExpiredToken", "IncompleteSignature", "InternalFailure", "InvalidAction", "InvalidClientTokenId",
		"InvalidParameterValue", "MissingAuthenticationToken", "RegionDisabledException", "RequestExpired", "RequestTimeTooSkewed",
		"ServiceUnavailable", "SignatureDoesNotMatch", "ValidationError",
	}
	return slices.DeleteFunc(all, func(kind idctest.FaultKind) bool {
		_, err := idctest.ParseFault(faultText(op, kind))
		return err != nil
	})
}

func faultText(op idctest.Op, kind idctest.FaultKind) string {
	text := string(op) + "=" + string(kind)
	if kind == idctest.Slow {
		text += ":100ms"
	}
	return text
}

// harmless are faults that a client gets over.
var harmless = []idctest.FaultKind{idctest.Slow, idctest.EmptyPage}

func faultsAlways(s *stage) {
	calls := []struct {
		op   idctest.Op
		line []string
	}{
		{idctest.RegisterClient, []string{"sso-login", "okta", "--force"}},
		{idctest.StartDeviceAuthorization, []string{"sso-login", "okta", "--force", "--use-device-code"}},
		{idctest.CreateToken, []string{"sso-login", "okta", "--force"}},
		{idctest.CreateToken, []string{"sso-login", "okta", "--force", "--use-device-code"}},
		{idctest.CreateToken, []string{"sso-login", "okta", "--check"}},
		{idctest.ListAccounts, []string{"sso-profiles", "okta", "--prune", "--prune-limit", "100%"}},
		{idctest.ListAccountRoles, []string{"sso-profiles", "okta", "--prune", "--prune-limit", "100%"}},
		{idctest.GetRoleCredentials, []string{"sso-test", "-o", "json"}},
		{idctest.GetCallerIdentity, []string{"sso-test", "-o", "json"}},
		{idctest.Logout, []string{"sso-login", "okta", "--logout"}},
	}
	type trial struct {
		op   idctest.Op
		kind idctest.FaultKind
		line []string
	}
	var trials []trial
	for _, c := range calls {
		for _, kind := range strikes(c.op) {
			trials = append(trials, trial{c.op, kind, c.line})
		}
	}
	// Each trial has its own stage, four at a time: most of it is waiting.
	step := sized(5, 1)
	work := make(chan trial)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for t := range work {
				s.faultAlways(t.op, t.kind, t.line)
			}
		})
	}
	for i := 0; i < len(trials); i += step {
		work <- trials[i]
	}
	close(work)
	wg.Wait()
}

func (s *stage) faultAlways(op idctest.Op, kind idctest.FaultKind, line []string) {
	v := &stage{T: s.T}
	v.open(okta, idctest.Config{
		Accounts: idctest.MakeAccounts(3, 1), Approval: idctest.Unattended, DeviceLifetime: 3 * time.Second, Interval: time.Millisecond,
		Tolerate: []idctest.Rule{idctest.PolledTooFast},
	})
	v.login("okta")
	v.expect(v.quick("sso-profiles", "okta"), 0)
	if slices.Contains(line, "--check") {
		// A token that is over and can be refreshed.
		v.idc.Update(func(c *idctest.Config) { c.TokenLifetime = -time.Hour })
		v.login("okta")
		v.idc.Update(func(c *idctest.Config) { c.TokenLifetime = 0 })
	}
	config, token := v.read("config"), v.read(tokenFile("okta"))
	fault, err := idctest.ParseFault(faultText(op, kind))
	v.must(err)
	v.idc.Inject(fault)
	out := v.play(run{
		line: append(slices.Clone(line), "-v", "--timeout", "1s"), within: 40 * time.Second,
		env: []string{"AWS_MAX_ATTEMPTS=2", "BROWSER=" + binaries + "/idc browse"},
	})
	what := fmt.Sprintf("%s with %s", strings.Join(line, " "), fault)
	tolerable := slices.Contains(harmless, kind)
	switch {
	case op == idctest.Logout:
		if exists(v.aws(tokenFile("okta"))) {
			s.Errorf("%s: the token is still there", what)
		}
		if out.status != 0 && out.status != 4 && out.status != 3 {
			s.Errorf("%s: exit status %d\n%s", what, out.status, out.stderr)
		}
		return
	case tolerable && out.status != 0:
		s.Errorf("%s: exit status %d\n%s", what, out.status, out.stderr)
	case !tolerable && out.status == 0:
		s.Errorf("%s: success\n%s%s", what, out.stdout, out.stderr)
	case !tolerable && line[0] != "sso-test" && out.stdout != "" && out.status != 1: // 1: what could be listed is told
		s.Errorf("%s: standard output says %q", what, out.stdout)
	}
	if got := v.read("config"); got != config {
		s.Errorf("%s: the config changed", what)
	}
	// A token that is refused is refreshed.
	if got := v.read(tokenFile("okta")); !tolerable && got != token && kind != idctest.Unauthorized {
		s.Errorf("%s: the token changed", what)
	}
	if line[0] == "sso-test" && !tolerable {
		s.honest(what, out.stdout, kind)
	}
}

type tested struct {
	Profile, Status, RoleName, Arn, Reason string

	AccountID string `json:"AccountId"`
}

// honest holds the statuses of sso-test against what really happened.
func (s *stage) honest(what, document string, kind idctest.FaultKind) {
	s.Helper()
	var rows []tested
	if err := json.Unmarshal([]byte(document), &rows); err != nil || len(rows) != 3 {
		s.Errorf("%s: %d rows, %v", what, len(rows), err)
	}
	for _, r := range rows {
		denied := r.Status == "access-denied" || r.Status == "sts-denied" || r.Status == "login-required"
		switch {
		case r.Status == "ok":
			s.Errorf("%s: %s is said to be ok", what, r.Profile)
		case r.Status == "wrong-identity" && kind != idctest.WrongAccount && kind != idctest.WrongRole,
			denied && !regexp.MustCompile("^[A-Z]").MatchString(string(kind)):
			s.Errorf("%s: %s is said to be %s: %s", what, r.Profile, r.Status, r.Reason)
		case r.Reason == "":
			s.Errorf("%s: %s is %s without a reason", what, r.Profile, r.Status)
		}
	}
}

func faultsSometimes(s *stage) {
	kinds := []idctest.FaultKind{
		idctest.Reset, idctest.ServerError, idctest.BadGateway, idctest.Unavailable, idctest.Cut, idctest.Truncated, idctest.Empty,
		idctest.Hollow, idctest.Nulls, idctest.HTML, idctest.Slow, idctest.Huge, idctest.Hang, "TooManyRequestsException", "Throttling", "",
	}
	// Those that the suite promises to get over whatever call they hit.
	sure := []idctest.FaultKind{idctest.Reset, idctest.ServerError, idctest.Unavailable, idctest.Cut, idctest.Truncated, idctest.Slow}
	seeds := sized(1, 4)
	var wg sync.WaitGroup
	work := make(chan func())
	for range 4 {
		wg.Go(func() {
			for do := range work {
				do()
			}
		})
	}
	for seed := range seeds {
		for i, kind := range kinds {
			if !full && i%2 != 0 {
				continue
			}
			work <- func() { s.faultSometimes(kind, uint64(seed)+1, slices.Contains(sure, kind)) }
		}
	}
	close(work)
	wg.Wait()
}

// faultSometimes runs the whole pipeline with a kind of fault, or with a mix of
// all, at a tenth of the calls.
func (s *stage) faultSometimes(kind idctest.FaultKind, seed uint64, sure bool) {
	v := &stage{T: s.T}
	accounts := 12
	v.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(accounts, 2), Seed: seed, PageSize: 5})
	v.login("okta")
	v.expect(v.quick("sso-profiles", "okta", "--account", "1*", "--name", "old-{{.RoleName}}-{{.AccountId}}"), 0)
	var faults []string
	ops := []string{"ListAccounts", "ListAccountRoles", "GetRoleCredentials", "GetCallerIdentity"}
	for _, op := range ops {
		switch {
		case kind == "": // a mix
			for _, k := range []string{"reset:3%", "500:2%", "503:1%", "cut:2%", "truncate:1%", "empty:1%"} {
				faults = append(faults, op+"="+k)
			}
		case kind == "TooManyRequestsException" && op == "GetCallerIdentity", kind == "Throttling" && op != "GetCallerIdentity":
		case kind == idctest.Slow:
			faults = append(faults, op+"=slow:10%:200ms")
		default:
			faults = append(faults, op+"="+string(kind)+":10%")
		}
	}
	for _, text := range faults {
		fault, err := idctest.ParseFault(text)
		v.must(err)
		v.idc.Inject(fault)
	}
	what := fmt.Sprintf("%s at 10%%, seed %d", kind, seed)
	before := generated(v.read("config"))
	made := v.quick("sso-profiles", "okta", "-o", "json", "--timeout", "2s")
	var rows []struct{ Profile, State string }
	if err := json.Unmarshal([]byte(made.stdout), &rows); made.status <= 1 && err != nil {
		s.Errorf("%s: %v\n%s", what, err, made.stdout)
	}
	now := generated(v.read("config"))
	switch {
	case now < before:
		s.Errorf("%s: %d profiles were lost", what, before-now)
	case made.status == 0 && now != 2*accounts:
		s.Errorf("%s: success with %d profiles of %d", what, now, 2*accounts)
	case made.status != 0 && sure:
		s.Errorf("%s: exit status %d\n%s", what, made.status, made.stderr)
	case made.status != 0 && made.status != 1 && made.status != 4 || made.status != 0 && !strings.Contains(made.stderr, "warning: ") && !strings.Contains(made.stderr, "error: "):
		s.Errorf("%s: exit status %d\n%s", what, made.status, made.stderr)
	}
	test := v.quick("sso-test", "-o", "json", "--timeout", "2s")
	var results []tested
	if err := json.Unmarshal([]byte(test.stdout), &results); err != nil || len(results) != now {
		s.Errorf("%s: %d results of %d, %v", what, len(results), now, err)
	}
	for _, r := range results {
		switch {
		case r.Status == "ok" && !strings.Contains(r.Arn, "::"+r.AccountID+":assumed-role/AWSReservedSSO_"+r.RoleName+"_"):
			s.Errorf("%s: %s is ok as %s", what, r.Profile, r.Arn)
		case r.Status != "ok" && sure, slices.Contains([]string{"access-denied", "sts-denied", "wrong-identity", "login-required", "skipped"}, r.Status):
			s.Errorf("%s: %s is said to be %s: %s", what, r.Profile, r.Status, r.Reason)
		}
	}
	v.idc.Update(func(c *idctest.Config) { c.Faults = nil })
	v.expect(v.quick("sso-profiles", "okta", "--prune"), 0)
	if now := generated(v.read("config")); now != 2*accounts {
		s.Errorf("%s: %d profiles of %d at last", what, now, 2*accounts)
	}
}

func throttled(s *stage) {
	for _, retryAfter := range []time.Duration{0, time.Second} {
		v := &stage{T: s.T}
		v.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(30, 1), Rate: 20, Burst: 10, RetryAfter: retryAfter})
		v.login("okta")
		v.expect(v.do("sso-profiles", "okta", "-o", "name"), 0)
		if n := generated(v.read("config")); n != 30 {
			s.Errorf("%d profiles of 30", n)
		}
		out := v.do("sso-test", "-o", "name", "--status", "ok")
		v.expect(out, 0)
		if n := strings.Count(out.stdout, "\n"); n != 30 {
			s.Errorf("%d profiles of 30 are ok", n)
		}
		if v.idc.Stats().Statuses[429] == 0 {
			s.Error("nothing was throttled")
		}
	}
}

func throttledForEver(s *stage) {
	s.open(okta, idctest.Config{Faults: []idctest.Fault{{Op: idctest.ListAccounts, Kind: idctest.Throttled}, {Op: idctest.GetRoleCredentials, Kind: idctest.Throttled}}})
	s.login("okta")
	for _, a := range idctest.MakeAccounts(3, 1) {
		s.write("config", s.read("config")+fmt.Sprintf("[profile p-%s]\nsso_session = okta\nsso_account_id = %s\nsso_role_name = Admin\nregion = eu-west-1\n", a.ID, a.ID))
	}
	config := s.read("config")
	for _, line := range [][]string{{"sso-profiles", "okta"}, {"sso-test"}, {"sso-test", "-o", "json"}} {
		out, _ := s.strike(syscall.SIGINT, 1500*time.Millisecond, nil, line...)
		if out.status != 130 || exceeds(out.took, time.Second) {
			s.Errorf("%s: exit status %d after %v\n%s", out.line, out.status, out.took, out.stderr)
		}
		if strings.HasSuffix(out.line, "json") && !json.Valid([]byte(out.stdout)) {
			s.Errorf("%s: the document is not whole: %q", out.line, out.stdout)
		}
		s.inspect(out)
	}
	if s.read("config") != config {
		s.Error("the config changed")
	}
}

func pagesWithoutEnd(s *stage) {
	for _, op := range []idctest.Op{idctest.ListAccounts, idctest.ListAccountRoles} {
		for _, kind := range []idctest.FaultKind{idctest.RepeatToken, idctest.CycleTokens} {
			v := &stage{T: s.T}
			v.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(7, 3), PageSize: 2})
			v.login("okta")
			v.expect(v.do("sso-profiles", "okta"), 0)
			config := v.read("config")
			v.idc.Inject(idctest.Fault{Op: op, Kind: kind})
			out := v.do("sso-profiles", "okta", "--prune", "--prune-limit", "100%")
			if out.status != 1 && out.status != 4 || v.read("config") != config || !strings.Contains(out.stderr, "page") {
				s.Errorf("%s of %s: exit status %d\n%s", kind, op, out.status, out.stderr)
			}
		}
	}
}

func emptyListing(s *stage) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(20, 2)})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	config := s.read("config")
	s.idc.Update(func(c *idctest.Config) { c.Accounts = []idctest.Account{} })
	s.do("sso-profiles", "okta", "--prune", "--prune-limit", "100%")
	if s.read("config") != config {
		s.Error("an empty listing pruned")
	}
	s.idc.Update(func(c *idctest.Config) { c.Accounts = idctest.MakeAccounts(10, 2) })
	s.expect(s.do("sso-profiles", "okta", "--prune"), 1, "--prune-limit")
	if s.read("config") != config {
		s.Error("half of the profiles went without being asked for")
	}
	// Nor is an account that could not be listed one that is gone.
	s.idc.Update(func(c *idctest.Config) { c.Accounts = idctest.MakeAccounts(20, 2) })
	s.idc.Inject(idctest.Fault{Op: idctest.ListAccountRoles, Account: "222222222222", Kind: idctest.Unavailable})
	out := s.play(run{line: []string{"sso-profiles", "okta", "--prune", "--prune-limit", "100%"}, env: []string{"AWS_MAX_ATTEMPTS=2"}})
	s.expect(out, 1, "222222222222")
	if s.read("config") != config {
		s.Error("a partial listing pruned")
	}
}

func tokenEnds(s *stage) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(30, 2), Latency: 5 * time.Millisecond})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	config := s.read("config")

	// Refused from some moment on, but it can be refreshed.
	token := s.login("okta")
	s.idc.ResetLog()
	out := s.play(run{line: []string{"sso-test", "-o", "json", "--concurrency", "4"}, during: func(*exec.Cmd) {
		waitFor(s, func() bool { return s.idc.Count(idctest.GetRoleCredentials) > 5 })
		s.idc.Revoke(token.AccessToken)
	}})
	s.expect(out, 0)
	if n := s.idc.Count(idctest.CreateToken); n != 1 {
		s.Errorf("%d refreshes, want one for all workers", n)
	}

	// And now for good.
	for _, line := range [][]string{{"sso-test", "-o", "json", "--concurrency", "4"}, {"sso-profiles", "okta", "--prune", "--prune-limit", "100%", "--concurrency", "4", "--name", "{{.AccountId}}-{{.RoleName}}"}} {
		s.login("okta")
		s.idc.ResetLog()
		out := s.play(run{line: line, during: func(*exec.Cmd) {
			waitFor(s, func() bool { return s.idc.Count(idctest.GetRoleCredentials, idctest.ListAccountRoles) > 5 })
			s.idc.EndSession("")
		}})
		if line[0] == "sso-test" {
			var rows []tested
			if err := json.Unmarshal([]byte(out.stdout), &rows); err != nil || len(rows) != 60 {
				s.Errorf("%d rows of 60, %v", len(rows), err)
			}
			byStatus := map[string]int{}
			for _, r := range rows {
				byStatus[r.Status]++
			}
			if byStatus["ok"] < 3 || byStatus["login-required"] < 3 || byStatus["ok"]+byStatus["login-required"] != 60 {
				s.Errorf("statuses %v", byStatus)
			}
			if n := strings.Count(out.stderr, "error: "); n != 1 {
				s.Errorf("the reason is told %d times:\n%s", n, out.stderr)
			}
		} else if got := generated(s.read("config")); out.status == 0 || got != generated(config) {
			s.Errorf("%s: exit status %d and %d profiles of %d\n%s", out.line, out.status, got, generated(config), out.stderr)
		}
	}
	if n := s.idc.Count(idctest.Authorize, idctest.StartDeviceAuthorization); n != 0 {
		s.Error("a login was begun")
	}
}

func sessionOver(s *stage) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(5, 2)})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	s.idc.Update(func(c *idctest.Config) { c.TokenLifetime = -time.Minute })
	s.login("okta")
	s.idc.Update(func(c *idctest.Config) { c.TokenLifetime = 0 })
	s.idc.EndSession("")
	config := s.read("config")
	for _, line := range [][]string{{"sso-profiles", "okta"}, {"sso-test"}, {"sso-login", "okta", "--check"}} {
		out := s.do(line...)
		s.expect(out, 3, "hint: run: sso-login")
		if n := strings.Count(out.stderr, "hint: run: "); n != 1 {
			s.Errorf("%s: told %d times:\n%s", out.line, n, out.stderr)
		}
	}
	if n := s.idc.Count(idctest.Authorize, idctest.StartDeviceAuthorization); n != 0 {
		s.Error("a login was begun")
	}
	if s.read("config") != config {
		s.Error("the config changed")
	}
	s.expect(s.do("sso-login", "okta"), 0)
	s.expect(s.do("sso-test"), 0)
}

func rolesRevoked(s *stage) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(4, 2)})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	config := s.read("config")
	s.idc.Inject(idctest.Fault{Op: idctest.GetRoleCredentials, Account: "222222222222", Kind: idctest.Forbidden},
		idctest.Fault{Op: idctest.GetCallerIdentity, Account: "333333333333", Kind: idctest.AccessDenied})
	out := s.do("sso-test")
	s.expect(out, 1)
	for status, n := range map[string]int{"ok": 4, "access-denied": 2, "sts-denied": 2} {
		if got := strings.Count(out.stdout, "\t"+status+"\t"); got != n {
			s.Errorf("%d are %s, want %d\n%s", got, status, n, out.stdout)
		}
	}
	s.expect(s.do("sso-profiles", "okta", "--prune"), 0)
	if s.read("config") != config {
		s.Error("the config changed")
	}
}

func unreachable(s *stage) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(40, 2)})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	config, token := s.read("config"), s.read(tokenFile("okta"))
	// Nobody listens; a name that does not exist; a region that is none.
	for _, url := range []string{"http://127.0.0.1:9", "https://portal.invalid"} {
		env := []string{
			"AWS_ENDPOINT_URL_SSO=" + url, "AWS_ENDPOINT_URL_SSO_OIDC=" + url, "AWS_ENDPOINT_URL_STS=" + url, "AWS_MAX_ATTEMPTS=2",
			"HTTPS_PROXY=", "https_proxy=",
		}
		for _, line := range [][]string{
			{"sso-profiles", "okta", "--prune"}, {"sso-test"}, {"sso-login", "okta", "--force"},
		} {
			out := s.play(run{line: line, env: env, within: 30 * time.Second})
			s.expect(out, 4, "cannot ")
			if n := strings.Count(out.stderr, "error: "); n > 1 {
				s.Errorf("%s: told %d times:\n%s", out.line, n, out.stderr)
			}
		}
	}
	if s.read("config") != config || s.read(tokenFile("okta")) != token {
		s.Error("config or token changed")
	}
	s.expect(s.play(run{line: []string{"sso-login", "okta", "--logout"}, env: []string{"AWS_ENDPOINT_URL_SSO=http://127.0.0.1:9", "AWS_MAX_ATTEMPTS=1"}}), 4)
	if exists(s.aws(tokenFile("okta"))) {
		s.Error("a logout without the network left the token")
	}
	s.write("config", strings.ReplaceAll(okta, "eu-central-1", "eu_central"))
	s.login("okta")
	if out := s.do("sso-profiles", "okta"); out.status == 0 || !strings.Contains(out.stderr, "eu_central") {
		s.Errorf("a region that is none: exit status %d\n%s", out.status, out.stderr)
	}
}

func distrusted(s *stage) {
	s.open(okta, idctest.Config{})
	s.login("okta")
	m := s.between(nil)
	defer m.Close()
	secure := m.secure()
	env := []string{"AWS_ENDPOINT_URL_SSO=" + secure, "AWS_ENDPOINT_URL_SSO_OIDC=" + secure, "AWS_ENDPOINT_URL_STS=" + secure, "AWS_MAX_ATTEMPTS=2"}
	for _, line := range [][]string{{"sso-profiles", "okta"}, {"sso-login", "okta", "--force"}} {
		s.expect(s.play(run{line: line, env: env}), 4, "not trusted", "AWS_CA_BUNDLE")
	}
	bundle := s.path("bundle.pem")
	s.must(os.WriteFile(bundle, m.certificate(), 0o644))
	s.expect(s.play(run{line: []string{"sso-profiles", "okta"}, env: append(env, "AWS_CA_BUNDLE="+bundle)}), 0)
	for _, text := range []string{"", "no certificate", "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n"} {
		s.must(os.WriteFile(bundle, []byte(bad(text)), 0o644))
		if out := s.play(run{line: []string{"sso-profiles", "okta"}, env: append(env, "AWS_CA_BUNDLE="+bundle)}); out.status != 2 {
			s.Errorf("a bundle of %q: exit status %d\n%s", text, out.status, out.stderr)
		}
	}
	for proxy, status := range map[string]int{
		"http://jane:hunter2-secret@127.0.0.1:9": 4, "socks5://jane:hunter2-secret@127.0.0.1:9": 4,
		"http://jane:hunter2-secret@127.0.0.1:9:9": 2, "jane:hunter2-secret@:x": 2, // no URLs
	} {
		out := s.play(run{line: []string{"sso-profiles", "okta", "-v"}, env: []string{
			"AWS_ENDPOINT_URL_SSO=https://portal.invalid", "HTTPS_PROXY=" + proxy, "https_proxy=" + proxy, "AWS_MAX_ATTEMPTS=1",
		}})
		s.expect(out, status)
		if strings.Contains(out.stderr, "hunter2") {
			s.Errorf("the password of the proxy is told:\n%s", out.stderr)
		}
	}
}

func wrongClock(s *stage) {
	for _, offset := range []time.Duration{2 * time.Hour, -2 * time.Hour} {
		v := &stage{T: s.T}
		v.open(okta, idctest.Config{Offset: offset})
		out := v.do("sso-login", "okta")
		v.expect(out, 0, "the clock of this machine is 2 h ")
		v.expect(v.do("sso-profiles", "okta"), 0)
		test := v.do("sso-test")
		v.expect(test, 0)
		// sso-test hears of it from the refresh and from STS.
		if n := strings.Count(test.stderr, "the clock of this machine"); strings.Count(out.stderr, "the clock of this machine") != 1 || n < 1 || n > 2 {
			s.Errorf("told by sso-test %d times\n%s%s", n, out.stderr, test.stderr)
		}
	}
}

func endlessReplies(s *stage) {
	s.open(okta, idctest.Config{})
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	config, token := s.read("config"), s.read(tokenFile("okta"))
	lines := [][]string{{"sso-profiles", "okta", "--prune"}, {"sso-test"}, {"sso-login", "okta", "--force"}}
	for _, line := range lines {
		s.idc.Inject(idctest.Fault{Kind: idctest.Huge})
		bounded(s, "64 MiB", s.play(run{weigh: true, line: line, env: []string{"AWS_MAX_ATTEMPTS=2"}}), config, token)
		s.idc.Update(func(c *idctest.Config) { c.Faults = nil })
	}
	var wg sync.WaitGroup
	for what, reply := range map[string]http.HandlerFunc{
		"without end":            func(w http.ResponseWriter, r *http.Request) { pourOut(w, r, 64<<10, 0) },
		"a byte at a time":       func(w http.ResponseWriter, r *http.Request) { pourOut(w, r, 1, 10*time.Millisecond) },
		"headers without end":    headersWithoutEnd,
		"continue without end":   continueWithoutEnd,
		"deep in itself":         nested,
		"redirects":              func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) },
		"compressed to nothing":  compressed,
		"a length that is a lie": lyingLength,
	} {
		wg.Go(func() {
			v := &stage{T: s.T, mangled: true}
			v.open(config, idctest.Config{})
			v.login("okta")
			m := v.between(reply)
			defer m.Close()
			v.url = m.URL
			token := v.read(tokenFile("okta"))
			for _, line := range lines {
				figures.badInputs.Add(1)
				bounded(v, what, v.play(run{weigh: true, line: append(slices.Clone(line), "--timeout", "1s"), env: []string{"AWS_MAX_ATTEMPTS=2"}}), config, token)
			}
		})
	}
	wg.Wait()
}

// bounded holds a run against what it may take, and the files against what they
// were.
func bounded(s *stage, what string, out outcome, config, token string) {
	s.Helper()
	if out.status != 4 && out.status != 1 || exceeds(out.took, 15*time.Second) || out.memory > 100<<20 {
		s.Errorf("%s, %s: exit status %d after %v with %d MiB\n%s", what, out.line, out.status, out.took, out.memory>>20, out.stderr)
	}
	if s.read("config") != config || s.read(tokenFile("okta")) != token {
		s.Errorf("%s, %s: config or token changed", what, out.line)
	}
}

func garbledReplies(s *stage) {
	s.open(okta, idctest.Config{Accounts: idctest.MakeAccounts(3, 2), Approval: idctest.Unattended, Interval: time.Millisecond})
	s.mangled = true
	m := s.between(nil)
	defer m.Close()
	s.url = m.URL
	s.login("okta")
	s.expect(s.do("sso-profiles", "okta"), 0)
	lines := [][]string{
		{"sso-login", "okta", "--force", "--use-device-code", "-v"}, {"sso-profiles", "okta", "-o", "json"}, {"sso-test", "-o", "json"},
		{"sso-login", "okta", "--force", "--use-device-code", "-o", "text"}, {"sso-profiles", "okta", "--list", "-o", "ini"}, {"sso-test", "-v"},
	}
	for n := range sized(30, 500) {
		s.login("okta")
		m.change(func(_ string, body []byte) []byte { return []byte(bad(garble(string(body), replyTokens))) })
		out := s.play(run{line: append(slices.Clone(lines[n%len(lines)]), "--timeout", "1s"), env: []string{"AWS_MAX_ATTEMPTS=1"}, within: 30 * time.Second})
		s.config()
		s.token("okta")
		if s.Failed() {
			s.Fatalf("%s: exit status %d\n%s%s\nlast replies:\n%s", out.line, out.status, out.stdout, out.stderr, m.said())
		}
	}
	m.change(nil)
	s.login("okta")
	s.expect(s.do("sso-login", "okta", "--force", "--use-device-code"), 0)
	s.expect(s.do("sso-profiles", "okta", "--overwrite"), 0)
}

var replyTokens = []string{
	`"`, `{`, `}`, `[`, `]`, `,`, `:`, `null`, `{}`, `-1`, `1e400`, `99999999999999999999`, `\u0000`, `\ud800`, "\xff", "\x00", "\x1b[31m",
	"<", ">", "&lt;", "&#27;", "&#0;", "<!-- ", "]]>", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>", "&e;", strings.Repeat("[", 5000),
	strings.Repeat("<a>", 5000), strings.Repeat("x", 100000), "\u202e", `"accountId":"../../etc",`, `"expiresIn":-5,`, `"interval":-1,`,
}
