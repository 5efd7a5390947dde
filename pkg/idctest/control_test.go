package idctest_test

import (
	"encoding/json"
	"flag"
	"io"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/idctest"
)

func control(t *testing.T, srv *idctest.Server, method, path, form string) answer {
	t.Helper()
	return send(t, request(t, method, srv.URL+"/_idc/"+path, "application/x-www-form-urlencoded", form))
}

func TestControl(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	set := func(form string) {
		t.Helper()
		if a := control(t, srv, "POST", "set", form); a.status != 200 {
			t.Fatalf("set %s: %d %s", form, a.status, a.body)
		}
	}
	var token idctest.Token
	if err := json.Unmarshal([]byte(control(t, srv, "POST", "token", "").body), &token); err != nil {
		t.Fatal(err)
	}
	set("accounts=7&roles=A,B&fault=" + url.QueryEscape("ListAccounts=500:x1") + "&deny=111111111111/A")
	if a := portal(t, srv, "GET", "/assignment/accounts", token.AccessToken); a.status != 500 {
		t.Errorf("status %d", a.status)
	}
	if n := len(portal(t, srv, "GET", "/assignment/accounts", token.AccessToken).doc()["accountList"].([]any)); n != 7 {
		t.Errorf("%d accounts", n)
	}
	credentials := "/federation/credentials?account_id=111111111111&role_name="
	portal(t, srv, "GET", credentials+"A", token.AccessToken).wantError(403, "ForbiddenException")
	if a := portal(t, srv, "GET", credentials+"B", token.AccessToken); a.status != 200 {
		t.Errorf("status %d", a.status)
	}
	set("fault=none&account=111111111111/&account=" + url.QueryEscape("222222222222/C=Renamed"))
	roles := portal(t, srv, "GET", "/assignment/roles?account_id=222222222222", token.AccessToken)
	mustContain(t, []byte(roles.body), `"roleName":"C"`)
	// deleted, and never there
	portal(t, srv, "GET", credentials+"B", token.AccessToken).wantError(404, "ResourceNotFoundException")
	portal(t, srv, "GET", credentials+"Z", token.AccessToken).wantError(403, "ForbiddenException")

	a := control(t, srv, "GET", "stats", "")
	var stats idctest.Stats
	if err := json.Unmarshal([]byte(a.body), &stats); err != nil || !reflect.DeepEqual(stats, srv.Stats()) {
		t.Errorf("%v %s", err, a.body)
	}
	if stats.Calls[idctest.ListAccounts] != 2 || stats.Statuses[403] != 2 {
		t.Errorf("%s", a.body)
	}
	mustContain(t, []byte(control(t, srv, "GET", "requests", "").body), " ListAccounts GET /assignment/accounts 500 fault=500 id=")
	mustContain(t, []byte(control(t, srv, "GET", "secrets", "").body), token.AccessToken+"\n", token.RefreshToken+"\n")
	mustContain(t, []byte(control(t, srv, "GET", "", "").body), "/_idc/end-session")
	control(t, srv, "POST", "reset", "")
	if srv.Count() != 0 {
		t.Error("reset forgot nothing")
	}
	if a := control(t, srv, "POST", "revoke", "issued="+token.RefreshToken); a.status != 200 {
		t.Errorf("revoke: %d", a.status)
	}
	post(t, srv, "/token", refreshCall(token)).wantError(400, "InvalidGrantException")
	control(t, srv, "POST", "end-session", "start-url="+url.QueryEscape(srv.StartURL))
	portal(t, srv, "GET", "/assignment/accounts", token.AccessToken).wantError(401, "UnauthorizedException")

	portal(t, srv, "GET", "/nowhere", "")
	mustContain(t, []byte(control(t, srv, "GET", "violations", "").body), "GET /nowhere: unknown-path: ")
	set("tolerate=all")
}

func TestControlRefusals(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	for name, tt := range map[string]struct {
		method, path, form string
		want               int
	}{
		"GET to change":      {"GET", "set", "", 405},
		"POST to read":       {"POST", "stats", "", 405},
		"no such thing":      {"POST", "x", "", 404},
		"no such knob":       {"POST", "set", "x=1", 400},
		"no such value":      {"POST", "set", "latency=x", 400},
		"all or none":        {"POST", "set", "page-size=7&rate=-1", 400},
		"fixed at the start": {"POST", "set", "region=us-east-1", 400},
		"no form":            {"POST", "set", "%", 400},
		"no such instance":   {"POST", "token", "start-url=https://elsewhere", 404},
		"nothing to revoke":  {"POST", "revoke", "issued=x", 404},
	} {
		t.Run(name, func(t *testing.T) {
			if a := control(t, srv, tt.method, tt.path, tt.form); a.status != tt.want {
				t.Errorf("%d %s, want %d", a.status, a.body, tt.want)
			}
		})
	}
	srv.Update(func(c *idctest.Config) {
		if c.PageSize != 100 {
			t.Errorf("half of a change was made: page size %d", c.PageSize)
		}
	})
	req := request(t, "POST", srv.URL+"/_idc/end-session", "", "")
	req.Header.Set("Origin", "http://example.com")
	if a := send(t, req); a.status != 403 {
		t.Errorf("a page in a browser steers the server: %d", a.status)
	}
}

