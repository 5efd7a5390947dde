//go:build conformance

package conformance

import "fmt"

// direction is a column of the table in docs/conformance.md: one way in which the suite and
// a client work on the same files, and a test of it.
type direction struct {
	name  string // the column
	means string // what yes means
}

var (
	answering = direction{"profiles", "it answers for profiles that `sso-profiles` made, whose names hold every character " +
		"that is allowed, with the token of `sso-login` and without a login of its own"}
	refreshing = direction{"refresh", "it refreshes a token that `sso-login` got, and the suite uses what it wrote"}
	legacy     = direction{"legacy", "it answers for hand-written profiles with an `sso_start_url`, logged in by " +
		"`sso-login --profile`"}
	judging = direction{"verdict", fmt.Sprintf("for how many of %d kinds of profile, right and wrong, it agrees with "+
		"`sso-test`: where `sso-test` says ok it has the same identity, and elsewhere it fails; where clients differ, "+
		"`sso-test` follows the newer AWS CLI", len(kinds))}
	serving = direction{"keys", "it gets the keys of a role from `sso-creds`: as a `credential_process`, without any key of " +
		"Identity Center in the profile, and from a section that `--write` made"}
	theirLogin = direction{"its login", "after `aws sso login`, `sso-login` finds the token valid and `sso-test` passes"}
	editing    = direction{"config", "`aws configure set`, `aws configure sso` where it has that, and `sso-profiles` edit " +
		"one config in turns, and nothing is lost"}
	listing = direction{"listing", "`aws configure list-profiles` finds the profiles that the suite finds, and both refuse " +
		"the same files"}
	leaving = direction{"logout", "`aws sso logout` and `sso-login --logout` leave the other's logins alone"}
	hosting = direction{"host", "it runs the programs as commands of its own, `aws sso-login` or `kubectl sso-login`, and " +
		"every flag arrives"}
)

// directions are the columns of the table, in order.
var directions = []direction{answering, refreshing, legacy, judging, serving, theirLogin, editing, listing, leaving, hosting}
