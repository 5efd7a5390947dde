package main

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"aws-sso-plugins/pkg/probe"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
)

var columns = []report.Column{
	{Title: "PROFILE"},
	{Only: report.Table, Color: markColor},
	{Title: "STATUS", Color: statusColor, MinWidth: len(resolve.LoginRequired)},
	{Title: "ACCOUNT", DropOrder: 4},
	{Title: "ROLE", DropOrder: 3},
	{Title: "REGION", DropOrder: 2},
	{Title: "MS", Right: true, DropOrder: 1},
	{Title: "ARN OR REASON", Only: report.Text},
	{Title: "REASON", Only: report.Table, MinWidth: 24, Wraps: true},
}

func statusColor(status string) report.Color {
	switch resolve.Status(status) {
	case resolve.OK:
		return report.Green
	case resolve.Skipped:
		return report.Faint
	case resolve.LoginRequired, resolve.MFARequired, resolve.Throttled:
		return report.Yellow
	}
	return report.Red
}

// marks are the signs that stand beside the colours; Yellow is a profile for which
// something has to be done first.
var marks = [...]string{report.Green: "✓", report.Yellow: "!", report.Red: "✗", report.Faint: "-"}

func markColor(mark string) report.Color { return report.Color(max(slices.Index(marks[:], mark), 0)) }

// row is a result in a report. Its field names are the keys in JSON.
type row struct {
	Profile   string
	Status    resolve.Status
	AccountId string //nolint:revive // as AWS prints it
	RoleName  string
	Region    string
	LatencyMs *int64 // null where STS was not asked
	Arn       string
	UserId    string //nolint:revive // as AWS prints it
	Reason    string

	shown string // the reason in a table
}

// newRow returns the row of a result. In a table, for a person, home is ~.
func newRow(r probe.Result, home string) row {
	out := row{
		Profile: r.Profile, Status: r.Status, AccountId: r.AccountID, RoleName: r.RoleName, Region: r.Region,
		Arn: r.ARN, UserId: r.UserID, Reason: r.Reason,
	}
	out.shown = r.Reason
	if home != "" {
		separator := string(filepath.Separator)
		out.shown = strings.ReplaceAll(r.Reason, strings.TrimSuffix(home, separator)+separator, "~"+separator)
	}
	if r.Latency > 0 {
		ms := r.Latency.Round(time.Millisecond).Milliseconds()
		out.LatencyMs = &ms
	}
	return out
}

// Cells returns the values of the columns.
func (r row) Cells() []string {
	ms := ""
	if r.LatencyMs != nil {
		ms = strconv.FormatInt(*r.LatencyMs, 10)
	}
	return []string{
		r.Profile, marks[statusColor(string(r.Status))], string(r.Status), r.AccountId, r.RoleName, r.Region, ms,
		cmp.Or(r.Reason, r.Arn), r.shown,
	}
}
