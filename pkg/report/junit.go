package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// JUnit is the XML in which CI systems read test results; see [Suite].
const JUnit Format = "junit"

// Suite is a report in JUnit XML: one testsuite element as Maven's Surefire
// writes it, which Jenkins, GitLab and the readers of other CI systems take.
type Suite struct {
	Name  string
	Time  time.Duration // of the whole run
	Cases []Case
}

// Case is one test case of a suite.
type Case struct {
	Class string // groups the cases; CI systems cut it at its last dot
	Name  string
	Time  time.Duration

	// Failure is the type of the failure; empty: there is none.
	Failure string
	// Skipped says that the case was not run.
	Skipped bool
	// Message says why the case failed or was skipped, Detail what else is
	// known of a failure. Each entry of Detail stays a line.
	Message string
	Detail  []string
}

type xmlSuite struct {
	XMLName  xml.Name  `xml:"testsuite"`
	Name     string    `xml:"name,attr"`
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Errors   int       `xml:"errors,attr"`
	Skipped  int       `xml:"skipped,attr"`
	Time     string    `xml:"time,attr"`
	Cases    []xmlCase `xml:"testcase"`
}

type xmlCase struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Time    string      `xml:"time,attr"`
	Failure *xmlOutcome `xml:"failure"`
	Skipped *xmlOutcome `xml:"skipped"`
}

type xmlOutcome struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the suite as a whole document. What XML cannot hold, and
// what a terminal would act on, is made visible.
func WriteJUnit(out io.Writer, s Suite) error {
	x := xmlSuite{Name: Visible(s.Name), Tests: len(s.Cases), Time: seconds(s.Time), Cases: make([]xmlCase, len(s.Cases))}
	for i, c := range s.Cases {
		x.Cases[i] = c.xml()
		switch {
		case c.Failure != "":
			x.Failures++
		case c.Skipped:
			x.Skipped++
		}
	}
	buffered := bufio.NewWriter(out)
	if _, err := buffered.WriteString(xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(buffered)
	enc.Indent("", "  ")
	if err := enc.Encode(x); err != nil {
		return err
	}
	if err := buffered.WriteByte('\n'); err != nil {
		return err
	}
	return buffered.Flush()
}

func (c Case) xml() xmlCase {
	x := xmlCase{Class: Visible(c.Class), Name: Visible(c.Name), Time: seconds(c.Time)}
	switch {
	case c.Failure != "":
		x.Failure = &xmlOutcome{Type: Visible(c.Failure), Message: Visible(c.Message)}
		for i, line := range c.Detail {
			if i > 0 {
				x.Failure.Text += "\n"
			}
			x.Failure.Text += Visible(line)
		}
	case c.Skipped:
		x.Skipped = &xmlOutcome{Message: Visible(c.Message)}
	}
	return x
}

// seconds formats a time as Surefire's schema wants it: three digits at most
// after the point, and no exponent.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
