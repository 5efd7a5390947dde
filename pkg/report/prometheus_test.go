package report_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/report"
)

func TestMetrics(t *testing.T) {
	metrics := []report.Metric{
		{Name: "none", Help: "Without samples there is no metric."},
		{Name: "plain", Help: "Back\\slash\nand line.", Samples: []report.Sample{{Value: 1.5}}},
		{Name: "labelled", Help: "H.", Samples: []report.Sample{
			{Labels: []report.Label{{Name: "a", Value: `say "hi" \o/`}, {Name: "b", Value: ""}}, Value: 0},
			{Labels: []report.Label{{Name: "a", Value: "line\nend\x1b\xff\u202e"}, {Name: "b", Value: "é"}}, Value: 1700000000.25},
		}},
	}
	want := `# HELP plain Back\\slash\\nand line.
# TYPE plain gauge
plain 1.5
# HELP labelled H.
# TYPE labelled gauge
labelled{a="say \"hi\" \\o/",b=""} 0
labelled{a="line\\nend\\x1b\\xff\\u202e",b="é"} 1700000000.25
`
	var out strings.Builder
	if err := report.WriteMetrics(&out, metrics); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if err := report.WriteMetrics(brokenWriter{}, metrics); !errors.Is(err, errBroken) {
		t.Errorf("the error is %v", err)
	}
}
