package probe

import (
	"fmt"
	"strings"

	"aws-sso-plugins/pkg/resolve"
)

// Tally counts results. Its zero value is ready.
type Tally struct {
	// Named says that the profiles were asked for by name. A named one that is
	// skipped was not checked, and that is no success.
	Named bool

	counts map[resolve.Status]int
	outage int // failures that are the service's or the network's as a whole
}

// Add counts one result.
func (t *Tally) Add(r Result) {
	if t.counts == nil {
		t.counts = map[resolve.Status]int{}
	}
	t.counts[r.Status]++
	switch r.Status {
	case resolve.Throttled, resolve.Timeout, resolve.Unreachable:
		t.outage++
	case resolve.Failed:
		if resolve.Outage(r.Err) {
			t.outage++
		}
	}
}

// Count returns the number of results of a status.
func (t *Tally) Count(s resolve.Status) int { return t.counts[s] }

// Done returns the number of all results.
func (t *Tally) Done() int {
	n := 0
	for _, count := range t.counts {
		n += count
	}
	return n
}

// Summary returns the counts in words, "880 ok, 3 access-denied", of total profiles
// that were asked for.
func (t *Tally) Summary(total int) string {
	var parts []string
	for _, s := range Statuses() {
		if n := t.counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if missing := total - t.Done(); missing > 0 {
		parts = append(parts, fmt.Sprintf("%d not checked", missing))
	}
	return strings.Join(parts, ", ")
}

// Verdict is what the results come to.
type Verdict uint8

// The verdicts.
const (
	Healthy     Verdict = iota // nothing failed
	Unhealthy                  // something failed: a profile, or things of several kinds
	LoginNeeded                // a login is all that is missing
	Outage                     // nothing could be checked: the service or the network failed as a whole
)

// Verdict sums up.
func (t *Tally) Verdict() Verdict {
	failed := 0
	for s, n := range t.counts {
		if !s.Healthy() {
			failed += n
		}
	}
	skipped := t.Named && t.counts[resolve.Skipped] > 0
	switch {
	case failed == 0 && !skipped:
		return Healthy
	case skipped:
		return Unhealthy
	case failed == t.counts[resolve.LoginRequired]:
		return LoginNeeded
	case failed == t.outage && t.counts[resolve.OK] == 0:
		return Outage
	}
	return Unhealthy
}
