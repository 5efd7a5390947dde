package portal

import (
	"fmt"
	"net/url"
	"strings"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// ConsoleLink returns the access portal's own link into the AWS console for a
// role of an account ("Creating shortcut links to AWS Management Console
// destinations", in the user guide of IAM Identity Center). It holds no secret:
// the browser goes through the portal, which asks it to sign in where it has
// not. destination is a page of the console as [Destination] returns it; "" is
// the console's home.
//
// The start URL is the one of the config, so a vanity one stays as it is.
// Without the fragment and the slashes that people paste with it it is what
// the portal's own links begin with.
func ConsoleLink(s Session, accountID, roleName, destination string) string {
	base, _, _ := strings.Cut(s.StartURL, "#")
	link := strings.TrimRight(base, "/") + "/#/console?account_id=" + encoded(accountID) + "&role_name=" + encoded(roleName)
	if destination != "" {
		link += "&destination=" + encoded(destination)
	}
	return link
}

// encoded returns text as a value in the query of a URL. The portal decodes it
// in the browser, where a plus sign is no blank.
func encoded(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// consoleHosts are the hosts of the console by partition.
var consoleHosts = map[string]string{
	"aws":        "console.aws.amazon.com",
	"aws-us-gov": "console.amazonaws-us-gov.com",
	"aws-cn":     "console.amazonaws.cn",
	"aws-eusc":   "console.amazonaws-eusc.eu",
}

// isConsole reports whether a host is one of the console, in any partition, or
// below one.
func isConsole(host string) bool {
	for _, console := range consoleHosts {
		if isBelow(host, console) {
			return true
		}
	}
	return isBelow(host, "console.aws") || isBelow(host, "console.api.aws")
}

// isBelow reports whether a host is the domain or a subdomain of it.
func isBelow(host, domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }

// isServiceWord reports whether a text can be the name of a service as the
// paths of the console have it.
func isServiceWord(text string) bool {
	return text != "" && consistsOf(text, "-") && !strings.HasPrefix(text, "-") && !strings.HasSuffix(text, "-")
}

// isConsoleHost reports whether a name of a host has nothing that a browser and
// this package could read differently.
func isConsoleHost(name string) bool { return consistsOf(name, "-.") && !strings.Contains(name, "..") }

// consistsOf reports whether a text has only small letters, digits and others.
func consistsOf(text, others string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r))
	}) < 0
}

// Destination returns the console URL that where stands for: where itself if
// it is one, and for the name of a service, such as "s3", the page of that
// service in the region. A URL must be https, on the console's host of the
// region's partition or a subdomain of it: a link that leaves the console
// would carry the trust of the portal to another site. The fault is of kind
// Usage.
func Destination(where, region string) (string, error) {
	partition := wire.Partition(region)
	host, known := consoleHosts[partition]
	if !known {
		return "", fault.Newf(fault.Usage, "the console of the region %q is not known here, so --destination cannot be used", region)
	}
	if isServiceWord(where) {
		return fmt.Sprintf("https://%s.%s/%s/home?region=%s", region, host, where, region), nil
	}
	f := fault.Newf(fault.Usage, "%q is no page of the AWS console", where).
		WithHint("a destination is https://%s/..., a subdomain of it, or the name of a service such as s3", host)
	u, err := url.Parse(where)
	if err != nil {
		return "", f
	}
	name := strings.ToLower(u.Hostname())
	switch port := u.Port(); {
	case u.Scheme != "https":
		f.Why = "it does not begin with https://"
	case u.User != nil:
		f.Why = "it holds a user"
	case port != "" && port != "443" || strings.HasSuffix(u.Host, ":"):
		f.Why = "it names a port"
	case !isConsoleHost(name), !isBelow(name, host):
		f.Why = fmt.Sprintf("the console of this role is on %s", host)
	default:
		return where, nil
	}
	return "", f
}
