// The sso-exec command runs a command as the role of a profile, or once for each
// of many profiles.
//
//	sso-exec dev -- terraform plan
//	sso-profiles --role ReadOnly | sso-exec - -- aws s3api list-buckets --output json
package main

import (
	"runtime"

	"aws-sso-plugins/pkg/cli"
)

var version = "devel"

func main() {
	cli.Main(cli.Program{
		Name:         "sso-exec",
		Version:      version,
		Purpose:      "run a command as a role, or once for each of many profiles",
		Usage:        "PROFILE ... | - [flags] -- COMMAND [ARG ...]",
		TakesCommand: true,
		HandsOver:    true,
		Examples: []cli.Example{
			{Line: "sso-exec dev -- terraform plan", Does: "one command, in the place of sso-exec"},
			{Line: "sso-exec dev prod -- aws s3 ls", Does: "once for each, at the same time"},
			{Line: "sso-profiles --role ReadOnly | sso-exec - -- aws s3api list-buckets", Does: "once for each profile of a list"},
			{Line: "sso-exec - -o jsonl -- ./audit.sh < profiles.txt", Does: "what each printed, and its status, for a script"},
			{Line: "sso-exec dev prod --live -- tail -f log", Does: "lines as they come"},
			{Line: "sso-exec dev --profile-only -- ./all-day.sh", Does: "longer than the role's credentials last"},
			{Line: "sso-exec --account 111111111111 --role Admin -- env", Does: "a role for which there is no profile"},
		},
		Notes: []string{
			"COMMAND is run without a shell, with the credentials of the role in its environment and no others. " +
				"-- must stand before it. PROFILE is the name of a profile; - reads names from standard input, a line each, up to " +
				"the first TAB. There is no default: neither AWS_PROFILE nor all profiles.",
			"With one profile the command takes the place of sso-exec: terminal, signals and exit status are its own. With several, or " +
				"-, -o, --live, --status or --max-failures, it runs once for each, without standard input and terminal, and each line that " +
				"it prints comes after the profile's name and a TAB.",
			"In COMMAND, SSO_PROFILE, SSO_ACCOUNT_ID and SSO_ROLE_NAME say which role it has.",
		},
		Formats:     []string{"text", "raw", "name", "json", "jsonl"},
		Unformatted: "the lines of each profile after its name",
		Statuses: []cli.Value{
			{Text: "125", Help: "one profile: sso-exec failed before the command ran, also for want of a login"},
			{Text: "126", Help: "COMMAND cannot be run"},
			{Text: "127", Help: "there is no COMMAND; with one profile any other status is the command's"},
		},
		Manual:       manual,
		StatusValues: statusValues,
		FormatTexts: map[string]string{
			"text": "each line that a command prints, after the profile's name and a TAB",
			"raw":  "what the commands print, byte for byte",
			"json": "one array, with what each command printed",
		},
		FlagTexts: map[string]string{
			"concurrency": "Run at most this many commands at once (twice the processors, at least 8).",
			"deadline": "End the run after this long, with the commands of many profiles: exit 1 if one has run, else 4. With one " +
				"profile it holds until the command starts: exit 125.",
		},
		Concurrency: max(2*runtime.NumCPU(), 8),
	}, &command{})
}
