package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

const (
	account = "111111111111"
	okta    = `[sso-session okta]
sso_start_url = https://d-1234567890.awsapps.com/start
sso_region = eu-central-1
`
	admin = "sso_session = okta\nsso_account_id = 111111111111\nsso_role_name = Admin\n"
)

// fixed is a source of one token.
type fixed string

func (f fixed) Token(context.Context) (string, error) { return string(f), nil }
func (f fixed) Renew(context.Context, string) (string, error) {
	return "", fault.Newf(fault.Login, "it is over")
}

// clock is a time that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

func parse(config string) *awsconfig.Config {
	return awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, []byte(config)), nil)
}

func newWire(t *testing.T, s wire.Settings) *wire.Wire {
	t.Helper()
	w, err := wire.New(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.CloseIdle)
	return w
}

// against returns an Identity Center, and a resolver of a config against it.
func against(t *testing.T, config string) (*idctest.Server, *resolve.Resolver, *clock) {
	t.Helper()
	srv := idctest.New(t, idctest.Config{Accounts: []idctest.Account{{ID: account, Roles: []string{"Admin", "Billing"}}}})
	c := &clock{}
	token := fixed(srv.IssueToken("").AccessToken)
	return srv, &resolve.Resolver{
		Config: parse(config), Wire: newWire(t, wire.Settings{Endpoint: srv.URL, MaxAttempts: 2}), RoleSession: "test",
		Tokens: func(*wire.Wire, portal.Session) portal.TokenSource { return token }, Now: c.now,
	}, c
}

// get returns the access key id of a target, or fails the test.
func get(t *testing.T, target *resolve.Target) string {
	t.Helper()
	c, err := target.Credentials(t.Context())
	if err != nil {
		t.Fatalf("%s: %s: %v", target.Profile, resolve.StatusOf(err), err)
	}
	return c.AccessKeyID
}

