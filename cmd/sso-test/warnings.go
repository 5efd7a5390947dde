package main

import "aws-sso-plugins/pkg/awsconfig"

// mostWarnings is how many warnings are shown without -v.
const mostWarnings = 10

// warn shows what AWS clients read each in another way in the profiles that are
// tested, a line each. It says nothing about a status.
func (t *test) warn(config *awsconfig.Config, profiles []string) {
	problems := config.Problems(profiles)
	for i, problem := range problems {
		if i == mostWarnings && !t.app.Verbose() {
			t.app.Note("%d more warnings about the config; to see them: -v", len(problems)-i)
			return
		}
		t.app.Note("warning: %s", problem)
	}
}
