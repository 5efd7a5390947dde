package main

import "aws-sso-plugins/pkg/cli"

func manual() cli.Manual {
	return cli.Manual{
		Description: []string{
			"A generated profile is recognized by session, account and role, not by its name. So a run without flags keeps " +
				"names, regions and the keys that you added; --name renames. A flag applies to every profile of the run. A run " +
				"with nothing new writes nothing.",
			"A hand-written profile that has the name of a new one stays as it is. If it is of another session, account or " +
				"role, it is reported and the exit status is 1. --overwrite takes it over.",
			"--account limits a run to the accounts that match: only their roles are asked for, and --check and --prune " +
				"consider no others. A pattern that matches no account is reported and the exit status is 1.",
			"--prune removes nothing if the listing is empty or incomplete, or if more than --prune-limit of a session's " +
				"profiles would go. It keeps profiles that another one names as source_profile, and those that a filter leaves out.",
			"Accounts that could not be listed keep their profiles and are named; the exit status is 1.",
			"--adopt makes profiles ours that a person or another tool wrote for an assignment that is listed: they get " +
				"managed_by = sso-profiles, and sso_session in the place of sso_start_url and sso_region. Their names, other keys " +
				"and places stay; no other profile changes, and none is made. From then on --name renames them, and --prune " +
				"removes them once their assignment is gone. Never [default], what a credential_process, access keys or a role " +
				"serves, what stands between the marks of another tool, and a second profile of one role: these are named with the " +
				"reason, and the exit status is 1.",
			"--local lists the Identity Center profiles that the file has, whoever made them, and asks nobody. --account looks " +
				"at the id and at the key account_name, if the profile has it. With -o json each profile has its keys as Keys, but " +
				"none that holds a secret, or may; -o ini leaves the same out. A profile that no client could use is on the list " +
				"and named, with exit status 1.",
			"Assignments that would have the same name are skipped and named, with a template that tells them apart; of many, -v " +
				"names all.",
		},
		Lists: []cli.List{
			{
				Title: "Templates",
				Intro: "--name takes a template of Go's text/template, as in {{.AccountName | slug}}-{{.RoleName}}. Characters " +
					"that not every AWS client reads in a name become a hyphen, none at either end of a field. A value of --set takes " +
					"the same fields and keeps the blanks in them; no template goes into a key by which a client runs a command or " +
					"finds a host. Fields and functions:",
				Items: []cli.Value{
					{Text: ".AccountId", Help: "twelve digits"},
					{Text: ".AccountName", Help: "as in AWS Organizations; the id where it has no letter or digit that every AWS client reads"},
					{Text: ".AccountEmail", Help: "the account's e-mail address"},
					{Text: ".RoleName", Help: "the permission set"},
					{Text: ".Session", Help: "the name of the sso-session"},
					{Text: "lower, upper", Help: "change the case"},
					{Text: "replace OLD NEW", Help: "put NEW in the place of each OLD"},
					{Text: "trimPrefix TEXT, trimSuffix TEXT", Help: "take TEXT away from the beginning or the end"},
					{Text: "slug", Help: "lower-case letters, digits and single hyphens"},
				},
			},
			{
				Title: "Output",
				Intro: "At a terminal a table of what changed; in a pipe the names of the profiles that are now in the file for " +
					"what was listed. With -o text the columns are PROFILE, ACCOUNT_ID, ROLE_NAME, REGION, SESSION, STATE and " +
					"ACCOUNT_NAME; with -o json the keys are Profile, AccountId, AccountName, AccountEmail, RoleName, Region, " +
					"Session, State and, of a renamed profile, Was, its old name. The state is one of:",
				Items: []cli.Value{
					{Text: "added, changed, renamed, removed, unchanged", Help: "what became of a generated profile"},
					{Text: "adopted", Help: "a profile of somebody else that --adopt made ours"},
					{Text: "foreign", Help: "no profile was made: another one has the name, or several would share it"},
					{Text: "generated", Help: "with --local: one that sso-profiles made; the others are foreign"},
					{Text: "unlisted", Help: "a generated profile whose assignment was not listed; it is kept"},
				},
			},
		},
		Environment: []cli.Value{
			{Text: "AWS_REGION, AWS_DEFAULT_REGION", Help: "The region of new profiles that --client-region gives none; without it that of [default], else the session's. One of another partition than the session's counts as none."},
		},
		Files: []cli.Value{
			{Text: "~/.aws/config.sso-profiles.bak", Help: "The config before its last change."},
		},
	}
}
