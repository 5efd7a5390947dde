package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/cli/grammar"
)

const (
	helpWidth  = 100 // wider lines are hard to read, on any screen
	helpNarrow = 60
	flagColumn = 34
)

// printHelp writes what --help shows: the purpose, examples, every flag, every
// exit status.
func printHelp(c *Console, p Program, g *grammar.Grammar) error {
	columns := helpWidth
	if w := c.Screen().Width; w > 0 {
		columns = max(min(w, helpWidth), helpNarrow)
	}
	h := &helpText{columns: columns}
	h.line(p.typed, " - ", p.Purpose)
	h.line()
	h.line("Usage: ", p.typed, " ", p.Usage)
	h.examples(p.examples())
	h.flags(p, g)
	for _, note := range p.Notes {
		h.line()
		for _, l := range wrap(note, columns) {
			h.line(l)
		}
	}
	h.statuses(p)
	_, err := io.WriteString(c.Out, h.b.String())
	return err
}

type helpText struct {
	b       strings.Builder
	columns int
}

// line writes a line of these parts, of which the last does not end in a blank.
func (h *helpText) line(parts ...string) {
	for _, p := range parts {
		h.b.WriteString(p)
	}
	h.b.WriteByte('\n')
}

func (h *helpText) examples(examples []Example) {
	h.line()
	h.line("Examples:")
	column := 0
	for _, e := range examples {
		if len(e.Line) < h.columns/2 {
			column = max(column, len(e.Line))
		}
	}
	for _, e := range examples {
		h.entry(e.Line, e.Does, column+4)
	}
}

func (h *helpText) flags(p Program, g *grammar.Grammar) {
	group := ""
	for _, f := range orderedFlags(g) {
		if of := groupOf(f); of != group {
			group = of
			h.line()
			h.line(group, ":")
		}
		help := p.flagHelp(f)
		if f.Variable != "" {
			help = strings.TrimSuffix(help, ".") + ". [$" + f.Variable + "]"
		}
		h.entry(flagText(f), help, flagColumn)
	}
}

// flagHelp returns the text of a flag, with what only the program knows.
func (p Program) flagHelp(f *grammar.Flag) string {
	if text := p.FlagTexts[f.Name]; text != "" {
		return text
	}
	if f.Name == "format" {
		return fmt.Sprintf("Write %s; without it %s.", strings.Join(p.Formats, ", "), p.unformatted())
	}
	return f.Help()
}

// flagPurpose returns the first sentence of a flag's text, without a full stop.
func (p Program) flagPurpose(f *grammar.Flag) string {
	first, _, _ := strings.Cut(p.flagHelp(f), ". ")
	first, _, _ = strings.Cut(first, "; ")
	return strings.TrimSuffix(first, ".")
}

// orderedFlags returns the visible flags, group by group in the order in which
// the groups first appear, the groups of this program before those that all
// share.
func orderedFlags(g *grammar.Grammar) []*grammar.Flag {
	var order []string
	byGroup := map[string][]*grammar.Flag{}
	for _, f := range g.Flags {
		if f.Hidden() {
			continue
		}
		group := groupOf(f)
		if byGroup[group] == nil {
			order = append(order, group)
		}
		byGroup[group] = append(byGroup[group], f)
	}
	var flags []*grammar.Flag
	shared := []string{"Output", "Network", "Help"}
	for _, group := range order {
		if !slices.Contains(shared, group) {
			flags = append(flags, byGroup[group]...)
		}
	}
	for _, group := range shared {
		flags = append(flags, byGroup[group]...)
	}
	return flags
}

func groupOf(f *grammar.Flag) string { return cmp.Or(f.Group(), "Flags") }

func flagText(f *grammar.Flag) string {
	text := "    --" + f.Name
	if f.Short != 0 {
		text = "-" + string(f.Short) + ", --" + f.Name
	}
	if !f.IsBool() {
		text += " " + f.PlaceHolder()
	}
	return text
}

func (h *helpText) statuses(p Program) {
	h.line()
	h.line("Exit status:")
	for _, s := range p.statuses() {
		h.entry(fmt.Sprintf("%3s", s.Text), s.Help, 7)
	}
}

// entry writes a term and, from a column on, its text.
func (h *helpText) entry(term, text string, column int) {
	const indent = "  "
	blanks := strings.Repeat(" ", column)
	before := indent + term
	if len(before)+2 > column {
		h.line(before) // too long to have anything beside it
		before = ""
	}
	for _, l := range wrap(text, h.columns-column) {
		h.line(before, blanks[len(before):], l)
		before = ""
	}
}

// wrap breaks a text into lines of at most width bytes, if no word is longer.
func wrap(text string, width int) []string {
	var lines []string
	var line []byte
	for word := range strings.FieldsSeq(text) {
		if len(line) > 0 && len(line)+1+len(word) > width {
			lines = append(lines, string(line))
			line = line[:0]
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		line = append(line, word...)
	}
	return append(lines, string(line))
}
