package portal_test

import (
	"strings"
	"testing"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
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
		got, err := portal.CleanStartURL(raw)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v", raw, got, err)
		}
		if again, err := portal.CleanStartURL(got); err != nil || again != got {
			t.Errorf("%q is cleaned again to %q (%v)", got, again, err)
		}
	}
	for _, raw := range []string{
		"", " ", "http://x.awsapps.com/start", "ftp://x.awsapps.com/", "https://", "https:///start", "https://user@x.awsapps.com/", "okta",
		"https://x.awsapps.com/st art", "https://\u0430cme.awsapps.com/start", "https://x.awsapps.com/\u200bstart", "https://x.awsapps.com/\x1b[2J", "https://x.awsapps.com/\"", "javascript:alert(1)", "https://.", "a\nb.example",
	} {
		if got, err := portal.CleanStartURL(raw); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %q, %v", raw, got, err)
		}
	}
}

func TestPagesThatAreNoPortal(t *testing.T) {
	for raw, page := range map[string]string{
		"https://device.sso.us-east-1.amazonaws.com/?user_code=ABCD-EFGH":                  "page for device codes",
		"https://device.sso.cn-north-1.amazonaws.com.cn/":                                  "page for device codes",
		"https://us-east-1.signin.aws/platform/login?workflowStateHandle=1":                "sign-in page",
		"https://signin.aws.amazon.com/saml":                                               "sign-in page",
		"https://eu-central-1.signin.aws.amazon.com/oauth?x=y":                             "sign-in page",
		"https://us-gov-west-1.signin.amazonaws-us-gov.com/":                               "sign-in page",
		"https://eu-west-1.console.aws.amazon.com/console/home":                            "management console",
		"console.aws.amazon.com":                                                           "management console",
		"https://111111111111-abcdefgh.us-east-1.console.aws.amazon.com/singlesignon/home": "management console",
		"https://console.amazonaws-us-gov.com/":                                            "management console",
		"https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/x":                   "interface for programs",
		"https://oidc.eu-central-1.amazonaws.com/authorize?response_type=code":             "interface for programs",
		"https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosignin.html":       "website",
		"https://my-bucket.s3.amazonaws.com/start":                                         "interface for programs",
	} {
		_, err := portal.CleanStartURL(raw)
		if want := "this is AWS's " + page + "; the start URL is the address of your access portal"; fault.KindOf(err) != fault.Usage || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", raw, err, want)
		}
	}
	for _, vanity := range []string{"https://device.sso.example.com", "https://signin.aws.example", "https://console.aws.amazon.com.example.org/start", "https://sso.acme.example"} {
		if got, err := portal.CleanStartURL(vanity); err != nil || got != vanity {
			t.Errorf("%s: %q, %v", vanity, got, err)
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
		if got := portal.RegionOf(startURL); got != want {
			t.Errorf("%q: %q, want %q", startURL, got, want)
		}
	}
}
