package main

import "aws-sso-plugins/pkg/cli"

func manual() cli.Manual {
	return cli.Manual{
		Description: []string{
			"At a terminal, with one profile, the link is printed and opened in the browser, if sso-login would open one. In a pipe, " +
				"with several profiles, and with -o text or json, links are only printed.",
			"A destination is a page of the AWS console: its URL, or the name of a service as the console's addresses have it, " +
				"such as s3, ec2 or cloudwatch, which stands for the page of that service in the profile's region. A URL must begin " +
				"with https:// and be on the console's own host, of the partition that the session is in, or a subdomain of it. " +
				"Anything else is refused: such a link would lead from the portal to another site.",
			"A profile without an account and a role of Identity Center, such as one with access keys or one that assumes a role, " +
				"has no link; it is named on standard error, and the exit status is 1.",
		},
		Lists: []cli.List{{
			Title: "Output",
			Intro: "A link for each profile, in the order asked for. With -o text the columns are PROFILE and URL; with -o json the " +
				"keys are Profile, AccountId, RoleName and Url.",
		}},
		Environment: []cli.Value{
			{Text: "AWS_PROFILE, SSO_PROFILE", Help: "The profile, where none is named."},
			{Text: "BROWSER", Help: "The command that opens the link."},
		},
	}
}
