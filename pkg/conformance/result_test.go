//go:build conformance

package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// cell is a cell of the table: a client and a column.
type cell struct {
	c         *client
	direction string
}

// passed reports for each cell that was run whether all its checks passed; extent
// is its text where yes is not enough. Tests of several clients run at once, so mu
// guards both.
var (
	mu     sync.Mutex
	passed = map[cell]bool{}
	extent = map[cell]string{}
)

// printLine prints a line about a client.
func printLine(result string, c *client, what string, took time.Duration) {
	fmt.Printf("%-5s %-34s %s (%.1fs)\n", result, c, what, took.Seconds())
}

// each runs a check for every client that has the column d, and records and prints
// the result.
func each(t *testing.T, d direction, check func(t *testing.T, c *client)) {
	ran := false
	for _, c := range clients {
		if c.absent != "" || !slices.ContainsFunc(c.shows, func(s direction) bool { return s.name == d.name }) {
			continue
		}
		ran = true
		t.Run(c.id, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			t.Cleanup(func() { // after the cleanup that counts violations
				note(c, d, t, time.Since(started))
			})
			check(t, c)
		})
	}
	if !ran {
		t.Skip("no client of this column is installed")
	}
}

// note records and prints the result of a check. A cell passes if each of its
// checks passes.
func note(c *client, d direction, t *testing.T, took time.Duration) {
	mu.Lock()
	defer mu.Unlock()
	at := cell{c, d.name}
	before, again := passed[at]
	passed[at] = !t.Failed() && (before || !again)
	result := "ok"
	if t.Failed() {
		result = "FAIL"
	}
	test, _, _ := strings.Cut(strings.TrimPrefix(t.Name(), "Test"), "/")
	printLine(result, c, d.name+": "+test, took)
}

// table returns the results as a Markdown table, and what its columns mean.
func table() string {
	var b strings.Builder
	b.WriteString("| client | version |")
	for _, d := range directions {
		b.WriteString(" " + d.name + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(directions)) + "\n")
	for _, c := range clients {
		if c.absent != "" {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s |", c.title, c.version)
		for _, d := range directions {
			at, text := cell{c, d.name}, " "
			switch good, ran := passed[at]; {
			case ran && !good:
				text = " NO "
			case extent[at] != "":
				text = " " + extent[at] + " "
			case ran:
				text = " yes "
			}
			b.WriteString(text + "|")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, d := range directions {
		b.WriteString(wrapped("- " + d.name + ": " + d.means + "."))
	}
	return b.String()
}

// wrapped breaks a list item into lines of the page's width.
func wrapped(item string) string {
	const width = 120
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(item) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteString("\n  ")
			column = 2
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String() + "\n"
}

const (
	tableBegin = "<!-- table of make conformance -->\n"
	tableEnd   = "<!-- end of table -->\n"
)

// writeTable writes the table between its two marks in docs/conformance.md, if every client
// was run and passed.
func writeTable(path string, succeeded bool) error {
	if !succeeded {
		return errors.New("the table in docs/conformance.md stays as it is: the run has failed")
	}
	for _, c := range clients {
		for _, d := range c.shows {
			if !passed[cell{c, d.name}] {
				return fmt.Errorf("the table in docs/conformance.md stays as it is: %s, %s was not run", c.title, d.name)
			}
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(text, []byte(tableBegin))
	_, after, closed := bytes.Cut(rest, []byte(tableEnd))
	if !found || !closed {
		return fmt.Errorf("%s has no place for the table", path)
	}
	out := slices.Concat(before, []byte(tableBegin+table()+tableEnd), after)
	return os.WriteFile(path, out, 0o644)
}

// printAbsent prints the clients that were not run.
func printAbsent() {
	all := true
	for _, c := range clients {
		if c.absent != "" {
			all = false
			fmt.Printf("not run: %s (%s): %s\n", c.title, c.id, c.absent)
		}
	}
	if all {
		fmt.Println("every client was run")
	}
}
