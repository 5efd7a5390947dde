package main

import (
	"time"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/probe"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
)

// output takes the results that are to be shown, and ends the report.
type output interface {
	add(probe.Result) error
	close() error
}

func newOutput(app *cli.App, format report.Format, tally *probe.Tally) output {
	switch format {
	case report.JUnit:
		return &suite{app: app, start: time.Now()}
	case report.Prometheus:
		return &metrics{app: app, tally: tally, start: time.Now()}
	default:
		home, _ := app.Environment().Home()
		return rows{report.NewWriter(app.Out, format, columns, app.Screen()), home}
	}
}

// rows is one record a profile.
type rows struct {
	*report.Writer
	home string
}

func (r rows) add(result probe.Result) error { return r.Add(newRow(result, r.home)) }
func (r rows) close() error                  { return r.Close() }

// suite is one test case a profile.
type suite struct {
	app   *cli.App
	start time.Time
	cases []report.Case
}

func (s *suite) add(r probe.Result) error {
	c := report.Case{Class: "sso-test", Name: r.Profile, Time: r.Latency, Skipped: r.Status == resolve.Skipped, Message: r.Reason}
	if r.Session != "" {
		c.Class += "." + r.Session
	}
	if !r.Status.Healthy() {
		c.Failure = string(r.Status)
		c.Detail = details(r)
	}
	s.cases = append(s.cases, c)
	return nil
}

func (s *suite) close() error {
	return report.WriteJUnit(s.app.Out, report.Suite{Name: "sso-test", Time: time.Since(s.start), Cases: s.cases})
}

// details returns the fields of a failed result, a line each.
func details(r probe.Result) []string {
	lines := []string{r.Reason}
	for _, field := range []struct{ name, value string }{
		{"account", r.AccountID}, {"role", r.RoleName}, {"region", r.Region}, {"arn", r.ARN},
	} {
		if field.value != "" {
			lines = append(lines, field.name+": "+field.value)
		}
	}
	return lines
}

// metrics are two samples a profile and some of the run.
type metrics struct {
	app         *cli.App
	tally       *probe.Tally
	start       time.Time
	up, latency []report.Sample
}

func (m *metrics) add(r probe.Result) error {
	labels := []report.Label{{Name: "profile", Value: r.Profile}, {Name: "account", Value: r.AccountID}, {Name: "role", Value: r.RoleName}}
	if r.Status.Asked() {
		up := report.Sample{Labels: labels}
		if r.Status == resolve.OK {
			up.Value = 1
		}
		m.up = append(m.up, up)
	}
	if r.Latency > 0 {
		m.latency = append(m.latency, report.Sample{Labels: labels, Value: r.Latency.Seconds()})
	}
	return nil
}

func (m *metrics) close() error {
	var counts []report.Sample
	for _, s := range probe.Statuses() {
		counts = append(counts, report.Sample{
			Labels: []report.Label{{Name: "status", Value: string(s)}}, Value: float64(m.tally.Count(s)),
		})
	}
	now := time.Now()
	return report.WriteMetrics(m.app.Out, []report.Metric{
		{Name: "sso_test_profile_up", Help: "Whether the profile works, for profiles that were really asked about.", Samples: m.up},
		{Name: "sso_test_profile_latency_seconds", Help: "How long STS GetCallerIdentity took.", Samples: m.latency},
		{Name: "sso_test_profiles", Help: "Profiles by status.", Samples: counts},
		{Name: "sso_test_duration_seconds", Help: "How long the run took.", Samples: single(now.Sub(m.start).Seconds())},
		{Name: "sso_test_last_run_timestamp_seconds", Help: "When the run ended.", Samples: single(float64(now.UnixMilli()) / 1000)},
	})
}

func single(value float64) []report.Sample { return []report.Sample{{Value: value}} }
