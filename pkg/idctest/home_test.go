package idctest_test

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

func TestWriteHome(t *testing.T) {
	srv := idctest.New(t, idctest.Config{
		Accounts: idctest.Accounts("111111111111/Admin,Role+=x=One", "222222222222/Admin"),
		Instances: map[string][]idctest.Account{
			"https://other.awsapps.com/start": idctest.Accounts("333333333333/Dev"),
		},
	})
	dir := t.TempDir()
	env, err := srv.WriteHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(dir, ".aws", "config"))
	if err != nil {
		t.Fatal(err)
	}
	mustContain(t, config,
		"[sso-session idctest]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-central-1\n",
		"[profile Admin-111111111111]\nsso_session = idctest\nsso_account_id = 111111111111\nsso_role_name = Admin\nregion = eu-central-1\n",
		"[profile Role+-111111111111]\nsso_session = idctest\nsso_account_id = 111111111111\nsso_role_name = Role+\n",
		"[sso-session other]\n", "[profile other-Dev-333333333333]\nsso_session = other\n",
	)
	for _, want := range []string{"HOME=" + dir, "AWS_PROFILE=Admin-111111111111", "AWS_ACCESS_KEY_ID="} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %q", want, env)
		}
	}
	tokens, err := filepath.Glob(filepath.Join(dir, ".aws", "sso", "cache", "*.json"))
	if err != nil || len(tokens) != 2 {
		t.Errorf("tokens %q %v", tokens, err)
	}
	if _, err := srv.WriteHome(dir); err != nil {
		t.Errorf("its own config: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".aws", "config"), []byte("[default]\nregion = x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := srv.WriteHome(dir); err == nil {
		t.Error("a config of somebody else was replaced")
	}
}

// The account names of an administrator with odd ideas make no section or key of their own.
func TestWriteHomeOfOddAccounts(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Accounts: idctest.OddAccounts()})
	dir := t.TempDir()
	if _, err := srv.WriteHome(dir); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(dir, ".aws", "config"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(config), "\n[profile "); n != 2*len(idctest.OddAccounts()) || strings.Contains(string(config), "injected") {
		t.Errorf("%d profiles\n%s", n, config)
	}
}

func TestSetenv(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	var home string
	t.Run("inside", func(t *testing.T) {
		home = srv.Setenv(t)
		if os.Getenv("HOME") != home || os.Getenv("AWS_ENDPOINT_URL_STS") != srv.URL || os.Getenv("AWS_PROFILE") == "" {
			t.Errorf("HOME %s, endpoint %s", os.Getenv("HOME"), os.Getenv("AWS_ENDPOINT_URL_STS"))
		}
	})
	if os.Getenv("HOME") == home || os.Getenv("AWS_ENDPOINT_URL_STS") == srv.URL {
		t.Error("the environment outlives its test")
	}
}

func TestAccounts(t *testing.T) {
	got := idctest.Accounts("111111111111/Admin,Dev=Production = 1", "222222222222/Dev")
	want := []idctest.Account{
		{ID: "111111111111", Name: "Production = 1", Roles: []string{"Admin", "Dev"}}, {ID: "222222222222", Roles: []string{"Dev"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	idctest.Accounts("1/Admin")
}

func TestReadAccounts(t *testing.T) {
	const one = `[{"accountId":"111111111111","accountName":"One","emailAddress":"one@example.com","roles":["A","B"]}]`
	want := []idctest.Account{{ID: "111111111111", Name: "One", Email: "one@example.com", Roles: []string{"A", "B"}}}
	for text, startURL := range map[string]string{one: "", `{"https://x.awsapps.com/start":` + one + `}`: "https://x.awsapps.com/start"} {
		got, err := idctest.ReadAccounts(strings.NewReader(text))
		if err != nil || !reflect.DeepEqual(got, map[string][]idctest.Account{startURL: want}) {
			t.Errorf("%s: %+v %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "null x", "[] []", `[{"accountId":"1","roles":[]}]`, `[{"accountId":"111111111111","rolls":[]}]`,
		`[{"accountId":"111111111111"},{"accountId":"111111111111"}]`, `[{"accountId":"111111111111","roles":[""]}]`,
	} {
		if got, err := idctest.ReadAccounts(strings.NewReader(text)); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}

	srv := idctest.New(t, idctest.Config{Instances: map[string][]idctest.Account{"https://x.awsapps.com/start": nil}})
	a := control(t, srv, "POST", "accounts", `{"`+srv.StartURL+`":`+one+`,"https://x.awsapps.com/start/":[]}`)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	listed := portal(t, srv, "GET", "/assignment/accounts", srv.IssueToken("").AccessToken)
	mustContain(t, []byte(listed.body), `"emailAddress":"one@example.com"`)
	srv.Update(func(c *idctest.Config) {
		if keys := slices.Collect(maps.Keys(c.Instances)); len(keys) != 1 || len(c.Accounts) != 1 {
			t.Errorf("instances %q, accounts %+v", keys, c.Accounts)
		}
	})
	for _, body := range []string{"[", `{"http://x/":[]}`} {
		if a := control(t, srv, "POST", "accounts", body); a.status != 400 {
			t.Errorf("%s: %d", body, a.status)
		}
	}
	file := filepath.Join(t.TempDir(), "accounts.json")
	if err := os.WriteFile(file, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := parseFlags("-accounts-file", file); err != nil || !reflect.DeepEqual(got.Accounts, want) {
		t.Errorf("%+v %v", got.Accounts, err)
	}
	// No program that reaches the server has it read a file.
	if a := control(t, srv, "POST", "set", "accounts-file="+file); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAllowRemote(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Addr: "0.0.0.0:0", AllowRemote: true})
	if !strings.HasPrefix(srv.URL, "http://127.0.0.1:") {
		t.Errorf("URL %s", srv.URL)
	}
	if a := portal(t, srv, "GET", "/device", ""); a.status != 200 {
		t.Errorf("%d", a.status)
	}
	srv = idctest.New(t, idctest.Config{PublicURL: "http://idc.example:8181/"})
	if srv.URL != "http://idc.example:8181" || !slices.Contains(srv.Env(), "NO_PROXY=127.0.0.1,localhost,idc.example") {
		t.Errorf("URL %s, %q", srv.URL, srv.Env())
	}
}

// In the environment of a server that other machines reach, its pages can be visited; other hosts cannot.
func TestBrowseAtPublicAddress(t *testing.T) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(addresses, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.To4() != nil && !n.IP.IsLoopback()
	})
	if i < 0 {
		t.Skip("this machine has loopback addresses alone")
	}
	srv := idctest.New(t, idctest.Config{Addr: addresses[i].(*net.IPNet).IP.String() + ":0", AllowRemote: true})
	page := srv.URL + "/device"
	if err := idctest.Browse(t.Context(), page); err == nil {
		t.Error("a page of another machine was visited")
	}
	t.Setenv("IDC_URL", srv.URL)
	if err := idctest.Browse(t.Context(), page); err != nil {
		t.Error(err)
	}
	if err := idctest.Browse(t.Context(), "http://192.0.2.1/device"); err == nil {
		t.Error("a page of a third machine was visited")
	}
}
