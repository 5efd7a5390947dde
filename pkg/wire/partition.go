package wire

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
)

// Partition returns the name of the partition that a region belongs to, as it
// stands in ARNs: "aws", "aws-us-gov", "aws-cn". It is "" for a region that
// cannot be one, and for one of a partition that has no name here. Like the
// SDKs it takes a region that nobody knows yet for one of "aws".
//
// What it knows is what the SDK's own endpoint rules know: the domain of a
// partition, and that the portal of aws-us-gov is its own FIPS endpoint.
func Partition(region string) string {
	if CheckRegion(region) != nil {
		return ""
	}
	endpoint, err := sso.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(),
		sso.EndpointParameters{Region: &region, UseFIPS: aws.Bool(true), UseDualStack: aws.Bool(false)})
	if err != nil {
		return ""
	}
	prefix, domain, _ := strings.Cut(endpoint.URI.Host, "."+region+".")
	if domain == "amazonaws.com" && !strings.HasSuffix(prefix, "-fips") {
		return "aws-us-gov"
	}
	return partitionNames[domain]
}

// partitionNames are the partitions by the domain of their endpoints.
var partitionNames = map[string]string{
	"amazonaws.com":    "aws",
	"amazonaws.com.cn": "aws-cn",
	"amazonaws.eu":     "aws-eusc",
	"c2s.ic.gov":       "aws-iso",
	"sc2s.sgov.gov":    "aws-iso-b",
	"cloud.adc-e.uk":   "aws-iso-e",
	"csp.hci.ic.gov":   "aws-iso-f",
}
