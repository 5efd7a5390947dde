// Package report writes what the suite found in the formats that people and
// scripts read: an aligned table, TAB-separated text, bare names, a JSON array
// and JSON lines. All of these take the same records one by one, see [Writer],
// and everything but the table is written as it comes. JUnit XML and
// Prometheus's metrics are of another shape, see [Suite] and [Metric].
//
// Control, bidirectional and invalid characters, which a server or a file may
// hold, are made visible in every format.
package report

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// Format is a value of -o.
type Format string

// The formats that every binary has.
const (
	Table Format = "table" // aligned, with a header, for a person
	Text  Format = "text"  // TAB-separated, no header, an empty field is "-"
	Name  Format = "name"  // the first column alone
	JSON  Format = "json"  // one array
	JSONL Format = "jsonl" // an object a line
)

// Column is one column of the table and the text format.
type Column struct {
	Title string
	// Only leaves the column out of the other format; "": it is in both.
	Only Format
	// Right aligns the table's cells at their right end.
	Right bool
	// Wraps lets the cells of the table's last column go on below the row's own
	// line, on as many as they take, where else they would be cut.
	Wraps bool
	// MinWidth is the width to which the table's cells may be cut where the screen
	// is too narrow; 0: 12.
	MinWidth int
	// DropOrder says when the column is left out of a table for which the screen is
	// too narrow: 1 before 2; 0: never. A column that may be left out is not cut.
	DropOrder int
	// Color picks the colour of a table cell by its value; nil: none.
	Color func(value string) Color
}

// Record is one thing reported. encoding/json makes its JSON form, whose keys
// are PascalCase as AWS prints them.
type Record interface {
	// Cells returns the values of the columns, in their order. The first is
	// the name that the next program in a pipe reads; a record whose name is
	// empty has no line in the name format.
	Cells() []string
}

// Screen describes where the table is shown.
type Screen struct {
	Width int  // columns; 0: unknown, nothing is cut
	Color bool // colours may be used
}

// Writer writes records in one format. It is not safe for concurrent use.
type Writer struct {
	out     io.Writer
	format  Format
	columns []Column
	screen  Screen
	rows    [][]string
	begun   bool // the array in JSON
}

// NewWriter returns a writer of format to out.
func NewWriter(out io.Writer, format Format, columns []Column, screen Screen) *Writer {
	return &Writer{out: out, format: format, columns: columns, screen: screen}
}

// Add writes one record, or keeps it for the table. An error is that of out.
func (w *Writer) Add(r Record) error {
	switch w.format {
	case Name:
		if name := r.Cells()[0]; name != "" {
			return w.line(Visible(name))
		}
		return nil
	case JSON, JSONL:
		return w.addJSON(r)
	case Text:
		return w.line(strings.Join(w.visibleCells(r, Text, "-"), "\t"))
	default:
		w.rows = append(w.rows, w.visibleCells(r, Table, ""))
		return nil
	}
}

// Close ends the report: it writes the table, or the end of the JSON array.
// A JSON array without records is written as [], a table without any not at
// all. out stays open.
func (w *Writer) Close() error {
	switch w.format {
	case Table:
		if len(w.rows) == 0 {
			return nil
		}
		return writeTable(w.out, w.columnsOf(Table), w.rows, w.screen)
	case JSON:
		if !w.begun {
			return w.line("[]")
		}
		return w.line("\n]")
	default:
		return nil
	}
}

func (w *Writer) addJSON(r Record) error {
	object, err := marshal(r)
	if err != nil {
		return err
	}
	if w.format == JSONL {
		return w.line(string(object))
	}
	_, err = io.WriteString(w.out, w.next()+string(object))
	return err
}

// next returns what comes before the next object of a report in JSON or JSON
// lines.
func (w *Writer) next() string {
	switch {
	case w.format == JSONL:
		return ""
	case w.begun:
		return ",\n  "
	}
	w.begun = true
	return "[\n  "
}

func (w *Writer) line(s string) error {
	_, err := io.WriteString(w.out, s+"\n")
	return err
}

func (w *Writer) columnsOf(format Format) []Column {
	var columns []Column
	for _, c := range w.columns {
		if c.Only == "" || c.Only == format {
			columns = append(columns, c)
		}
	}
	return columns
}

func (w *Writer) visibleCells(r Record, format Format, empty string) []string {
	values := r.Cells()
	cells := make([]string, 0, len(values))
	for i, c := range w.columns {
		if c.Only != "" && c.Only != format {
			continue
		}
		value := Visible(values[i])
		if value == "" {
			value = empty
		}
		cells = append(cells, value)
	}
	return cells
}

// marshal returns the JSON of v. It leaves out the escapes for HTML pages, and
// escapes what a terminal might act on.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return escapeJSON(bytes.TrimSuffix(buf.Bytes(), []byte("\n"))), nil
}
