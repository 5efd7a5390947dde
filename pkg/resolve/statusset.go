package resolve

import (
	"slices"
	"strings"

	"aws-sso-plugins/pkg/fault"
)

// StatusSet is a choice of statuses; nil is all of them.
type StatusSet map[Status]bool

// Has reports whether the status is among those chosen.
func (s StatusSet) Has(status Status) bool { return s == nil || s[status] }

// FailedWord stands in a list of statuses for all that are failures.
const FailedWord = "failed"

// ParseStatuses reads a list of statuses separated by commas. It may hold those
// that are known, and [FailedWord], which stands for those of them that failed
// returns true for. The empty list is all. An unknown word is a fault of kind
// Usage.
func ParseStatuses(list string, known []Status, failed func(Status) bool) (StatusSet, error) {
	if list == "" {
		return nil, nil
	}
	chosen := StatusSet{}
	for word := range strings.SplitSeq(list, ",") {
		status := Status(strings.TrimSpace(word))
		switch {
		case status == FailedWord:
			for _, s := range known {
				if failed(s) {
					chosen[s] = true
				}
			}
		case slices.Contains(known, status):
			chosen[status] = true
		default:
			words := []string{FailedWord}
			for _, s := range known {
				words = append(words, string(s))
			}
			return nil, fault.UnknownWord("status", string(status), "--status takes", words)
		}
	}
	return chosen, nil
}
