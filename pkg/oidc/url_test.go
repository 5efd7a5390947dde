package oidc_test

import (
	"strings"
	"testing"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
)

func TestCheckURL(t *testing.T) {
	for _, good := range []string{
		"https://device.sso.eu-central-1.amazonaws.com/",
		"https://x.awsapps.com/start/#/device?user_code=ABCD-EFGH",
		"https://ssoins-1.portal.us-east-1.app.aws/a%20b?c=d&e='f'",
		"http://127.0.0.1:8080/device?user_code=A", "http://localhost/x", "http://[::1]:80/",
		"https://x.example/" + strings.Repeat("a", 8000),
	} {
		if err := oidc.CheckURL(good); err != nil {
			t.Errorf("%.60s: %v", good, err)
		}
	}
	for name, bad := range map[string]string{
		"empty": "", "no scheme": "x.awsapps.com/start", "http": "http://x.awsapps.com/", "http to a name that begins like loopback": "http://127.0.0.1.evil.example/",
		"javascript": "javascript:alert(1)", "file": "file:///etc/passwd", "an option": "--incognito=https://x.example/", "ftp": "ftp://x.example/",
		"no host": "https:///path", "port alone": "https://:443/", "user": "https://aws@evil.example/", "password": "https://a:b@evil.example/",
		"space": "https://x.example/a b", "newline": "https://x.example/\nb", "NUL": "https://x.example/\x00", "escape": "https://x.example/\x1b[2J",
		"right-to-left": "https://x.example/\u202e", "homograph": "https://\u0430ws.example/", "invalid UTF-8": "https://x.example/\xff",
		"quote": `https://x.example/"`, "backslash": `https://x.example\@evil.example/`, "backquote": "https://x.example/`id`", "caret": "https://x.example/^",
		"braces": "https://x.example/{a}", "pipe": "https://x.example/|a", "too long": "https://x.example/" + strings.Repeat("a", 8<<10),
		"bad escape in the host": "https://%zz/", "schemeless": "//x.example/",
	} {
		err := oidc.CheckURL(bad)
		if fault.KindOf(err) != fault.Reply {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.ContainsAny(err.Error(), "\n\x00\x1b\u202e") || len(err.Error()) > 400 {
			t.Errorf("%s: the message repeats it raw: %q", name, err)
		}
	}
}

func TestKnownHost(t *testing.T) {
	for _, known := range []string{
		"https://x.awsapps.com/start", "https://X.AWSAPPS.COM/", "https://x.awsapps.cn/", "https://ssoins-1.portal.us-east-1.app.aws/", "https://device.sso.eu-central-1.amazonaws.com/",
		"https://device.sso.cn-north-1.amazonaws.com.cn/", "https://oidc.us-east-1.api.aws/authorize", "https://oidc-fips.us-gov-west-1.amazonaws.com/authorize",
		"https://identitycenter.amazonaws.com/ssoins-1", "https://ssoins-1.us-east-1.portal.amazonaws.com/", "http://127.0.0.1:80/", "http://localhost/",
	} {
		if !oidc.KnownHost(known) {
			t.Errorf("%s is of AWS", known)
		}
	}
	for _, foreign := range []string{
		"https://evil.example/", "https://awsapps.com.evil.example/", "https://evilawsapps.com/", "https://device.sso.bucket.s3.amazonaws.com/", "https://bucket.s3.amazonaws.com/",
		"https://device.sso.evil.example/", "https://x.on.aws/", "https://ec2-1-2-3-4.eu-central-1.compute.amazonaws.com/", "", "https://%zz/", "https://oidc.us-east-1.amazonaws.com.evil.example/",
	} {
		if oidc.KnownHost(foreign) {
			t.Errorf("%s is not a page of AWS", foreign)
		}
	}
}
