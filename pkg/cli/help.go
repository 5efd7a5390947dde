package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

const (
	helpWidth  = 100 // wider lines are hard to read, on any screen
	helpNarrow = 60
	flagColumn = 34
)

// printHelp writes what --help shows: the purpose, examples, every flag, every
// exit status.
func printHelp(c *Console, p Program, model *kong.Application) error {
	columns := helpWidth
	if w := c.Screen().Width; w > 0 {
		columns = max(min(w, helpWidth), helpNarrow)
	}
	h := &helpText{columns: columns}
	h.line("%s - %s", p.typed, p.Purpose)
	h.line("")
	h.line("Usage: %s %s", p.typed, p.Usage)
	h.examples(p.examples())
	h.flags(model)
	for _, note := range p.Notes {
		h.line("")
		h.paragraph(note, "")
	}
	h.statuses(p)
	_, err := fmt.Fprint(c.Out, h.b.String())
	if err != nil {
		return err
	}
	return finished{}
}

type helpText struct {
	b       strings.Builder
	columns int
}

func (h *helpText) line(format string, args ...any) {
	h.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (h *helpText) examples(examples []Example) {
	h.line("")
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

func (h *helpText) flags(model *kong.Application) {
	group := ""
	for _, f := range orderedFlags(model) {
		if g := groupOf(f); g != group {
			group = g
			h.line("")
			h.line("%s:", group)
		}
		help := f.Help
		if len(f.Envs) > 0 {
			help = strings.TrimSuffix(help, ".") + ". [$" + strings.Join(f.Envs, ", $") + "]"
		}
		h.entry(flagText(f), help, flagColumn)
	}
}

// flagPurpose returns the first sentence of a flag's help, without a full stop.
func flagPurpose(f *kong.Flag) string {
	first, _, _ := strings.Cut(f.Help, ". ")
	first, _, _ = strings.Cut(first, "; ")
	return strings.TrimSuffix(first, ".")
}

// orderedFlags returns the visible flags, group by group in the order in which
// the groups first appear, the groups of this program before those that all
// share.
func orderedFlags(model *kong.Application) []*kong.Flag {
	var order []string
	byGroup := map[string][]*kong.Flag{}
	for _, f := range model.Flags {
		if f.Hidden {
			continue
		}
		g := groupOf(f)
		if byGroup[g] == nil {
			order = append(order, g)
		}
		byGroup[g] = append(byGroup[g], f)
	}
	var flags []*kong.Flag
	shared := []string{"Output", "Network", "Help"}
	for _, g := range order {
		if !slices.Contains(shared, g) {
			flags = append(flags, byGroup[g]...)
		}
	}
	for _, g := range shared {
		flags = append(flags, byGroup[g]...)
	}
	return flags
}

func groupOf(f *kong.Flag) string {
	if f.Group != nil {
		return f.Group.Key
	}
	if f.Name == "help" {
		return "Help"
	}
	return "Flags"
}

func flagText(f *kong.Flag) string {
	text := "    --" + f.Name
	if f.Short != 0 {
		text = "-" + string(f.Short) + ", --" + f.Name
	}
	if !f.IsBool() {
		text += " " + f.FormatPlaceHolder()
	}
	return text
}

func (h *helpText) statuses(p Program) {
	h.line("")
	h.line("Exit status:")
	for _, s := range p.statuses() {
		h.entry(fmt.Sprintf("%3s", s.Text), s.Help, 7)
	}
}

// entry writes a term and, from a column on, its text.
func (h *helpText) entry(term, text string, column int) {
	if len(term)+4 > column {
		// too long to have anything beside it
		h.line("  %s", term)
		term = ""
	}
	first := fmt.Sprintf("  %-*s", column-2, term)
	for i, l := range wrap(text, h.columns-column) {
		if i > 0 {
			first = strings.Repeat(" ", column)
		}
		h.line("%s%s", first, l)
	}
}

func (h *helpText) paragraph(text, indent string) {
	for _, l := range wrap(text, h.columns-len(indent)) {
		h.line("%s%s", indent, l)
	}
}

func wrap(text string, width int) []string {
	var lines []string
	current := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case current == "":
			current = word
		case len(current)+1+len(word) <= width:
			current += " " + word
		default:
			lines = append(lines, current)
			current = word
		}
	}
	return append(lines, current)
}
