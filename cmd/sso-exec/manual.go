package main

import "aws-sso-plugins/pkg/cli"

// values returns the words that completion does not know by itself.
func values(kind string) []cli.Value {
	if kind == "statuses" {
		return statusValues()
	}
	return nil
}

func manual() cli.Manual {
	return cli.Manual{
		Description: []string{
			"-- is mandatory: without it an alias of the AWS CLI would take --region and its other global options out of the command, and " +
				"the command would run elsewhere. COMMAND is found before anything is asked of AWS.",
			"Credentials are those that sso-creds hands out, from the AWS CLI's cache or the portal. With many profiles they are fetched shortly " +
				"before each command starts, once for all profiles that share an assignment, and no faster than AWS takes. No browser is " +
				"ever opened. A command that still runs when its role's credentials end is told on standard error; with --profile-only " +
				"it gets AWS_PROFILE and no keys, so that it can find new ones itself. A profile that has no credentials is a row, and costs " +
				"the others nothing.",
			"Of many commands each is the leader of a session of its own (on Windows: in a job object) with an empty standard input and no " +
				"terminal. Its lines are written when it has ended, profile after profile in the order asked for, or with --live as " +
				"they come; lines of its standard error go to standard error. In a pipe they are not changed; a half line at the end " +
				"gets its newline. Output that waits takes 16 MiB of memory, and beyond that a file without a name in TMPDIR. What a command " +
				"leaves behind in its process group is killed when it has ended, after a second if it holds the command's output open.",
			"At SIGINT, SIGTERM or SIGHUP nothing more starts and every command gets the signal, and KILL ten seconds later; what is " +
				"complete is printed. A second signal ends all at once. --deadline ends commands with SIGTERM in the same way. When sso-exec " +
				"ends its commands end, on Linux even if it is killed. A process that starts a session of its own is not followed.",
			"Whoever may read the environment of a process, the same user and root, can read the credentials of a command there. They " +
				"never stand in a command line or a file, the AWS CLI's cache aside.",
		},
		Lists: []cli.List{
			{
				Title: "Statuses",
				Intro: "With many profiles each has one; --status takes them, too:",
				Items: statusValues(),
			},
			{
				Title: "Output",
				Intro: "With -o json and jsonl the keys are Profile, AccountId, RoleName, Region, Status, ExitCode, DurationMs, Stdout, Stderr and " +
					"Reason. ExitCode is null where the command did not run, and 128 and the signal where one ended it. What is not UTF-8 is " +
					"base64, under StdoutBase64 or StderrBase64. jsonl comes as commands end, the others in the order asked for. With " +
					"many profiles the exit status is 0 if every command exited with 0; 1 if some failed, or there was none; 3 if a " +
					"login is needed and nothing ran; 4 if nothing could be started.",
			},
		},
		Environment: []cli.Value{
			{Text: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION, AWS_ACCOUNT_ID, AWS_REGION, AWS_DEFAULT_REGION", Help: "Set for the command, or unset where there is no value. AWS_PROFILE and what names other credentials are unset."},
			{Text: "SSO_PROFILE, SSO_ACCOUNT_ID, SSO_ROLE_NAME", Help: "Set for the command: who it is."},
			{Text: "TMPDIR", Help: "Where output goes that has no room in memory."},
		},
		Files: []cli.Value{
			{Text: "~/.aws/credentials", Help: "Other profiles; those of the config with the same name are merged with them."},
			{Text: "~/.aws/cli/cache", Help: "Role credentials, shared with the AWS CLI; --no-cache leaves them alone."},
		},
	}
}
