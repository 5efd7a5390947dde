package idctest_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sso/types"
	"github.com/aws/smithy-go"

	"aws-sso-plugins/pkg/idctest"
)

func TestPortalWithSDK(t *testing.T) {
	want := idctest.MakeAccounts(250, 3)
	srv := idctest.New(t, idctest.Config{Accounts: want, PageSize: 40})
	ctx, client, token := t.Context(), ssoClient(srv), srv.IssueToken("").AccessToken
	var got []idctest.Account
	pages := sso.NewListAccountsPaginator(client, &sso.ListAccountsInput{AccessToken: &token, MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.AccountList {
			got = append(got, idctest.Account{ID: *a.AccountId, Name: *a.AccountName, Email: *a.EmailAddress})
		}
	}
	if len(got) != len(want) || srv.Count(idctest.ListAccounts) != 7 {
		t.Fatalf("%d accounts in %d pages", len(got), srv.Count(idctest.ListAccounts))
	}
	for i := range got {
		if got[i].ID != want[i].ID || got[i].Name != want[i].Name || got[i].Email != want[i].Email {
			t.Errorf("account %d is %v, want %v", i, got[i], want[i])
		}
	}
	roles, err := client.ListAccountRoles(ctx, &sso.ListAccountRolesInput{AccessToken: &token, AccountId: &want[7].ID})
	if err != nil {
		t.Fatal(err)
	}
	if len(roles.RoleList) != 3 || *roles.RoleList[2].RoleName != want[7].Roles[2] || *roles.RoleList[2].AccountId != want[7].ID {
		t.Errorf("roles %v", roles.RoleList)
	}
	creds, err := client.GetRoleCredentials(ctx, &sso.GetRoleCredentialsInput{
		AccessToken: &token, AccountId: &want[7].ID, RoleName: &want[7].Roles[2],
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := time.UnixMilli(creds.RoleCredentials.Expiration).Sub(srv.Now()); d > time.Hour || d < time.Hour-time.Minute {
		t.Errorf("expires in %v", d)
	}
	if _, err := client.Logout(ctx, &sso.LogoutInput{AccessToken: &token}); err != nil {
		t.Fatal(err)
	}
	_, err = client.ListAccounts(ctx, &sso.ListAccountsInput{AccessToken: &token})
	if e, ok := errors.AsType[*types.UnauthorizedException](err); !ok || *e.Message != "Session token not found or invalid" {
		t.Errorf("after logout: %v", err)
	}
}

func TestPortalWithoutAssignment(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	token := srv.IssueToken("").AccessToken
	_, err := ssoClient(srv).GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{
		AccessToken: &token, AccountId: aws.String("111111111111"), RoleName: aws.String("Nobody"),
	})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "ForbiddenException" || e.ErrorMessage() != "No access" {
		t.Errorf("a role that is not assigned: %v", err)
	}
	a := portal(t, srv, "GET", "/assignment/roles?account_id=000000000000", token)
	a.wantError(403, "ForbiddenException")
	if a.body != `{"message":"No access","__type":"com.amazonaws.switchboard.portal#ForbiddenException"}` {
		t.Errorf("body %s", a.body)
	}
}

func TestPortalRefusals(t *testing.T) {
	const roles = "/assignment/roles?account_id=111111111111"
	for name, tt := range map[string]struct {
		method, path string
		status       int
		want         string
		rule         idctest.Rule
	}{
		"max_result zero":        {"GET", "/assignment/accounts?max_result=0", 400, "InvalidRequestException", idctest.BadMaxResult},
		"max_result empty":       {"GET", "/assignment/accounts?max_result=", 400, "InvalidRequestException", idctest.BadMaxResult},
		"max_result no number":   {"GET", roles + "&max_result=x", 400, "InvalidRequestException", idctest.BadMaxResult},
		"plural max_results":     {"GET", "/assignment/accounts?max_results=10", 400, "InvalidRequestException", idctest.UnknownField},
		"page token of nobody":   {"GET", "/assignment/accounts?next_token=x", 400, "InvalidRequestException", idctest.BadPageToken},
		"roles of no account":    {"GET", "/assignment/roles", 400, "InvalidRequestException", idctest.MissingParameter},
		"credentials of no role": {"GET", "/federation/credentials?account_id=111111111111", 400, "InvalidRequestException", idctest.MissingParameter},
		"credentials nowhere":    {"GET", "/federation/credentials?role_name=x", 400, "InvalidRequestException", idctest.MissingParameter},
		"POST to a listing":      {"POST", "/assignment/accounts", 405, "UnknownOperationException", idctest.WrongMethod},
		"GET logout":             {"GET", "/logout", 405, "UnknownOperationException", idctest.WrongMethod},
		"a path of nobody":       {"GET", "/assignment/account", 404, "UnknownOperationException", idctest.UnknownPath},
	} {
		t.Run(name, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{})
			portal(t, srv, tt.method, tt.path, srv.IssueToken("").AccessToken).wantError(tt.status, tt.want)
			wantViolations(t, srv, tt.rule)
		})
	}
}

