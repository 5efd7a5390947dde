package oidc

import (
	"fmt"
	"net/url"
	"strings"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// maxURL is more than any browser or portal needs.
const maxURL = 8 << 10

// checkURL says why a URL that came from a server must be neither opened nor
// printed, as a fault of kind Reply: a URL goes to another program as an
// argument and to a terminal. It must be absolute, with https (http for a
// loopback address only), without user or password, 8 KiB at most, and of the
// characters that RFC 3986 allows, so without controls, spaces, quotes and
// letters that look like others.
func checkURL(raw string) error {
	no := func(why string) error {
		return fault.New(fault.Reply, fmt.Sprintf("AWS gave a URL that is not safe to open: %.200q", raw), why)
	}
	if len(raw) > maxURL {
		return no("it is longer than 8 KiB")
	}
	if i := strings.IndexFunc(raw, foreign); i >= 0 {
		return no(fmt.Sprintf("it has a character that no URL has, at position %d", i))
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return no("it cannot be read")
	case u.Hostname() == "":
		return no("it has no host")
	case u.User != nil:
		return no("it has a user in it")
	case u.Scheme == "https", u.Scheme == "http" && wire.Loopback(u.Hostname()):
		return nil
	default:
		return no("it does not begin with https://")
	}
}

// foreign reports whether a character cannot stand in a URL (RFC 3986 2).
func foreign(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r)
}

// KnownHost reports whether the URL leads to a sign-in page of AWS, or to this
// machine. A page elsewhere that asks for a code may be a trap, and a person
// should be told before going there.
func KnownHost(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return wire.Loopback(host) || portal.IsHost(host) || isRegional(host)
}

// isRegional reports whether the host is the service's own in some region.
func isRegional(host string) bool {
	name, ok := portal.CutServiceDomain(host)
	for _, service := range []string{"device.sso.", "oidc.", "oidc-fips."} {
		if region, named := strings.CutPrefix(name, service); ok && named && wire.CheckRegion(region) == nil {
			return true
		}
	}
	return false
}
