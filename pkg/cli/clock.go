package cli

import "time"

// Clock is a time as a person reads it where they are. It is turned into text
// only where it is shown, which is at a terminal: elsewhere the time zone need
// not be looked up.
type Clock struct{ time.Time }

// String is the hour and minute, with the date if that is half a day away.
func (c Clock) String() string {
	t := c.Local()
	if time.Until(t) < 12*time.Hour {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}