func TestMissingRoleNameMessage(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Tolerate: []idctest.Rule{idctest.MissingParameter}})
	a := portal(t, srv, "GET", "/federation/credentials", srv.IssueToken("").AccessToken)
	if got := a.str("message"); got != "RoleName must be supplied in the queryString params" {
		t.Errorf("message %q", got)
	}
}

func TestAccessTokens(t *testing.T) {
	const other = "https://other.awsapps.com/start"
	for name, tt := range map[string]struct {
		spoil func(*idctest.Server, *idctest.Token)
		want  int
		rule  idctest.Rule
	}{
		"good":          {func(*idctest.Server, *idctest.Token) {}, 200, ""},
		"expired":       {func(s *idctest.Server, _ *idctest.Token) { s.Advance(time.Hour) }, 401, ""},
		"revoked":       {func(s *idctest.Server, tok *idctest.Token) { s.Revoke(tok.AccessToken) }, 401, ""},
		"session ended": {func(s *idctest.Server, _ *idctest.Token) { s.EndSession("") }, 401, ""},
		"other ended":   {func(s *idctest.Server, _ *idctest.Token) { s.EndSession(other) }, 200, ""},
		"instance gone": {func(s *idctest.Server, tok *idctest.Token) {
			*tok = s.IssueToken(other)
			s.Update(func(c *idctest.Config) { c.Instances = nil })
		}, 401, ""},
		"never issued":    {func(_ *idctest.Server, tok *idctest.Token) { tok.AccessToken = "x" }, 401, idctest.UnknownToken},
		"refresh instead": {func(_ *idctest.Server, tok *idctest.Token) { tok.AccessToken = tok.RefreshToken }, 401, idctest.UnknownToken},
		"none":            {func(_ *idctest.Server, tok *idctest.Token) { tok.AccessToken = "" }, 401, idctest.MissingParameter},
	} {
		t.Run(name, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{Instances: map[string][]idctest.Account{other: {}}})
			token := srv.IssueToken("")
			tt.spoil(srv, &token)
			a := portal(t, srv, "GET", "/assignment/accounts", token.AccessToken)
			if a.status != tt.want {
				t.Errorf("status %d, want %d", a.status, tt.want)
			}
			if tt.rule != "" {
				wantViolations(t, srv, tt.rule)
			}
		})
	}
}

func TestTokenOfOtherScope(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Approval: idctest.Unattended})
	client := register(t, srv, deviceRegistration.with("scopes", []string{"codewhisperer:completions"}))
	code := post(t, srv, "/device_authorization", client.with("startUrl", srv.StartURL)).str("deviceCode")
	token := post(t, srv, "/token", client.with("grantType", deviceGrant, "deviceCode", code)).str("accessToken")
	portal(t, srv, "GET", "/assignment/accounts", token).wantError(403, "ForbiddenException")
}

