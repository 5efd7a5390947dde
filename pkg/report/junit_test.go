package report_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/report"
)

// junitXML is how a CI system reads the document.
type junitXML struct {
	XMLName xml.Name `xml:"testsuite"`
	Tests   int      `xml:"tests,attr"`
	Cases   []struct {
		Name string `xml:"name,attr"`
	} `xml:"testcase"`
}

func TestJUnit(t *testing.T) {
	tests := map[string]struct {
		suite report.Suite
		want  string
	}{
		"nothing": {
			report.Suite{Name: "s"},
			`<testsuite name="s" tests="0" failures="0" errors="0" skipped="0" time="0.000"></testsuite>`,
		},
		"one of each": {
			report.Suite{Name: "s", Time: 1234567 * time.Microsecond, Cases: []report.Case{
				{Class: "c", Name: "good", Time: 1500 * time.Microsecond},
				{Class: "c", Name: "bad", Failure: "access-denied", Message: "no", Detail: []string{"no", "role: R"}},
				{Class: "c", Name: "left", Skipped: true, Message: "why"},
			}},
			`<testsuite name="s" tests="3" failures="1" errors="0" skipped="1" time="1.235">
  <testcase classname="c" name="good" time="0.002"></testcase>
  <testcase classname="c" name="bad" time="0.000">
    <failure type="access-denied" message="no">no&#xA;role: R</failure>
  </testcase>
  <testcase classname="c" name="left" time="0.000">
    <skipped message="why"></skipped>
  </testcase>
</testsuite>`,
		},
		"markup and controls": {
			report.Suite{Name: "s", Cases: []report.Case{
				{Class: "a\x00b", Name: "]]><x a=\"1\">\x1b[2J\u202e\xff\ufffe", Failure: "f\n", Message: "<&>\r\n", Detail: []string{"\x07", "\U000e0041"}},
			}},
			`<testsuite name="s" tests="1" failures="1" errors="0" skipped="0" time="0.000">
  <testcase classname="a\x00b" name="]]&gt;&lt;x a=&#34;1&#34;&gt;\x1b[2J\u202e\xff\ufffe" time="0.000">
    <failure type="f\n" message="&lt;&amp;&gt;\r\n">\x07&#xA;\U000e0041</failure>
  </testcase>
</testsuite>`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := report.WriteJUnit(&out, tt.suite); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(xml.Header+tt.want+"\n", out.String()); diff != "" {
				t.Error(diff)
			}
			var read junitXML
			if err := xml.Unmarshal([]byte(out.String()), &read); err != nil {
				t.Fatal(err)
			}
			if n := len(tt.suite.Cases); read.Tests != n || len(read.Cases) != n {
				t.Errorf("a reader finds %d test cases, and a count of %d", len(read.Cases), read.Tests)
			}
		})
	}
}

func TestJUnitTellsWhatTheOutputSays(t *testing.T) {
	if err := report.WriteJUnit(brokenWriter{}, report.Suite{}); !errors.Is(err, errBroken) {
		t.Errorf("the error is %v", err)
	}
}
