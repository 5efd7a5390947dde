// The sso-test command checks every profile with STS and says why one fails.
//
//	sso-login okta | sso-profiles - | sso-test -
package main

import "aws-sso-plugins/pkg/cli"

var version = "devel"

func main() {
	cli.Main(cli.Program{
		Name:    "sso-test",
		Version: version,
		Purpose: "check each profile with STS GetCallerIdentity, and say why one fails",
		Usage:   "[PROFILE ... | -] [flags]",
		Examples: []cli.Example{
			{Line: "sso-test", Does: "every profile that reaches Identity Center"},
			{Line: "sso-test dev prod", Does: "these two"},
			{Line: "sso-test --sso-session okta --status failed", Does: "what is broken in one session"},
			{Line: "sso-test --all -o json", Does: "every profile there is, for a script"},
			{Line: "sso-test -o name --status failed | sso-test -", Does: "what failed, once more"},
			{Line: "sso-login okta | sso-profiles - | sso-test -", Does: "log in, make profiles, test them"},
		},
		Notes: []string{
			"PROFILE is the name of a profile; - reads names from standard input, a line each, up to the first TAB. " +
				"Without PROFILE every profile that reaches Identity Center is checked, itself or by source_profile.",
			"Role credentials come from the portal and stay in memory. The environment's credentials, the AWS CLI's cache and " +
				"instance metadata are never used, and no browser is ever opened. Each check leaves events in CloudTrail.",
			"With -o prometheus, sso_test_profile_up is only there for profiles that AWS was asked about, not for those that wait " +
				"for a login or a connection.",
		},
		Formats:      []string{"table", "text", "name", "json", "jsonl", "junit", "prometheus"},
		Manual:       manual,
		StatusValues: statusValues,
		Concurrency:  32,
	}, &command{})
}