func TestInstancesAreApart(t *testing.T) {
	const other = "https://other.awsapps.com/start"
	srv := idctest.New(t, idctest.Config{
		Accounts:  []idctest.Account{{ID: "111111111111", Roles: []string{"A"}}},
		Instances: map[string][]idctest.Account{other: {{ID: "222222222222", Roles: []string{"B"}}}},
	})
	for startURL, want := range map[string]string{"": "111111111111", other: "222222222222", other + "/#/": "222222222222"} {
		a := portal(t, srv, "GET", "/assignment/accounts", srv.IssueToken(startURL).AccessToken)
		if want := `{"accountList":[{"accountId":"` + want + `"}],"nextToken":null}`; a.body != want {
			t.Errorf("%q: %s, want %s", startURL, a.body, want)
		}
	}
}

// list follows the page tokens and returns the ids, up to a number of pages.
func list(t *testing.T, srv *idctest.Server, pages int) (ids []string, tokens []string) {
	t.Helper()
	token, next := srv.IssueToken("").AccessToken, ""
	for range pages {
		doc := portal(t, srv, "GET", "/assignment/accounts?max_result=2&next_token="+url.QueryEscape(next), token).doc()
		for _, a := range doc["accountList"].([]any) {
			ids = append(ids, a.(map[string]any)["accountId"].(string))
		}
		var more bool
		if next, more = doc["nextToken"].(string); !more {
			return ids, tokens
		}
		tokens = append(tokens, next)
	}
	return ids, tokens
}

func TestPageFaults(t *testing.T) {
	accounts := idctest.MakeAccounts(5, 1)
	for kind, want := range map[idctest.FaultKind]struct {
		ids, distinct int // after at most 9 pages
	}{
		"":                  {5, 2},
		idctest.EmptyPage:   {5, 5},
		idctest.RepeatToken: {18, 1},
		idctest.CycleTokens: {18, 2},
	} {
		t.Run(string(kind), func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{Accounts: accounts})
			if kind != "" {
				srv.Inject(idctest.Fault{Op: idctest.ListAccounts, Kind: kind})
			}
			ids, tokens := list(t, srv, 9)
			slices.Sort(tokens)
			if distinct := len(slices.Compact(tokens)); len(ids) != want.ids || distinct != want.distinct {
				t.Errorf("%d ids and %d distinct page tokens, want %+v", len(ids), distinct, want)
			}
		})
	}
}

func TestEmptyListing(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Accounts: []idctest.Account{}})
	a := portal(t, srv, "GET", "/assignment/accounts?max_result=100", srv.IssueToken("").AccessToken)
	if a.body != `{"accountList":[],"nextToken":null}` {
		t.Errorf("%s", a.body)
	}
}

func TestMakeAccounts(t *testing.T) {
	const n = 100_000
	ids, names := make(map[string]bool, n), make(map[string]bool, n)
	for _, a := range idctest.MakeAccounts(n, 0) {
		if _, err := strconv.ParseUint(a.ID, 10, 64); err != nil || len(a.ID) != 12 {
			t.Fatalf("id %q", a.ID)
		}
		ids[a.ID], names[a.Name] = true, true
	}
	if len(ids) != n || len(names) != n {
		t.Errorf("%d ids and %d names for %d accounts", len(ids), len(names), n)
	}
	a := idctest.MakeAccounts(2, 20)[1]
	if a.ID != "222222222222" || a.Name != "Platform Staging" || a.Email != "aws+platform-staging@example.com" ||
		len(a.Roles) != 20 || a.Roles[0] != "AdministratorAccess" || a.Roles[19] != "CustomRole20" {
		t.Errorf("%+v", a)
	}
}

