//go:build conformance

package conformance

import (
	"os"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/idctest"
)

const (
	twoSessions = "[sso-session a]\nsso_start_url = " + startURL + "\nsso_region = " + region + "\nsso_registration_scopes = sso:account:access\n" +
		"[sso-session b]\nsso_start_url = " + startURL + "\nsso_region = " + region + "\nsso_registration_scopes = sso:account:access\n"
	assigned   = "sso_account_id = 111111111111\nsso_role_name = Admin\nregion = " + region + "\n"
	chained    = "role_arn = arn:aws:iam::111111111111:role/Deploy\nregion = " + region + "\nsource_profile = "
	ofB        = "[profile of-b]\nsso_session = b\n" + assigned
	legacyKeys = "sso_start_url = " + startURL + "\nsso_region = " + region + "\n"
)

// Where no session is named, sso-login means the one whose token a call of the
// AWS CLI without --profile takes.
func TestTheLoginThatACallNeeds(t *testing.T) {
	each(t, answering, func(t *testing.T, c *client) {
		if !c.isCLI {
			t.Skip("the profile that is meant is compared with the AWS CLI")
		}
		for _, tc := range []struct{ name, config, profile string }{
			{"default", twoSessions + "[default]\nsso_session = b\n" + assigned, ""},
			{"default by source_profile", twoSessions + ofB + "[default]\n" + chained + "of-b\n", ""},
			{"default by two of them", twoSessions + ofB + "[profile mid]\n" + chained + "of-b\n[default]\n" + chained + "mid\n", ""},
			{"default with a start URL", twoSessions + "[default]\n" + legacyKeys + assigned, ""},
			{"default by one with a start URL", twoSessions + "[profile old]\n" + legacyKeys + assigned + "[default]\n" + chained + "old\n", ""},
			{"AWS_PROFILE before default", twoSessions + ofB + "[default]\nsso_session = a\n" + assigned, "of-b"},
			{"AWS_PROFILE by source_profile", twoSessions + ofB + "[profile role]\n" + chained + "of-b\n[default]\nsso_session = a\n" + assigned, "role"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				if strings.Contains(tc.config, ofB) && strings.Contains(tc.config, chained) && slices.Contains(exceptions[c.id+" "+c.version], "role") {
					t.Skip("it takes no role by a profile with a session")
				}
				h := newHome(t, c, idctest.Config{Accounts: []idctest.Account{{ID: "111111111111", Roles: []string{"Admin"}}}})
				h.write(".aws/config", tc.config)
				if tc.profile != "" {
					h.env = append(h.env, "AWS_PROFILE="+tc.profile)
				}
				taken := map[string][]string{}
				for _, login := range []string{"a", "b", startURL} {
					for _, folder := range []string{".aws/sso", ".aws/cli"} {
						if err := os.RemoveAll(h.path(folder)); err != nil {
							t.Fatal(err)
						}
					}
					if _, err := h.idc.IssueToken("").WriteCache(h.dir, login); err != nil {
						t.Fatal(err)
					}
					if h.run(c.with("sts", "get-caller-identity")...).status == 0 {
						taken[c.id] = append(taken[c.id], login)
					}
					if h.run("sso-login", "--check").status == 0 {
						taken["sso-login"] = append(taken["sso-login"], login)
					}
				}
				if ours := taken["sso-login"]; len(ours) != 1 || !slices.Equal(ours, taken[c.id]) {
					t.Errorf("sso-login means %q, a call of %s takes %q", ours, c, taken[c.id])
				}
			})
		}
	})
}

// aws sso login and sso-login log in to the same session of [default].
func TestTheLoginOfDefault(t *testing.T) {
	each(t, theirLogin, func(t *testing.T, c *client) {
		for name, config := range map[string]string{
			"a session":   twoSessions + "[default]\nsso_session = b\n" + assigned,
			"a start URL": twoSessions + "[default]\n" + legacyKeys + assigned,
		} {
			t.Run(name, func(t *testing.T) {
				h := newHome(t, c, idctest.Config{Accounts: []idctest.Account{{ID: "111111111111", Roles: []string{"Admin"}}}})
				h.write(".aws/config", config)
				h.must(c.with("sso", "login")...)
				h.without(c.String(), func() { h.must("sso-login", "--check") })
				if err := os.RemoveAll(h.path(".aws/sso")); err != nil {
					t.Fatal(err)
				}
				h.must("sso-login", "--use-device-code")
				h.must(c.with("sts", "get-caller-identity")...)
			})
		}
	})
}
