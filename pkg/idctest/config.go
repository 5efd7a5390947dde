package idctest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Approval is what the person in front of the browser does.
type Approval string

// What a person may do with a sign-in.
const (
	OnVisit    Approval = "visit"  // approves what is opened in the browser; the default
	Unattended Approval = "auto"   // device codes are approved without any visit, for tests without a browser
	Declined   Approval = "deny"   // declines: access_denied at once
	Never      Approval = "never"  // does nothing: device codes stay pending, /authorize shows a page and goes nowhere
	TooLate    Approval = "expire" // codes have expired by the time they are used
)

func (a Approval) check() error {
	switch a {
	case OnVisit, Unattended, Declined, Never, TooLate:
		return nil
	}
	return fmt.Errorf("approval %q: want %s, %s, %s, %s or %s", a, OnVisit, Unattended, Declined, Never, TooLate)
}

// Config says what the server holds and how it behaves. The zero value is a well-behaved server with three accounts of
// two roles. A duration of 0 is the default; a negative one is taken as it is, for replies that make no sense.
type Config struct {
	// Addr is the loopback address to listen on; by default 127.0.0.1 with a free port.
	Addr string
	// AllowRemote lets Addr be an address that other machines reach, as another container must. Whoever reaches it is
	// signed in and may steer the server.
	AllowRemote bool
	// PublicURL is the http URL by which clients reach the server, where that is not the address that it listens on.
	PublicURL string
	// Region is the region of Identity Center; by default eu-central-1.
	Region string
	// StartURL is the default instance's start URL; by default https://d-1234567890.awsapps.com/start.
	StartURL string
	// Accounts are the accounts of StartURL's user; nil is MakeAccounts(3, 2), and an empty slice is no account.
	Accounts []Account
	// Instances holds, by start URL, the accounts of the users of further instances.
	Instances map[string][]Account
	// User is the name of the person who signs in, the role session name of every role; by default jane@example.com.
	User string

	// Intercept starts a proxy beside the server that ends TLS for AWS's hosts of all partitions, with a CA made for the
	// run, so that clients need not be told of another endpoint. Env names the proxy and the CA.
	Intercept bool
	// Hosts are further host names that the proxy answers for, with all services.
	Hosts []string
	// NoHosts are hosts that do not exist: the proxy answers for them with 502, as one does whose lookup fails. AWS has no
	// FIPS or dual-stack endpoint of a service in some regions.
	NoHosts []string
	// Vanity are host names in front of an access portal, with the URL that each redirects to: the start URL of an
	// instance, or any other.
	Vanity map[string]string
	// NoEndpoints leaves the AWS_ENDPOINT_URL variables out of Env, so that clients go to AWS's own hosts, FIPS and dual
	// stack as they are told to. It needs Intercept. A client that heeds no HTTPS_PROXY would then look for AWS itself.
	NoEndpoints bool
	// CADir is where the certificate of the CA is written, as idctest-ca.pem; by default a directory that Close removes.
	CADir string

	// Now is the server's clock; by default time.Now. Offset is added to it.
	Now    func() time.Time
	Offset time.Duration
	// Seed decides which calls a fault with a probability hits.
	Seed uint64
	// Log gets a line for each request, without secrets. Writes are made one at a time.
	Log io.Writer

	// Latency is how long every reply takes at least.
	Latency time.Duration
	// Rate is how many portal calls a second are served, after a burst of Burst calls; the others get
	// TooManyRequestsException (429). 0 is no limit. Burst is by default Rate rounded up.
	Rate  float64
	Burst int
	// RetryAfter, if not 0, is sent with status 429 and 503, in whole seconds. AWS does not send it, proxies do.
	RetryAfter time.Duration
	// Faults make calls fail.
	Faults []Fault
	// DisabledRegions are regions that no account has enabled: STS answers InvalidClientTokenId there, as it does in
	// regions of another partition than Region's.
	DisabledRegions []string
	// Tolerate lists the rules whose violations are ignored.
	Tolerate []Rule
	// Warn lists the rules whose violations are reported and fail nothing.
	Warn []Rule
	// PageSize is the most entries that a page of a listing holds, 1 to 100; by default 100, and 20 for a client that
	// does not ask for a number.
	PageSize int

	// Approval is what the person does who is asked to sign in; by default [OnVisit].
	Approval Approval
	// SlowDowns is how many times each device code is answered with SlowDownException before anything else.
	SlowDowns int
	// Interval is the time between polls of a device code; by default 1 s, as AWS sends. It is enforced as it is and
	// told in whole seconds, rounded up. The second poll of a code may come at once, as the AWS CLI's does. [NoInterval]
	// tells 0 and enforces nothing; any other negative one is left out of the reply, and the 5 s of RFC 8628 section 3.2
	// hold.
	Interval time.Duration
	// DeviceLifetime is how long device and authorization codes are good; by default 10 min.
	DeviceLifetime time.Duration
	// RegistrationLifetime is how long a client registration is good; by default 90 days.
	RegistrationLifetime time.Duration
	// SessionLifetime is how long a sign-in can be refreshed; by default 8 h.
	SessionLifetime time.Duration
	// TokenLifetime is how long an access token is good; by default 1 h, or 8 h if the client registered no scopes.
	TokenLifetime time.Duration
	// CredentialLifetime is how long role credentials are good; by default 1 h.
	CredentialLifetime time.Duration
	// NoRefresh issues no refresh tokens. A client that registered no scopes gets none anyway.
	NoRefresh bool
	// KeepRefreshToken leaves the refresh token out of the replies to a refresh, and the old one stays good.
	KeepRefreshToken bool
}

