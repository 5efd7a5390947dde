package wire_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

func TestEndpointsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ value, why string }{
		{"http://sso.corp", `must begin with https:// (plain http is for a loopback address only): "http://sso.corp"`},
		{"http://127.0.0.1.evil.example", `must begin with https:// (plain http is for a loopback address only): "http://127.0.0.1.evil.example"`},
		{"http://0.0.0.0:80", `must begin with https:// (plain http is for a loopback address only): "http://0.0.0.0:80"`},
		{"ftp://127.0.0.1", `must begin with https:// (plain http is for a loopback address only): "ftp://127.0.0.1"`},
		{"127.0.0.1:8080", `is not the URL of an endpoint: "127.0.0.1:8080"`},
		{"sso.corp", `is not the URL of an endpoint: "sso.corp"`},
		{"https://", `is not the URL of an endpoint: "https://"`},
		{"https://:443", `is not the URL of an endpoint: "https://:443"`},
		{"https://a\nb", `is not the URL of an endpoint: "https://a\nb"`},
		{"https://sso.corp/?x=1", `must end with its path, without ? and #: "https://sso.corp/?x=1"`},
		{"https://sso.corp/#/", `must end with its path, without ? and #: "https://sso.corp/#/"`},
		{"https://me:canary@sso.corp", `must not hold a user or a password`},
		{"https://me:canary@[", `is not the URL of an endpoint`},
		{"me:canary@sso.corp", `is not the URL of an endpoint`},
	} {
		for name, s := range map[string]wire.Settings{
			"AWS_ENDPOINT_URL":          {Endpoint: test.value},
			"AWS_ENDPOINT_URL_SSO":      {Endpoints: map[wire.Service]string{wire.Portal: test.value}},
			"AWS_ENDPOINT_URL_SSO_OIDC": {Endpoints: map[wire.Service]string{wire.OIDC: test.value}},
			"AWS_ENDPOINT_URL_STS":      {Endpoints: map[wire.Service]string{wire.STS: test.value}},
		} {
			_, err := wire.New(s)
			if want := name + " " + test.why; err == nil || err.Error() != want || fault.KindOf(err) != fault.Config {
				t.Errorf("got  %v (%v)\nwant %s", err, fault.KindOf(err), want)
			}
		}
	}
}

// Where calls go: the region's endpoint, a variant of it, or the user's own,
// for all three services.
func TestWhereCallsGo(t *testing.T) {
	t.Parallel()
	services := map[wire.Service]string{wire.Portal: "ListAccounts", wire.OIDC: "RegisterClient", wire.STS: "GetCallerIdentity"}
	own := map[wire.Service]string{wire.Portal: "https://p.corp/a/", wire.OIDC: "http://localhost:1", wire.STS: "http://[::1]:2/sts"}
	for _, test := range []struct {
		name     string
		settings wire.Settings
		hosts    map[wire.Service]string
	}{
		{"plain", wire.Settings{}, map[wire.Service]string{
			wire.Portal: "portal.sso.eu-central-1.amazonaws.com:443", wire.OIDC: "oidc.eu-central-1.amazonaws.com:443", wire.STS: "sts.eu-central-1.amazonaws.com:443",
		}},
		{"FIPS", wire.Settings{FIPS: wire.On}, map[wire.Service]string{
			wire.Portal: "portal.sso-fips.eu-central-1.amazonaws.com:443", wire.OIDC: "oidc-fips.eu-central-1.amazonaws.com:443", wire.STS: "sts-fips.eu-central-1.amazonaws.com:443",
		}},
		{"dual stack", wire.Settings{DualStack: wire.On}, map[wire.Service]string{
			wire.Portal: "portal.sso.eu-central-1.api.aws:443", wire.OIDC: "oidc.eu-central-1.api.aws:443", wire.STS: "sts.eu-central-1.api.aws:443",
		}},
		{"both", wire.Settings{FIPS: wire.On, DualStack: wire.On}, map[wire.Service]string{
			wire.Portal: "portal.sso-fips.eu-central-1.api.aws:443", wire.OIDC: "oidc-fips.eu-central-1.api.aws:443", wire.STS: "sts-fips.eu-central-1.api.aws:443",
		}},
		{"one for all", wire.Settings{Endpoint: "https://aws.corp:8443", FIPS: wire.On, DualStack: wire.On}, map[wire.Service]string{
			wire.Portal: "aws.corp:8443", wire.OIDC: "aws.corp:8443", wire.STS: "aws.corp:8443",
		}},
		{"each its own", wire.Settings{Endpoint: "https://aws.corp", Endpoints: own}, map[wire.Service]string{
			wire.Portal: "p.corp:443", wire.OIDC: "localhost:1", wire.STS: "[::1]:2",
		}},
		{"one its own", wire.Settings{FIPS: wire.On, Endpoints: map[wire.Service]string{wire.STS: "https://sts.corp"}}, map[wire.Service]string{
			wire.Portal: "portal.sso-fips.eu-central-1.amazonaws.com:443", wire.OIDC: "oidc-fips.eu-central-1.amazonaws.com:443", wire.STS: "sts.corp:443",
		}},
	} {
		for service, operation := range services {
			t.Run(test.name+"/"+string(service), func(t *testing.T) {
				t.Parallel()
				var dialled string
				s := test.settings
				s.MaxAttempts = 1
				s.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
					dialled = address
					return nil, errors.New("enough")
				}
				if err := operations[operation](t.Context(), newClient(t, s, nil)); err == nil {
					t.Error("no error")
				}
				if want := test.hosts[service]; dialled != want {
					t.Errorf("went to %q, want %q", dialled, want)
				}
			})
		}
	}
}

