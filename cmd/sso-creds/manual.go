package main

import "aws-sso-plugins/pkg/cli"

func manual() cli.Manual {
	return cli.Manual{
		Description: []string{
			"sso-creds hands out every profile that sso-test can test: one with an account and a role of IAM Identity Center, one that " +
				"assumes a role, access keys, a web identity, and, with --allow-process, a credential_process. A profile that fails is " +
				"named on standard error with its status, as in sso-test, and the others go on.",
			"The cache is that of the AWS CLI, ~/.aws/cli/cache, and is shared with it both ways. Its entries do not say who logged " +
				"in, so an entry is only used if it is not older than the session's login and names the profile's account. " +
				"Those of an older AWS CLI (2.9.19) name none, and are replaced. Many processes " +
				"that need one role at once make one call. Credentials of roles that are assumed are not cached.",
			"With --write the section is named ACCOUNT_ROLE, as the access portal names it, and marked with managed_by = sso-creds. " +
				"Only marked sections are replaced, and those that have expired are removed. A name that a hand-written section or a " +
				"profile of the config has is refused. The file gets mode 0600. sso-login --logout removes the sections of its session.",
			"As a credential_process, with -o process, it serves clients that know no IAM Identity Center. It never opens a " +
				"browser; without a login it prints the command to run, in one line. If the credential_process of a profile asks for that " +
				"same profile, the exit status is 2.",
		},
		Lists: []cli.List{
			{
				Title: "The environment of a role",
				Intro: "The formats of a shell set these variables, or unset those without a value:",
				Items: []cli.Value{
					{Text: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN", Help: "The keys."},
					{Text: "AWS_CREDENTIAL_EXPIRATION", Help: "When they expire, in RFC 3339."},
					{Text: "AWS_ACCOUNT_ID", Help: "The account that they are for."},
					{Text: "AWS_REGION, AWS_DEFAULT_REGION", Help: "The profile's region, else its session's, or --client-region. Never that of the environment."},
					{Text: "SSO_PROFILE, SSO_ACCOUNT_ID, SSO_ROLE_NAME", Help: "The role that the keys are for, for a prompt or a script."},
					{Text: "AWS_CA_BUNDLE, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT, AWS_ENDPOINT_URL and its forms", Help: "What the config says of the profile, where the environment " +
						"says nothing. A client without AWS_PROFILE reads [default]: what only that section has is switched off."},
					{Text: "SSO_SETTINGS", Help: "Which of the variables in the line above were set from the config, with colons between. By it the " +
						"next sso-creds or sso-exec knows that these are no settings of yours: it does not go by them, and sets or unsets them anew."},
				},
			},
			{
				Title: "What is unset",
				Intro: "AWS_PROFILE, AWS_DEFAULT_PROFILE, AWS_SECURITY_TOKEN and the variables of containers and web identities: with them " +
					"some clients would take other credentials. env-no-export is for files, which cannot unset anything.",
			},
			{
				Title: "Characters",
				Intro: "A key or token with a character outside A-Z a-z 0-9 + / = _ . : @ - is refused in the formats of a shell; no quoting is relied " +
					"on. Names, paths and URLs of the config are quoted, and refused where a format has no quotes.",
			},
			{
				Title: "JSON",
				Intro: "With -o json and jsonl the keys are Profile, AccountId, RoleName, Region, AccessKeyId, SecretAccessKey, SessionToken " +
					"and Expiration; with -o process they are those of a credential_process. ini, json and jsonl take several profiles.",
			},
		},
		Environment: []cli.Value{
			{Text: "AWS_PROFILE, SSO_PROFILE", Help: "The profile, where none is named."},
			{Text: "AWS_REGION, AWS_DEFAULT_REGION", Help: "Where STS is asked for a role that a profile without a region assumes."},
		},
		Files: []cli.Value{
			{Text: "~/.aws/credentials", Help: "Other profiles, and where --write puts its sections."},
			{Text: "~/.aws/cli/cache", Help: "Role credentials as the AWS CLI keeps them, each file with mode 0600."},
		},
	}
}
