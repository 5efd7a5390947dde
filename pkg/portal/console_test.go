package portal_test

import (
	"net/url"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
)

func TestConsoleLink(t *testing.T) {
	const query = "/#/console?account_id=111111111111&role_name=Admin"
	for _, tc := range []struct{ startURL, role, destination, want string }{
		{"https://d-1234567890.awsapps.com/start", "Admin", "", "https://d-1234567890.awsapps.com/start" + query},
		{"https://d-1234567890.awsapps.com/start/", "Admin", "", "https://d-1234567890.awsapps.com/start" + query},
		{"https://d-1234567890.awsapps.com/start/#/", "Admin", "", "https://d-1234567890.awsapps.com/start" + query},
		{"https://d-1234567890.awsapps.com/start#/?tab=accounts", "Admin", "", "https://d-1234567890.awsapps.com/start" + query},
		{"https://ssoins-1234.portal.eu-west-1.app.aws", "Admin", "", "https://ssoins-1234.portal.eu-west-1.app.aws" + query},
		{"https://ssoins-1234.portal.eu-west-1.app.aws/", "Admin", "", "https://ssoins-1234.portal.eu-west-1.app.aws" + query},
		{"https://aws.acme.example/", "Admin", "", "https://aws.acme.example" + query},
		{"https://start.us-gov-home.awsapps.com/directory/acme", "Admin", "",
			"https://start.us-gov-home.awsapps.com/directory/acme" + query},
		{"https://acme.awsapps.cn/start", "Admin", "", "https://acme.awsapps.cn/start" + query},
		{"https://x.awsapps.com/start", "A+B=C,d.e@f_g-h i/j&k#l%m", "",
			"https://x.awsapps.com/start/#/console?account_id=111111111111&role_name=A%2BB%3DC%2Cd.e%40f_g-h%20i%2Fj%26k%23l%25m"},
		{"https://x.awsapps.com/start", "Admin", "https://console.aws.amazon.com/s3/home?region=eu-west-1#a b",
			"https://x.awsapps.com/start" + query + "&destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fs3%2Fhome%3Fregion%3Deu-west-1%23a%20b"},
	} {
		got := portal.ConsoleLink(portal.Session{StartURL: tc.startURL}, "111111111111", tc.role, tc.destination)
		if got != tc.want {
			t.Errorf("%s\ngot  %s\nwant %s", tc.startURL, got, tc.want)
		}
		// the portal reads what stands after the question mark of the fragment
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		_, query, _ := strings.Cut(u.EscapedFragment(), "?")
		values, err := url.ParseQuery(query)
		if err != nil || values.Get("role_name") != tc.role || values.Get("destination") != tc.destination || len(values) > 3 {
			t.Errorf("%s: the portal reads %v, %v", tc.startURL, values, err)
		}
	}
}

func TestDestination(t *testing.T) {
	for _, tc := range []struct{ where, region, want string }{
		{"s3", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1"},
		{"resource-groups", "us-east-1", "https://us-east-1.console.aws.amazon.com/resource-groups/home?region=us-east-1"},
		{"ec2", "us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1"},
		{"ec2", "cn-north-1", "https://cn-north-1.console.amazonaws.cn/ec2/home?region=cn-north-1"},
		{"ec2", "eusc-de-east-1", "https://eusc-de-east-1.console.amazonaws-eusc.eu/ec2/home?region=eusc-de-east-1"},
		{"https://eusc-de-east-1.console.amazonaws-eusc.eu/s3", "eusc-de-east-1", "="},
		{"https://console.aws.amazon.com/", "eu-west-1", "="},
		{"https://console.aws.amazon.com", "eu-west-1", "="},
		{"https://console.aws.amazon.com:443/x", "eu-west-1", "="},
		{"https://Eu-West-1.Console.AWS.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups", "eu-west-1", "="},
		{"https://123456789012-abcd.us-east-1.console.aws.amazon.com/x", "us-east-1", "="},
		{"https://console.amazonaws.cn/s3", "cn-northwest-1", "="},
		{"https://us-gov-east-1.console.amazonaws-us-gov.com/x", "us-gov-west-1", "="},
		// other hosts
		{where: "https://evil.example/", region: "eu-west-1"},
		{where: "https://console.aws.amazon.com.evil.example/", region: "eu-west-1"},
		{where: "https://evilconsole.aws.amazon.com/", region: "eu-west-1"},
		{where: "https://aws.amazon.com/", region: "eu-west-1"},
		{where: "https://console.aws.amazon.com@evil.example/", region: "eu-west-1"},
		{where: "https://me@console.aws.amazon.com/", region: "eu-west-1"},
		{where: "https://console.aws.amazon.com./", region: "eu-west-1"},
		{where: `https://evil.example\.console.aws.amazon.com/`, region: "eu-west-1"},
		{where: "https://evil.example%2f.console.aws.amazon.com/", region: "eu-west-1"},
		{where: "https://evil.example%23.console.aws.amazon.com/", region: "eu-west-1"},
		{where: "https://conſole.aws.amazon.com/", region: "eu-west-1"},
		{where: "https://console.aws.amazon.com:8443/", region: "eu-west-1"},
		{where: "https://console.aws.amazon.com:/", region: "eu-west-1"},
		{where: "https://[::1].console.aws.amazon.com/", region: "eu-west-1"},
		{where: "https:console.aws.amazon.com/", region: "eu-west-1"},
		{where: "https:///console.aws.amazon.com/", region: "eu-west-1"},
		{where: "//console.aws.amazon.com/", region: "eu-west-1"},
		{where: "http://console.aws.amazon.com/", region: "eu-west-1"},
		{where: "javascript://console.aws.amazon.com/%0aalert(1)", region: "eu-west-1"},
		{where: "https://console.aws.amazon.com/\n", region: "eu-west-1"},
		{where: " https://console.aws.amazon.com/", region: "eu-west-1"},
		// of another partition
		{where: "https://console.amazonaws.cn/", region: "eu-west-1"},
		{where: "https://console.aws.amazon.com/", region: "us-gov-west-1"},
		{where: "https://console.aws.amazon.com/", region: "eusc-de-east-1"},
		{where: "https://console.amazonaws-eusc.eu/", region: "eu-central-1"},
		{where: "https://console.aws.amazon.com/", region: "us-iso-east-1"},
		{where: "s3", region: "us-iso-east-1"},
		{where: "s3", region: ""},
		// no names of services
		{where: "", region: "eu-west-1"},
		{where: "s3/home", region: "eu-west-1"},
		{where: "../x", region: "eu-west-1"},
		{where: "-s3", region: "eu-west-1"},
		{where: "S3", region: "eu-west-1"},
		{where: "s3?x", region: "eu-west-1"},
	} {
		want := tc.want
		if want == "=" {
			want = tc.where
		}
		got, err := portal.Destination(tc.where, tc.region)
		switch {
		case got != want:
			t.Errorf("%q in %q: got %q, want %q", tc.where, tc.region, got, want)
		case want == "" && fault.KindOf(err) != fault.Usage:
			t.Errorf("%q in %q: error %v", tc.where, tc.region, err)
		case want != "" && err != nil:
			t.Error(err)
		}
	}
}
