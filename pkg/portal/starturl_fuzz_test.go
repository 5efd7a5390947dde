package portal_test

import (
	"net/url"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/portal"
)

// What is taken for a start URL can be written to a config, opened and printed,
// and is taken again as it is.
func FuzzCleanStartURL(f *testing.F) {
	for _, u := range []string{
		"https://x.awsapps.com/start", "x.awsapps.com", "https://x.awsapps.com/start/#/?tab=accounts", "HTTPS://X.AWSAPPS.COM:443/start//", "https://d-1.portal.eu-west-1.app.aws",
		"http://x.y", "https://a@b.c", "https://x.y/\n[z]", "https://x.y/%0a", "https://x.y/ z", "https://\u0445.\u0443/", "://", "https://[::1].x/", "https://x.y/a#b#c", "https://x.y/;x", "https://x.y/ #z",
	} {
		f.Add(u)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		cleaned, err := portal.CleanStartURL(raw)
		_ = portal.RegionOf(raw)
		if err != nil {
			return
		}
		u, err := url.Parse(cleaned)
		foreign := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r) } // RFC 3986 2
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsFunc(cleaned, foreign) {
			t.Fatalf("%q became %q, which is not safe to open: %v", raw, cleaned, err)
		}
		if err := (awsconfig.KeyValue{Key: "sso_start_url", Value: cleaned}).Check(); err != nil {
			t.Fatalf("%q became %q: %v", raw, cleaned, err)
		}
		if again, err := portal.CleanStartURL(cleaned); err != nil || again != cleaned {
			t.Fatalf("%q became %q, then %q, %v", raw, cleaned, again, err)
		}
	})
}
