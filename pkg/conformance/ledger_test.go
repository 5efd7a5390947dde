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

// square is a client in a direction, a square of the table.
type square struct {
	c         *client
	direction string
}

// shown is what the run has shown: whether a client does as the direction says,
// and how far, where yes does not say all. What is missing was not run. Tests of
// several clients run at once.
var (
	mu     sync.Mutex
	shown  = map[square]bool{}
	howFar = map[square]string{}
)

// say prints a line about a client.
func say(verdict string, c *client, what string, took time.Duration) {
	fmt.Printf("%-5s %-34s %s (%.1fs)\n", verdict, c, what, took.Seconds())
}

// each runs a check of one direction for every client that takes part in it,
// prints its line and notes its outcome.
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
			t.Cleanup(func() { // after the protocol's violations are counted
				note(c, d, t, time.Since(started))
			})
			check(t, c)
		})
	}
	if !ran {
		t.Skip("no client of this direction is here")
	}
}

// note prints the line of a check that has ended and keeps its outcome. A
// direction of several checks is shown if each of them is.
func note(c *client, d direction, t *testing.T, took time.Duration) {
	mu.Lock()
	defer mu.Unlock()
	at := square{c, d.name}
	before, again := shown[at]
	shown[at] = !t.Failed() && (before || !again)
	verdict := "ok"
	if t.Failed() {
		verdict = "FAIL"
	}
	test, _, _ := strings.Cut(strings.TrimPrefix(t.Name(), "Test"), "/")
	say(verdict, c, d.name+": "+test, took)
}

// table is what the run has shown, in Markdown, and what its columns mean.
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
			at, cell := square{c, d.name}, " "
			switch good, ran := shown[at]; {
			case ran && !good:
				cell = " NO "
			case howFar[at] != "":
				cell = " " + howFar[at] + " "
			case ran:
				cell = " yes "
			}
			b.WriteString(cell + "|")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, d := range directions {
		b.WriteString(wrapped("- " + d.name + ": " + d.means + "."))
	}
	return b.String()
}

// wrapped is an item of a list in lines as long as those of the README.
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

// writeTable puts the table between its two marks in the README. A run that did
// not show everything does not take away what an earlier one has shown.
func writeTable(path string, passed bool) error {
	if !passed {
		return errors.New("the table in the README stays as it is: the run has failed")
	}
	for _, c := range clients {
		for _, d := range c.shows {
			if !shown[square{c, d.name}] {
				return fmt.Errorf("the table in the README stays as it is: %s, %s was not run", c.title, d.name)
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

// sayAbsent names the clients that were not run, in the last lines.
func sayAbsent() {
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
