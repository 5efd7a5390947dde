package main

import "aws-sso-plugins/pkg/cli"

func manual() cli.Manual {
	return cli.Manual{
		Description: []string{
			"Without SESSION the session is that of --profile, of AWS_PROFILE or of [default], each itself or by its source_profile, " +
				"else the only one in the config. If there are several, a person at a terminal can choose one; if there are none, a few " +
				"questions define the first.",
			"The browser comes back to a port of this machine (authorization code with PKCE). Where no browser can open here, " +
				"as over SSH, in a container or without a display, a code is shown to type in a browser anywhere. Approve only a " +
				"code of a login that you started yourself. Without a terminal no code is shown unless --use-device-code is given: the " +
				"exit status is 3 at once, so that no cron job waits for a person.",
			"Many runs at once make one login and open one browser tab. The others say so, wait, and share its outcome; they end " +
				"when it can no longer succeed. Several sessions are done one after the other; one that fails does not stop the rest.",
			"The token is what the AWS CLI and every SDK look for. No format prints it, and -v never logs it.",
			"--logout ends the session at the portal and removes the local files even where the portal cannot be reached. " +
				"Role credentials that were issued before stay valid until they expire.",
		},
		Lists: []cli.List{{
			Title: "Output",
			Intro: "In a pipe the names of the sessions with a valid token, a line each. With -o text the columns are SESSION, " +
				"STATUS, EXPIRES, REFRESHABLE, REGION and START URL; with -o json the keys are Session, StartUrl, Region, " +
				"ExpiresAt, Refreshable and Status, which is one of:",
			Items: []cli.Value{
				{Text: "valid", Help: "the token is good"},
				{Text: "refreshable", Help: "the token has expired, and can be refreshed without a browser"},
				{Text: "expired", Help: "the token has expired, and a login is needed"},
				{Text: "none", Help: "there was no login"},
				{Text: "invalid", Help: "its section of the config cannot be used"},
			},
		}},
		Environment: []cli.Value{
			{Text: "AWS_PROFILE, AWS_DEFAULT_PROFILE", Help: "The profile whose session is used where none is named."},
			{Text: "BROWSER", Help: "The command that opens a URL, several separated by colons; %s in it is replaced by the URL."},
			{Text: "DISPLAY, WAYLAND_DISPLAY, SSH_CONNECTION", Help: "They tell whether a browser can open here."},
		},
		Files: []cli.Value{
			{Text: "~/.aws/cli/cache", Help: "Role credentials that the AWS CLI keeps; --logout removes those of the session."},
		},
	}
}
