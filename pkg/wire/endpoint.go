package wire

import (
	"net"
	"net/url"
	"strings"

	"aws-sso-plugins/pkg/fault"
)

// Service is one of the three that the suite calls.
type Service string

// The services, named by the suffix of AWS_ENDPOINT_URL that the AWS CLI and
// the SDKs give them.
const (
	Portal Service = "SSO"
	OIDC   Service = "SSO_OIDC"
	STS    Service = "STS"
)

// Services returns all of them.
func Services() []Service { return []Service{Portal, OIDC, STS} }

// EnvironmentVariable returns the name of the variable that moves the service.
func (s Service) EnvironmentVariable() string { return "AWS_ENDPOINT_URL_" + string(s) }

// endpoint returns the URL that the user gave for a service, nil for AWS's own.
func (s Settings) endpoint(service Service) *string {
	if u := s.Endpoints[service]; u != "" {
		return &u
	}
	if s.Endpoint != "" {
		return &s.Endpoint
	}
	return nil
}

func (s Settings) checkEndpoints() error {
	if err := checkEndpoint("AWS_ENDPOINT_URL", s.Endpoint); err != nil {
		return err
	}
	for _, service := range Services() {
		if err := checkEndpoint(service.EnvironmentVariable(), s.Endpoints[service]); err != nil {
			return err
		}
	}
	return nil
}

// checkEndpoint says why a value cannot be an endpoint. It quotes the value
// only once it is known to hold no password.
func checkEndpoint(name, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	switch {
	case (err != nil || u.Hostname() == "") && strings.Contains(value, "@"):
		return fault.Newf(fault.Config, "%s is not the URL of an endpoint", name)
	case err == nil && u.User != nil:
		return fault.Newf(fault.Config, "%s must not hold a user or a password", name)
	case err != nil || u.Hostname() == "":
		return fault.Newf(fault.Config, "%s is not the URL of an endpoint: %q", name, value)
	case u.RawQuery != "" || u.Fragment != "":
		return fault.Newf(fault.Config, "%s must end with its path, without ? and #: %q", name, value)
	case u.Scheme == "https", u.Scheme == "http" && Loopback(u.Hostname()):
		return nil
	default:
		return fault.Newf(fault.Config, "%s must begin with https:// (plain http is for a loopback address only): %q", name, value)
	}
}

// Loopback reports whether the host, a name or an address without a port, is
// this machine and nothing else.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// CheckRegion says why a region cannot be one, as a fault of kind Config; nil
// for what looks like one. It stops empty and hostile names, which would end
// up in a host name; whether the region exists, DNS says.
func CheckRegion(region string) error {
	if region == "" {
		return fault.New(fault.Config, "no region is set", "")
	}
	parts := strings.Split(region, "-")
	ok := len(parts) >= 3 && len(parts[0]) >= 2 && len(region) <= 40
	for i, part := range parts {
		ok = ok && consistsOf(part, i == len(parts)-1)
	}
	if !ok {
		return fault.Newf(fault.Config, "%q is not the name of a region", region).
			WithHint("a region looks like eu-central-1")
	}
	return nil
}

// CheckRegion says why calls of a service cannot be made in a region, as a fault
// of kind Config; nil where they can. STS takes, beside regions, the SDKs'
// pseudo-regions: "aws-global", and regions with "fips-" before or "-fips" after
// them; where an endpoint is configured for it any label of a host name, as the
// SDKs do.
func (w *Wire) CheckRegion(service Service, region string) error {
	if service != STS {
		return CheckRegion(region)
	}
	if w.Moved(service) && isHostLabel(region) {
		return nil
	}
	plain, _ := withoutFIPS(region)
	if (plain == "aws-global" || strings.HasPrefix(plain, "aws-") && strings.HasSuffix(plain, "-global")) && isHostLabel(plain) {
		return nil
	}
	if CheckRegion(plain) == nil {
		return nil
	}
	return CheckRegion(region)
}

// withoutFIPS returns the region that a pseudo-region of the SDKs stands for, and
// whether that asks for the FIPS endpoint.
func withoutFIPS(region string) (plain string, fips bool) {
	plain = strings.TrimSuffix(strings.TrimPrefix(region, "fips-"), "-fips")
	return plain, plain != region
}

// isHostLabel reports whether a region can be a label of a host name, of letters,
// digits and inner hyphens. botocore's rule: digits alone are none.
func isHostLabel(s string) bool {
	digits := true
	for _, c := range []byte(s) {
		switch {
		case '0' <= c && c <= '9':
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-':
			digits = false
		default:
			return false
		}
	}
	return !digits && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-'
}

// consistsOf reports whether a part of a region's name has only letters, or only
// digits for the last.
func consistsOf(part string, digits bool) bool {
	for _, c := range []byte(part) {
		isDigit := '0' <= c && c <= '9'
		isLetter := 'a' <= c && c <= 'z'
		if digits && !isDigit || !digits && !isLetter {
			return false
		}
	}
	return part != ""
}
