//go:build conformance

package conformance

import (
	"encoding/json"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

// A login of the AWS CLI is a login of the suite, and the other way round. Each
// keeps its own client registration.
func TestTheirLoginIsOurs(t *testing.T) {
	each(t, theirLogin, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{})
		h.write(".aws/config", `[sso-session okta]
sso_start_url = `+startURL+`
sso_region = `+region+`
sso_registration_scopes = sso:account:access

[profile dev]
sso_session = okta
sso_account_id = 111111111111
sso_role_name = AdministratorAccess
region = eu-west-1

[profile old]
sso_start_url = `+startURL+`
sso_region = `+region+`
sso_account_id = 222222222222
sso_role_name = ReadOnlyAccess
region = eu-west-1

[sso-session 'two words']
sso_start_url = `+startURL+`
sso_region = `+region+`
sso_registration_scopes = sso:account:access

[profile 'my dev']
sso_session = two words
sso_account_id = 111111111111
sso_role_name = AdministratorAccess
region = eu-west-1
`)
		h.must(c.with("sso", "login", "--profile", "dev")...)
		h.without("the suite, after "+c.String()+" logged in", func() {
			h.isValid("okta")
			h.must("sso-profiles", "okta", "--client-region", "eu-west-1")
			h.must("sso-test", "--sso-session", "okta")
		})
		h.expire("okta")
		h.oneRefresh("sso-test", func() { h.must("sso-test", "--sso-session", "okta") })

		h.must(c.with("sso", "login", "--profile", "old")...)
		h.without("the suite, after "+c.String()+" logged in by the start URL", func() {
			h.must("sso-login", "--profile", "old", "--check")
			h.must("sso-test", "old")
		})

		// Names that only the AWS CLI reads, as it writes them itself.
		h.must(c.with("sso", "login", "--profile", "my dev")...)
		h.without("the suite, after "+c.String()+" logged in to a session with a space in its name", func() {
			h.isValid("two words")
			h.must("sso-test", "my dev")
		})
		h.must("sso-login", "two words", "--logout")
		h.must("sso-login", "--profile", "my dev")
		h.without(c.String(), func() { h.answers(c, "my dev", "111111111111", "AdministratorAccess") })

		// Each in turn, with the registration that it has.
		h.must("sso-login", "okta", "--force")
		for _, argv := range [][]string{
			c.with("sso", "login", "--sso-session", "okta"),
			{"sso-login", "okta", "--force"},
		} {
			h.idc.ResetLog()
			h.must(argv...)
			if n := h.idc.Count(idctest.RegisterClient); n > 0 {
				t.Errorf("%v registered %d clients, and had one", argv, n)
			}
			h.isValid("okta")
			h.answers(c, "dev", "111111111111", "AdministratorAccess")
			h.must("sso-test", "dev")
		}
	})
}

// isValid holds that sso-login finds a session valid and keeps its token.
func (h *home) isValid(session string) {
	h.t.Helper()
	before := h.read(tokenFile(session))
	var rows []struct {
		Session, Status string
		Refreshable     bool
	}
	if err := json.Unmarshal([]byte(h.must("sso-login", session, "-o", "json")), &rows); err != nil {
		h.t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].Session != session || rows[0].Status != "valid" || !rows[0].Refreshable {
		h.t.Errorf("sso-login says %+v of %q", rows, session)
	}
	if h.read(tokenFile(session)) != before {
		h.t.Error("sso-login has written the token file")
	}
}
