//go:build conformance

package conformance

import (
	"os"
	"slices"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// A logout of either ends what it was asked to end, and leaves the other's logins
// alone.
func TestLogoutLeavesTheOthers(t *testing.T) {
	each(t, leaving, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{})
		h.login("okta")
		h.login("partner")
		h.must("sso-profiles", "--name", "{{.Session}}-{{.RoleName}}-{{.AccountId}}", "--client-region", "eu-west-1")
		const okta, partner = "okta-AdministratorAccess-111111111111", "partner-AdministratorAccess-111111111111"
		isOurs := func(profile string) { h.answers(c, profile, "111111111111", "AdministratorAccess") }
		isOurs(okta) // the AWS CLI caches the role credentials of both
		isOurs(partner)
		h.must(c.with("sso", "login", "--sso-session", "partner")...)
		config := h.read(".aws/config")
		registrations := h.files(".aws/sso/cache", tokenFile("okta"), tokenFile("partner"))

		// ours: one session, and what the AWS CLI has cached for it
		h.must("sso-login", "okta", "--logout")
		if got := h.run(c.with("--profile", okta, "sts", "get-caller-identity")...); got.status == 0 {
			t.Errorf("%s still answers for a session that has ended: %s", c, got.stdout)
		}
		h.idc.ResetLog()
		isOurs(partner)
		if n := h.idc.Count(idctest.GetRoleCredentials); n > 0 {
			t.Errorf("%s had to ask for the role of the other session again", c)
		}
		h.must("sso-login", "partner", "--check")
		h.exits(3, "sso-login", "okta", "--check")

		// and so of a profile without a session
		h.write(".aws/config", config+"\n[profile old]\nsso_start_url = "+startURL+"/\nsso_region = "+region+
			"\nsso_account_id = 111111111111\nsso_role_name = AdministratorAccess\nregion = eu-west-1\n")
		config = h.read(".aws/config")
		h.must("sso-login", "--profile", "old", "--use-device-code")
		isOurs("old")
		h.must("sso-login", "--profile", "old", "--logout")
		if got := h.run(c.with("--profile", "old", "sts", "get-caller-identity")...); got.status == 0 {
			t.Errorf("%s still answers for a start URL that was logged out of: %s", c, got.stdout)
		}
		isOurs(partner)

		// The AWS CLI logs in to what the suite logged out of, and back.
		h.must(c.with("sso", "login", "--sso-session", "okta")...)
		h.isValid("okta")
		isOurs(okta)

		// theirs: every session, and nothing but tokens and role credentials
		h.must(c.with("sso", "logout")...)
		for _, session := range []string{"okta", "partner"} {
			if _, err := os.Stat(h.path(tokenFile(session))); err == nil {
				t.Errorf("aws sso logout has left the token of %s", session)
			}
			h.exits(3, "sso-login", session, "--check")
		}
		for _, name := range registrations {
			if _, err := os.Stat(h.path(".aws/sso/cache/" + name)); err != nil {
				t.Errorf("the client registration is gone: %v", err)
			}
		}
		if h.read(".aws/config") != config {
			t.Error("the config has changed")
		}
		h.exits(3, "sso-test")
		h.exits(0, "sso-login", "okta", "--logout") // there is nothing to end

		// and all begins anew, with the registrations that there are
		h.idc.ResetLog()
		h.must("sso-login", "okta", "partner")
		if n := h.idc.Count(idctest.RegisterClient); n > 0 {
			t.Errorf("sso-login registered %d clients, and had them", n)
		}
		h.must("sso-test", "--sso-session", "okta", "--sso-session", "partner")
		isOurs(okta)
	})
}

// files are the names in a folder, without those given by path.
func (h *home) files(folder string, without ...string) []string {
	h.t.Helper()
	entries, err := os.ReadDir(h.path(folder))
	if err != nil {
		h.t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if !slices.Contains(without, folder+"/"+entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names
}
