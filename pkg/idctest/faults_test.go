package idctest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"aws-sso-plugins/pkg/idctest"
)

// exchange makes one request and returns what became of it: the status, what could be read, and the error.
func exchange(t *testing.T, req *http.Request) (status int, header http.Header, body string, err error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, resp.Header, string(data), err
}

func listRequest(t *testing.T, srv *idctest.Server) *http.Request {
	t.Helper()
	req := request(t, "GET", srv.URL+"/assignment/accounts", "", "")
	req.Header.Set("x-amz-sso_bearer_token", srv.IssueToken("").AccessToken)
	return req
}

func TestFaultKinds(t *testing.T) {
	const jsonType = "application/json"
	for kind, want := range map[idctest.FaultKind]struct {
		status  int
		ctype   string
		isError error  // of the exchange
		body    string // part of it; ! is none at all
	}{
		idctest.Reset:        {isError: syscall.ECONNRESET},
		idctest.ServerError:  {status: 500, ctype: "text/html", body: "<h1>500 Internal Server Error</h1>"},
		idctest.BadGateway:   {status: 502, ctype: "text/html", body: "<h1>502 Bad Gateway</h1>"},
		idctest.Unavailable:  {status: 503, body: "!"},
		idctest.Cut:          {status: 200, ctype: jsonType, isError: io.ErrUnexpectedEOF, body: `{"accountList":[{`},
		idctest.Truncated:    {status: 200, ctype: jsonType, body: `{"accountList":[{`},
		idctest.Empty:        {status: 200, ctype: jsonType, body: "!"},
		idctest.Hollow:       {status: 200, ctype: jsonType, body: "{}"},
		idctest.Nulls:        {status: 200, ctype: jsonType, body: `[null,{"accountId":null`},
		idctest.HTML:         {status: 200, ctype: "text/html", body: "guest network"},
		idctest.Forbidden:    {status: 403, ctype: jsonType, body: "ForbiddenException"},
		idctest.Unauthorized: {status: 401, ctype: jsonType, body: "UnauthorizedException"},
		idctest.Throttled:    {status: 429, ctype: jsonType, body: "TooManyRequestsException"},
		idctest.Huge:         {status: 200, ctype: jsonType, body: `{"padding":"xxxx`},

		"ResourceNotFoundException": {status: 404, ctype: jsonType, body: "ResourceNotFoundException"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{})
			srv.Inject(idctest.Fault{Op: idctest.ListAccounts, Kind: kind, Times: 1})
			status, header, body, err := exchange(t, listRequest(t, srv))
			if runtime.GOOS == "windows" && kind == idctest.Reset && err != nil {
				err = want.isError // Windows has a number of its own for it
			}
			if !errors.Is(err, want.isError) || status != want.status || header.Get("Content-Type") != want.ctype {
				t.Errorf("status %d, content type %q, error %v; want %+v", status, header.Get("Content-Type"), err, want)
			}
			if want.body == "!" && body != "" || want.body != "!" && !strings.Contains(body, want.body) {
				t.Errorf("body %.100q, want %q", body, want.body)
			}
			if kind == idctest.Truncated && json.Valid([]byte(body)) {
				t.Error("the document is whole")
			}
			if got := srv.Requests(idctest.ListAccounts)[0]; got.Fault != kind || got.Status != want.status {
				t.Errorf("the log has %q %d", got.Fault, got.Status)
			}
			// One time only.
			if status, _, _, err := exchange(t, listRequest(t, srv)); status != 200 || err != nil {
				t.Errorf("afterwards: %d %v", status, err)
			}
		})
	}
}

// Every fault that an operation may have is a reply of that operation's form, and the SDK's error or nothing.
func TestFaultsOfEveryOperation(t *testing.T) {
	bodies := map[idctest.Op][2]string{
		idctest.RegisterClient:           {"POST /client/register", "clientSecretExpiresAt"},
		idctest.StartDeviceAuthorization: {"POST /device_authorization", "verificationUriComplete"},
		idctest.CreateToken:              {"POST /token", "refreshToken"},
		idctest.ListAccounts:             {"GET /assignment/accounts", "accountList"},
		idctest.ListAccountRoles:         {"GET /assignment/roles", "roleList"},
		idctest.GetRoleCredentials:       {"GET /federation/credentials", "sessionToken"},
		idctest.Logout:                   {"POST /logout", "{}"},
		idctest.GetCallerIdentity:        {"POST /", "<GetCallerIdentityResult/>"},
	}
	for op, b := range bodies {
		srv := idctest.New(t, idctest.Config{})
		srv.Inject(idctest.Fault{Op: op, Kind: idctest.Nulls, Times: 1}, idctest.Fault{Op: op, Kind: idctest.Hollow})
		method, path, _ := strings.Cut(b[0], " ")
		if a := send(t, request(t, method, srv.URL+path, "", "")); a.status != 200 || !strings.Contains(a.body, b[1]) {
			t.Errorf("%s: %d %s", op, a.status, a.body)
		}
		if a := send(t, request(t, method, srv.URL+path, "", "")); a.status != 200 || len(a.body) > 120 {
			t.Errorf("%s: %d %s", op, a.status, a.body)
		}
	}
}

