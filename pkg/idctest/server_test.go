package idctest_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sso"

	"aws-sso-plugins/pkg/idctest"
)

func TestNewFailsItsTestOnViolation(t *testing.T) {
	r := &recorder{}
	srv := idctest.New(r, idctest.Config{})
	portal(t, srv, "GET", "/nowhere", "")
	portal(t, srv, "GET", "/assignment/accounts?max_result=0", srv.IssueToken("").AccessToken)
	srv.Tolerate(idctest.UnknownPath)
	for _, f := range r.cleanups {
		f()
	}
	if len(r.errors) != 1 || r.fatal {
		t.Errorf("errors %q, fatal %v", r.errors, r.fatal)
	}
	v := srv.Violations()
	if len(v) != 1 || v[0].Rule != idctest.BadMaxResult || v[0].Op != idctest.ListAccounts ||
		v[0].RequestID != srv.Requests()[1].RequestID ||
		v[0].String() != "ListAccounts: bad-max-result: max_result is not a number above 0" {
		t.Errorf("%+v", v)
	}
	if _, err := http.Get(srv.URL); err == nil {
		t.Error("the server outlives its test")
	}
}

func TestWarnings(t *testing.T) {
	r := &recorder{}
	srv := idctest.New(r, idctest.Config{Warn: []idctest.Rule{idctest.UnknownPath}})
	portal(t, srv, "GET", "/nowhere", "").wantError(404, "UnknownOperationException")
	if w := srv.Warnings(); len(w) != 1 || w[0].Rule != idctest.UnknownPath || len(srv.Violations()) != 0 {
		t.Errorf("warnings %v, violations %v", w, srv.Violations())
	}
	srv.Tolerate(idctest.WrongMethod)
	for _, f := range r.cleanups {
		f()
	}
	if len(r.errors) != 0 || len(r.logs) != 1 {
		t.Errorf("errors %q, log %q", r.errors, r.logs)
	}
}

func TestNewIsFatalIfItCannotStart(t *testing.T) {
	r := &recorder{}
	if srv := idctest.New(r, idctest.Config{Region: "nowhere"}); srv != nil || !r.fatal {
		t.Errorf("server %v, fatal %v", srv, r.fatal)
	}
}

func TestFavicon(t *testing.T) {
	srv := idctest.New(t, idctest.Config{}) // a browser's own request is no violation
	portal(t, srv, "GET", "/favicon.ico", "").wantError(404, "UnknownOperationException")
}

func TestBadConfig(t *testing.T) {
	for name, cfg := range map[string]idctest.Config{
		"all addresses": {Addr: "0.0.0.0:0"},
		"no address":    {Addr: "x"},
		"region":        {Region: "eu"},
		"start URL":     {StartURL: "http://x.awsapps.com/start"},
		"instance":      {Instances: map[string][]idctest.Account{"x": nil}},
		"approval":      {Approval: "x"},
		"rule":          {Tolerate: []idctest.Rule{"x"}},
		"warning":       {Warn: []idctest.Rule{"x"}},
		"public URL":    {PublicURL: "https://idc"},
		"public path":   {PublicURL: "http://idc/path"},
		"host":          {Hosts: []string{"x/y"}},
		"vanity":        {Vanity: map[string]string{"a.example": "x"}},
		"no endpoints":  {NoEndpoints: true},
		"no directory":  {Intercept: true, CADir: "/dev/null/x"},
		"no region":     {DisabledRegions: []string{"x"}},
		"fault":         {Faults: []idctest.Fault{{Kind: "x"}}},
		"operation":     {Faults: []idctest.Fault{{Op: "x", Kind: idctest.Reset}}},
		"probability":   {Faults: []idctest.Fault{{Kind: idctest.Reset, Prob: 1.5}}},
		"page size":     {PageSize: 101},
		"rate":          {Rate: -1},
		"latency":       {Latency: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if srv, err := idctest.Start(cfg); err == nil {
				srv.Close()
				t.Error("no error")
			}
		})
	}
}

