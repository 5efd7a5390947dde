package cli

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http/httpproxy"

	"aws-sso-plugins/pkg/fault"
)

// proxy returns the function that finds the proxy of a request, by HTTPS_PROXY
// and NO_PROXY; nil where no proxy is set. Where a variable is set in both
// cases the lower one counts, as in botocore and curl.
//
// A value that cannot be read is a fault of kind Usage that names the variable
// and not the value, which may hold a password. net/http passes such a value
// over and connects directly: past what a proxy is there for.
func (e Environment) proxy() (func(*http.Request) (*url.URL, error), error) {
	name, value := e.eitherCase("HTTPS_PROXY")
	if value == "" {
		return nil, nil //nolint:nilnil // no proxy, and nothing wrong
	}
	proxy, why := parseProxy(value)
	if why != "" {
		return nil, fault.New(fault.Usage, name+" is not the URL of a proxy", why).
			WithHint("write it as http://USER:PASSWORD@HOST:PORT; in a user or a password write %% as %%25, # as %%23, / as %%2F, " +
				"? as %%3F, [ as %%5B, ] as %%5D, \\ as %%5C")
	}
	_, exceptions := e.eitherCase("NO_PROXY")
	find := sync.OnceValue((&httpproxy.Config{HTTPSProxy: proxy.String(), NoProxy: exceptions}).ProxyFunc)
	return func(req *http.Request) (*url.URL, error) { return find()(req.URL) }, nil
}

// eitherCase returns the value of a variable that exists in two cases, and the
// name under which it is set.
func (e Environment) eitherCase(upper string) (name, value string) {
	lower := strings.ToLower(upper)
	if value := e.Getenv(lower); value != "" {
		return lower, value
	}
	return upper, e.Getenv(upper)
}

// parseProxy reads a proxy's URL as botocore 1.44 does: without a scheme it is
// http, the last @ ends the password, and an escape that is none stands for
// itself. Passwords are set by people who do not escape them; url.Parse refuses
// half of what botocore takes. why says what is wrong.
func parseProxy(value string) (proxy *url.URL, why string) {
	scheme, rest, ok := strings.Cut(value, "://")
	if !ok {
		scheme, rest = "http", strings.TrimPrefix(value, "//")
	}
	scheme = strings.ToLower(scheme)
	if !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, scheme) {
		return nil, "it must begin with http:// or https://"
	}
	authority := rest
	if end := strings.IndexAny(rest, `/?#\`); end >= 0 {
		authority = rest[:end]
	}
	user, host := "", authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, host = authority[:at], authority[at+1:]
	}
	proxy = &url.URL{Scheme: scheme, Host: host}
	if user != "" {
		if strings.ContainsAny(user, "[]") || strings.ContainsFunc(user, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, "its user or password has a character that must be escaped"
		}
		name, password, hasPassword := strings.Cut(user, ":")
		proxy.User = url.User(unescape(name))
		if hasPassword {
			proxy.User = url.UserPassword(unescape(name), unescape(password))
		}
	}
	if !isProxyHost(proxy) || !ok && strings.HasSuffix(host, ":") { // http:/host
		return nil, "it does not name a host and a port"
	}
	return proxy, ""
}

// isProxyHost reports whether u.Host is a host name or an address, with a port
// or without.
func isProxyHost(u *url.URL) bool {
	name, port := u.Hostname(), u.Port()
	if strings.HasSuffix(u.Host, ":"+port) && port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return false
		}
	}
	parsed, err := url.Parse("http://" + u.Host)
	return err == nil && name != "" && parsed.Hostname() == name && parsed.Host == u.Host &&
		!strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>^{}|%`+"`", r) })
}

// unescape decodes %XX, and leaves a % that no escape begins with.
func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
