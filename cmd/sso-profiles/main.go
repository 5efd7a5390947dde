// The sso-profiles command keeps a profile in ~/.aws/config for every account
// and role that a person may assume in IAM Identity Center.
//
//	sso-login okta | sso-profiles - | sso-test -
package main

import (
	"aws-sso-plugins/pkg/cli"
)

var version = "devel"

func main() {
	cli.Main(cli.Program{
		Name:    "sso-profiles",
		Version: version,
		Purpose: "make a profile in ~/.aws/config for every account and role",
		Usage:   "[SESSION ... | -] [flags]",
		Examples: []cli.Example{
			{Line: "sso-profiles", Does: "all accounts and roles of every session with a login"},
			{Line: "sso-profiles okta --dry-run", Does: "show what would change"},
			{Line: "sso-profiles --name '{{.AccountName | slug}}-{{.RoleName}}'", Does: "names of your own"},
			{Line: "sso-profiles --prune", Does: "also remove profiles you no longer have access to"},
			{Line: "sso-profiles --adopt --dry-run", Does: "show which profiles of other tools would become ours"},
			{Line: "sso-profiles --local -o text | fzf | cut -f1", Does: "pick one of the profiles that the file has"},
			{Line: "sso-login okta | sso-profiles - | sso-test -", Does: "log in, make profiles, test them"},
		},
		Notes: []string{
			"SESSION is the name of an [sso-session]; - reads names from standard input, a line each. " +
				"Without SESSION the sessions are all those with a login.",
			"Only profiles with managed_by = sso-profiles are ever changed or removed. Everything else in the file stays " +
				"as it is, byte for byte. Before each change the old file is kept as config.sso-profiles.bak.",
		},
		Formats:     []string{"table", "text", "name", "json", "jsonl", "ini"},
		Manual:      manual,
		Concurrency: 64,
	}, &command{})
}
