//go:build conformance

package conformance

import (
	"os"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// Settings of the config hold for the suite as they do for the AWS CLI: which
// host is asked, and which certificates are trusted.
func TestSettingsOfTheConfig(t *testing.T) {
	session := "[sso-session okta]\nsso_start_url = " + startURL + "\nsso_region = " + region + "\n"
	profile := func(name, settings string) string {
		header := "[profile " + name + "]\n"
		if name == "default" {
			header = "[default]\n"
		}
		return header + "sso_session = okta\nsso_account_id = 111111111111\nsso_role_name = Admin\nregion = " + region + "\n" + settings
	}
	each(t, answering, func(t *testing.T, c *client) {
		if !c.isCLI {
			t.Skip("the settings are compared with the AWS CLI")
		}
		for _, tc := range []struct{ name, profile, settings string }{
			{"nothing", "dev", ""},
			{"FIPS", "dev", "use_fips_endpoint = true\n"},
			{"dual stack", "dev", "use_dualstack_endpoint = true\n"},
			{"FIPS in default", "default", "use_fips_endpoint = true\n"},
			{"dual stack in default", "default", "use_dualstack_endpoint = true\n"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				h := interceptedHome(t, c)
				h.write(".aws/config", session+profile(tc.profile, tc.settings+"ca_bundle = "+h.idc.CAFile+"\n"))
				if _, err := h.idc.IssueToken("").WriteCache(h.dir, "okta"); err != nil {
					t.Fatal(err)
				}
				theirs := h.hosts(c.with("sts", "get-caller-identity", "--profile", tc.profile)...)
				if err := os.RemoveAll(h.path(".aws/cli")); err != nil {
					t.Fatal(err)
				}
				ours := h.hosts("sso-test", tc.profile)
				if len(ours) == 0 || !slices.Equal(ours, theirs) {
					t.Errorf("sso-test asks %v, %s asks %v", ours, c, theirs)
				}
			})
		}
		t.Run("a bundle in default for a profile of its own", func(t *testing.T) {
			h := interceptedHome(t, c)
			h.write(".aws/config", session+profile("default", "ca_bundle = "+h.idc.CAFile+"\n")+profile("dev", ""))
			if _, err := h.idc.IssueToken("").WriteCache(h.dir, "okta"); err != nil {
				t.Fatal(err)
			}
			// Neither trusts the emulator: [default] is another profile.
			if got := h.run(c.with("sts", "get-caller-identity", "--profile", "dev")...); got.status == 0 {
				t.Errorf("%s trusts the bundle of [default] for another profile", c)
			}
			h.exits(4, "sso-test", "dev")
			// What is done for no profile takes the settings of [default].
			h.must("sso-profiles", "okta", "--list", "-o", "name")
		})
	})
}

// interceptedHome is a home folder whose network is an emulator that answers for
// AWS's own hosts, with a CA that nothing but a setting trusts.
func interceptedHome(t *testing.T, c *client) *home {
	t.Helper()
	h := newHome(t, c, idctest.Config{
		Intercept: true, NoEndpoints: true, Accounts: []idctest.Account{{ID: "111111111111", Roles: []string{"Admin"}}},
	})
	for _, name := range []string{"AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} {
		h.env = slices.DeleteFunc(h.env, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
	}
	h.env = append(h.env, "PATH="+binaries+string(os.PathListSeparator)+os.Getenv("PATH"))
	return h
}

// hosts runs a command that has to succeed and returns the hosts that it asked,
// each once and sorted.
func (h *home) hosts(argv ...string) []string {
	h.t.Helper()
	h.idc.ResetLog()
	h.must(argv...)
	var hosts []string
	for _, r := range h.idc.Requests() {
		hosts = append(hosts, r.Host)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}
