package tokencache

import (
	"strings"
	"time"
)

// written form: the only one that every client reads. The Go SDK wants RFC
// 3339, Java before JDK 12 a Z, and the AWS CLI writes no fractions.
const timeForm = "2006-01-02T15:04:05Z"

func formatTime(t time.Time) string { return t.UTC().Format(timeForm) }

// storable reports whether a time has the four digits of a year that the form has.
func storable(t time.Time) bool {
	year := t.UTC().Year()
	return !t.IsZero() && year >= 1970 && year <= 9999
}

// zones are the ends of the times that are around: of everybody today, of the
// AWS CLI before 2020, of hand-made ones. Fractions of a second need no form
// of their own, Go reads them everywhere.
var zones = []string{"Z07:00", "UTC", "GMT", "Z0700", "Z07", " UTC", " Z07:00"}

// ParseTime reads a time as the cache files and the output of a
// credential_process have it: RFC 3339, with the deviations that botocore reads
// too (a blank for the T, +0000, UTC). It is zero for anything else, also for a
// time without a zone: the AWS CLI refuses that, and every guess is wrong by
// hours for somebody.
func ParseTime(s string) time.Time {
	s = strings.ToUpper(strings.TrimSpace(s))
	for _, day := range []string{"2006-01-02T", "2006-01-02 "} {
		for _, zone := range zones {
			if t, err := time.Parse(day+"15:04:05"+zone, s); err == nil {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}

// portable reports whether every client reads the time as it stands.
func portable(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	return err == nil && strings.HasSuffix(s, "Z")
}
