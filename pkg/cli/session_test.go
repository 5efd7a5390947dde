package cli

import (
	"strings"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
)

// What is said of a session that lacks both keys is the same in every run.
func TestCheckSession(t *testing.T) {
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
			err := CheckSession(session)
			if err == nil || !strings.HasPrefix(err.Error(), "config:2: "+missing+" is missing") {
				t.Fatalf("%q: %v, want %s", text, err, missing)
			}
		}
	}
}
