package profiles_test

import (
	"testing"

	"aws-sso-plugins/pkg/profiles"
)

// What is in the way of an adoption beyond what the scripts of sso-profiles show.
func TestAdoptionsThatAreRefused(t *testing.T) {
	const start, legacy = "sso_start_url = https://okta.awsapps.com/start\n", "sso_account_id = 111111111111\nsso_role_name = Admin\n"
	for name, tt := range map[string]struct {
		sessions string // "": those of the other tests
		config   string
		named    bool
		rows     []string
		problems []string
	}{
		"a key that only [DEFAULT] has": {
			config:   "[DEFAULT]\nsso_role_name = Admin\n[profile a]\nsso_session = okta\nsso_account_id = 111111111111\n",
			rows:     []string{"foreign a"},
			problems: []string{`"a" was not adopted: its sso_role_name does not stand in its own section`},
		},
		"a start URL that only [DEFAULT] has": {
			config:   "[DEFAULT]\n" + start + "[profile a]\nsso_region = eu-central-1\n" + legacy,
			rows:     []string{"foreign a"},
			problems: []string{`"a" was not adopted: its sso_start_url does not stand in its own section`},
		},
		"a session without a region": {
			sessions: "[sso-session okta]\nsso_start_url = https://d-1.portal.eu-central-1.app.aws\n",
			config:   "[profile a]\nsso_start_url = https://d-1.portal.eu-central-1.app.aws\nsso_region = eu-central-1\n" + legacy,
			rows:     []string{"foreign a"},
			problems: []string{`"a" was not adopted: [sso-session okta] has no sso_region, which SDKs need | write sso_region = eu-central-1 there`},
		},
		"a key that the session has otherwise": {
			sessions: sessions + "sso_registration_scopes = sso:account:access\n",
			config:   "[profile a]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-west-2\nsso_registration_scopes = x\n" + legacy,
			rows:     []string{"foreign a"},
			problems: []string{`"a" was not adopted: its sso_registration_scopes is another than that of [sso-session corp]`},
		},
		"sessions that are not of this run": {
			config: "[profile a]\nsso_session = else\n" + legacy + "[profile b]\nsso_start_url = https://okta.awsapps.com/start\nsso_region = eu-west-9\n" + legacy,
			named:  true,
			problems: []string{
				`"b" was not adopted: its sso_region is "eu-west-9", and that of "okta" another`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.sessions == "" {
				tt.sessions = sessions
			}
			s := newSync(t, tt.sessions+tt.config)
			s.Options.Adopt, s.Options.Named = true, tt.named
			inputs := []profiles.Input{listed("okta", "1/Admin"), listed("corp", "1/Admin")}
			if name == "a session without a region" {
				inputs = inputs[:1]
				inputs[0].Session.StartURL = "https://d-1.portal.eu-central-1.app.aws"
			}
			plan, err := s.Preview(t.Context(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "rows", rows(plan), tt.rows)
			same(t, "problems", messages(plan.Problems), tt.problems)
		})
	}
}
