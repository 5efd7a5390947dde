package login_test

import (
	"testing"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/login"
)

func TestCleanStartURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://x.awsapps.com/start":                               "https://x.awsapps.com/start",
		"https://x.awsapps.com/start/":                              "https://x.awsapps.com/start",
		"https://x.awsapps.com/start#/":                             "https://x.awsapps.com/start",
		"https://x.awsapps.com/start/#/?tab=accounts":               "https://x.awsapps.com/start",
		"https://x.awsapps.com/start?a=b#c":                         "https://x.awsapps.com/start",
		"  https://X.AWSapps.com:443/start/ \n":                     "https://x.awsapps.com/start",
		"x.awsapps.com/start":                                       "https://x.awsapps.com/start",
		"x.awsapps.com":                                             "https://x.awsapps.com/start",
		"https://x.awsapps.com/#/device":                            "https://x.awsapps.com/start",
		"https://start.us-gov-home.awsapps.com/directory/x#/":       "https://start.us-gov-home.awsapps.com/directory/x",
		"https://ssoins-1.portal.eu-central-1.app.aws/?x=y":         "https://ssoins-1.portal.eu-central-1.app.aws",
		"https://sso.example.com/":                                  "https://sso.example.com",
		"https://sso.example.com:8443/start/":                       "https://sso.example.com:8443/start",
		"https://identitycenter.amazonaws.com/ssoins-1234567890ab/": "https://identitycenter.amazonaws.com/ssoins-1234567890ab",
	} {
		got, err := login.CleanStartURL(raw)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v", raw, got, err)
		}
		if again, err := login.CleanStartURL(got); err != nil || again != got {
			t.Errorf("%q is cleaned again to %q (%v)", got, again, err)
		}
	}
	for _, raw := range []string{
		"", " ", "http://x.awsapps.com/start", "ftp://x.awsapps.com/", "https://", "https:///start", "https://user@x.awsapps.com/", "okta",
		"https://x.awsapps.com/st art", "https://\u0430cme.awsapps.com/start", "https://x.awsapps.com/\u200bstart", "https://x.awsapps.com/\x1b[2J", "https://x.awsapps.com/\"", "javascript:alert(1)", "https://.", "a\nb.example",
	} {
		if got, err := login.CleanStartURL(raw); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %q, %v", raw, got, err)
		}
	}
}

func TestRegionOf(t *testing.T) {
	for startURL, want := range map[string]string{
		"https://ssoins-1.portal.eu-central-1.app.aws":           "eu-central-1",
		"https://ssoins-1.portal.eu-central-1.app.aws/start":     "eu-central-1",
		"https://SSOINS-1.us-east-1.PORTAL.amazonaws.com/":       "us-east-1",
		"https://ssoins-1.cn-north-1.portal.amazonaws.com.cn":    "cn-north-1",
		"https://my-company-1.awsapps.com/start":                 "", // a name, not a region
		"https://x.awsapps.com/start":                            "",
		"https://start.us-gov-home.awsapps.com/directory/x":      "",
		"https://ssoins-1.portal.eu-central-1.app.aws.evil.test": "",
		"https://sso.eu-central-1.example.com":                   "",
		"https://identitycenter.amazonaws.com/ssoins-1":          "",
		"":  "",
		"%": "",
	} {
		if got := login.RegionOf(startURL); got != want {
			t.Errorf("%q: %q, want %q", startURL, got, want)
		}
	}
}