func TestServiceErrorsAsFaults(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	srv.Inject(
		idctest.Fault{Op: idctest.CreateToken, Kind: "InternalServerException", Times: 1},
		idctest.Fault{Op: idctest.CreateToken, Kind: "SlowDownException"},
		idctest.Fault{Op: idctest.GetCallerIdentity, Kind: "ServiceUnavailable"},
	)
	post(t, srv, "/token", nil).wantError(500, "InternalServerException")
	post(t, srv, "/token", nil).wantError(400, "SlowDownException")
	a := send(t, request(t, "POST", srv.URL+"/", "", ""))
	if a.status != 503 {
		t.Errorf("status %d", a.status)
	}
	mustContain(t, []byte(a.body), "<Type>Receiver</Type>", "<Code>ServiceUnavailable</Code>")
}

func TestHangEndsWithClient(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	srv.Inject(idctest.Fault{Kind: idctest.Hang})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := oidcClient(srv).RegisterClient(ctx, &ssooidc.RegisterClientInput{ClientName: new("x"), ClientType: new("public")})
		failed <- err
	}()
	waitFor(t, func() bool { return srv.Count(idctest.RegisterClient) == 1 })
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if got := srv.Requests()[0].Status; got != 0 {
		t.Errorf("status %d was logged", got)
	}
}

func TestCloseEndsHangingReplies(t *testing.T) {
	srv, err := idctest.Start(idctest.Config{Faults: []idctest.Fault{{Kind: idctest.Hang}}})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		_, _, _, err := exchange(t, request(t, "GET", srv.URL+"/assignment/accounts", "", ""))
		failed <- err
	}()
	waitFor(t, func() bool { return srv.Count() == 1 })
	srv.Close()
	srv.Close()
	if <-failed == nil {
		t.Error("a hanging reply ended well")
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://")); err == nil {
		t.Error("the server still listens")
	}
}

// waitFor waits for something that another goroutine is about to do.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen")
		}
		time.Sleep(time.Millisecond)
	}
}

// A reply that does not arrive has no effect at the server, so that a client may try again.
func TestLostReplyChangesNothing(t *testing.T) {
	for _, kind := range []idctest.FaultKind{idctest.Cut, idctest.Truncated, idctest.Reset, idctest.Empty, idctest.HTML} {
		t.Run(string(kind), func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{Approval: idctest.Unattended, Now: clock()})
			lost := func(path string, body members) {
				t.Helper()
				data, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				srv.Inject(idctest.Fault{Op: idctest.CreateToken, Kind: kind, Times: 1})
				_, _, _, _ = exchange(t, request(t, "POST", srv.URL+path, "application/json", string(data)))
				if a := post(t, srv, path, body); a.status != 200 {
					t.Errorf("the second try: %d %s", a.status, a.body)
				}
			}
			lost("/token", startCode(t, srv))
			lost("/token", refreshCall(srv.IssueToken("")))
			device, _ := startDevice(t, srv)
			srv.Inject(idctest.Fault{Op: idctest.CreateToken, Kind: kind, Times: 1})
			data, _ := json.Marshal(device)
			_, _, _, _ = exchange(t, request(t, "POST", srv.URL+"/token", "application/json", string(data)))
			srv.Advance(time.Second)
			if a := post(t, srv, "/token", device); a.status != 200 {
				t.Errorf("the second poll: %d %s", a.status, a.body)
			}
		})
	}
	srv := idctest.New(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.Logout, Kind: idctest.Cut, Times: 1}}})
	token := srv.IssueToken("").AccessToken
	req := request(t, "POST", srv.URL+"/logout", "", "")
	req.Header.Set("x-amz-sso_bearer_token", token)
	_, _, _, _ = exchange(t, req)
	if a := portal(t, srv, "POST", "/logout", token); a.status != 200 || a.body != "" {
		t.Errorf("logout again: %d %q", a.status, a.body)
	}
}

