// Package wire is how the suite talks to AWS: one HTTP client, one set of
// rules for retries, pacing and logging, for the portal, for OIDC and for STS.
//
// The AWS SDK's own clients make the requests; [Wire.Config] hands each of
// them what is decided here. What the SDK leaves open or gets wrong for this
// use is decided here once: no attempt lasts for ever, a reply that is empty,
// cut or not from AWS is an error and is tried again, Retry-After is obeyed,
// and throttled calls share one [Pace] instead of failing one by one.
package wire

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// Settings says how AWS is reached. The zero value reaches the public
// endpoints with the defaults.
type Settings struct {
	// Endpoint replaces every service's endpoint, Endpoints single ones; a
	// single one wins. Plain http is taken only for a loopback address.
	Endpoint  string
	Endpoints map[Service]string

	FIPS      Switch // use FIPS endpoints
	DualStack Switch // use endpoints with IPv6

	// CABundle is the path of a PEM file that replaces the system's roots.
	CABundle string

	// CertificateNote is added to the hint where a certificate is not trusted.
	CertificateNote string

	// Read reads at most max bytes of a file; nil: [os.ReadFile], which nothing
	// ends if it is a pipe.
	Read func(path string, max int64) ([]byte, error)

	// Proxy finds the proxy of a request; nil: none. It is not asked for
	// requests to this machine. Neither its URL's user and password nor its
	// error ever show in a message.
	Proxy func(*http.Request) (*url.URL, error)

	// Timeout bounds each attempt, from looking up the host to the last byte
	// read; waiting for the pace and for a retry does not count. 0: 15 s.
	Timeout time.Duration

	// MaxAttempts bounds the attempts of a call that meets faults. Throttled
	// attempts of a paced call are not counted. 0: 8, with pauses of 26 s at
	// most in all. A call is given up sooner where nobody can be reached
	// (two attempts that hang, three failed lookups, four without a
	// connection), where somebody else answers (three), and in a login (four).
	MaxAttempts int

	// Program and Version go into the User-Agent header.
	Program, Version string

	// Log is told of each attempt after it ended, from many goroutines at
	// once; nil: nobody.
	Log func(Exchange)

	// Throttled is told when a service has refused calls for their number for
	// five seconds or longer, once for each [Pace]; several goroutines may
	// call it at once. Nil: nobody is told.
	Throttled func()

	// Dial makes the connections, for tests off the network; nil: the
	// network. It must return when its context is done.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// LookupHost finds the addresses of a name, for tests off the network; nil:
	// the system's. [Wire.With] asks it for endpoints on this machine.
	LookupHost func(ctx context.Context, name string) ([]string, error)
}

const (
	defaultTimeout     = 15 * time.Second
	defaultMaxAttempts = 8
)

// Wire makes the configuration of SDK clients. It is safe for concurrent use;
// one serves a run, so that all its clients share connections.
type Wire struct {
	settings  Settings
	transport *transport
	variants  *variants

	fromConfig [3]bool // which endpoints are the config's, in the order of Services
}

// New checks the settings and reads the CA bundle. A bad endpoint or bundle is
// a fault of kind Config.
func New(s Settings) (*Wire, error) {
	if s.Timeout <= 0 {
		s.Timeout = defaultTimeout
	}
	if s.MaxAttempts <= 0 {
		s.MaxAttempts = defaultMaxAttempts
	}
	if err := s.checkEndpoints(); err != nil {
		return nil, err
	}
	transport, err := newTransport(s, "AWS_CA_BUNDLE")
	if err != nil {
		return nil, err
	}
	return &Wire{settings: s, transport: transport, variants: &variants{}}, nil
}

// Config returns the SDK configuration for one service in one region. Calls of
// all clients made with the same pace slow down together; nil paces nothing. A
// region that [Wire.CheckRegion] refuses is a fault of kind Config.
//
// Tried again is what may pass: connections that fail or break, attempts that
// take too long, replies that are empty, cut or foreign, 5xx, and 429 as often
// as it comes. Every other 4xx is final. CreateToken is special, because a
// grant is spent by its arrival: a second attempt is made only where not a
// byte of an answer came, and there is no third.
func (w *Wire) Config(service Service, region string, pace *Pace) (aws.Config, error) {
	if err := w.CheckRegion(service, region); err != nil {
		return aws.Config{}, err
	}
	region, fips := withoutFIPS(region)
	variant := w.settings.variant(service)
	variant.fips = variant.fips || fips && !w.Moved(service)
	return aws.Config{
		Region:       region,
		HTTPClient:   w.transport,
		BaseEndpoint: w.settings.endpoint(service),
		Retryer:      func() aws.Retryer { return retryer{w.settings.MaxAttempts} },
		APIOptions: []func(*middleware.Stack) error{
			follow(service, w.EndpointSetting(service), pace, w.settings.Throttled),
			awsmiddleware.AddUserAgentKeyValue(w.settings.program(), w.settings.version()),
		},
		ConfigSources: []any{variant},
	}, nil
}

// Moved reports whether the settings say where the calls of a service go.
func (w *Wire) Moved(service Service) bool { return w.settings.endpoint(service) != nil }

// Timeout returns how long one attempt may take.
func (w *Wire) Timeout() time.Duration { return w.settings.Timeout }

// CloseIdle closes the connections that nobody uses.
func (w *Wire) CloseIdle() { w.transport.close() }

func (s Settings) program() string { return orElse(s.Program, "aws-sso-plugins") }
func (s Settings) version() string { return orElse(s.Version, "devel") }

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// variant answers the SDK's question for the endpoint variants, which it asks
// of configuration sources only.
func (s Settings) variant(service Service) endpointVariant {
	if s.endpoint(service) != nil {
		// The SDK's endpoint rules refuse a variant of an endpoint that was given.
		return endpointVariant{}
	}
	return endpointVariant{fips: s.FIPS == On, dualStack: s.DualStack == On}
}

type endpointVariant struct{ fips, dualStack bool }

// GetUseFIPSEndpoint is called by the SDK.
func (v endpointVariant) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	if v.fips {
		return aws.FIPSEndpointStateEnabled, true, nil
	}
	return aws.FIPSEndpointStateUnset, false, nil
}

// GetUseDualStackEndpoint is called by the SDK.
func (v endpointVariant) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	if v.dualStack {
		return aws.DualStackEndpointStateEnabled, true, nil
	}
	return aws.DualStackEndpointStateUnset, false, nil
}
