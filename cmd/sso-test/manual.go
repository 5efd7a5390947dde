package main

import (
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/probe"
	"aws-sso-plugins/pkg/resolve"
)

// statusValues returns the words that --status takes.
func statusValues() []cli.Value {
	values := []cli.Value{{Text: resolve.FailedWord, Help: "all but ok and skipped"}}
	for _, s := range probe.Statuses() {
		values = append(values, cli.Value{Text: string(s), Help: probe.Meaning(s)})
	}
	return values
}

func manual() cli.Manual {
	return cli.Manual{
		Description: []string{
			"STS's answer is compared with the profile: the account must be its sso_account_id, and the role the one that AWS made " +
				"for its sso_role_name. A profile that works for another account or role is wrong-identity.",
			"Profiles that get their credentials in another way (access keys, a role, a web identity) are checked with --all or by " +
				"name. A credential_process command only runs with --allow-process, and without a shell, as in the AWS CLI.",
			"An endpoint_url of the profile or of its services section is used where the environment sets none. No access token " +
				"goes to another machine that only the config names: such a profile is skipped until the environment names the " +
				"endpoint, too.",
			"A session without a login is named once, with the command to run, and its profiles are login-required; if nothing " +
				"else is wrong the exit status is 3. A name on standard input that no profile has is invalid-config; as an " +
				"argument it is a mistake, and the exit status is 2.",
		},
		Lists: []cli.List{
			{
				Title: "Statuses",
				Intro: "Each profile has one of these. --status takes them, too:",
				Items: statusValues(),
			},
			{
				Title: "Output",
				Intro: "Each profile once, in the order in which they were named; with -o jsonl in the order in which results come. With " +
					"-o text the columns are PROFILE, STATUS, ACCOUNT_ID, ROLE_NAME, REGION, LATENCY_MS and the ARN or, for a " +
					"profile that failed, the reason; with -o json the keys are Profile, Status, AccountId, RoleName, Region, " +
					"LatencyMs, Arn, UserId and Reason. The latency is that of the call to STS. json, junit and prometheus " +
					"are one whole document at every exit status but 2. The metrics:",
				Items: []cli.Value{
					{Text: "sso_test_profile_up", Help: "1 or 0, for each profile that AWS was asked about"},
					{Text: "sso_test_profiles", Help: "the number of profiles of each status"},
					{Text: "sso_test_duration_seconds", Help: "how long the run took"},
					{Text: "sso_test_last_run_timestamp_seconds", Help: "when it ended"},
				},
			},
		},
		Environment: []cli.Value{
			{Text: "AWS_REGION, AWS_DEFAULT_REGION", Help: "The region of profiles without one."},
		},
		Files: []cli.Value{
			{Text: "~/.aws/credentials", Help: "Other profiles. They are merged with those of the same name in the config."},
		},
	}
}