func TestTargetsSayWhatTheProfilesSay(t *testing.T) {
	_, r, _ := against(t, okta+"[profile a]\n"+admin+"region = eu-west-1\n[profile b]\nrole_arn = arn:aws:iam::222222222222:role/x/Deploy\nsource_profile = a\n")
	targets := r.Plan([]string{"b", "gone", "a"}).Targets()
	session := portal.Session{Name: "okta", StartURL: "https://d-1234567890.awsapps.com/start", Region: "eu-central-1"}
	type said struct {
		Index                                int
		Profile, Region, AccountID, RoleName string
		Session                              portal.Session
		Known                                resolve.Status
	}
	var got []said
	for _, t := range targets {
		got = append(got, said{t.Index, t.Profile, t.Region, t.AccountID, t.RoleName, t.Session, resolve.StatusOf(t.Err)})
	}
	want := []said{
		{0, "b", "eu-central-1", "222222222222", "Deploy", session, resolve.OK},
		{1, "gone", "", "", "", portal.Session{}, resolve.InvalidConfig},
		{2, "a", "eu-west-1", account, "Admin", session, resolve.OK},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := targets[1].Credentials(t.Context()); !errors.Is(err, targets[1].Err) {
		t.Errorf("its credentials end with %v", err)
	}
}

func TestCredentialsAreFetchedOnceAndAgainWhenTheyExpire(t *testing.T) {
	srv, r, clock := against(t, okta+"[profile a]\n"+admin+"[profile b]\n"+admin)
	r.ValidFor = 15 * time.Minute
	targets := r.Plan([]string{"a", "b"}).Targets()
	first := get(t, targets[0])
	if second := get(t, targets[1]); second != first || srv.Count(idctest.GetRoleCredentials) != 1 {
		t.Errorf("%s and %s, after %d calls", first, second, srv.Count(idctest.GetRoleCredentials))
	}
	clock.advance(44 * time.Minute) // of an hour
	if get(t, targets[1]) != first {
		t.Error("credentials with 16 minutes left were fetched anew")
	}
	clock.advance(2 * time.Minute)
	if get(t, targets[1]) == first || srv.Count(idctest.GetRoleCredentials) != 2 {
		t.Error("credentials with 14 minutes left were handed out")
	}
}

// Credentials that live shorter than was asked for are shared all the same by
// those who come at about the same time.
func TestShortLivedCredentialsAreShared(t *testing.T) {
	srv, r, _ := against(t, okta+"[profile a]\n"+admin)
	r.ValidFor = 24 * time.Hour
	target := r.Plan([]string{"a"}).Targets()[0]
	if first := get(t, target); get(t, target) != first || srv.Count(idctest.GetRoleCredentials) != 1 {
		t.Errorf("%d calls", srv.Count(idctest.GetRoleCredentials))
	}
}

func TestACancelledCallerLeavesNothingBehind(t *testing.T) {
	srv, r, _ := against(t, okta+"[profile a]\n"+admin)
	target := r.Plan([]string{"a"}).Targets()[0]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := target.Credentials(ctx); fault.KindOf(err) != fault.Canceled {
		t.Fatalf("it ended with %v", err)
	}
	get(t, target)
	if n := srv.Count(idctest.GetRoleCredentials); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// Those who wait for a call of another end with their own context.
func TestWaitingEndsWithTheWaiter(t *testing.T) {
	srv, r, _ := against(t, okta+"[profile a]\n"+admin)
	srv.Update(func(c *idctest.Config) {
		c.Faults = []idctest.Fault{{Op: idctest.GetRoleCredentials, Kind: idctest.Hang}}
	})
	target := r.Plan([]string{"a"}).Targets()[0]
	leader, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = target.Credentials(leader)
	}()
	for srv.Count(idctest.GetRoleCredentials) == 0 {
		runtime.Gosched()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := target.Credentials(ctx); fault.KindOf(err) != fault.Canceled {
		t.Errorf("it ended with %v", err)
	}
	stop()
	<-done
}

func TestFailuresAreSharedForAWhile(t *testing.T) {
	srv, r, clock := against(t, okta+"[profile a]\n"+strings.ReplaceAll(admin, "Admin", "Nobody"))
	target := r.Plan([]string{"a"}).Targets()[0]
	for range 3 {
		_, err := target.Credentials(t.Context())
		if resolve.StatusOf(err) != resolve.AccessDenied || !strings.Contains(err.Error(), "(sso_role_name, config:7)") {
			t.Errorf("%s: %v", resolve.StatusOf(err), err)
		}
	}
	if n := srv.Count(idctest.GetRoleCredentials); n != 1 {
		t.Errorf("%d calls", n)
	}
	clock.advance(2 * time.Minute)
	_, _ = target.Credentials(t.Context())
	if n := srv.Count(idctest.GetRoleCredentials); n != 2 {
		t.Errorf("%d calls, some time later", n)
	}
}

func TestReleasedCredentialsAreForgotten(t *testing.T) {
	srv, r, _ := against(t, okta+"[profile a]\n"+admin+"[profile b]\n"+admin)
	targets := r.Plan([]string{"a", "b"}).Targets()
	first := get(t, targets[0])
	targets[0].Release()
	if get(t, targets[1]) != first {
		t.Error("they were forgotten although another target needs them")
	}
	targets[1].Release()
	if get(t, targets[1]) == first || srv.Count(idctest.GetRoleCredentials) != 2 {
		t.Error("they were kept")
	}
}

func TestAssignmentWithoutAProfile(t *testing.T) {
	_, r, _ := against(t, "")
	session := portal.Session{Name: "corp", StartURL: "https://d-1234567890.awsapps.com/start", Region: "eu-central-1"}
	target := r.Assignment(resolve.Assignment{Session: session, AccountID: account, RoleName: "Billing"})
	c, err := target.Credentials(t.Context())
	if err != nil || c.AccountID != account || target.Region != "eu-central-1" || target.Profile != "" {
		t.Errorf("%+v, %v", target, err)
	}
	target = r.Assignment(resolve.Assignment{Session: session, AccountID: account, RoleName: "Nobody"})
	if _, err = target.Credentials(t.Context()); resolve.StatusOf(err) != resolve.AccessDenied {
		t.Errorf("%s: %v", resolve.StatusOf(err), err)
	}
}

// store is a RoleStore in memory.
type store struct {
	mu     sync.Mutex
	asked  []string
	tokens []string
	kept   map[tokencache.Role]aws.Credentials
}

func (s *store) RoleCredentials(ctx context.Context, role tokencache.Role, validFor time.Duration,
	fetch func(context.Context) (aws.Credentials, string, error),
) (aws.Credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, fmt.Sprint(role.AccountID, " ", role.Name, " ", role.StartURL, " ", role.Region, " ", validFor))
	if c, ok := s.kept[role]; ok {
		return c, nil
	}
	c, token, err := fetch(ctx)
	if err == nil {
		s.tokens = append(s.tokens, token)
		s.kept[role] = c
	}
	return c, err
}

func TestRolesComeFromTheStore(t *testing.T) {
	srv, r, _ := against(t, okta+"[profile a]\n"+admin)
	s := &store{kept: map[tokencache.Role]aws.Credentials{}}
	r.Roles, r.ValidFor = s, time.Minute
	first := get(t, r.Plan([]string{"a"}).Targets()[0])
	if get(t, r.Plan([]string{"a"}).Targets()[0]) != first || srv.Count(idctest.GetRoleCredentials) != 1 {
		t.Errorf("%d calls", srv.Count(idctest.GetRoleCredentials))
	}
	want := account + " Admin https://d-1234567890.awsapps.com/start eu-central-1 1m0s"
	if diff := cmp.Diff([]string{want, want}, s.asked); diff != "" {
		t.Error(diff)
	}
	if token, _ := r.Tokens(r.Wire, portal.Session{}).Token(t.Context()); len(s.tokens) != 1 || s.tokens[0] != token {
		t.Error("the store was not told the token that the portal answered to")
	}
	s.kept = map[tokencache.Role]aws.Credentials{}
	srv.EndSession("")
	if _, err := r.Plan([]string{"a"}).Targets()[0].Credentials(t.Context()); resolve.StatusOf(err) != resolve.LoginRequired {
		t.Errorf("%v", err)
	}
}

// A token and a pace belong to the session, at whatever endpoint of the portal; a
// token that is refreshed by another way has a source of its own.
func TestOneTokenSourceForASession(t *testing.T) {
	srv, r, _ := against(t, okta+"[profile a]\n"+admin+"endpoint_url = URL\n[profile b]\n"+admin)
	elsewhere := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	at := func(url string) string {
		return "services = " + url + "\n[services " + url + "]\nsso =\n  endpoint_url = " + url + "\n"
	}
	r.Config = parse(okta + "[profile a]\n" + admin + at(srv.URL) + "[profile c]\n" + admin + at(elsewhere) +
		"[profile d]\n" + admin + at(elsewhere+"/") + "sso_oidc =\n  endpoint_url = " + elsewhere + "\n")
	r.Wire = newWire(t, wire.Settings{MaxAttempts: 1, Dial: nil, Endpoints: map[wire.Service]string{wire.STS: srv.URL}})
	source, asked := r.Tokens, 0
	r.Tokens = func(w *wire.Wire, s portal.Session) portal.TokenSource { asked++; return source(w, s) }
	plan := r.Plan([]string{"a", "c", "d"})
	for i, want := range []int{1, 1, 2} {
		if get(t, plan.Targets()[i]); asked != want {
			t.Errorf("%d token sources after %d targets, want %d", asked, i+1, want)
		}
	}
}

func TestSessionOf(t *testing.T) {
	c := parse(okta + "[profile a]\n" + admin + "[profile role]\nrole_arn = x\nsource_profile = a\n" +
		"[profile keys]\naws_access_key_id = a\naws_secret_access_key = b\n" +
		"[profile legacy]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = R\n" +
		"[profile lost]\nsso_session = gone\nsso_account_id = 1\nsso_role_name = R\n" +
		"[profile x]\nrole_arn = x\nsource_profile = y\n[profile y]\nrole_arn = x\nsource_profile = x\n")
	for name, want := range map[string]string{
		"a": "okta true <nil>", "role": "okta true <nil>", "keys": " false <nil>", "x": " false <nil>",
		"legacy": "https://x.awsapps.com/start true <nil>",
		"lost":   "gone true config:20: there is no [sso-session gone]",
	} {
		p, _ := c.Profile(name)
		s, reaches, err := resolve.SessionOf(c, p)
		if got := fmt.Sprint(s.Label(), " ", reaches, " ", err); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestAssignmentOf(t *testing.T) {
	c := parse(okta + "[profile a]\n" + admin + "[profile role]\nrole_arn = x\nsource_profile = a\n[profile half]\nsso_session = okta\nsso_account_id = 1\nsso_role_name = R\n")
	for name, want := range map[string]fault.Kind{"a": fault.Unknown, "role": fault.Nothing, "half": fault.Config} {
		p, _ := c.Profile(name)
		a, err := resolve.AssignmentOf(c, p)
		if fault.KindOf(err) != want || err == nil && (a.AccountID != account || a.RoleName != "Admin" || a.Session.Name != "okta") {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

// A chain may be long, but not without end.
func TestChainsEnd(t *testing.T) {
	var config strings.Builder
	const n = 60
	for i := range n {
		fmt.Fprintf(&config, "[profile p%d]\nrole_arn = arn:aws:iam::111111111111:role/R\nsource_profile = p%d\n", i, i+1)
	}
	fmt.Fprintf(&config, "[profile p%d]\naws_access_key_id = a\naws_secret_access_key = b\n", n)
	r := &resolve.Resolver{Config: parse(config.String()), Wire: newWire(t, wire.Settings{})}
	targets := r.Plan([]string{"p0", "p10", "p11"}).Targets()
	for i, ok := range []bool{false, false, true} {
		if (targets[i].Err == nil) != ok {
			t.Errorf("%s: %v", targets[i].Profile, targets[i].Err)
		}
	}
}

// Keys of STS that no further call could use are refused where they arrive.
func TestKeysOfSTSThatHTTPCannotCarry(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = w.Write([]byte("<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>" +
			"<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t&#10;X-Y: z</SessionToken>" +
			"<Expiration>2100-01-02T03:04:05Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"))
	}))
	t.Cleanup(srv.Close)
	r := &resolve.Resolver{
		Config: parse("[profile a]\nrole_arn = arn:aws:iam::111111111111:role/R\nsource_profile = a\naws_access_key_id = a\naws_secret_access_key = b\n"),
		Wire:   newWire(t, wire.Settings{Endpoint: srv.URL}), RoleSession: "test",
	}
	_, err := r.Plan([]string{"a"}).Targets()[0].Credentials(t.Context())
	if fault.KindOf(err) != fault.Reply || !strings.Contains(err.Error(), "characters that HTTP cannot carry") {
		t.Errorf("%v", err)
	}
}
