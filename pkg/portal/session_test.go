package portal_test

import (
	"strings"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/tokencache"
)

func TestSessionKey(t *testing.T) {
	named := portal.Session{Name: "my-sso", StartURL: "https://d-1.awsapps.com/start"}
	if named.Key() != tokencache.SessionKey("my-sso") || named.Label() != "my-sso" {
		t.Error("a session is not found by its name")
	}
	legacy := portal.Session{StartURL: "https://d-1.awsapps.com/start/"}
	if legacy.Key() != tokencache.LegacyKey("https://d-1.awsapps.com/start/") || legacy.Label() != legacy.StartURL {
		t.Error("a legacy session is not found by its start URL, as it is written")
	}
}

func TestLoginCommand(t *testing.T) {
	const odd = "it's $(id);\nb" // what fault.Word quotes, for the system's shells
	for want, s := range map[string]portal.Session{
		"sso-login okta":                              {Name: "okta"},
		"sso-login " + fault.Word(odd):                {Name: odd},
		"sso-login -- -x":                             {Name: "-x"},
		"sso-login --profile dev":                     {Profile: "dev"},
		"sso-login --profile " + fault.Word("my dev"): {Profile: "my dev"},
		"sso-login --profile PROFILE":                 {},
	} {
		if got := s.LoginCommand(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What is said of a session that lacks both keys is the same in every run.
func TestSessionInNamesWhatIsMissing(t *testing.T) {
	for text, missing := range map[string]string{
		"":                             "sso_start_url",
		"sso_region = eu-west-1\n":     "sso_start_url",
		"sso_start_url = https://x/\n": "sso_region",
	} {
		config := awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, []byte("\n[sso-session s]\n"+text)), nil)
		session, ok := config.Session("s")
		if !ok {
			t.Fatalf("%q: no session", text)
		}
		for range 50 {
			_, err := portal.SessionIn(session)
			if err == nil || !strings.HasPrefix(err.Error(), "config:2: "+missing+" is missing") {
				t.Fatalf("%q: %v, want %s", text, err, missing)
			}
		}
	}
}
