package fault

import "time"

// Clock is a time as messages show it. It is converted to the local zone only
// when it is shown: where nobody reads it the zone need not be looked up.
type Clock struct {
	At  time.Time
	Now time.Time
}

// String returns the hour and minute of At, with the date if Now is half a day
// away or more.
func (c Clock) String() string {
	at := c.At.Local()
	if c.At.Sub(c.Now).Abs() < 12*time.Hour {
		return at.Format("15:04")
	}
	return at.Format("2006-01-02 15:04")
}