func parseFlags(args ...string) (idctest.Config, error) {
	var c idctest.Config
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	c.Flags(fs)
	err := fs.Parse(args)
	return c, err
}

func TestFlags(t *testing.T) {
	parse := parseFlags
	got, err := parse(
		"-addr=127.0.0.1:0", "-region=us-east-1", "-start-url=https://a.awsapps.com/start", "-user=joe",
		"-accounts=2", "-roles=A,B", "-instance=https://b.awsapps.com/start=1", "-offset=1h", "-seed=5",
		"-latency=1ms", "-rate=2.5", "-burst=3", "-retry-after=1s", "-fault=*=reset:10%", "-deny=1/R", "-tolerate=bad-scope",
		"-warn=unknown-path", "-disable-region=af-south-1", "-intercept", "-host=a.example", "-no-host=sts-fips.x.amazonaws.com", "-vanity=aws.example",
		"-vanity=b.example=https://c.example/", "-no-endpoints", "-ca-dir=/ca",
		"-allow-remote", "-public-url=http://idc:1",
		"-page-size=9", "-approve=never", "-slow-downs=2", "-interval=2s", "-device-lifetime=3s",
		"-registration-lifetime=4s", "-session-lifetime=5s", "-token-lifetime=6s", "-credential-lifetime=7s",
		"-no-refresh", "-keep-refresh-token",
	)
	if err != nil {
		t.Fatal(err)
	}
	accounts := idctest.MakeAccounts(2, 0)
	accounts[0].Roles, accounts[1].Roles = []string{"A", "B"}, []string{"A", "B"}
	one := idctest.MakeAccounts(1, 0)
	one[0].Roles = []string{"A", "B"}
	want := idctest.Config{
		Addr: "127.0.0.1:0", Region: "us-east-1", StartURL: "https://a.awsapps.com/start", User: "joe",
		Accounts: accounts, Instances: map[string][]idctest.Account{"https://b.awsapps.com/start": one},
		Offset: time.Hour, Seed: 5, Latency: time.Millisecond, Rate: 2.5, Burst: 3, RetryAfter: time.Second,
		Faults: []idctest.Fault{
			{Kind: idctest.Reset, Prob: 0.1},
			{Op: idctest.GetRoleCredentials, Account: "1", Role: "R", Kind: idctest.Forbidden},
		},
		Tolerate: []idctest.Rule{idctest.BadScope}, Warn: []idctest.Rule{idctest.UnknownPath},
		DisabledRegions: []string{"af-south-1"}, Intercept: true, Hosts: []string{"a.example"}, NoHosts: []string{"sts-fips.x.amazonaws.com"}, NoEndpoints: true, CADir: "/ca",
		AllowRemote: true, PublicURL: "http://idc:1",
		Vanity: map[string]string{"aws.example": "https://a.awsapps.com/start", "b.example": "https://c.example/"}, PageSize: 9, Approval: idctest.Never, SlowDowns: 2,
		Interval: 2 * time.Second, DeviceLifetime: 3 * time.Second, RegistrationLifetime: 4 * time.Second,
		SessionLifetime: 5 * time.Second, TokenLifetime: 6 * time.Second, CredentialLifetime: 7 * time.Second,
		NoRefresh: true, KeepRefreshToken: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// Every field that is not a func or a writer has a flag.
	for i, v := 0, reflect.ValueOf(got); i < v.NumField(); i++ {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Now" && name != "Log" {
			t.Errorf("no flag sets Config.%s", name)
		}
	}

	got, err = parse("-account=123456789012/A,B=The name = odd", "-account=000000000001/C")
	if want := []idctest.Account{
		{ID: "123456789012", Name: "The name = odd", Roles: []string{"A", "B"}},
		{ID: "000000000001", Roles: []string{"C"}},
	}; err != nil || !reflect.DeepEqual(got.Accounts, want) {
		t.Errorf("%+v %v", got.Accounts, err)
	}
	if got, err = parse("-roles=5", "-odd-accounts"); err != nil || len(got.Accounts) != 3+len(idctest.OddAccounts()) ||
		len(got.Accounts[0].Roles) != 5 {
		t.Errorf("%+v %v", got.Accounts, err)
	}
	if got, err = parse("-fault=*=reset", "-fault=none"); err != nil || got.Faults != nil {
		t.Errorf("%+v %v", got.Faults, err)
	}
	for _, arg := range []string{
		"-accounts=x", "-accounts=-1", "-roles=-1", "-account=1/A", "-account=x", "-instance=x", "-instance=u=x",
		"-fault=x", "-deny=/R", "-tolerate=x", "-approve=x", "-latency=x",
		"-warn=x", "-disable-region=x", "-host=x", "-vanity=X.example", "-unassign=111111111111/Nobody", "-interval=x",
	} {
		if _, err := parse(arg); err == nil {
			t.Errorf("%s is taken", arg)
		}
	}
	// An error tells the value as it was given and what would do.
	if _, err := parse("-tolerate=x"); !strings.Contains(err.Error(), string(idctest.SpentRefresh)) {
		t.Errorf("%v", err)
	}
}
