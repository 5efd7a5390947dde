package idctest

import (
	"net"
	"slices"
	"strings"
)

// service is what a host of AWS serves.
type service string

const (
	anyService    service = "" // the loopback address, and hosts that the configuration names: all of it
	oidcService   service = "oidc"
	portalService service = "portal"
	stsService    service = "sts"
	pageService   service = "page"  // the access portal as people see it, and the page for device codes
	otherService  service = "other" // another of AWS's services, which this server does not have
)

// The suffixes of AWS's own host names, of all partitions: those of the SDKs' endpoint rules (partitions.json of
// botocore 1.44), and those of access portals, which the AWS CLI takes as AWS's (awscli/customizations/sso/resolve.py).
var (
	serviceSuffixes = []string{
		".amazonaws.com", ".api.aws", ".amazonaws.com.cn", ".api.amazonwebservices.com.cn", ".amazonaws.eu",
		".api.amazonwebservices.eu", ".c2s.ic.gov", ".api.aws.ic.gov", ".sc2s.sgov.gov", ".api.aws.scloud",
		".cloud.adc-e.uk", ".api.cloud-aws.adc-e.uk", ".csp.hci.ic.gov", ".api.aws.hci.ic.gov",
	}
	portalSuffixes = []string{
		".awsapps.com", ".awsapps.cn", ".app.aws", ".app.amazonwebservices.com.cn", ".portal.amazonaws.com",
		".portal.amazonaws.com.cn", ".portal.amazonaws.eu",
	}
	portalHosts = []string{
		"identitycenter.amazonaws.com", "identitycenter.amazonaws.com.cn", "identitycenter.amazonaws.eu",
		"identitycenter.us-gov.amazonaws.com",
	}
)

// awsHost is a host name of AWS: the service behind it, and the region that it names, if it names one.
type awsHost struct {
	service service
	region  string
}

// parseHost reads a host name without a port. It reports false for a name that is not AWS's.
func parseHost(name string) (awsHost, bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if slices.Contains(portalHosts, name) {
		return awsHost{service: pageService}, true
	}
	for _, suffix := range portalSuffixes {
		if strings.HasSuffix(name, suffix) {
			return awsHost{service: pageService}, true
		}
	}
	for _, suffix := range serviceSuffixes {
		rest, ok := strings.CutSuffix(name, suffix)
		if !ok || rest == "" {
			continue
		}
		labels := strings.Split(rest, ".")
		region := ""
		if last := labels[len(labels)-1]; regionPattern.MatchString(last) {
			region, labels = last, labels[:len(labels)-1]
		}
		switch strings.Join(labels, ".") {
		case "oidc", "oidc-fips":
			return awsHost{oidcService, region}, region != ""
		case "portal.sso", "portal.sso-fips":
			return awsHost{portalService, region}, region != ""
		case "device.sso":
			return awsHost{pageService, region}, region != ""
		case "sts", "sts-fips":
			return awsHost{stsService, region}, true // sts.amazonaws.com is the global one
		}
		return awsHost{otherService, region}, true
	}
	return awsHost{}, false
}

// serves reports whether the service has the operation.
func (s service) serves(op Op) bool {
	switch s {
	case anyService:
		return true
	case oidcService:
		return slices.Contains(oidcOps, op) || op == Authorize
	case portalService:
		return slices.Contains(portalOps, op)
	case stsService:
		return slices.Contains(stsOps, op)
	case pageService:
		return op == VerifyDevice
	}
	return false
}

// hostName is the name in a Host header or a CONNECT request, without its port, in lower case.
func hostName(hostPort string) string {
	if host, _, err := net.SplitHostPort(hostPort); err == nil {
		hostPort = host
	}
	return strings.ToLower(strings.TrimSuffix(hostPort, "."))
}

// elsewhere reports whether the client asked a region that is not the instance's.
func (c *call) elsewhere() bool { return c.aws.region != "" && c.aws.region != c.s.Region }
