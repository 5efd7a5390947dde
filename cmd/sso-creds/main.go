// The sso-creds command hands out a role's credentials: as an environment, as
// a section of a file, or as JSON.
//
//	eval "$(sso-creds dev)"
package main

import "aws-sso-plugins/pkg/cli"

var version = "devel"

func main() {
	cli.Main(cli.Program{
		Name:    "sso-creds",
		Version: version,
		Purpose: "hand out a role's credentials: environment, file section, JSON",
		Usage:   "[PROFILE ... | -] [flags]",
		Examples: []cli.Example{
			{Line: `eval "$(sso-creds dev)"`, Does: "this shell acts as the role of the profile dev"},
			{Line: "sso-creds -o fish dev | source", Does: "the same in fish"},
			{Line: "sso-creds -o ini dev", Does: "a section for a credentials file"},
			{Line: "sso-creds --write dev", Does: "put that section into the credentials file"},
			{Line: "credential_process = sso-creds -o process dev", Does: "in ~/.aws/config, for a client that knows no SSO"},
			{Line: "sso-profiles | sso-creds - -o json", Does: "credentials of every profile, for a script"},
			{Line: "sso-creds --account 111111111111 --role Admin", Does: "a role for which there is no profile"},
		},
		Notes: []string{
			"PROFILE is the name of a profile; - reads names from standard input, a line each, up to the first TAB. Without it " +
				"the profile is that of AWS_PROFILE, else of SSO_PROFILE.",
			"The output is secret. Credentials come from the AWS CLI's cache, ~/.aws/cli/cache, else from the portal. No " +
				"browser is ever opened. Without a login the exit status is 3.",
			"If sso-creds fails, the formats for shells unset what an earlier eval has set, and env and fish make the eval fail.",
		},
		Formats:     formats(),
		Unformatted: defaultFormatText(),
		Manual:      manual,
		Concurrency: 32,
		HandsOver:   true,
		Mistyped:    mistyped,
	}, &command{})
}
