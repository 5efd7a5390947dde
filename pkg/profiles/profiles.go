// Package profiles keeps the profiles of ~/.aws/config in step with what a
// person may assume in IAM Identity Center.
//
// A generated profile carries a mark and is found again by its identity:
// session, account and role. [newPlan] compares the assignments of one or more
// sessions with a config and plans what to do; it changes nothing and needs no
// network. [Sync] lists, then locks, re-reads, plans and writes, so that the
// lock is never held over the network and no edit made meanwhile is lost.
//
// Only marked profiles of the sessions of a run are ever changed or removed.
package profiles

import (
	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/portal"
)

const (
	markKey = "managed_by"
	mark    = "sso-profiles"
)

// Input is a session with what the portal listed for it.
type Input struct {
	Session portal.Session
	Listing *portal.Listing
}

// Options are what a run was asked for. An option that is not given changes no
// existing profile; defaults are for new profiles only.
type Options struct {
	Template *Template // nil: not given
	Filter   Filter
	Regions  RegionRules
	// Region is that of new profiles which no rule gives one; without it that
	// of the [default] profile is taken, then the session's own.
	Region     string
	Settings   Settings
	Prune      bool
	PruneLimit Limit
	Overwrite  bool

	// Adopt makes profiles ours that somebody else wrote, and does nothing else: of
	// the other options only Filter counts. Named says that a person named the
	// sessions: then an adoption does not report profiles of other portals.
	Adopt, Named bool
}

// appendKeys appends the keys of a new profile, in their order.
func appendKeys(keys []awsconfig.KeyValue, r Row, settings []awsconfig.KeyValue) []awsconfig.KeyValue {
	keys = append(keys,
		awsconfig.KeyValue{Key: "sso_session", Value: r.Session},
		awsconfig.KeyValue{Key: "sso_account_id", Value: r.Assignment.ID},
		awsconfig.KeyValue{Key: "sso_role_name", Value: r.Assignment.Role})
	if r.Region != "" {
		keys = append(keys, awsconfig.KeyValue{Key: "region", Value: r.Region})
	}
	for _, kv := range settings {
		if kv.Value != "" {
			keys = append(keys, kv)
		}
	}
	return append(keys, awsconfig.KeyValue{Key: markKey, Value: mark})
}
