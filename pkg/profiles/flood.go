package profiles

import (
	"fmt"
	"strings"

	"aws-sso-plugins/pkg/fault"
)

// maxAlike is how many problems of one class are told one by one, and maxListed
// how many assignments one problem names.
const (
	maxAlike  = 5
	maxListed = 5
)

// class is what problems have in common that may come in hundreds: the sentence
// that sums them up.
type class string

// The classes of problems.
const (
	single         class = "" // comes once
	namesShared    class = "%d names would each be shared by several assignments, which were skipped; for example"
	namesHeld      class = "%d profiles were not made or renamed, since other profiles have their names; for example"
	namesCovered   class = "%d profiles have other credentials; for example"
	profilesPinned class = "%d profiles were not renamed or removed; for example"
	writesRefused  class = "%d profiles could not be written; for example"
	sameRole       class = "%d profiles were not adopted, since others are for the same roles; for example"
	unusable       class = "%d profiles were not adopted, since no client could use them; for example"
	keysUnset      class = "%d keys were not set; for example"
)

type problem struct {
	class class
	err   *fault.Error
}

// gather returns the problems in their order. Of a class with more than maxAlike
// of them the first stands for all, with the last hint that one has; details are
// the others.
func gather(problems []problem) (told []error, details []string) {
	count := map[class]int{}
	hint := map[class]string{}
	for _, p := range problems {
		count[p.class]++
		if p.err.Hint != "" {
			hint[p.class] = p.err.Hint
		}
	}
	seen := map[class]bool{}
	for _, p := range problems {
		switch n := count[p.class]; {
		case p.class == single || n <= maxAlike:
			told = append(told, p.err)
		case seen[p.class]:
			details = append(details, p.err.Error())
		default:
			seen[p.class] = true
			summary := fault.New(p.err.Kind, fmt.Sprintf(string(p.class), n), p.err.Error()+" (-v shows all)")
			summary.Hint = hint[p.class]
			told = append(told, summary)
		}
	}
	return told, details
}

// list names assignments, the first few of them if they are many: then all of
// them are a detail, after what.
func (p *planner) list(what string, wants []*want) string {
	texts := make([]string, len(wants))
	for i, w := range wants {
		texts[i] = p.describe(w)
	}
	if len(texts) <= maxListed {
		return strings.Join(texts, ", ")
	}
	p.plan.Details = append(p.plan.Details, what+": "+strings.Join(texts, ", "))
	return fmt.Sprintf("%s and %d more", strings.Join(texts[:maxListed], ", "), len(texts)-maxListed)
}
