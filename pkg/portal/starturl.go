package portal

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// portalDomains are the domains in which only AWS has hosts, and runs access
// portals. amazonaws.com itself is not one, since everybody's buckets are in it.
// The AWS CLI (2.35.13 and later) has the same list.
var portalDomains = []string{
	".awsapps.com", ".awsapps.cn", ".app.aws",
	".portal.amazonaws.com", ".portal.amazonaws.com.cn", ".portal.amazonaws.eu",
	".app.amazonwebservices.com.cn", ".api.amazonwebservices.eu",
}

// portalHosts are the hosts of portals that all organizations share.
var portalHosts = []string{
	"identitycenter.amazonaws.com", "identitycenter.amazonaws.com.cn",
	"identitycenter.amazonaws.eu", "identitycenter.us-gov.amazonaws.com",
}

// IsHost reports whether a host name, without a port, is one under which AWS
// runs access portals, and nobody else can run anything. A start URL at another
// host is a vanity URL: see [ResolveStartURL].
func IsHost(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(portalHosts, name) ||
		slices.ContainsFunc(portalDomains, func(domain string) bool { return strings.HasSuffix(name, domain) })
}

// RegionOf returns the region that the host of a start URL names, as in
// https://ssoins-1.portal.eu-central-1.app.aws; "" for most hosts, which name
// none, and for hosts that are not AWS's.
func RegionOf(startURL string) string {
	u, err := url.Parse(startURL)
	if err != nil || !IsHost(u.Hostname()) {
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

// CleanStartURL returns the start URL in what a person copied from the address
// bar of a browser: without query, fragment, the slash at the end and the port
// that https has anyway, so that https://x.awsapps.com/start/#/?tab=accounts
// becomes https://x.awsapps.com/start. A name without https:// gets it, and a
// host of awsapps.com alone gets /start.
//
// Anything but https, and a page of AWS that is no access portal, is a fault of
// kind Usage. It is for a start URL that is about to be written to the config.
// One that is there must be taken as it is: every client hashes it.
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
	if page := otherPage(u); page != "" {
		return no("this is AWS's " + page + "; the start URL is the address of your access portal")
	}
	host := strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, ":443")
	path := strings.TrimRight(u.EscapedPath(), "/")
	if path == "" && strings.HasSuffix(host, ".awsapps.com") {
		path = "/start"
	}
	return "https://" + host + path, nil
}

// otherPages are pages of AWS that people have before them around a login, and
// copy. What AWS runs under portalDomains is not asked here, aside from the
// pages that stand there too.
var otherPages = []struct {
	host string // a regular expression, not compiled before it is needed: every program starts with this package
	page string
}{
	{`^(device|view)\.sso\.|^device\.`, "page for device codes"},
	{`^(portal|assets)\.sso(-fips)?\.|^oidc(-fips)?\.|^sso(-fips)?\.`, "interface for programs"},
	{`(^|\.)(signin\.aws|signin\.aws\.amazon\.com|signin\.amazonaws\.cn|signin\.amazonaws-us-gov\.com|signin\.amazonaws\.eu|sign-in\.aws)$`, "sign-in page"},
	{`(^|\.)(aws\.amazon\.com|amazonaws\.cn|aws\.amazon\.eu|aws\.com)$`, "website"},
}

// otherPage says in words which page of AWS a URL leads to instead of an access
// portal; "" if it may be a portal.
func otherPage(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if IsHost(host) {
		return ""
	}
	if isConsole(host) {
		return "management console"
	}
	_, service := CutServiceDomain(host)
	for _, other := range otherPages {
		if !regexp.MustCompile(other.host).MatchString(host) {
			continue
		}
		// By its first label alone a host is anybody's: it must be AWS's as well.
		if strings.HasSuffix(other.host, "$") || service {
			return other.page
		}
	}
	if service {
		return "interface for programs"
	}
	return ""
}

// CutServiceDomain returns the host without the domain that AWS uses for its
// services, and reports whether the host is below one: device.sso.us-east-1 and
// true for device.sso.us-east-1.amazonaws.com. Buckets of customers are there too,
// but no portal is.
func CutServiceDomain(host string) (name string, found bool) {
	for _, domain := range []string{".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws"} {
		if name, found = strings.CutSuffix(host, domain); found {
			return name, true
		}
	}
	return host, false
}
