package main

import "aws-sso-plugins/pkg/cli"

func manual() cli.Manual {
	return cli.Manual{
		Description: []string{
			"-- is mandatory: without it an alias of the AWS CLI would take --region and its other global options out of the command, and " +
				"the command would run in another region. COMMAND is looked up before any request to AWS.",
			"Credentials are those that sso-creds hands out, from the AWS CLI's cache or the portal. With many profiles they are fetched shortly " +
				"before each command starts, once for all profiles that share an assignment, and no faster than AWS allows. No browser is " +
				"ever opened. If a command still runs when its role's credentials expire, a message on standard error says so. With " +
				"--profile-only a command gets AWS_PROFILE and no keys, so that it can find new ones itself. A profile without credentials " +
				"is a row of its own, and the others go on.",
			"With many profiles each command leads a session of its own (on Windows: is in a job object), with an empty standard input and no " +
				"terminal. Lines are written profile after profile, in the order asked for: those of the first as they come, those of the " +
				"second once the first has ended, and so on; with --live those of all as they come. Lines of a command's standard error " +
				"go to standard error. In a pipe they are not changed; a half line at the end gets its newline. Processes of its group that " +
				"outlive a command are killed, after a second if they hold its output open.",
			"Output that waits takes 16 MiB of memory, and beyond that a file without a name in TMPDIR: up to 4 GiB, or half of what is free " +
				"there. A command whose output has no more room waits for its turn. With -o json or jsonl, and with --status, nothing is " +
				"written before a command has ended. One that prints more than half of the room that is left then loses the rest: its status " +
				"is error, and the reason says so.",
			"At SIGINT, SIGTERM or SIGHUP nothing more starts and every command gets the signal, and KILL ten seconds later; what is " +
				"complete is printed. A second signal kills all commands at once. --deadline ends commands with SIGTERM in the same way. When sso-exec " +
				"ends its commands end, on Linux even if it is killed. A process that starts a session of its own is not followed.",
			"The same user and root can read the environment of a process, and so the credentials of a command. They are in no command " +
				"line, and in no file but the AWS CLI's cache.",
		},
		Lists: []cli.List{
			{
				Title: "Statuses",
				Intro: "With many profiles each has one of these. --status takes them, too:",
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
			{Text: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION, AWS_ACCOUNT_ID, AWS_REGION, AWS_DEFAULT_REGION", Help: "Set for the command, or unset where there is no value. AWS_PROFILE and the variables that name other credentials are unset."},
			{Text: "SSO_PROFILE, SSO_ACCOUNT_ID, SSO_ROLE_NAME", Help: "Set for the command: the role that it has."},
			{Text: "SSO_SETTINGS", Help: "Set for the command: which of AWS_CA_BUNDLE, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and AWS_ENDPOINT_URL with its " +
				"forms were set from the config, with colons between. An sso-creds or sso-exec that the command runs does not take them for settings of yours."},
			{Text: "TMPDIR", Help: "The folder for output that has no room in memory."},
		},
		Files: []cli.Value{
			{Text: "~/.aws/credentials", Help: "Other profiles. They are merged with those of the same name in the config."},
			{Text: "~/.aws/cli/cache", Help: "Role credentials, shared with the AWS CLI; --no-cache leaves them alone."},
		},
	}
}
