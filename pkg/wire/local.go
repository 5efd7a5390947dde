package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// Switch is a setting that is on, off, or left to somebody else.
type Switch uint8

// The switches. Unset is the zero value.
const (
	Unset Switch = iota
	On
	Off
)

// Local is what a profile of the config says about how AWS is reached: its keys
// endpoint_url (with [services]), ca_bundle, use_fips_endpoint and
// use_dualstack_endpoint. Two that say the same are equal.
type Local struct {
	Endpoints       [3]string // by service, in the order of [Services]; "" where nothing is said
	CABundle        string    // a path
	FIPS, DualStack Switch
}

// Only returns l without the endpoints of other services, so that what is shared
// by profiles that go the same way for this service is shared.
func (l Local) Only(service Service) Local {
	for i, s := range Services() {
		if s != service {
			l.Endpoints[i] = ""
		}
	}
	return l
}

// Endpoint returns the endpoint of a service, "" where nothing is said.
func (l Local) Endpoint(service Service) string {
	for i, s := range Services() {
		if s == service {
			return l.Endpoints[i]
		}
	}
	return ""
}

// Trusted returns l without the endpoints that no login may go to on the word of
// the config alone: those that are not on this machine.
func (w *Wire) Trusted(l Local) Local {
	for i, service := range Services() {
		if l.Endpoints[i] == "" || w.Moved(service) {
			continue
		}
		if u, err := url.Parse(l.Endpoints[i]); err == nil && !w.IsThisMachine(u.Hostname()) {
			l.Endpoints[i] = ""
		}
	}
	return l
}

// variants are the ways to AWS that profiles have made of one [Wire].
type variants struct {
	mu   sync.Mutex
	made map[Local]*Wire

	names sync.Map // by name: the address on this machine, "" for a name elsewhere
}

// With returns the way to AWS of what is done for one profile. What the settings
// of w say comes first, as in every client; for what they leave open l counts. It
// returns the same Wire for every l that has the same effect, and w for one that
// has none, so clients can be shared by it. Connections are shared too, unless l
// has a CA bundle of its own.
//
// An endpoint that cannot be one and a CA bundle that cannot be read are faults
// of kind Config that name the key. Plain http goes to this machine alone, by
// whatever name: a name is looked up, and the address is what is connected to. A
// name that is not this machine's is [ErrNotLocal].
func (w *Wire) With(l Local) (*Wire, error) {
	s := w.settings
	for i, service := range Services() {
		if w.Moved(service) {
			l.Endpoints[i] = ""
		}
	}
	if s.CABundle != "" {
		l.CABundle = ""
	}
	if s.FIPS != Unset || l.FIPS == Off {
		l.FIPS = Unset
	}
	if s.DualStack != Unset || l.DualStack == Off {
		l.DualStack = Unset
	}
	if l == (Local{}) {
		return w, nil
	}
	w.variants.mu.Lock()
	defer w.variants.mu.Unlock()
	if made := w.variants.made[l]; made != nil {
		return made, nil
	}
	made, err := w.variant(l)
	if err != nil {
		return nil, err
	}
	if w.variants.made == nil {
		w.variants.made = map[Local]*Wire{}
	}
	w.variants.made[l] = made
	return made, nil
}

func (w *Wire) variant(l Local) (*Wire, error) {
	own := &Wire{settings: w.settings, transport: w.transport, variants: &variants{}}
	own.settings.Endpoints = map[Service]string{}
	for i, service := range Services() {
		switch {
		case l.Endpoints[i] != "":
			endpoint, err := w.localEndpoint(l.Endpoints[i])
			if err != nil {
				return nil, err
			}
			own.settings.Endpoints[service] = endpoint
			own.fromConfig[i] = true
		case w.settings.Endpoints[service] != "":
			own.settings.Endpoints[service] = w.settings.Endpoints[service]
		}
	}
	if l.FIPS == On {
		own.settings.FIPS = On
	}
	if l.DualStack == On {
		own.settings.DualStack = On
	}
	if l.CABundle != "" {
		own.settings.CABundle = l.CABundle
		transport, err := newTransport(own.settings, "ca_bundle")
		if err != nil {
			return nil, err
		}
		transport.huge = w.transport.huge // one bound on memory for all
		own.transport = transport
	}
	return own, nil
}

// ConfigEndpoint is the key of the config that names an endpoint.
const ConfigEndpoint = "endpoint_url"

// EndpointSetting returns the name of what moves a service from AWS's own
// endpoint: [ConfigEndpoint], or an environment variable; "" if nothing does.
func (w *Wire) EndpointSetting(service Service) string {
	for i, s := range Services() {
		if s == service && w.fromConfig[i] {
			return ConfigEndpoint
		}
	}
	switch {
	case w.settings.Endpoints[service] != "":
		return service.EnvironmentVariable()
	case w.settings.Endpoint != "":
		return "AWS_ENDPOINT_URL"
	}
	return ""
}

// ErrNotLocal is an endpoint of the config that begins with http:// and is not
// on this machine.
var ErrNotLocal = errors.New("plain http is for this machine only")

// localEndpoint checks an endpoint of the config. One of plain http at a name
// that is this machine's comes back with the address in its place: a name may
// lead elsewhere the next time.
func (w *Wire) localEndpoint(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" || u.Hostname() == "" || Loopback(u.Hostname()) {
		return endpoint, checkEndpoint(ConfigEndpoint, endpoint)
	}
	address, ok := w.thisMachine(u.Hostname())
	if !ok {
		return "", &fault.Error{
			Kind: fault.Config, What: fmt.Sprintf("%q", endpoint),
			Why: ErrNotLocal.Error() + ", which " + u.Hostname() + " is not", Err: ErrNotLocal,
		}
	}
	if port := u.Port(); port != "" {
		u.Host = net.JoinHostPort(address, port)
	} else if u.Host = address; net.ParseIP(address).To4() == nil {
		u.Host = "[" + address + "]"
	}
	return u.String(), checkEndpoint(ConfigEndpoint, u.String())
}

// lookupTimeout bounds the lookup of a name that may be this machine's: those
// that are stand in the hosts file, or are answered at once.
const lookupTimeout = 2 * time.Second

// IsThisMachine reports whether a host is this machine and nothing else: a
// loopback address, or a name whose addresses all are.
func (w *Wire) IsThisMachine(host string) bool {
	if Loopback(host) {
		return true
	}
	_, ok := w.thisMachine(host)
	return ok
}

// thisMachine asks for each name once: thousands of profiles may have it.
func (w *Wire) thisMachine(name string) (address string, ok bool) {
	if known, ok := w.variants.names.Load(name); ok {
		return known.(string), known != ""
	}
	address = w.lookup(name)
	w.variants.names.Store(name, address)
	return address, address != ""
}

// lookup returns the address on this machine that a name has; "" if one of its
// addresses is elsewhere.
func (w *Wire) lookup(name string) string {
	lookup := w.settings.LookupHost
	if lookup == nil {
		lookup = net.DefaultResolver.LookupHost
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	addresses, err := lookup(ctx, name)
	if err != nil || len(addresses) == 0 {
		return ""
	}
	for _, a := range addresses {
		if ip := net.ParseIP(a); ip == nil || !ip.IsLoopback() {
			return ""
		}
	}
	return addresses[0]
}
