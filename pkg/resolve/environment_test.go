package resolve_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/resolve"
	"aws-sso-plugins/pkg/wire"
)

var roleKeys = aws.Credentials{
	AccessKeyID: "ASIA1", SecretAccessKey: "secret", SessionToken: "session", AccountID: "111111111111",
	CanExpire: true, Expires: time.Date(2026, 11, 27, 12, 0, 0, 0, time.FixedZone("x", 3600)),
}

var dev = resolve.Handover{Profile: "dev", AccountID: "111111111111", RoleName: "Admin", Region: "eu-west-1"}

func configOf(text string) *awsconfig.Config {
	return awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, []byte(text)), nil)
}

// lines are an environment as one reads it.
func lines(e resolve.Environment) []string {
	var all []string
	for _, v := range e.Set {
		all = append(all, v.Name+"="+v.Value)
	}
	unset := slices.Sorted(slices.Values(e.Unset))
	return append(all, "unset "+strings.Join(unset, " "))
}

const otherSources = "AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_FULL_URI " +
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_DEFAULT_PROFILE AWS_PROFILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_SECURITY_TOKEN " +
	"AWS_WEB_IDENTITY_TOKEN_FILE"

func TestRoleEnvironment(t *testing.T) {
	got := lines(resolve.RoleEnvironment(configOf("[profile dev]\n"), dev, roleKeys, nil))
	want := []string{
		"AWS_ACCESS_KEY_ID=ASIA1", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=session",
		"AWS_CREDENTIAL_EXPIRATION=2026-11-27T11:00:00Z", "AWS_ACCOUNT_ID=111111111111",
		"AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1",
		"SSO_PROFILE=dev", "SSO_ACCOUNT_ID=111111111111", "SSO_ROLE_NAME=Admin",
		"unset " + otherSources + " SSO_SETTINGS",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// long-lived keys of a profile without a region
	got = lines(resolve.RoleEnvironment(configOf("[profile keys]\n"), resolve.Handover{Profile: "keys"},
		aws.Credentials{AccessKeyID: "AKIA1", SecretAccessKey: "secret"}, nil))
	want = []string{
		"AWS_ACCESS_KEY_ID=AKIA1", "AWS_SECRET_ACCESS_KEY=secret", "SSO_PROFILE=keys",
		"unset " + strings.Join(slices.Sorted(slices.Values(append(strings.Fields(otherSources), "AWS_SESSION_TOKEN",
			"AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "SSO_ACCOUNT_ID", "SSO_ROLE_NAME", "SSO_SETTINGS"))), " "),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettingsInARoleEnvironment(t *testing.T) {
	const services = "[services local]\ns3 =\n  endpoint_url = http://localhost:1\nelastic_beanstalk =\n  endpoint_url = http://localhost:2\n" +
		"bad-id =\n  endpoint_url = http://localhost:3\n"
	for _, tc := range []struct {
		name, config string
		environ      []string
		want         []string // beyond the role's own
		unset        []string
		notes        int
	}{
		{name: "all of a profile", config: "[profile dev]\nca_bundle = /etc/ca.pem\nuse_fips_endpoint = True\nuse_dualstack_endpoint = false\nendpoint_url = https://x.example\n",
			want: []string{"AWS_CA_BUNDLE=/etc/ca.pem", "AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=false", "AWS_ENDPOINT_URL=https://x.example",
				"SSO_SETTINGS=AWS_CA_BUNDLE:AWS_USE_FIPS_ENDPOINT:AWS_USE_DUALSTACK_ENDPOINT:AWS_ENDPOINT_URL"}},
		{name: "the environment wins", config: "[profile dev]\nca_bundle = /etc/ca.pem\nuse_fips_endpoint = true\nendpoint_url = https://x.example\n",
			environ: []string{"AWS_CA_BUNDLE=/mine", "AWS_USE_FIPS_ENDPOINT=false", "AWS_ENDPOINT_URL=http://localhost:9"}},
		{name: "no switch", config: "[profile dev]\nuse_fips_endpoint = yes\n"},
		{name: "services", config: "[profile dev]\nservices = local\n" + services,
			want: []string{"AWS_ENDPOINT_URL_ELASTIC_BEANSTALK=http://localhost:2", "AWS_ENDPOINT_URL_S3=http://localhost:1",
				"SSO_SETTINGS=AWS_ENDPOINT_URL_ELASTIC_BEANSTALK:AWS_ENDPOINT_URL_S3"}},
		{name: "services, and the environment moves all", config: "[profile dev]\nservices = local\n" + services,
			environ: []string{"AWS_ENDPOINT_URL=http://localhost:9"}},
		{name: "services, and the environment moves one", config: "[profile dev]\nservices = local\n" + services,
			environ: []string{"AWS_ENDPOINT_URL_S3=http://localhost:9"},
			want:    []string{"AWS_ENDPOINT_URL_ELASTIC_BEANSTALK=http://localhost:2", "SSO_SETTINGS=AWS_ENDPOINT_URL_ELASTIC_BEANSTALK"}},
		{name: "no such services", config: "[profile dev]\nservices = none\n"},
		{name: "only [default] has FIPS and dual stack", config: "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n[profile dev]\n",
			want: []string{"AWS_USE_FIPS_ENDPOINT=false", "AWS_USE_DUALSTACK_ENDPOINT=false", "SSO_SETTINGS=AWS_USE_FIPS_ENDPOINT:AWS_USE_DUALSTACK_ENDPOINT"}},
		{name: "[default] and the environment have FIPS", config: "[default]\nuse_fips_endpoint = true\n[profile dev]\n",
			environ: []string{"AWS_USE_FIPS_ENDPOINT=true"}},
		{name: "only [default] has a ca_bundle", config: "[default]\nca_bundle = /x\n[profile dev]\n", notes: 1},
		{name: "the environment has one, too", config: "[default]\nca_bundle = /x\n[profile dev]\n", environ: []string{"AWS_CA_BUNDLE=/y"}},
		{name: "only [default] has an endpoint", config: "[default]\nendpoint_url = http://localhost:1\n[profile dev]\n",
			want: []string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "SSO_SETTINGS=AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}},
		{name: "only [default] has services", config: "[default]\nservices = local\n[profile dev]\n" + services,
			want: []string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "SSO_SETTINGS=AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}},
		{name: "[default] has an endpoint, the environment one of a service", config: "[default]\nendpoint_url = http://localhost:1\n[profile dev]\n",
			environ: []string{"AWS_ENDPOINT_URL_S3=http://localhost:9"}, notes: 1},
		{name: "both have one", config: "[default]\nendpoint_url = http://localhost:1\n[profile dev]\nendpoint_url = http://localhost:2\n",
			want: []string{"AWS_ENDPOINT_URL=http://localhost:2", "SSO_SETTINGS=AWS_ENDPOINT_URL"}},
		{name: "[default] has all, the profile some", config: "[default]\nendpoint_url = http://localhost:1\n[profile dev]\nservices = local\n" + services,
			want: []string{"AWS_ENDPOINT_URL_ELASTIC_BEANSTALK=http://localhost:2", "AWS_ENDPOINT_URL_S3=http://localhost:1",
				"SSO_SETTINGS=AWS_ENDPOINT_URL_ELASTIC_BEANSTALK:AWS_ENDPOINT_URL_S3"}, notes: 1},
		{name: "the profile ignores its own", config: "[default]\nendpoint_url = http://localhost:2\n[profile dev]\nendpoint_url = http://localhost:1\nignore_configured_endpoint_urls = true\n",
			want: []string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "SSO_SETTINGS=AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}},
		{name: "an earlier role had FIPS off and a CA", config: "[profile dev]\nuse_fips_endpoint = true\n",
			environ: []string{"SSO_SETTINGS=AWS_USE_FIPS_ENDPOINT:AWS_CA_BUNDLE", "AWS_USE_FIPS_ENDPOINT=false", "AWS_CA_BUNDLE=/theirs"},
			want:    []string{"AWS_USE_FIPS_ENDPOINT=true", "SSO_SETTINGS=AWS_USE_FIPS_ENDPOINT"}, unset: []string{"AWS_CA_BUNDLE"}},
		{name: "a list that nobody made", config: "[profile dev]\n",
			environ: []string{"SSO_SETTINGS=PATH:AWS_ENDPOINT_URL_$(x):AWS_ENDPOINT_URL_:;x:AWS_ENDPOINT_URL_S3", "PATH=/bin"},
			unset:   []string{"AWS_ENDPOINT_URL_S3"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := resolve.RoleEnvironment(configOf(tc.config), dev, roleKeys, tc.environ)
			var got []string
			for _, v := range e.Set[10:] { // after the role's own
				got = append(got, v.Name+"="+v.Value)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			unset := slices.DeleteFunc(slices.Clone(e.Unset), func(name string) bool {
				return strings.Contains(otherSources, name) || name == "SSO_SETTINGS"
			})
			if diff := cmp.Diff(tc.unset, unset, cmp.Transformer("set", func(s []string) string { return fmt.Sprint(s) })); diff != "" {
				t.Errorf("unset: %s", diff)
			}
			if len(e.Notes) != tc.notes {
				t.Errorf("notes %q", e.Notes)
			}
		})
	}
	// without a profile the settings are those of AWS_PROFILE, else of [default]
	without := resolve.Handover{AccountID: "111111111111", RoleName: "Admin"}
	config := configOf("[default]\nca_bundle = /default\n[profile dev]\nca_bundle = /dev\n")
	for environ, want := range map[string]string{"": "/default", "AWS_PROFILE=dev": "/dev"} {
		e := resolve.RoleEnvironment(config, without, roleKeys, []string{environ})
		if !slices.Contains(e.Set, resolve.Variable{Name: "AWS_CA_BUNDLE", Value: want, Text: true}) {
			t.Errorf("with %q: %v", environ, e.Set)
		}
	}
}

func TestProfileEnvironment(t *testing.T) {
	got := lines(resolve.ProfileEnvironment(dev, []string{"SSO_SETTINGS=AWS_CA_BUNDLE", "AWS_CA_BUNDLE=/theirs"}))
	want := []string{
		"AWS_PROFILE=dev", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "SSO_PROFILE=dev", "SSO_ACCOUNT_ID=111111111111", "SSO_ROLE_NAME=Admin",
		"unset " + strings.Join(slices.Sorted(slices.Values(append(strings.Fields(strings.Replace(otherSources, "AWS_PROFILE ", "", 1)),
			"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID", "AWS_CA_BUNDLE", "SSO_SETTINGS"))), " "),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever a role set, NoRole unsets.
func TestNoRoleUnsetsAll(t *testing.T) {
	config := configOf("[profile dev]\nca_bundle = /x\nendpoint_url = http://localhost:1\n")
	environ := resolve.RoleEnvironment(config, dev, roleKeys, nil).Apply([]string{"HOME=/h", "AWS_PROFILE=x"})
	got := resolve.NoRole(environ).Apply(environ)
	if diff := cmp.Diff([]string{"HOME=/h"}, got); diff != "" {
		t.Error(diff)
	}
	if e := resolve.NoRole(environ); len(e.Set) > 0 {
		t.Errorf("sets %v", e.Set)
	}
}

func TestApply(t *testing.T) {
	e := resolve.Environment{Set: []resolve.Variable{{Name: "A", Value: "1"}}, Unset: []string{"B"}}
	got := e.Apply([]string{"A=0", "B=0", "C=x=y", "a=2", "=C:=x", "A=9"})
	want := []string{"C=x=y", "a=2", "=C:=x", "A=1"}
	if runtime.GOOS == "windows" {
		want = []string{"C=x=y", "=C:=x", "A=1"}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutHandover(t *testing.T) {
	environ := map[string]string{"SSO_SETTINGS": "AWS_CA_BUNDLE:PATH", "AWS_CA_BUNDLE": "/theirs", "PATH": "/bin", "AWS_USE_FIPS_ENDPOINT": "true"}
	getenv := resolve.WithoutHandover(func(name string) string { return environ[name] })
	for name, want := range map[string]string{"AWS_CA_BUNDLE": "", "PATH": "/bin", "AWS_USE_FIPS_ENDPOINT": "true"} {
		if got := getenv(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestHandover(t *testing.T) {
	config := configOf(`[sso-session okta]
sso_start_url = https://d-1.awsapps.com/start
sso_region = eu-central-1
[profile dev]
sso_session = okta
sso_account_id = 111111111111
sso_role_name = Admin
[profile paris]
sso_session = okta
sso_account_id = 222222222222
sso_role_name = Admin
region = eu-west-3
[profile chained]
source_profile = dev
role_arn = arn:aws:iam::333333333333:role/ops
[profile keys]
aws_access_key_id = AKIA1
aws_secret_access_key = secret
`)
	r := &resolve.Resolver{Config: config, Wire: new(wire.Wire), Region: "us-west-2"} // that of the environment
	want := []resolve.Handover{
		{"dev", "111111111111", "Admin", "eu-central-1"}, {"paris", "222222222222", "Admin", "eu-west-3"},
		{"chained", "333333333333", "ops", "eu-central-1"}, {"keys", "", "", ""},
	}
	for i, target := range r.Plan([]string{"dev", "paris", "chained", "keys"}).Targets() {
		if got := target.Handover(); got != want[i] || target.Err != nil {
			t.Errorf("%+v, error %v, want %+v", got, target.Err, want[i])
		}
	}
}
