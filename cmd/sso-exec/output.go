package main

import (
	"io"
	"strings"
	"unicode/utf8"

	"aws-sso-plugins/pkg/fanout"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
)

// row is what came of one target.
type row struct {
	target *resolve.Target
	to     resolve.Handover
	result fanout.Result
	status resolve.Status
	reason string
}

// output writes rows, or output as it comes.
type output interface {
	row(row) error
	lines(t *resolve.Target, stream fanout.Stream, lines io.Reader) error
	close() error
}

func newOutput(m *many) output {
	switch m.format {
	case report.Text, raw:
		return newText(m)
	default:
		return &objects{report.NewWriter(m.app.Out, m.format, nil, report.Screen{}), m.format}
	}
}

// text is the lines of each target after its name, or with raw the bytes alone.
type text struct {
	streams [2]stream
	live    bool
	// Of the target whose row comes next, by stream; nil: it has printed nothing.
	writers [2]*report.LineWriter
}

// stream is where the lines of a standard stream go.
type stream struct {
	io.Writer
	raw      bool
	terminal bool // a person reads it
	prefix   func(name string) string
}

func newText(m *many) *text {
	width := 0
	for _, t := range m.targets {
		width = max(width, utf8.RuneCountInString(report.Visible(label(t))))
	}
	width = min(width, widestName)
	t := &text{live: m.live}
	for s := range t.streams {
		to := stream{Writer: m.app.Out, raw: m.format == raw, terminal: m.app.OutTerminal}
		color, screen := report.Green, m.app.Screen()
		if fanout.Stream(s) == fanout.Stderr {
			to.Writer, to.terminal = m.app.Err(), m.app.ErrTerminal
			color, screen = report.Yellow, m.app.ErrScreen()
		}
		to.prefix = func(name string) string {
			name = report.Visible(name)
			if !to.terminal {
				return name + "\t"
			}
			padding := strings.Repeat(" ", max(width-utf8.RuneCountInString(name), 0))
			return report.Paint(name, color, screen.Color) + padding + "  "
		}
		t.streams[s] = to
	}
	return t
}

// widestName is to how many columns names are padded on a terminal.
const widestName = 40

func (t *text) row(r row) error {
	for s, o := range r.result.Output {
		var err error
		if o.Size() > 0 {
			err = t.lines(r.target, fanout.Stream(s), o.Reader())
		}
		if err == nil {
			err = t.end(fanout.Stream(s))
		}
		if err != nil && fanout.Stream(s) == fanout.Stdout { // standard error has nobody to be told
			return err
		}
	}
	return nil
}

func (t *text) lines(target *resolve.Target, s fanout.Stream, lines io.Reader) error {
	to := t.streams[s]
	switch prefix := to.prefix(label(target)); {
	case to.raw:
		_, err := io.Copy(to, lines)
		return err
	case t.live: // what comes next is another target's
		return report.Lines(to, prefix, lines, to.terminal)
	case t.writers[s] == nil:
		t.writers[s] = report.NewLineWriter(to, prefix, to.terminal)
	}
	_, err := t.writers[s].ReadFrom(lines)
	return err
}

// end ends the lines of a target.
func (t *text) end(s fanout.Stream) error {
	w := t.writers[s]
	if w == nil {
		return nil
	}
	t.writers[s] = nil
	return w.End()
}

func (t *text) close() error { return nil }

// objects is an object for each target, or its name.
type objects struct {
	*report.Writer
	format report.Format
}

func (o *objects) row(r row) error {
	if o.format == report.Name {
		return o.Add(name(r.target.Profile))
	}
	account, role := r.to.AccountID, r.to.RoleName
	fields := []report.Field{
		{Key: "Profile", Value: r.target.Profile},
		{Key: "AccountId", Value: account},
		{Key: "RoleName", Value: role},
		{Key: "Region", Value: r.to.Region},
		{Key: "Status", Value: r.status},
		{Key: "ExitCode", Value: exitCode(r.result)},
		{Key: "DurationMs", Value: duration(r.result)},
		{Key: "Stdout", Open: r.result.Output[fanout.Stdout].Reader},
		{Key: "Stderr", Open: r.result.Output[fanout.Stderr].Reader},
		{Key: "Reason", Value: r.reason},
	}
	return o.AddFields(fields)
}

func (o *objects) lines(*resolve.Target, fanout.Stream, io.Reader) error { return nil }
func (o *objects) close() error                                          { return o.Close() }

// duration returns how long the command ran, in milliseconds; nil: it did not
// run.
func duration(r fanout.Result) *int64 {
	if r.State == fanout.NotStarted {
		return nil
	}
	ms := r.Duration.Milliseconds()
	return &ms
}

// name is a record of which only the name is wanted.
type name string

// Cells returns the name.
func (n name) Cells() []string { return []string{string(n)} }
