package probe_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/probe"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/wire"
)

// TestPlan holds what is found without asking anybody: nobody is there to be
// asked.
func TestPlan(t *testing.T) {
	tests := map[string]struct {
		config, credentials string
		process             bool
		want                string // "status|reason" of the profile p
	}{
		"none of the name":    {config: "[profile q]\n", want: "invalid-config|there is no profile of this name in config"},
		"nothing in it":       {config: "[profile p]\n", want: "skipped|the profile has no credentials of its own"},
		"for the token alone": {config: okta + "[profile p]\nsso_session = okta\n", want: "skipped|the profile has no credentials of its own"},
		"no role": {
			config: okta + "[profile p]\nsso_session = okta\nsso_account_id = 111111111111\n",
			want:   "invalid-config|config:4: sso_role_name is missing",
		},
		"no account": {
			config: okta + "[profile p]\nsso_session = okta\nsso_role_name = A\n",
			want:   "invalid-config|config:4: sso_account_id is missing",
		},
		"an account that lost its zero": {
			config: okta + "[profile p]\nsso_session = okta\nsso_account_id = 11111111111\nsso_role_name = A\n",
			want:   `invalid-config|config:6: sso_account_id is not a number of 12 digits: "11111111111"`,
		},
		"an account in quotes": {
			config: okta + "[profile p]\nsso_session = okta\nsso_account_id = \"111111111111\"\nsso_role_name = A\n",
			want:   `invalid-config|config:6: sso_account_id is not a number of 12 digits: "\"111111111111\""`,
		},
		"no session": {
			config: ssoProfile("p", devAccount, "A"),
			want:   "invalid-config|config:2: there is no [sso-session okta]",
		},
		"an empty session name": {
			config: "[profile p]\nsso_session =\nsso_account_id = 111111111111\nsso_role_name = A\n",
			want:   "invalid-config|config:2: there is no [sso-session ]",
		},
		"a session without a start URL": {
			config: "[sso-session okta]\nsso_region = eu-central-1\n" + ssoProfile("p", devAccount, "A"),
			want:   "invalid-config|config:1: sso_start_url is missing in [sso-session okta]",
		},
		"a session without a region": {
			config: "[sso-session okta]\nsso_start_url = https://x.awsapps.com/start\n" + ssoProfile("p", devAccount, "A"),
			want:   "invalid-config|config:1: sso_region is missing in [sso-session okta]",
		},
		"a session with a region that is none": {
			config: "[sso-session okta]\nsso_start_url = https://x.awsapps.com/start\nsso_region = x.example.com\n" + ssoProfile("p", devAccount, "A"),
			want:   `invalid-config|config:3: sso_region: "x.example.com" is not the name of a region`,
		},
		"a session that says otherwise": {
			config: okta + ssoProfile("p", devAccount, "A", "sso_start_url = https://y.awsapps.com/start"),
			want: `invalid-config|config:8: sso_start_url is "https://y.awsapps.com/start" here and ` +
				`"https://d-1234567890.awsapps.com/start" in [sso-session okta]`,
		},
		"a session's key that says otherwise": {
			config: okta + "region = eu-central-1\n" + ssoProfile("p", devAccount, "A", "region = eu-west-1"),
			want:   `invalid-config|config:9: region is "eu-west-1" here and "eu-central-1" in [sso-session okta]`,
		},
		"a secret of which a session says otherwise": {
			config: okta + "aws_secret_access_key = very-secret\n" + ssoProfile("p", devAccount, "A", "aws_secret_access_key = top-secret"),
			want:   `invalid-config|config:9: aws_secret_access_key is something else here than in [sso-session okta]`,
		},
		"neither session nor start URL": {
			config: "[profile p]\nsso_account_id = 111111111111\nsso_role_name = A\n",
			want:   `invalid-config|config:1: the profile "p" has neither sso_session nor sso_start_url`,
		},
		"a start URL without a region": {
			config: "[profile p]\nsso_start_url = https://x.awsapps.com/start\nsso_account_id = 111111111111\nsso_role_name = A\n",
			want:   "invalid-config|config:1: sso_region is missing",
		},
		"a start URL with a region that is none": {
			config: "[profile p]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu\nsso_account_id = 111111111111\nsso_role_name = A\n",
			want:   `invalid-config|config:3: sso_region: "eu" is not the name of a region`,
		},
		"a region that is none": {
			config: okta + ssoProfile("p", devAccount, "A", "region = eu central"),
			want:   `invalid-config|config:8: region: "eu central" is not the name of a region`,
		},
		"half a key": {
			config: "[profile p]\naws_secret_access_key = x\n",
			want:   "invalid-config|config:1: aws_access_key_id is missing",
		},
		"half a key in each file": {
			config:      "[profile p]\naws_secret_access_key = x\n",
			credentials: "[p]\naws_access_key_id = x\n",
			want:        "invalid-config|credentials:2: aws_secret_access_key is missing beside it",
		},
		"the other half": {
			credentials: "[p]\naws_access_key_id = x\n",
			want:        "invalid-config|credentials:1: aws_secret_access_key is missing",
		},
		"a process": {
			config: "[profile p]\ncredential_process = x\n",
			want:   "skipped|credential_process only runs with --allow-process (config:2)",
		},
		"a process before half a key": {
			config:      "[profile p]\ncredential_process = x\n",
			credentials: "[p]\naws_secret_access_key = x\n",
			want:        "skipped|credential_process only runs with --allow-process (config:2)",
		},
		"a process before keys in the config": {
			config: "[profile p]\ncredential_process = x\naws_access_key_id = x\naws_secret_access_key = x\n",
			want:   "skipped|credential_process only runs with --allow-process (config:2)",
		},
		"the AWS CLI's own login": {
			config: "[profile p]\nlogin_session = arn:aws:iam::111111111111:user/x\n",
			want:   "skipped|login_session is the AWS CLI's own login, not Identity Center's (config:2)",
		},
		"the machine's": {
			config: "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\ncredential_source = Environment\n",
			want:   "skipped|credential_source takes the credentials of the machine, not of the profile (config:3)",
		},
		"no machine's": {
			config: "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\ncredential_source = EC2InstanceMetadata\n",
			want:   `invalid-config|config:3: credential_source is "EC2InstanceMetadata", and not Ec2InstanceMetadata, EcsContainer or Environment`,
		},
		"a role over the machine's": {
			config: "[profile q]\nrole_arn = arn:aws:iam::111111111111:role/x\ncredential_source = Environment\n" +
				"[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = q\n",
			want: "skipped|credential_source takes the credentials of the machine, not of the profile (config:3)",
		},
		"a role over nothing": {
			config: "[profile q]\n[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = q\n",
			want:   `invalid-config|config:4: the source_profile "q" has no credentials of its own`,
		},
		"a role without a source": {
			config: "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\n",
			want:   "invalid-config|config:2: source_profile is missing",
		},
		"a role with two sources": {
			config: "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = p\ncredential_source = Environment\n",
			want:   "invalid-config|config:4: source_profile and credential_source exclude each other",
		},
		"a role over a profile that is not there": {
			config: "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = q\n",
			want:   `invalid-config|config:3: there is no profile "q"`,
		},
		"a role over itself": {
			config: "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = p\n",
			want:   "invalid-config|config:3: the profiles name one another in a circle",
		},
		"a circle of three": {
			config: "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = q\n" +
				"[profile q]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = r\n" +
				"[profile r]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = q\n",
			want: "invalid-config|config:9: the profiles name one another in a circle",
		},
		"a role that asks for a code of no device": {
			config: okta + ssoProfile("r", devAccount, "A") +
				"[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = r\nmfa_serial =\n",
			want: `mfa-required|the role needs an MFA code from "", see mfa_serial (config:11); ` +
				"to be asked for one, run: aws sts get-caller-identity --profile p",
		},
		"a region that is empty": {
			config: okta + ssoProfile("p", devAccount, "A", "region ="),
			want:   "invalid-config|config:8: region is empty",
		},
		"a circle through a profile with keys": {
			config: "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = q\n" +
				"aws_access_key_id = x\naws_secret_access_key = x\n" +
				"[profile q]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = p\n",
			want: "invalid-config|config:8: the profiles name one another in a circle",
		},
		"a role that asks for a code, on the way": {
			config: okta + ssoProfile("r", devAccount, "A") +
				"[profile q]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = r\nmfa_serial = arn:mfa\n" +
				"[profile p]\nrole_arn = arn:aws:iam::111111111111:role/y\nsource_profile = q\n",
			want: `mfa-required|the role needs an MFA code from "arn:mfa", see mfa_serial (config:11); ` +
				"to be asked for one, run: aws sts get-caller-identity --profile p",
		},
		"a token file without a role": {
			config: "[profile p]\nweb_identity_token_file = x\n",
			want:   "invalid-config|config:2: role_arn is missing",
		},
		"a token file that is not there": {
			config: "[profile p]\nweb_identity_token_file = /nowhere/token\nrole_arn = arn:aws:iam::111111111111:role/x\n",
			want:   `invalid-config|config:2: cannot read "/nowhere/token": ` + reasonOfMissingFile(t, "/nowhere/token"),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProber(t, "", "http://127.0.0.1:9", &tokenOf{})
			p.Config = awsconfig.Merge(
				awsconfig.Parse("config", awsconfig.ConfigFile, []byte(tt.config)),
				awsconfig.Parse("credentials", awsconfig.CredentialsFile, []byte(tt.credentials)))
			r := one(t, p, "p")
			if got := string(r.Status) + "|" + r.Reason; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if (r.Err == nil) != (r.Status == resolve.Skipped) {
				t.Errorf("the error is %v", r.Err)
			}
			if r.Latency != 0 {
				t.Error("STS was asked")
			}
		})
	}
}

