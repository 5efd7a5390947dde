package login

import (
	"fmt"
	"net/url"
	"strings"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/wire"
)

// CleanStartURL makes a start URL of what a person copied from the address bar
// of a browser: without query, fragment, the slash at the end and the port that
// https has anyway, so that https://x.awsapps.com/start/#/?tab=accounts becomes
// https://x.awsapps.com/start. A name without https:// gets it, and a host of
// awsapps.com alone gets /start. Anything but https is a fault of kind Usage.
//
// It is for a start URL that is about to be written to the config. One that is
// there must be taken as it is: every client hashes it.
func CleanStartURL(raw string) (string, error) {
	text := strings.TrimSpace(raw)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	no := func(why string) (string, error) {
		return "", fault.New(fault.Usage, fmt.Sprintf("%.200q is not a start URL", raw), why).
			WithHint("a start URL looks like https://example.awsapps.com/start")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || strings.ContainsAny(text, "\"'<>\\^`{|}") || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return no("it cannot be read as a URL")
	case u.Scheme != "https":
		return no("it must begin with https://")
	case u.User != nil:
		return no("it has a user in it")
	case !strings.Contains(strings.Trim(u.Hostname(), "."), "."):
		return no("it has no host")
	}
	host := strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, ":443")
	path := strings.TrimRight(u.EscapedPath(), "/")
	if path == "" && strings.HasSuffix(host, ".awsapps.com") {
		path = "/start"
	}
	return "https://" + host + path, nil
}

// RegionOf is the region that the host of a start URL names, as in
// https://ssoins-1.portal.eu-central-1.app.aws, or "": most do not.
func RegionOf(startURL string) string {
	u, err := url.Parse(startURL)
	if err != nil || !oidc.KnownHost(startURL) {
		return ""
	}
	labels := strings.Split(strings.ToLower(u.Hostname()), ".")
	for _, label := range labels[1:] {
		if wire.CheckRegion(label) == nil {
			return label
		}
	}
	return ""
}
