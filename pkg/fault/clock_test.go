package fault_test

import (
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
)

func TestClock(t *testing.T) {
	now := time.Date(2026, 11, 27, 23, 30, 0, 0, time.Local)
	for away, want := range map[time.Duration]string{
		0:                 "23:30",
		time.Hour:         "00:30",
		-8 * time.Hour:    "15:30",
		12 * time.Hour:    "2026-11-28 11:30",
		-12 * time.Hour:   "2026-11-27 11:30",
		-100 * time.Hour:  "2026-11-23 19:30",
		2000 * time.Hour:  "2027-02-19 07:30",
		-11 * time.Minute: "23:19",
	} {
		if got := (fault.Clock{At: now.Add(away), Now: now}).String(); got != want {
			t.Errorf("%v: %q, want %q", away, got, want)
		}
	}
}
