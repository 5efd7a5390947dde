//go:build conformance

package conformance

import (
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// Profiles from before there were sessions. The token is kept under the start
// URL as it is written, and people write it in many ways.
func TestLegacyProfilesAnswer(t *testing.T) {
	each(t, legacy, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{})
		h.write(".aws/config", `[profile old]
sso_start_url = `+startURL+`
sso_region = `+region+`
sso_account_id = 111111111111
sso_role_name = AdministratorAccess
region = eu-west-1

[profile pasted]
sso_start_url = `+startURL+`/#/
sso_region = `+region+`
sso_account_id = 222222222222
sso_role_name = ReadOnlyAccess
region = eu-west-1
`)
		before := h.read(".aws/config")
		h.must("sso-login", "--profile", "old", "--use-device-code")
		h.must("sso-login", "--profile", "pasted", "--use-device-code")
		h.without(c.String(), func() {
			told := h.who(c, "old", "pasted")
			h.isOne(told["old"], "old", "111111111111", "AdministratorAccess")
			h.isOne(told["pasted"], "pasted", "222222222222", "ReadOnlyAccess")
			h.must("sso-test", "old", "pasted")
			h.must("sso-login", "--profile", "old", "--check")
		})
		if h.read(".aws/config") != before {
			t.Error("the config has changed")
		}
	})
}