// reasonOfMissingFile is how the system says that a file is not there.
func reasonOfMissingFile(t *testing.T, path string) string {
	t.Helper()
	_, err := os.ReadFile(path)
	var missing *fs.PathError
	if !errors.As(err, &missing) {
		t.Fatalf("%s: %v", path, err)
	}
	return missing.Err.Error()
}

// TestWhoseCredentials holds the order of the AWS CLI where a profile has
// several kinds of credentials.
func TestWhoseCredentials(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Accounts: []idctest.Account{{ID: devAccount, Roles: []string{"Admin"}}}})
	k := srv.IssueCredentials("222222222222", "Keys")
	keys := "aws_access_key_id = " + k.AccessKeyID + "\naws_secret_access_key = " + k.SecretAccessKey + "\naws_session_token = " + k.SessionToken + "\n"
	const assume = "role_arn = arn:aws:iam::333333333333:role/path/Assumed\n"
	tests := map[string]struct{ config, credentials, account, role string }{
		"keys in the config":           {"[profile p]\n" + keys, "", "222222222222", ""},
		"keys in the credentials file": {"", "[p]\n" + keys, "222222222222", ""},
		"keys there before a process":  {"[profile p]\ncredential_process = false\n", "[p]\n" + keys, "222222222222", ""},
		"Identity Center before keys":  {okta + ssoProfile("p", devAccount, "Admin"), "[p]\n" + keys, devAccount, "Admin"},
		"a role before keys":           {okta + ssoProfile("q", devAccount, "Admin") + "[profile p]\n" + assume + "source_profile = q\n" + keys, "", "333333333333", "Assumed"},
		"a role over its own keys":     {"[profile p]\n" + assume + "source_profile = p\n" + keys, "", "333333333333", "Assumed"},
		"a source lends its keys and not its role": {
			"[profile p]\n" + assume + "source_profile = q\n[profile q]\nrole_arn = arn:aws:iam::444444444444:role/No\nsource_profile = gone\n" + keys,
			"", "333333333333", "Assumed",
		},
		"a role before Identity Center": {
			okta + ssoProfile("p", devAccount, "Admin", strings.TrimSpace(assume), "source_profile = q") + "[profile q]\n" + keys,
			"", "333333333333", "Assumed",
		},
		"a whole pair before the token of another": {
			"[profile p]\n" + keys, "[p]\naws_session_token = of-other-keys\n", "222222222222", "",
		},
		"a whole pair before the other half": {
			"[profile p]\n" + keys, "[p]\naws_secret_access_key = of-other-keys\n", "222222222222", "",
		},
		"the old name of the token": {"[profile p]\n" + strings.ReplaceAll(keys, "session_token", "security_token"), "", "222222222222", ""},
		"the old name of the token first": {
			"[profile p]\n" + strings.ReplaceAll(keys, "session_token", "security_token") + "aws_session_token = x\n", "", "222222222222", "",
		},
		"an account in the session": {
			okta + "sso_account_id = 111111111111\n[profile p]\nsso_session = okta\nsso_role_name = Admin\n", "", devAccount, "Admin",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProber(t, "", srv.URL, &tokenOf{token: srv.IssueToken("").AccessToken})
			p.Config = awsconfig.Merge(
				awsconfig.Parse("config", awsconfig.ConfigFile, []byte(tt.config)),
				awsconfig.Parse("credentials", awsconfig.CredentialsFile, []byte(tt.credentials)))
			r := one(t, p, "p")
			if r.Status != resolve.OK || r.AccountID != tt.account || r.RoleName != tt.role {
				t.Errorf("%s of %q, role %q: %s", r.Status, r.AccountID, r.RoleName, r.Reason)
			}
		})
	}
}

