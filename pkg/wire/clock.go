package wire

import (
	"fmt"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// MaxSkew is how far two clocks may be apart before anybody minds.
const MaxSkew = 2 * time.Minute

// WrongClock returns what a person should know about a clock that differs from
// AWS's. ahead is how far AWS is ahead of this machine, negative for behind.
func WrongClock(ahead time.Duration) *fault.Error {
	direction := "behind"
	if ahead < 0 {
		direction = "ahead of"
	}
	return fault.Newf(fault.Notice, "the clock of this machine is %s %s AWS", inWords(ahead.Abs()), direction).
		WithHint("set the clock")
}

// inWords returns a duration of minutes and more in words.
func inWords(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	switch hours := minutes / 60; {
	case hours == 0:
		return fmt.Sprintf("%d min", minutes)
	case minutes%60 == 0:
		return fmt.Sprintf("%d h", hours)
	default:
		return fmt.Sprintf("%d h %d min", hours, minutes%60)
	}
}
