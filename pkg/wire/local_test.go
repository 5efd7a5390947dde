package wire_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

func TestWith(t *testing.T) {
	_, err := os.ReadFile("/no/such.pem")
	missing := fault.Reason(err) // the system's own words
	lookup := func(_ context.Context, name string) ([]string, error) {
		switch name {
		case "localhost.localstack.cloud":
			return []string{"127.0.0.1"}, nil
		case "six.local":
			return []string{"::1"}, nil
		case "half.example":
			return []string{"127.0.0.1", "192.0.2.1"}, nil
		}
		return nil, errors.New("no such host")
	}
	all := func(endpoint string) wire.Local {
		return wire.Local{Endpoints: [3]string{endpoint, endpoint, endpoint}}
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name     string
		settings wire.Settings
		local    wire.Local
		want     string // the STS endpoint; "same": no effect
		err      string
	}{
		{"nothing", wire.Settings{}, wire.Local{}, "same", ""},
		{"off is the default", wire.Settings{}, wire.Local{FIPS: wire.Off, DualStack: wire.Off}, "same", ""},
		{"the environment's FIPS", wire.Settings{FIPS: wire.Off}, wire.Local{FIPS: wire.On}, "same", ""},
		{"the environment's endpoint", wire.Settings{Endpoint: "https://a.example"}, all("https://b.example"), "same", ""},
		{"https", wire.Settings{}, all("https://b.example"), "https://b.example", ""},
		{"http by a name of this machine", wire.Settings{}, all("http://localhost.localstack.cloud:4566/x"), "http://127.0.0.1:4566/x", ""},
		{"by IPv6, without a port", wire.Settings{}, all("http://six.local"), "http://[::1]", ""},
		{"http elsewhere", wire.Settings{}, all("http://b.example"), "", `"http://b.example": plain http is for this machine only, which b.example is not`},
		{"http half elsewhere", wire.Settings{}, all("http://half.example:1"), "", `"http://half.example:1": plain http is for this machine only, which half.example is not`},
		{"no URL", wire.Settings{}, all("nowhere"), "", `endpoint_url is not the URL of an endpoint: "nowhere"`},
		{"no bundle", wire.Settings{}, wire.Local{CABundle: "/no/such.pem"}, "", `cannot read the CA bundle "/no/such.pem": ` + missing},
		{"an empty bundle", wire.Settings{}, wire.Local{CABundle: empty}, "", `no certificate in the CA bundle "` + empty + `"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.settings.LookupHost = lookup
			w, err := wire.New(tc.settings)
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.With(tc.local)
			if tc.err != "" {
				if err == nil || err.Error() != tc.err || fault.KindOf(err) != fault.Config {
					t.Errorf("%v of kind %v, want %s", err, fault.KindOf(err), tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if again, err := w.With(tc.local); err != nil || again != got {
				t.Errorf("another Wire for the same settings (%v)", err)
			}
			if tc.want == "same" {
				if got != w {
					t.Error("another Wire, want the same")
				}
				return
			}
			cfg, err := got.Config(wire.STS, "eu-central-1", nil)
			if err != nil {
				t.Fatal(err)
			}
			if cfg.BaseEndpoint == nil || *cfg.BaseEndpoint != tc.want || got.EndpointSetting(wire.STS) != "endpoint_url" {
				t.Errorf("%v by %q, want %s", cfg.BaseEndpoint, got.EndpointSetting(wire.STS), tc.want)
			}
		})
	}
}
