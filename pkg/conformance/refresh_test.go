//go:build conformance

package conformance

import (
	"os"
	"runtime"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// The client refreshes an expired token that sso-login wrote, the suite refreshes
// what the client wrote, and back.
func TestRefreshTakesTurns(t *testing.T) {
	each(t, refreshing, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{})
		h.env = append(h.env, "AWS_CONFIG_FILE="+h.path("elsewhere/config")) // which moves no token
		h.login("okta")
		h.must("sso-profiles", "okta", "--client-region", "eu-west-1")
		const profile = "AdministratorAccess-111111111111"
		for range 2 {
			h.expire("okta")
			spent := h.token("okta")
			h.oneRefresh(c.String(), func() {
				h.answers(c, profile, "111111111111", "AdministratorAccess")
			})
			fresh := h.token("okta")
			for _, name := range []string{"accessToken", "refreshToken"} {
				if fresh[name] == nil || fresh[name] == spent[name] {
					t.Errorf("the %s is not a new one", name)
				}
			}
			h.without("the suite, after the client refreshed", func() {
				h.must("sso-login", "okta", "--check")
				h.must("sso-test", profile)
			})

			h.expire("okta")
			h.oneRefresh("sso-test", func() { h.must("sso-test", profile) })
			h.expire("okta")
			h.oneRefresh("sso-login", func() { h.must("sso-login", "okta") })
			h.without(c.String()+", after the suite refreshed", func() {
				h.answers(c, profile, "111111111111", "AdministratorAccess")
			})
			info, err := os.Stat(h.path(tokenFile("okta")))
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode != 0o600 && runtime.GOOS != "windows" {
				t.Errorf("the token file has mode %v", mode)
			}
		}
	})
}
