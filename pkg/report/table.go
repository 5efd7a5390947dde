package report

import (
	"io"
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

// Paint is s in the colour, if colours may be used.
func Paint(s string, c Color, enabled bool) string {
	if !enabled || c == Plain || s == "" {
		return s
	}
	return "\x1b[" + colorCodes[c] + "m" + s + "\x1b[0m"
}

const (
	gap = "  "
	// minCell is how far a column is cut before the next one is.
	minCell = 12
)

// writeTable aligns the columns and cuts the widest until the lines fit.
func writeTable(out io.Writer, columns []Column, rows [][]string, screen Screen) error {
	columns, rows = withoutEmpty(columns, rows)
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = displayWidth(c.Title)
		for _, row := range rows {
			widths[i] = max(widths[i], displayWidth(row[i]))
		}
	}
	fit(widths, screen.Width)

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
	pending := "" // spaces are written once something follows them
	for i, value := range cells {
		value = cut(value, widths[i])
		padding := strings.Repeat(" ", widths[i]-displayWidth(value))
		if columns[i].Right {
			pending, padding = pending+padding, ""
		}
		if value != "" {
			b.WriteString(pending + Paint(value, color(i), screen.Color))
			pending = ""
		}
		pending += padding + gap
	}
	b.WriteByte('\n')
}

// withoutEmpty leaves out columns in which no row says anything.
func withoutEmpty(columns []Column, rows [][]string) ([]Column, [][]string) {
	var keep []int
	for i := range columns {
		for _, row := range rows {
			if row[i] != "" {
				keep = append(keep, i)
				break
			}
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

// fit narrows the widest column, again and again, until the line has at most
// limit columns; 0 is no limit. The first column is the name that a person
// would copy: it is cut only when nothing else can be.
func fit(widths []int, limit int) {
	if limit <= 0 {
		return
	}
	total := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for total > limit {
		widest := -1
		for i := 1; i < len(widths); i++ {
			if widths[i] > minCell && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			if widths[0] <= minCell {
				return
			}
			widest = 0
		}
		widths[widest]--
		total--
	}
}

// cut shortens s to width columns, with an ellipsis for the rest.
func cut(s string, width int) string {
	if displayWidth(s) <= width {
		return s
	}
	used := 0
	for i, r := range s {
		w := runeWidth(r)
		if used+w > width-1 {
			return s[:i] + "…"
		}
		used += w
	}
	return s
}

// Cut shortens s to width columns of a terminal, with an ellipsis for the rest.
func Cut(s string, width int) string { return cut(s, max(width, 1)) }