func TestUpdatePanicsOnNonsense(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
		if got := portal(t, srv, "GET", "/assignment/accounts", srv.IssueToken("").AccessToken).status; got != 200 {
			t.Errorf("the configuration from before does not hold: status %d", got)
		}
	}()
	srv.Update(func(c *idctest.Config) { c.PageSize, c.Accounts = -1, nil })
}

func TestIssueTokenPanicsWithoutInstance(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	srv.IssueToken("https://elsewhere.awsapps.com/start")
}

func TestUpdateAtRunTime(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	token := srv.IssueToken("").AccessToken
	srv.Update(func(c *idctest.Config) {
		c.Accounts = c.Accounts[:1]
		c.Region, c.StartURL = "us-east-1", "https://other.awsapps.com/start" // these stay as they were
	})
	a := portal(t, srv, "GET", "/assignment/accounts", token)
	if n := len(a.doc()["accountList"].([]any)); n != 1 {
		t.Errorf("%d accounts", n)
	}
	if got := srv.IssueToken(""); got.Region != "eu-central-1" || got.StartURL != "https://d-1234567890.awsapps.com/start" {
		t.Errorf("%+v", got)
	}
}

func TestDateHeaderFollowsClock(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Now: clock()})
	for _, want := range []string{"Tue, 03 Feb 2026 04:05:06 GMT", "Tue, 03 Feb 2026 05:05:06 GMT"} {
		if got := portal(t, srv, "GET", "/assignment/accounts", srv.IssueToken("").AccessToken).header.Get("Date"); got != want {
			t.Errorf("Date %q, want %q", got, want)
		}
		srv.Advance(time.Hour)
	}
}

func TestEnv(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	for _, want := range []string{
		"AWS_ENDPOINT_URL_SSO=" + srv.URL, "AWS_ENDPOINT_URL_SSO_OIDC=" + srv.URL, "AWS_ENDPOINT_URL_STS=" + srv.URL,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false", "NO_PROXY=127.0.0.1,localhost",
	} {
		if !slices.Contains(srv.Env(), want) {
			t.Errorf("no %s in %q", want, srv.Env())
		}
	}
}