// NoInterval is a [Config.Interval] of 0: clients may poll as fast as they like.
const NoInterval time.Duration = math.MinInt64

func (c Config) withDefaults() Config {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	last := func(field *time.Duration, value time.Duration) {
		if *field == 0 {
			*field = value
		}
	}
	set(&c.Addr, "127.0.0.1:0")
	set(&c.Region, "eu-central-1")
	set(&c.StartURL, "https://d-1234567890.awsapps.com/start")
	set(&c.User, "jane@example.com")
	if c.Accounts == nil {
		c.Accounts = MakeAccounts(3, 2)
	}
	if c.Approval == "" {
		c.Approval = OnVisit
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.PageSize == 0 {
		c.PageSize = 100
	}
	last(&c.Interval, time.Second)
	last(&c.DeviceLifetime, 10*time.Minute)
	last(&c.RegistrationLifetime, 90*24*time.Hour)
	last(&c.SessionLifetime, 8*time.Hour)
	last(&c.CredentialLifetime, time.Hour)
	return c
}

var regionPattern = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)

var hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$`)

func (c Config) check() error {
	if !regionPattern.MatchString(c.Region) {
		return fmt.Errorf("region %q does not look like one", c.Region)
	}
	for _, u := range append(slices.Sorted(maps.Keys(c.Instances)), c.StartURL) {
		if parsed, err := url.Parse(u); err != nil || parsed.Scheme != "https" || parsed.Host == "" {
			return fmt.Errorf("start URL %q is not an https URL", u)
		}
	}
	if err := c.Approval.check(); err != nil {
		return err
	}
	for _, r := range slices.Concat(c.Tolerate, c.Warn) {
		if !slices.Contains(rules, r) {
			return fmt.Errorf("no rule %q", r)
		}
	}
	for _, r := range c.DisabledRegions {
		if !regionPattern.MatchString(r) {
			return fmt.Errorf("disabled region %q does not look like one", r)
		}
	}
	for _, h := range slices.Concat(c.Hosts, c.NoHosts, slices.Collect(maps.Keys(c.Vanity))) {
		if !hostForm.MatchString(h) {
			return fmt.Errorf("%q is not a host name in lower case", h)
		}
	}
	for h, u := range c.Vanity {
		if parsed, err := url.Parse(u); err != nil || parsed.Scheme == "" || parsed.Host == "" {
			return fmt.Errorf("vanity host %s redirects to %q, which is not a URL", h, u)
		}
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "") {
		return fmt.Errorf("public URL %q is not of the form http://HOST:PORT", c.PublicURL)
	}
	if c.NoEndpoints && !c.Intercept {
		return errors.New("without endpoints the server needs its proxy: Intercept")
	}
	for _, f := range c.Faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault %q: %w", f, err)
		}
	}
	switch {
	case c.PageSize < 1 || c.PageSize > 100:
		return fmt.Errorf("page size %d is not within 1 and 100", c.PageSize)
	case !(c.Rate >= 0) || c.Burst < 0:
		return fmt.Errorf("rate %v and burst %d must not be negative", c.Rate, c.Burst)
	case c.Latency < 0 || c.RetryAfter < 0 || c.SlowDowns < 0:
		return fmt.Errorf("latency %v, retry-after %v and slow-downs %d must not be negative",
			c.Latency, c.RetryAfter, c.SlowDowns)
	}
	return nil
}

// clone copies all that a caller could change behind the server's back.
func (c Config) clone() Config {
	c.Accounts = cloneAccounts(c.Accounts)
	c.Instances = maps.Clone(c.Instances)
	for u, accounts := range c.Instances {
		c.Instances[u] = cloneAccounts(accounts)
	}
	c.Faults = slices.Clone(c.Faults)
	c.Hosts, c.NoHosts = slices.Clone(c.Hosts), slices.Clone(c.NoHosts)
	c.Vanity = maps.Clone(c.Vanity)
	c.DisabledRegions = slices.Clone(c.DisabledRegions)
	c.Tolerate = slices.Clone(c.Tolerate)
	c.Warn = slices.Clone(c.Warn)
	return c
}

func (c *Config) now() time.Time { return c.Now().Add(c.Offset) }