func TestFaultTargets(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Faults: []idctest.Fault{
		{Op: idctest.GetRoleCredentials, Account: "111111111111", Role: "ReadOnlyAccess", Kind: idctest.Forbidden},
		{Op: idctest.ListAccountRoles, Account: "222222222222", Kind: idctest.ServerError},
	}})
	token := srv.IssueToken("").AccessToken
	for path, want := range map[string]int{
		"/federation/credentials?account_id=111111111111&role_name=ReadOnlyAccess":      403,
		"/federation/credentials?account_id=111111111111&role_name=AdministratorAccess": 200,
		"/federation/credentials?account_id=222222222222&role_name=ReadOnlyAccess":      200,
		"/assignment/roles?account_id=111111111111":                                     200,
		"/assignment/roles?account_id=222222222222":                                     500,
		"/assignment/accounts": 200,
	} {
		if a := portal(t, srv, "GET", path, token); a.status != want {
			t.Errorf("%s: %d, want %d", path, a.status, want)
		}
	}
}

func TestFaultTimesAreShownAsLeft(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.ListAccounts, Kind: idctest.Throttled, Times: 2}}})
	token := srv.IssueToken("").AccessToken
	portal(t, srv, "GET", "/assignment/accounts", token).wantError(429, "TooManyRequestsException")
	srv.Update(func(c *idctest.Config) {
		if len(c.Faults) != 1 || c.Faults[0].Times != 1 {
			t.Errorf("faults left: %v", c.Faults)
		}
	})
	portal(t, srv, "GET", "/assignment/accounts", token).wantError(429, "TooManyRequestsException")
	if a := portal(t, srv, "GET", "/assignment/accounts", token); a.status != 200 {
		t.Errorf("status %d", a.status)
	}
	srv.Update(func(c *idctest.Config) {
		if len(c.Faults) != 0 {
			t.Errorf("faults left: %v", c.Faults)
		}
	})
}

// The same seed strikes the same calls, whatever the order in which they come.
func TestProbabilityBySeed(t *testing.T) {
	const n = 400
	accounts := idctest.MakeAccounts(n, 1)
	run := func(seed uint64, order []int) map[string]bool {
		srv := idctest.New(t, idctest.Config{Seed: seed, Accounts: accounts, Faults: []idctest.Fault{
			{Op: idctest.ListAccountRoles, Kind: idctest.Throttled, Prob: 0.25},
		}})
		token := srv.IssueToken("").AccessToken
		client := &http.Client{}
		struck := map[string]bool{}
		for _, i := range order {
			id := accounts[i].ID
			req := request(t, "GET", srv.URL+"/assignment/roles?account_id="+id, "", "")
			req.Header.Set("x-amz-sso_bearer_token", token)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			struck[id] = resp.StatusCode == 429
		}
		return struck
	}
	up := make([]int, n)
	for i := range up {
		up[i] = i
	}
	down := slices.Clone(up)
	slices.Reverse(down)
	a, b, c := run(1, up), run(1, down), run(2, up)
	hits, same := 0, 0
	for id := range a {
		if a[id] != b[id] {
			t.Errorf("account %s was struck in one order only", id)
		}
		if a[id] {
			hits++
		}
		if a[id] == c[id] {
			same++
		}
	}
	if hits < n*15/100 || hits > n*35/100 {
		t.Errorf("%d of %d calls struck at 25%%", hits, n)
	}
	if same == n {
		t.Error("another seed struck the same calls")
	}
}

// A call that is tried again has a chance of its own.
func TestProbabilityOfRetries(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.ListAccounts, Kind: idctest.Throttled, Prob: 0.5}}})
	token := srv.IssueToken("").AccessToken
	for range 40 {
		portal(t, srv, "GET", "/assignment/accounts", token)
	}
	if n := srv.Stats().Statuses[429]; n < 8 || n > 32 {
		t.Errorf("%d of 40 calls struck at 50%%", n)
	}
}

func TestLatencyAndSlow(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Latency: 20 * time.Millisecond, Faults: []idctest.Fault{
		{Op: idctest.ListAccountRoles, Kind: idctest.Slow, Delay: 30 * time.Millisecond},
	}})
	token := srv.IssueToken("").AccessToken
	for path, least := range map[string]time.Duration{
		"/assignment/accounts":                      20 * time.Millisecond,
		"/assignment/roles?account_id=111111111111": 50 * time.Millisecond,
	} {
		start := time.Now()
		if a := portal(t, srv, "GET", path, token); a.status != 200 {
			t.Errorf("%s: %d", path, a.status)
		}
		if took := time.Since(start); took < least {
			t.Errorf("%s took %v, want at least %v", path, took, least)
		}
	}
}

func TestRetryAfterOfFaults(t *testing.T) {
	srv := idctest.New(t, idctest.Config{RetryAfter: time.Second, Faults: []idctest.Fault{
		{Op: idctest.ListAccounts, Kind: idctest.Unavailable}, {Op: idctest.Logout, Kind: idctest.ServerError},
	}})
	if got := portal(t, srv, "GET", "/assignment/accounts", "").header.Get("Retry-After"); got != "1" {
		t.Errorf("with 503: %q", got)
	}
	if got := portal(t, srv, "POST", "/logout", "").header.Get("Retry-After"); got != "" {
		t.Errorf("with 500: %q", got)
	}
}