func TestTokenAsCacheFile(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Now: clock()})
	token := srv.IssueToken("")
	home := t.TempDir()
	path, err := token.WriteCache(home, "my-sso")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(home, ".aws", "sso", "cache", "0ad374308c5a4e22f723adf10145eafad7c4031c.json"); path != want {
		t.Errorf("%s, want %s", path, want)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string // every member is a string to the SDKs
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"startUrl": srv.StartURL, "region": srv.Region, "expiresAt": "2026-02-03T05:05:06Z",
		"registrationExpiresAt": "2026-05-04T04:05:06Z", "accessToken": token.AccessToken,
		"refreshToken": token.RefreshToken, "clientId": token.ClientID, "clientSecret": token.ClientSecret,
	} {
		if got[name] != want || want == "" {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	srv.Update(func(c *idctest.Config) { c.NoRefresh = true })
	if data, err := json.Marshal(srv.IssueToken("")); err != nil || bytes.Contains(data, []byte("refreshToken")) {
		t.Errorf("%s %v", data, err) // absent, not null: a null makes SDKs refuse the file
	}
	if _, err := token.WriteCache(path, "x"); err == nil {
		t.Error("a home that is a file was written below")
	}
}

func TestRevokeOfNothing(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	if srv.Revoke("x") {
		t.Error("something unknown was revoked")
	}
}

// session makes every call once, so that every kind of secret has been through the server.
func session(t *testing.T, srv *idctest.Server) (secrets []string) {
	t.Helper()
	add := func(s ...string) { secrets = append(secrets, s...) }
	device, _ := startDevice(t, srv)
	add(device["clientSecret"].(string), device["deviceCode"].(string))
	add(post(t, srv, "/token", device).str("accessToken"))
	code := startCode(t, srv)
	add(code["clientSecret"].(string), code["code"].(string), code["codeVerifier"].(string))
	login := post(t, srv, "/token", code)
	add(login.str("accessToken"), login.str("refreshToken"))
	access := login.str("accessToken")
	out, err := ssoClient(srv).GetRoleCredentials(t.Context(), &sso.GetRoleCredentialsInput{
		AccessToken: &access, AccountId: new("111111111111"), RoleName: new("ReadOnlyAccess"),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := out.RoleCredentials
	add(*c.SecretAccessKey, *c.SessionToken)
	if _, err := stsClient(srv, idctest.Credentials{
		AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken,
	}).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return secrets
}

func TestSecretsAreListedAndKeptOutOfLogs(t *testing.T) {
	var log bytes.Buffer
	srv := idctest.New(t, idctest.Config{Log: &log, Approval: idctest.Unattended})
	handedOut := session(t, srv)
	foreign := []string{"an access token of elsewhere", "a refresh token of elsewhere", "a code of elsewhere"}
	portal(t, srv, "POST", "/logout", foreign[0])
	call := startCode(t, srv)
	post(t, srv, "/token", call.with("grantType", refreshGrant, "refreshToken", foreign[1]))
	post(t, srv, "/token", call.with("code", foreign[2]))
	wantViolations(t, srv, idctest.UnknownToken, idctest.UnknownRefresh, idctest.UnknownCode)

	listed := srv.Secrets()
	for _, secret := range append(handedOut, foreign...) {
		if !slices.Contains(listed, secret) {
			t.Errorf("secret %q is not listed", secret)
		}
	}
	for _, secret := range handedOut {
		if secret != verifier && !strings.Contains(secret, idctest.Canary) {
			t.Errorf("secret %q has no canary", secret)
		}
	}
	srv.Close()
	requests, err := json.Marshal(srv.Requests())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range listed {
		if strings.Contains(log.String(), secret) || strings.Contains(string(requests), secret) {
			t.Errorf("secret %q is in a log", secret)
		}
	}
	mustContain(t, log.Bytes(), " CreateToken POST /token 200 id=", "code=%2A%2A%2A", " GetRoleCredentials GET ",
		"account_id=111111111111")
}

func TestRequests(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Now: clock()})
	register(t, srv, deviceRegistration.with("scopes", []string{"a:b", "c:d"}))
	token := srv.IssueToken("").AccessToken
	a := portal(t, srv, "GET", "/assignment/roles?account_id=222222222222&max_result=7", token)
	portal(t, srv, "GET", "/federation/credentials?account_id=1&role_name=R", token)
	all := srv.Requests()
	if len(all) != 3 || len(srv.Requests(idctest.ListAccountRoles, idctest.RegisterClient)) != 2 ||
		srv.Count() != 3 || srv.Count(idctest.ListAccountRoles, idctest.RegisterClient) != 2 {
		t.Fatalf("%+v", all)
	}
	if r := all[0]; !slices.Equal(r.Params["scopes"], []string{"a:b", "c:d"}) || r.Method != "POST" {
		t.Errorf("%+v", r)
	}
	if r := all[1]; r.Op != idctest.ListAccountRoles || r.Path != "/assignment/roles" || r.Account != "222222222222" ||
		r.Params.Get("max_result") != "7" || r.Status != 200 || r.RequestID != a.header.Get("X-Amzn-Requestid") ||
		!r.Time.Equal(srv.Now()) || !strings.HasPrefix(r.UserAgent, "Go-http-client") {
		t.Errorf("%+v", r)
	}
	if r := all[2]; r.Account != "1" || r.Role != "R" || r.Status != 403 {
		t.Errorf("%+v", r)
	}
	srv.ResetLog()
	if s := srv.Stats(); srv.Count() != 0 || len(srv.Requests()) != 0 || s.Connections != 0 || s.MaxInFlight != 0 {
		t.Errorf("%+v", s)
	}
}

func TestMaxInFlight(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Faults: []idctest.Fault{{Kind: idctest.Hang}}})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			_, _, _, _ = exchange(t, request(t, "GET", srv.URL+"/assignment/accounts", "", ""))
		})
	}
	waitFor(t, func() bool { return srv.Count() == 5 })
	if got := srv.Stats().MaxInFlight; got != 5 {
		t.Errorf("%d in flight", got)
	}
	srv.Close()
	wg.Wait()
}