func TestOddAccountsArriveAsTheyAre(t *testing.T) {
	odd := idctest.OddAccounts()
	srv := idctest.New(t, idctest.Config{Accounts: odd})
	out, err := ssoClient(srv).ListAccounts(t.Context(), &sso.ListAccountsInput{
		AccessToken: aws.String(srv.IssueToken("").AccessToken), MaxResults: aws.Int32(100),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range out.AccountList {
		// Decoders replace bytes that are not UTF-8; that the server sends them is checked below.
		if got, want := aws.ToString(a.AccountName), strings.ToValidUTF8(odd[i].Name, "\ufffd"); strings.ToValidUTF8(got, "\ufffd") != want &&
			!strings.Contains(odd[i].Name, "\xff") {
			t.Errorf("account %d is named %q, want %q", i, got, want)
		}
	}
	if out.AccountList[0].AccountName != nil || out.AccountList[0].EmailAddress != nil {
		t.Error("an account without a name has one")
	}
	a := portal(t, srv, "GET", "/assignment/accounts?max_result=100", srv.IssueToken("").AccessToken)
	mustContain(t, []byte(a.body), "\xff\xfe", `\u001b[31m`, `\u000a[profile injected]`, `\u0000`)
}

func TestConfigIsCopied(t *testing.T) {
	accounts := idctest.MakeAccounts(1, 1)
	srv := idctest.New(t, idctest.Config{Accounts: accounts})
	accounts[0].Roles[0] = "Changed"
	srv.Inject(idctest.Fault{Op: idctest.Logout, Kind: idctest.Reset}) // builds the index again
	a := portal(t, srv, "GET", "/assignment/roles?account_id="+accounts[0].ID, srv.IssueToken("").AccessToken)
	mustContain(t, []byte(a.body), "AdministratorAccess")
}

func TestThrottle(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Rate: 2, Burst: 3, RetryAfter: 1500 * time.Millisecond, Now: clock()})
	token := srv.IssueToken("").AccessToken
	statuses := func(n int) (out string) {
		for range n {
			out += fmt.Sprint(portal(t, srv, "GET", "/assignment/accounts", token).status, " ")
		}
		return out
	}
	if got := statuses(4); got != "200 200 200 429 " {
		t.Errorf("a burst of 3: %s", got)
	}
	a := portal(t, srv, "GET", "/assignment/accounts", token)
	a.wantError(429, "TooManyRequestsException")
	if a.header.Get("Retry-After") != "2" ||
		a.body != `{"message":"HTTP 429 Unknown Code","__type":"com.amazonaws.switchboard.portal#TooManyRequestsException"}` {
		t.Errorf("Retry-After %q, body %s", a.header.Get("Retry-After"), a.body)
	}
	srv.Advance(time.Second)
	if got := statuses(3); got != "200 200 429 " {
		t.Errorf("2 a second: %s", got)
	}
	srv.Advance(time.Minute)
	if got := statuses(4); got != "200 200 200 429 " {
		t.Errorf("no more than the burst after a pause: %s", got)
	}
	if n := srv.Stats().Statuses[429]; n != 4 {
		t.Errorf("%d calls throttled", n)
	}
	// OIDC is not throttled with the portal.
	register(t, srv, deviceRegistration)
	srv.Update(func(c *idctest.Config) { c.Rate = 0 })
	if got := statuses(2); got != "200 200 " {
		t.Errorf("without a rate: %s", got)
	}
}

// aws-sso-cli asks for 1000 accounts a page, and gets what there is.
func TestMaxResultAboveTheModels(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Accounts: idctest.MakeAccounts(150, 1)})
	doc := portal(t, srv, "GET", "/assignment/accounts?max_result=1000", srv.IssueToken("").AccessToken).doc()
	if n := len(doc["accountList"].([]any)); n != 100 || doc["nextToken"] == nil {
		t.Errorf("%d accounts, nextToken %v", n, doc["nextToken"])
	}
}
