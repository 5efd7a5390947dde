package profiles

import (
	"strconv"
	"strings"

	"aws-sso-plugins/pkg/fault"
)

// Limit is how many of a session's generated profiles one run may remove: a
// number, or a percentage. The zero value is the default: 10%, but at least 3.
type Limit struct {
	count, percent int
	given          bool
}

// ParseLimit reads "N" or "N%". Anything else is a fault of kind Usage.
func ParseLimit(text string) (Limit, error) {
	number, isPercent := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || isPercent && n > 100 {
		return Limit{}, fault.Newf(fault.Usage, "--prune-limit must be a number such as 5, or a percentage such as 10%%, not %q", text)
	}
	if isPercent {
		return Limit{percent: n, given: true}, nil
	}
	return Limit{count: n, given: true}, nil
}

// of returns how many profiles may go of a session with that many generated ones.
func (l Limit) of(generated int) int {
	switch {
	case !l.given:
		return max(3, generated/10)
	case l.percent > 0:
		return generated * l.percent / 100
	default:
		return l.count
	}
}