// What the race detector is to look at: every method while requests are served.
func TestConcurrentUse(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Rate: 1e6, Seed: 7, Log: io.Discard, Faults: []idctest.Fault{
		{Op: idctest.ListAccounts, Kind: idctest.ServerError, Prob: 0.1},
	}})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			token := srv.IssueToken("")
			for range 20 {
				portal(t, srv, "GET", "/assignment/accounts", token.AccessToken)
				_, _ = stsClient(srv, srv.IssueCredentials(account, role)).GetCallerIdentity(t.Context(), nil)
			}
			srv.Revoke(token.AccessToken)
		})
		wg.Go(func() {
			for range 20 {
				srv.Update(func(c *idctest.Config) { c.PageSize = c.PageSize%100 + 1 })
				srv.Inject(idctest.Fault{Op: idctest.Logout, Kind: idctest.Hollow})
				srv.Advance(time.Millisecond)
				srv.Secrets()
				srv.Requests()
				srv.Stats()
				srv.Violations()
				srv.EndSession("https://elsewhere.awsapps.com/start")
			}
		})
	}
	wg.Wait()
}

func TestWriteModels(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	dir := filepath.Join(t.TempDir(), "models")
	if err := srv.WriteModels(dir); err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{"sso/2019-06-10", "sso-oidc/2019-06-10", "sts/2011-06-15"} {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(service), "endpoint-rule-set-1.json"))
		if err != nil {
			t.Fatal(err)
		}
		var set struct {
			Version    string
			Parameters map[string]map[string]any
			Rules      []struct {
				Type     string
				Endpoint struct{ URL string }
			}
		}
		if err := json.Unmarshal(data, &set); err != nil {
			t.Fatal(err)
		}
		if set.Version != "1.0" || len(set.Rules) != 1 || set.Rules[0].Type != "endpoint" || set.Rules[0].Endpoint.URL != srv.URL ||
			set.Parameters["UseFIPS"]["default"] != false {
			t.Errorf("%s: %s", service, data)
		}
	}
	if err := srv.WriteModels(filepath.Join(dir, "sso", "2019-06-10", "endpoint-rule-set-1.json")); err == nil {
		t.Error("a directory that is a file was written below")
	}
}

func TestBrowseRefuses(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	ctx := t.Context()
	if err := srv.Browse(ctx, "http://127.0.0.1:1/device"); err == nil {
		t.Error("a page of another server was visited")
	}
	for _, u := range []string{"http://192.0.2.1/", "https://127.0.0.1/", "http://example.com/", "file:///etc/passwd", "%"} {
		if err := idctest.Browse(ctx, u); err == nil {
			t.Errorf("%s was visited", u)
		}
	}
	// A callback that nobody answers is an error that does not tell the code.
	client := register(t, srv, codeRegistration(srv))
	err := srv.Browse(ctx, authorizeURL(srv, client["clientId"].(string), "http://127.0.0.1:1/oauth/callback").String())
	if err == nil || strings.Contains(err.Error(), idctest.Canary) || strings.Contains(err.Error(), "the+state") {
		t.Errorf("%v", err)
	}
	// Nor does a redirect lead away from loopback.
	away := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
	})
	server := newHTTPServer(t, away)
	if err := idctest.Browse(ctx, server); err == nil || !strings.Contains(err.Error(), "not a loopback address") {
		t.Errorf("%v", err)
	}
	loop := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	if err := idctest.Browse(ctx, newHTTPServer(t, loop)); err == nil {
		t.Error("a redirect without end ended well")
	}
}

func TestCacheNames(t *testing.T) {
	home := t.TempDir()
	path, err := idctest.Token{}.WriteCache(home, "https://d-1.awsapps.com/start")
	sum := sha1.Sum([]byte("https://d-1.awsapps.com/start"))
	if err != nil || filepath.Base(path) != hex.EncodeToString(sum[:])+".json" {
		t.Errorf("%s %v", path, err)
	}
}
