package report

import (
	"io"
	"slices"
	"strings"
)

// Color is the colour of a table cell.
type Color uint8

// The colours. None of them is the only sign of anything.
const (
	Plain Color = iota
	Green
	Yellow
	Red
	Faint
)

var colorCodes = [...]string{Green: "32", Yellow: "33", Red: "31", Faint: "2"}

// Paint returns s in the colour, if colours may be used.
func Paint(s string, c Color, enabled bool) string {
	if !enabled || c == Plain || s == "" {
		return s
	}
	return "\x1b[" + colorCodes[c] + "m" + s + "\x1b[0m"
}

const (
	gap = "  "
	// minWidth is the MinWidth of a column that names none.
	minWidth = 12
)

// writeTable aligns the columns. Where the screen is too narrow, columns are left
// out in their DropOrder and the others cut until the lines fit.
func writeTable(out io.Writer, columns []Column, rows [][]string, screen Screen) error {
	columns, rows = without(columns, rows, func(i int) bool { return isEmpty(i, rows) })
	widths := widthsOf(columns, rows)
	if screen.Width > 0 && lineWidth(widths) > screen.Width {
		capOutliers(widths, columns, rows)
		dropped := tooMany(columns, widths, screen.Width)
		columns, rows = without(columns, rows, func(i int) bool { return dropped[i] })
		widths = widthsOf(columns, rows)
		capOutliers(widths, columns, rows)
		fit(columns, widths, screen.Width)
	}

	var b strings.Builder
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	writeLine(&b, titles, columns, widths, func(int) Color { return Faint }, screen)
	for _, row := range rows {
		writeLine(&b, row, columns, widths, func(i int) Color {
			if columns[i].Color == nil {
				return Plain
			}
			return columns[i].Color(row[i])
		}, screen)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func writeLine(b *strings.Builder, cells []string, columns []Column, widths []int, color func(i int) Color, screen Screen) {
	var below []string // the rest of the last cell
	indent, pending := 0, ""
	for i, value := range cells {
		switch last := i == len(cells)-1; {
		case last && columns[i].Wraps:
			lines := wrap(value, widths[i])
			value, below = lines[0], lines[1:]
		case i == 0 && !last && displayWidth(value) > widths[i]:
			// a name is what a person copies: it is whole, on a line of its own
			b.WriteString(Paint(value, color(i), screen.Color) + "\n")
			value = ""
			indent += widths[i] + len(gap)
		default:
			indent += widths[i] + len(gap)
			value = Cut(value, widths[i])
		}
		padding := strings.Repeat(" ", widths[i]-displayWidth(value))
		if columns[i].Right {
			pending, padding = pending+padding, ""
		}
		if value != "" { // spaces are written once something follows them
			b.WriteString(pending + Paint(value, color(i), screen.Color))
			pending = ""
		}
		pending += padding + gap
	}
	b.WriteByte('\n')
	for _, line := range below {
		b.WriteString(strings.Repeat(" ", indent) + Paint(line, color(len(cells)-1), screen.Color) + "\n")
	}
}

// wrap breaks s into lines of at most width columns, between words where it can.
// There is at least one.
func wrap(s string, width int) []string {
	var lines []string
	// In a single column there may be no room for even one character.
	for displayWidth(s) > width && width > 1 {
		end := prefix(s, width)
		next := end
		if s[end] == ' ' {
			next = end + 1
		} else if space := strings.LastIndexByte(s[:end], ' '); space > 0 {
			end, next = space, space+1
		}
		lines, s = append(lines, s[:end]), s[next:]
	}
	return append(lines, Cut(s, width))
}

// isEmpty reports whether column i is empty in all rows.
func isEmpty(i int, rows [][]string) bool {
	return !slices.ContainsFunc(rows, func(row []string) bool { return row[i] != "" })
}

// without leaves out the columns that drop names.
func without(columns []Column, rows [][]string, drop func(i int) bool) ([]Column, [][]string) {
	var keep []int
	for i := range columns {
		if !drop(i) {
			keep = append(keep, i)
		}
	}
	if len(keep) == len(columns) {
		return columns, rows
	}
	kept := make([]Column, len(keep))
	for k, i := range keep {
		kept[k] = columns[i]
	}
	cells := make([][]string, len(rows))
	for r, row := range rows {
		cells[r] = make([]string, len(keep))
		for k, i := range keep {
			cells[r][k] = row[i]
		}
	}
	return kept, cells
}

// widthsOf returns the widths at which nothing is cut.
func widthsOf(columns []Column, rows [][]string) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = displayWidth(c.Title)
		for _, row := range rows {
			widths[i] = max(widths[i], displayWidth(row[i]))
		}
	}
	return widths
}

// capOutliers narrows the columns that one cell, or one in ten, makes more than
// twice as wide as all others need.
func capOutliers(widths []int, columns []Column, rows [][]string) {
	for i := range len(columns) - 1 {
		cells := make([]int, len(rows))
		for r, row := range rows {
			cells[r] = displayWidth(row[i])
		}
		slices.Sort(cells)
		rest := len(cells) - max(1, len(cells)/10)
		if rest == 0 {
			continue
		}
		if usual := max(cells[rest-1], displayWidth(columns[i].Title), minWidth); widths[i] > 2*usual {
			widths[i] = usual
		}
	}
}

// lineWidth returns how many columns a line takes.
func lineWidth(widths []int) int {
	total := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	return total
}

// tooMany returns the columns to leave out: those for which a line of limit
// columns has no room, even if the others are cut as far as they may be.
func tooMany(columns []Column, widths []int, limit int) map[int]bool {
	need := len(gap) * (len(columns) - 1)
	for i, c := range columns {
		need += narrowest(i, c, widths[i])
	}
	out := map[int]bool{}
	for need > limit {
		next := -1
		for i, c := range columns {
			if c.DropOrder > 0 && !out[i] && (next < 0 || c.DropOrder < columns[next].DropOrder) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		out[next] = true
		need -= len(gap) + widths[next]
	}
	return out
}

// narrowest returns the width to which a column may be cut before the name is,
// which is in the first column: a person would copy it.
func narrowest(i int, c Column, width int) int {
	switch {
	case i == 0 || c.DropOrder > 0:
		return width
	case c.MinWidth > 0:
		return min(c.MinWidth, width)
	}
	return min(minWidth, width)
}

// fit narrows the columns until a line has at most limit: first those that may
// be cut, then the name, and on a screen that is hardly one all of them.
func fit(columns []Column, widths []int, limit int) {
	narrow(widths, limit, func(i int) int { return narrowest(i, columns[i], widths[i]) })
	narrow(widths, limit, func(i int) int {
		if i == 0 {
			return min(minWidth, widths[i])
		}
		return widths[i]
	})
	narrow(widths, limit, func(int) int { return 1 })
}

// narrow takes from the widest column, again and again, that is wider than it
// has to be.
func narrow(widths []int, limit int, atLeast func(i int) int) {
	for total := lineWidth(widths); total > limit; total-- {
		widest := -1
		for i, w := range widths {
			if w > atLeast(i) && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// Cut shortens s to width columns of a terminal, at least one, with an ellipsis for
// the rest.
func Cut(s string, width int) string {
	width = max(width, 1)
	if displayWidth(s) <= width {
		return s
	}
	return s[:prefix(s, width-1)] + "…"
}

// prefix returns how many bytes of s have room in width columns.
func prefix(s string, width int) int {
	used := 0
	for i, r := range s {
		used += runeWidth(r)
		if used > width {
			return i
		}
	}
	return len(s)
}
