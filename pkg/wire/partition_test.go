package wire_test

import (
	"testing"

	"aws-sso-plugins/pkg/wire"
)

func TestPartition(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "eu-central-2": "aws", "ap-southeast-99": "aws", "xx-nowhere-1": "aws",
		"us-gov-west-1": "aws-us-gov", "us-gov-east-1": "aws-us-gov",
		"cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn",
		"eusc-de-east-1": "aws-eusc", "us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b",
		"eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
		"": "", "auto": "", "aws-global": "", "us-east-1.evil.example": "",
	} {
		if got := wire.Partition(region); got != want {
			t.Errorf("%q is of %q, want %q", region, got, want)
		}
	}
}