// The SDK reads some variables by itself. What the settings say wins.
func TestTheEnvironmentIsNotRead(t *testing.T) {
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSO"} {
		t.Setenv(name, "https://wrong.example")
	}
	t.Setenv("HTTPS_PROXY", "http://wrong.example")
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "true")
	t.Setenv("AWS_MAX_ATTEMPTS", "5")
	var dialled []string
	err := listAccounts(t, wire.Settings{MaxAttempts: 1, Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, errors.New("enough")
	}})
	if got := strings.Join(dialled, " "); err == nil || got != portalHost+":443" {
		t.Errorf("went to %q, %v", got, err)
	}
}

func TestServices(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range wire.Services() {
		names = append(names, s.EnvironmentVariable())
	}
	if got := strings.Join(names, " "); got != "AWS_ENDPOINT_URL_SSO AWS_ENDPOINT_URL_SSO_OIDC AWS_ENDPOINT_URL_STS" {
		t.Errorf("got %s", got)
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "127.8.9.10": true, "::1": true,
		"": false, "localhost.example": false, "127.0.0.1.example": false, "0.0.0.0": false, "10.0.0.1": false,
		"::": false, "2130706433": false, "127.1": false, "localhost:80": false,
	} {
		if got := wire.Loopback(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

func TestCheckRegion(t *testing.T) {
	t.Parallel()
	for _, region := range []string{
		"eu-central-1", "us-gov-west-1", "cn-northwest-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1",
		"ap-southeast-7", "mx-central-1", "eu-isoe-west-1",
	} {
		if err := wire.CheckRegion(region); err != nil {
			t.Errorf("%s: %v", region, err)
		}
	}
	for _, region := range []string{
		"eu", "eu-central", "eucentral1", "EU-CENTRAL-1", "eu-central-1 ", " eu-central-1", "eu-central-1\n", "eu-central-x",
		"eu--1", "e-central-1", "eu-central-", "-central-1", "eu-central-1.evil.example/", "eu-central-1/../x", "eu_central_1",
		"eu-zürich-1", "eu-" + strings.Repeat("a", 60) + "-1", "eu-central-1-", "1-central-1",
	} {
		err := wire.CheckRegion(region)
		if fault.KindOf(err) != fault.Config || fault.HintOf(err) != "a region looks like eu-central-1" {
			t.Errorf("%q: %v", region, err)
		}
		w, _ := wire.New(wire.Settings{})
		if _, err := w.Config(wire.STS, region, nil); fault.KindOf(err) != fault.Config {
			t.Errorf("%q: a configuration was made: %v", region, err)
		}
	}
	if err := wire.CheckRegion(""); err == nil || err.Error() != "no region is set" {
		t.Errorf("empty: %v", err)
	}
}

func TestCheckRegionOfCalls(t *testing.T) {
	t.Parallel()
	plain, err := wire.New(wire.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	moved, err := wire.New(wire.Settings{Endpoint: "http://127.0.0.1:4566"})
	if err != nil {
		t.Fatal(err)
	}
	for region, want := range map[string]struct{ sts, portal, moved bool }{
		"eu-central-1":              {true, true, true},
		"aws-global":                {true, false, true},
		"aws-cn-global":             {true, false, true},
		"us-gov-west-1-fips":        {true, false, true},
		"fips-us-east-2":            {true, true, true},
		"auto":                      {false, false, true},
		"local":                     {false, false, true},
		"Region-One":                {false, false, true},
		"-fips":                     {false, false, false},
		"aws-../x-global":           {false, false, false},
		"":                          {false, false, false},
		"12":                        {false, false, false},
		"a.b":                       {false, false, false},
		"us-east-1/evil":            {false, false, false},
		strings.Repeat("a", 64):     {false, false, false},
		"us-east-1.evil.example":    {false, false, false},
		"us east 1":                 {false, false, false},
		"us-east-1\n":               {false, false, false},
		"aws-global.evil-global":    {false, false, false},
		"aws-x.evil.example-global": {false, false, false},
	} {
		for _, call := range []struct {
			w       *wire.Wire
			service wire.Service
			want    bool
		}{{plain, wire.STS, want.sts}, {plain, wire.Portal, want.portal}, {moved, wire.STS, want.moved}, {moved, wire.Portal, want.portal}} {
			if err := call.w.CheckRegion(call.service, region); (err == nil) != call.want {
				t.Errorf("%s in %q, moved %v: %v", call.service, region, call.w == moved, err)
			}
			if _, err := call.w.Config(call.service, region, nil); (err == nil) != call.want {
				t.Errorf("a client for %s in %q, moved %v: %v", call.service, region, call.w == moved, err)
			}
		}
	}
}
