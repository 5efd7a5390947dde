// The sso-console command prints and opens the access portal's link into the
// AWS console for a profile.
//
//	sso-console dev
package main

import "aws-sso-plugins/pkg/cli"

var version = "devel"

func main() {
	cli.Main(cli.Program{
		Name:    "sso-console",
		Version: version,
		Purpose: "the link into the AWS console for a profile; opens it",
		Usage:   "[PROFILE ... | -] [flags]",
		Examples: []cli.Example{
			{Line: "sso-console dev", Does: "open the console as the role of the profile dev"},
			{Line: "sso-console dev --destination s3", Does: "its page of S3, in the profile's region"},
			{Line: "sso-console dev --no-browser", Does: "print the link alone"},
			{Line: "sso-console --account 111111111111 --role Admin", Does: "a role for which there is no profile"},
			{Line: "sso-profiles | sso-console - -o text", Does: "a link for each profile"},
		},
		Notes: []string{
			"PROFILE is the name of a profile; - reads names from standard input, a line each, up to the first TAB. Without it " +
				"the profile is that of AWS_PROFILE, else of SSO_PROFILE.",
			"The link is the access portal's own. Making it needs no network and no login, and it holds no secret: the browser's " +
				"login to the portal decides who you are in the console.",
		},
		Formats:     []string{"url", "text", "json"},
		Unformatted: "the URLs alone",
		Manual:      manual,
	}, &command{})
}
