package probe

import (
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/awsconfig"
)

// unit is one set of credentials. However many profiles need it, it is got
// once.
type unit struct {
	origin     origin
	profile    *awsconfig.Profile // the first one; the only one but for fromPortal
	at         where              // where the calls for it go
	assignment assignment         // for fromPortal
	source     *unit              // for fromRole

	users       atomic.Int32 // jobs and units that still need the credentials
	once        sync.Once
	credentials aws.Credentials
	err         error
}

// unitKey tells units apart.
type unitKey struct {
	origin        origin
	session       sessionKey // with account and role: an assignment
	account, role string
	profile       string // else: a profile
	at            where  // as far as it matters
}

// get asks for the credentials, or waits for whoever does.
func (u *unit) get(r *run) (aws.Credentials, error) {
	u.once.Do(func() {
		u.credentials, u.err = r.obtain(u)
		if u.source != nil {
			u.source.release()
		}
	})
	return u.credentials, u.err
}

// release says that one user has done with the credentials. After the last one
// they are forgotten: a run may need many thousands.
func (u *unit) release() {
	if u.users.Add(-1) == 0 {
		u.credentials = aws.Credentials{}
	}
}

// names is the account and the role that the credentials should be for; empty
// where the profile does not say.
func (u *unit) names() (account, role string) {
	if u.origin == fromPortal {
		return u.assignment.account, u.assignment.role
	}
	return namesIn(u.profile)
}