// The SDK takes an empty 200 for an empty listing: the trap that Empty is for.
func TestEmptyReplyWithSDK(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.ListAccounts, Kind: idctest.Empty}}})
	out, err := ssoClient(srv).ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: new(srv.IssueToken("").AccessToken)})
	if err != nil || out.AccountList != nil {
		t.Errorf("%v %v", out, err)
	}
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]idctest.Fault{
		"*=reset":                 {Kind: idctest.Reset},
		"ListAccounts=500:0.1":    {Op: idctest.ListAccounts, Kind: idctest.ServerError, Prob: 0.1},
		"CreateToken=cut:x3":      {Op: idctest.CreateToken, Kind: idctest.Cut, Times: 3},
		"Logout=slow:200ms:0.5":   {Op: idctest.Logout, Kind: idctest.Slow, Delay: 200 * time.Millisecond, Prob: 0.5},
		"Authorize=503":           {Op: idctest.Authorize, Kind: idctest.Unavailable},
		"ListAccountRoles@1=html": {Op: idctest.ListAccountRoles, Account: "1", Kind: idctest.HTML},
		"GetRoleCredentials@1/a=b@c=ForbiddenException": {
			Op: idctest.GetRoleCredentials, Account: "1", Role: "a=b@c", Kind: idctest.Forbidden,
		},
		"GetCallerIdentity@/Admin=ExpiredToken:0.5:x2": {
			Op: idctest.GetCallerIdentity, Role: "Admin", Kind: "ExpiredToken", Prob: 0.5, Times: 2,
		},
	} {
		got, err := idctest.ParseFault(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v %v, want %+v", text, got, err, want)
		}
		again, err := idctest.ParseFault(got.String())
		if err != nil || again != got {
			t.Errorf("%s: %s is read as %+v %v", text, got, again, err)
		}
	}
	if got, err := idctest.ParseFault("ListAccounts=reset:10%"); err != nil || got.Prob != 0.1 {
		t.Errorf("%v %v", got, err)
	}
	for _, text := range []string{
		"", "reset", "Nothing=reset", "ListAccounts=nothing", "ListAccounts=reset:2", "ListAccounts=reset:0",
		"ListAccounts=reset:NaN", "ListAccounts=reset:200%", "ListAccounts=reset:x0", "ListAccounts=reset:1s",
		"ListAccounts=slow", "ListAccounts=slow:x", "ListAccounts=AccessDenied", "GetCallerIdentity=ForbiddenException",
		"Logout=repeat-token", "*=repeat-token", "*=ForbiddenException", "ListAccounts=wrong-role", "Authorize=nulls",
	} {
		if f, err := idctest.ParseFault(text); err == nil {
			t.Errorf("%q is read as %+v", text, f)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	f.Add("ListAccounts@1/a=reset:0.1:x2")
	f.Add("*=slow:1ms")
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := idctest.ParseFault(text)
		if err != nil {
			return
		}
		if again, err := idctest.ParseFault(fault.String()); err != nil || again != fault {
			t.Errorf("%q: %+v is written as %q and read as %+v, %v", text, fault, fault, again, err)
		}
	})
}

// A fault is one of the connection it strikes: the next request of the same client is served.
func TestKeptConnections(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for range 3 {
		fmt.Fprintf(conn, "GET /assignment/accounts HTTP/1.1\r\nHost: x\r\nx-amz-sso_bearer_token: %s\r\n\r\n", srv.IssueToken("").AccessToken)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
	if s := srv.Stats(); s.Connections != 1 || s.MaxInFlight != 1 || s.Calls[idctest.ListAccounts] != 3 {
		t.Errorf("%+v", s)
	}
}

func TestClientLeavesDuringLatency(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Latency: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := ssoClient(srv).ListAccounts(ctx, &sso.ListAccountsInput{AccessToken: new("x")})
		failed <- err
	}()
	waitFor(t, func() bool { return srv.Stats().MaxInFlight == 1 })
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	waitFor(t, func() bool { return srv.Stats().Statuses[0] == 1 })
}

func TestFaultsOfPages(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Faults: []idctest.Fault{
		{Kind: idctest.Unavailable}, {Op: idctest.Authorize, Kind: idctest.BadGateway}, {Op: idctest.VerifyDevice, Kind: idctest.Empty},
	}})
	a := send(t, request(t, "GET", srv.URL+"/authorize", "", ""))
	b := send(t, request(t, "GET", srv.URL+"/device", "", ""))
	// The fault of every operation is none of pages.
	if a.status != 502 || b.status != 200 || b.body != "" || !strings.HasPrefix(b.header.Get("Content-Type"), "text/html") {
		t.Errorf("%d, %d %q %v", a.status, b.status, b.body, b.header)
	}
}