// TestCircleWhoeverIsAskedFirst has a profile that lends its keys to the role
// that it takes on itself: a circle from the one end, and none from the other.
func TestCircleWhoeverIsAskedFirst(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	k := srv.IssueCredentials("222222222222", "Keys")
	config := "[profile p]\nrole_arn = arn:aws:iam::333333333333:role/P\nsource_profile = q\naws_access_key_id = " + k.AccessKeyID +
		"\naws_secret_access_key = " + k.SecretAccessKey + "\naws_session_token = " + k.SessionToken +
		"\n[profile q]\nrole_arn = arn:aws:iam::444444444444:role/Q\nsource_profile = p\n"
	for _, names := range [][]string{{"p", "q"}, {"q", "p"}} {
		p := newProber(t, config, srv.URL, &tokenOf{})
		for _, r := range results(t, p, names...) {
			if want := map[string]resolve.Status{"p": resolve.InvalidConfig, "q": resolve.OK}[r.Profile]; r.Status != want {
				t.Errorf("%v: %s is %s, want %s: %s", names, r.Profile, r.Status, want, r.Reason)
			}
		}
	}
}

// TestRoleThatSTSDoesNotTake has profiles whose role is one, and whose other keys
// STS refuses.
func TestRoleThatSTSDoesNotTake(t *testing.T) {
	for _, line := range []string{"external_id =", "duration_seconds = 60"} {
		_, p := against(t, idctest.Config{Accounts: []idctest.Account{{ID: devAccount, Roles: []string{"Admin"}}}}, okta+
			ssoProfile("q", devAccount, "Admin")+"[profile p]\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = q\n"+line+"\n")
		r := one(t, p, "p")
		const want = `STS does not take what the profile says of the role "arn:aws:iam::333333333333:role/Deploy": AWS answered 400 ValidationError: `
		if r.Status != resolve.InvalidConfig || !strings.HasPrefix(r.Reason, want) {
			t.Errorf("%s: %s: %s", line, r.Status, r.Reason)
		}
	}
}

