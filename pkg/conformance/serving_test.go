//go:build conformance

package conformance

import (
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// A client that knows no Identity Center gets the keys of a role from
// sso-creds: it runs it, or reads the section that it wrote. The AWS CLI is
// served from the cache that both have.
func TestTheyAreServedByCreds(t *testing.T) {
	each(t, serving, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{Accounts: []idctest.Account{
			{ID: "111111111111", Name: "Platform", Roles: []string{"AdministratorAccess", "ReadOnly"}},
		}})
		h.login("okta")
		h.write(".aws/config", h.read(".aws/config")+"[profile source]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = AdministratorAccess\n"+
			"region = "+region+"\n[profile served]\ncredential_process = "+h.find("sso-creds")+" -o process source\nregion = "+region+"\n")
		h.answers(c, "served", "111111111111", "AdministratorAccess")
		h.must("sso-creds", "--write", "--account", "111111111111", "--role", "ReadOnly")
		h.answers(c, "111111111111_ReadOnly", "111111111111", "ReadOnly")
	})
}
