package resolve

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/wire"
)

// Target is one profile, or one assignment without a profile, that credentials
// are wanted for. Its methods are safe for concurrent use.
type Target struct {
	Index   int            // among the names of the plan
	Profile string         // empty for an assignment without a profile
	Session portal.Session // that the target reaches; zero: none. Where Err is set only its Label counts
	Region  string         // where STS is asked for it; empty if that is not known

	// AccountID and RoleName are what the credentials should be for, as the
	// profile says; empty where it does not.
	AccountID, RoleName string

	// Err is why the target can have no credentials; nil if they can be asked
	// for. [StatusOf] tells its status, its text is the reason.
	Err error

	plan    *Plan
	profile *awsconfig.Profile // nil for an assignment without one
	set     *credentialSet
	sts     stsAt
}

// Credentials returns the target's credentials. Targets that share them wait
// for one call. An error has a status, see [StatusOf], and its text is a reason
// that a person can act on, with the line of the profile where there is one to
// mend.
func (t *Target) Credentials(ctx context.Context) (aws.Credentials, error) {
	if t.Err != nil {
		return aws.Credentials{}, t.Err
	}
	credentials, err := t.set.get(ctx, t.plan)
	return credentials, t.Explain(err, "")
}

// Release says that the target needs its credentials no more. When the last
// target that shares them has said so they are forgotten: a run may need many
// thousands. A target that asks again after that gets them fetched anew.
func (t *Target) Release() {
	if t.set != nil {
		t.set.release()
	}
}

// FromIdentityCenter reports whether the credentials are those of an
// assignment, and not of a role, keys or a process.
func (t *Target) FromIdentityCenter() bool { return t.set != nil && t.set.origin == fromPortal }

// Call is what [Target.CallKey] returns. Targets with the same Call ask the
// same STS with the same credentials, so one answer serves all of them.
type Call struct {
	set *credentialSet
	sts stsAt
}

// CallKey tells which targets can share an answer of STS. Targets with an Err
// have no key of use.
func (t *Target) CallKey() Call { return Call{t.set, t.sts} }

// STSFault returns the fault of a failed call with the target's credentials to the
// target's STS, for [Target.Explain]; nil for nil. Its status is [STSDenied] where
// STS refused: no login at the portal mends that.
func (t *Target) STSFault(err error) error {
	err = stsFault(err, "STS in %s", t.sts.region)
	if t.set.origin == fromPortal {
		return t.set.assignment.regionFault(err, t.sts.region)
	}
	if wire.Code(err) == "RegionDisabledException" {
		return &regionError{err}
	}
	return err
}

// STS returns the client for the STS that is asked for the target. Targets that
// ask the same STS share it.
func (t *Target) STS() (*STS, error) { return t.plan.sts(t.sts, t.profile) }

// Explain adds to an error the place in the config that is to blame for it,
// where there is one that its text does not name yet. key is the key of the
// profile to look at; empty: the one that the credentials come from. The place
// that another target's error had is replaced. nil stays nil.
func (t *Target) Explain(err error, key string) error {
	if shared, ok := err.(*located); ok { //nolint:errorlint // only the outermost place is another target's
		err = shared.err
	}
	var (
		settled *located
		region  *regionError
	)
	if err == nil || t.profile == nil || !isOfProfile(err) {
		return err
	}
	if errors.As(err, &settled) { // the text of err may have lost it
		return &located{err: err, place: settled.place}
	}
	if errors.As(err, &region) {
		return &located{err: err, place: t.plan.whereRegion(t)}
	}
	if key == "" {
		key = t.set.origin.mainKey()
	}
	if _, line := t.profile.Pos(key); key == "" || line == 0 {
		return err
	}
	return &located{err: err, place: key + ", " + place(t.profile, key)}
}