// TestTokensAreAskedForOnceASession holds that a start URL with two regions is
// two sessions.
func TestTokensAreAskedForOnceASession(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Accounts: idctest.MakeAccounts(3, 1)})
	legacy := func(name, region string) string {
		return "[profile " + name + "]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = " + region +
			"\nsso_account_id = 111111111111\nsso_role_name = AdministratorAccess\n"
	}
	config := okta + ssoProfile("a", devAccount, "AdministratorAccess") + ssoProfile("b", "222222222222", "AdministratorAccess") +
		legacy("c", "eu-central-1") + legacy("d", "eu-central-1") + legacy("e", "eu-west-1")
	source := &tokenOf{token: srv.IssueToken("").AccessToken}
	p := newProber(t, config, srv.URL, source)
	p.Concurrency = 1
	var asked []string
	p.Tokens = func(_ *wire.Wire, s portal.Session) portal.TokenSource {
		asked = append(asked, strings.TrimSpace(s.Name+" "+s.StartURL+" "+s.Region))
		return source
	}
	for _, r := range results(t, p, "a", "b", "c", "d", "e") {
		if r.Status != resolve.OK {
			t.Errorf("%s: %s: %s", r.Profile, r.Status, r.Reason)
		}
	}
	want := []string{
		"okta https://d-1234567890.awsapps.com/start eu-central-1", "https://d-1234567890.awsapps.com/start eu-central-1", "https://d-1234567890.awsapps.com/start eu-west-1",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
	if n := srv.Count(idctest.GetRoleCredentials); n != 4 {
		t.Errorf("%d calls of GetRoleCredentials", n)
	}
}

