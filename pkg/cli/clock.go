package cli

import "time"

// Clock shows a time in the local zone. It is converted only when it is shown,
// at a terminal: elsewhere the time zone need not be looked up.
type Clock struct{ time.Time }

// String returns the hour and minute, with the date if the time is half a day
// away or more.
func (c Clock) String() string {
	t := c.Local()
	if time.Until(t) < 12*time.Hour {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}
