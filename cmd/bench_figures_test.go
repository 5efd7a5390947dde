//go:build bench

package cmd

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// figure is a row of the table in docs/performance.md.
type figure struct {
	what string
	measured
	shows string // what it comes to, with the bar that it holds
}

// figures are those of this run, in the order in which they were measured.
var figures []figure

// record shows a measurement and keeps it for the table.
func record(t *testing.T, what string, m measured, format string, args ...any) {
	t.Helper()
	shows := fmt.Sprintf(format, args...)
	t.Logf("%-54s %s   %s", strings.ReplaceAll(what, "`", ""), m, shows)
	figures = append(figures, figure{what, m, shows})
}

// writeTable puts the table into docs/performance.md.
func writeTable(table string) error {
	const page, begin, end = "../docs/performance.md", "<!-- figures of make bench -->\n", "<!-- end of figures -->\n"
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(text, []byte(begin))
	_, tail, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the table", page)
	}
	return os.WriteFile(page, bytes.Join([][]byte{head, []byte(begin + table + end), tail}, nil), 0o644)
}

func markdown(figures []figure) string {
	var b strings.Builder
	b.WriteString("| | time | CPU | peak | calls | 429 | |\n|---|---|---|---|---|---|---|\n")
	for _, f := range figures {
		fmt.Fprintf(&b, "| %s | %s | %s | %.0f MiB | %d | %d | %s |\n",
			f.what, inSeconds(f.wall), inSeconds(f.cpu), f.peakMiB, f.calls, f.throttled, f.shows)
	}
	return b.String()
}

func inSeconds(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
