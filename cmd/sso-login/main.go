// The sso-login command puts a valid IAM Identity Center access token where
// every AWS client reads it: ~/.aws/sso/cache.
//
//	sso-login okta
package main

import "aws-sso-plugins/pkg/cli"

var version = "devel"

func main() {
	cli.Main(cli.Program{
		Name:    "sso-login",
		Version: version,
		Purpose: "log in to AWS IAM Identity Center once, for every AWS client",
		Usage:   "[SESSION ... | -] [flags]",
		Examples: []cli.Example{
			{Line: "sso-login", Does: "log in; the first time, a few questions define the session"},
			{Line: "sso-login okta --sso-start-url https://acme.awsapps.com/start --sso-region eu-central-1", Does: "log in, and define the session once that has succeeded"},
			{Line: "sso-login okta --check", Does: "is the login still good? no browser, exit 3 if not"},
			{Line: "sso-login --list", Does: "every session and its state"},
			{Line: "sso-login okta --logout", Does: "end the session"},
			{Line: "sso-login okta | sso-profiles - | sso-test -", Does: "log in, make profiles, test them"},
		},
		Notes: []string{
			"SESSION is the name of an [sso-session] in ~/.aws/config; - reads names from standard input, a line each.",
			"A valid token is kept. Else it is refreshed without a browser, if possible. Else a browser opens or, where none can, a code is shown.",
		},
		Formats: []string{"table", "text", "name", "json", "jsonl"},
		Manual:  manual,
	}, &command{})
}