// TestWebIdentity has an STS of its own: that of idctest knows no identity
// tokens.
func TestWebIdentity(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	k := srv.IssueCredentials("222222222222", "Web")
	refuse := ""
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/xml")
		switch {
		case strings.Contains(string(body), "Action=GetCallerIdentity"):
			_, _ = io.WriteString(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
				`<Arn>arn:aws:sts::222222222222:assumed-role/Web/x</Arn><UserId>u</UserId><Account>222222222222</Account>`+
				`</GetCallerIdentityResult></GetCallerIdentityResponse>`)
		case r.Header.Get("Authorization") != "" || !strings.Contains(string(body), "WebIdentityToken=the-token") ||
			!strings.Contains(string(body), "RoleSessionName=sso-test"):
			t.Errorf("the request is %q", body)
		case refuse != "":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `<ErrorResponse><Error><Type>Sender</Type><Code>`+refuse+`</Code><Message>m</Message></Error></ErrorResponse>`)
		default:
			_, _ = io.WriteString(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>`+
				`<Credentials><AccessKeyId>`+k.AccessKeyID+`</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>`+
				`<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`)
		}
	}))
	t.Cleanup(front.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("the-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := "[profile p]\nrole_arn = arn:aws:iam::222222222222:role/Web\nweb_identity_token_file = " + token + "\n"
	p := newProber(t, config, front.URL, &tokenOf{})
	if r := one(t, p, "p"); r.Status != resolve.OK || r.AccountID != "222222222222" || r.RoleName != "Web" {
		t.Errorf("%s of %q: %s", r.Status, r.AccountID, r.Reason)
	}
	for code, want := range map[string]resolve.Status{
		"ExpiredTokenException": resolve.STSDenied, "IDPRejectedClaim": resolve.STSDenied, "ValidationError": resolve.InvalidConfig,
		"MalformedPolicyDocument": resolve.Failed,
	} {
		refuse = code
		p.Wire = newWire(t, wire.Settings{Endpoint: front.URL, MaxAttempts: 1})
		r := one(t, p, "p")
		if r.Status != want || !strings.Contains(r.Reason, code+": m (web_identity_token_file, config:3)") {
			t.Errorf("%s: %s: %s", code, r.Status, r.Reason)
		}
	}
}

func TestChoice(t *testing.T) {
	c := awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, []byte(okta+
		ssoProfile("a", devAccount, "A")+
		strings.ReplaceAll(ssoProfile("b", devAccount, "A"), "okta", "gone")+
		"[profile role]\nrole_arn = x\nsource_profile = a\n"+
		"[profile deep]\nrole_arn = x\nsource_profile = role\n"+
		"[profile loop]\nrole_arn = x\nsource_profile = loop\n"+
		"[profile keys]\naws_access_key_id = x\n"+
		"[profile over]\nrole_arn = x\nsource_profile = keys\n"+
		"[profile old]\nsso_start_url = https://x.awsapps.com/start\nsso_role_name = A\n"+
		"[profile token]\nsso_session = okta\n")), nil)
	tests := []struct {
		choice probe.Choice
		want   []string
	}{
		{probe.Choice{}, []string{"a", "b", "role", "deep", "old"}},
		{probe.Choice{All: true}, []string{"a", "b", "role", "deep", "loop", "keys", "over", "old", "token"}},
		{probe.Choice{Sessions: []string{"okta"}}, []string{"a", "role", "deep"}},
		{probe.Choice{All: true, Sessions: []string{"okta"}}, []string{"a", "role", "deep"}},
		{probe.Choice{Sessions: []string{"gone", "none"}}, []string{"b"}},
		{probe.Choice{Sessions: []string{"none"}}, nil},
	}
	for _, tt := range tests {
		got := tt.choice.Profiles(c)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v: %s", tt.choice, diff)
		}
		for _, name := range []string{"a", "b", "keys", "unknown"} {
			want := slices.Contains(got, name) || len(tt.choice.Sessions) == 0 || name == "unknown"
			if tt.choice.Takes(c, name) != want {
				t.Errorf("%+v takes %q: %t", tt.choice, name, !want)
			}
		}
	}
}

// TestEndpointsOfTheConfig has a profile whose calls go where the config says,
// as those of a LocalStack or a VPC endpoint do, and the environment's first; but
// no login goes to another machine on the word of the config.
func TestEndpointsOfTheConfig(t *testing.T) {
	accounts := idctest.Config{Accounts: []idctest.Account{{ID: devAccount, Roles: []string{"Admin"}}}}
	srv := idctest.New(t, accounts)
	k := srv.IssueCredentials("222222222222", "Keys")
	config := okta +
		ssoProfile("sso", devAccount, "Admin", "endpoint_url = "+srv.URL) +
		ssoProfile("sso-here", devAccount, "Admin") +
		"[profile keys]\nendpoint_url = http://127.0.0.1:9\nservices = local\naws_access_key_id = " + k.AccessKeyID +
		"\naws_secret_access_key = " + k.SecretAccessKey + "\naws_session_token = " + k.SessionToken + "\n" +
		"[services local]\nsts =\n  endpoint_url = " + srv.URL + "\n" +
		"[profile role]\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = sso-here\nendpoint_url = " + srv.URL + "\n" +
		ssoProfile("gone", devAccount, "Admin", "services = gone") +
		ssoProfile("insecure", devAccount, "Admin", "endpoint_url = http://sts.corp") +
		ssoProfile("ignored", devAccount, "Admin", "ignore_configured_endpoint_urls = true", "endpoint_url = http://sts.corp", "services = gone") +
		ssoProfile("nobody", devAccount, "Admin", "endpoint_url = http://127.0.0.1:9") +
		ssoProfile("away", devAccount, "Admin", "endpoint_url = https://all.corp/x") +
		"[services corp]\nsso =\n  endpoint_url = https://portal.corp\n" +
		ssoProfile("away-for-sso", devAccount, "Admin", "services = corp") +
		"[profile away-for-its-source]\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = sso-here\nendpoint_url = https://all.corp\n" +
		"[profile away-with-keys]\naws_access_key_id = " + k.AccessKeyID + "\naws_secret_access_key = " + k.SecretAccessKey +
		"\naws_session_token = " + k.SessionToken + "\nendpoint_url = https://sts.corp\n" +
		"[profile away-with-a-web-identity]\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nweb_identity_token_file = none\nendpoint_url = https://sts.corp\n"
	names := []string{
		"sso", "sso-here", "keys", "role", "gone", "insecure", "ignored", "nobody",
		"away", "away-for-sso", "away-for-its-source", "away-with-keys", "away-with-a-web-identity",
	}
	dial := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}
	local := func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "127.0.0.1:") {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		return dial(ctx, network, address)
	}
	unknown := func(context.Context, string) ([]string, error) { return nil, errors.New("no such host") }
	tests := map[string]struct {
		settings wire.Settings
		ignore   bool
		want     map[string]string
	}{
		"the config's": {wire.Settings{LookupHost: unknown, Dial: local, FIPS: wire.On}, false, map[string]string{
			"sso": "ok", "sso-here": "unreachable cannot reach portal.sso.eu-central-1", "keys": "ok", "role": "ok",
			"gone":     "invalid-config config:30: there is no [services gone]",
			"insecure": `skipped endpoint_url "http://sts.corp": plain http is for this machine only, which sts.corp is not (config:35)`,
			"ignored":  "unreachable cannot reach portal.sso.eu-central-1",
			"nobody":   `unreachable cannot reach 127.0.0.1:9: offline or wrong endpoint_url "http://127.0.0.1:9" (`,

			"away":                     `skipped endpoint_url would take the login to "all.corp"; to allow that, set AWS_ENDPOINT_URL_SSO (config:52)`,
			"away-for-sso":             `skipped services would take the login to "portal.corp"; to allow that, set AWS_ENDPOINT_URL_SSO (config:60)`,
			"away-for-its-source":      `skipped endpoint_url would take the login to "all.corp"; to allow that, set AWS_ENDPOINT_URL_SSO (config:64)`,
			"away-with-keys":           "unreachable cannot reach sts.corp",
			"away-with-a-web-identity": `skipped endpoint_url would take the login to "sts.corp"; to allow that, set AWS_ENDPOINT_URL_STS (config:73)`,
		}},
		"the environment's first": {wire.Settings{Endpoint: srv.URL}, false, map[string]string{
			"sso": "ok", "sso-here": "ok", "keys": "ok", "role": "ok", "gone": "ok", "insecure": "ok", "ignored": "ok", "nobody": "ok",
			"away": "ok", "away-for-sso": "ok", "away-for-its-source": "ok", "away-with-keys": "ok", "away-with-a-web-identity": "invalid-config",
		}},
		"none": {wire.Settings{Dial: dial}, true, map[string]string{
			"sso": "unreachable", "sso-here": "unreachable", "keys": "unreachable", "role": "unreachable", "gone": "unreachable",
			"insecure": "unreachable", "ignored": "unreachable", "nobody": "unreachable",
			"away": "unreachable", "away-for-sso": "unreachable", "away-for-its-source": "unreachable", "away-with-keys": "unreachable",
			"away-with-a-web-identity": "invalid-config",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProber(t, config, srv.URL, &tokenOf{token: srv.IssueToken("").AccessToken})
			tt.settings.MaxAttempts = 1
			p.Wire, p.IgnoreEndpoints = newWire(t, tt.settings), tt.ignore
			for _, r := range results(t, p, names...) {
				if got := strings.TrimSpace(string(r.Status) + " " + r.Reason); !strings.HasPrefix(got, tt.want[r.Profile]) {
					t.Errorf("%s\ngot  %s\nwant %s", r.Profile, got, tt.want[r.Profile])
				}
			}
		})
	}
}
