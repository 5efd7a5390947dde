package profiles

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff is a unified diff without any context, line by line without their ends:
// what stands around the profiles is the user's, and may be secret. So that a
// person sees where a change is, each hunk names its section, and values of
// keys that hold secrets are left out.
func Diff(path string, old, planned []byte) []string {
	before, after := plainLines(old), plainLines(planned)
	if bytes.Equal(before, after) {
		return nil
	}
	d := differ{old: bytes.Split(before, []byte("\n")), lines: []string{"--- " + path, "+++ " + path + " (planned)"}}
	for line := range strings.Lines(string(diff.Diff("old", before, "new", after))) {
		d.take(strings.TrimSuffix(line, "\n"))
	}
	d.flush()
	return d.lines
}

// plainLines is a text with one kind of line end, also at its end.
func plainLines(text []byte) []byte {
	if text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")); len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(slices.Clip(text), '\n')
	}
	return text
}

// differ cuts hunks with context into ones without.
type differ struct {
	old            [][]byte
	lines          []string
	begun          bool     // the first hunk was seen
	from, to       int      // lines of the two texts that are taken
	removed, added []string // the last of them, not yet in lines

	section  string // the last header before searched, a line of old
	searched int
}

func (d *differ) take(line string) {
	var oldStart, oldCount, newStart, newCount int
	if n, _ := fmt.Sscanf(line, "@@ -%d,%d +%d,%d @@", &oldStart, &oldCount, &newStart, &newCount); n == 4 {
		d.flush()
		d.begun = true
		d.from, d.to = before(oldStart, oldCount), before(newStart, newCount)
		return
	}
	if !d.begun || line == "" {
		return
	}
	switch line[0] {
	case '-':
		if len(d.added) > 0 {
			d.flush()
		}
		d.removed = append(d.removed, line[1:])
		d.from++
	case '+':
		d.added = append(d.added, line[1:])
		d.to++
	default:
		d.flush()
		d.from++
		d.to++
	}
}

// before is how many lines stand before a range of a hunk: an empty one is
// named by the line before it.
func before(start, count int) int {
	if count == 0 {
		return start
	}
	return start - 1
}

// flush writes what was taken, without the lines that are removed only to be
// added again: the diff looks for lines that occur once, and what it finds
// between them may have stayed where it is.
func (d *differ) flush() {
	from, to := d.from-len(d.removed), d.to-len(d.added)
	i, j := 0, 0
	for _, same := range common(d.removed, d.added) {
		d.hunk(from+i, d.removed[i:same[0]], to+j, d.added[j:same[1]])
		i, j = same[0]+1, same[1]+1
	}
	d.hunk(from+i, d.removed[i:], to+j, d.added[j:])
	d.removed, d.added = nil, nil
}

func (d *differ) hunk(from int, removed []string, to int, added []string) {
	if len(removed)+len(added) == 0 {
		return
	}
	header := fmt.Sprintf("@@ -%s +%s @@", span(from, len(removed)), span(to, len(added)))
	if section := d.sectionAt(from); section != "" && !beginsSection(removed) && !beginsSection(added) {
		header += " " + section
	}
	d.lines = append(d.lines, header)
	for _, line := range removed {
		d.lines = append(d.lines, "-"+withoutSecret(line))
	}
	for _, line := range added {
		d.lines = append(d.lines, "+"+withoutSecret(line))
	}
}

// mostCompared bounds the time for lines that stand in both halves of a hunk.
const mostCompared = 1 << 20

// common are the places of lines that two lists have in common, in order: the
// longest such list, if it does not take too long to find.
func common(a, b []string) (places [][2]int) {
	if len(a)*len(b) > mostCompared {
		return nearest(a, b)
	}
	length := make([][]int32, len(a)+1) // of the longest list from a[i:] and b[j:]
	for i := range length {
		length[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if length[i][j] = max(length[i+1][j], length[i][j+1]); a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			places = append(places, [2]int{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return places
}

// nearest are places of lines that two long lists have in common. Profiles keep
// their order and most of their lines, so where the lists part they meet again
// soon.
func nearest(a, b []string) (places [][2]int) {
	for i, j := 0, 0; i < len(a) && j < len(b); i, j = i+1, j+1 {
		if a[i] != b[j] {
			x, y, ok := meet(a[i:], b[j:])
			if !ok {
				break
			}
			for _, same := range common(a[i:i+x], b[j:j+y]) {
				places = append(places, [2]int{i + same[0], j + same[1]})
			}
			i, j = i+x, j+y
		}
		places = append(places, [2]int{i, j})
	}
	return places
}

// Profiles are alike: one line or two say nothing, but the session, the account
// and the role in a row are one profile's alone.
const (
	mostSkipped = 1000
	alike       = 3
)

// meet is how many lines of each list to skip, as few as may be, until several
// in a row are the same.
func meet(a, b []string) (x, y int, ok bool) {
	for skipped := 1; skipped <= mostSkipped; skipped++ {
		for x := max(0, skipped-len(b)+alike); x <= min(skipped, len(a)-alike); x++ {
			y := skipped - x
			if slices.Equal(a[x:x+alike], b[y:y+alike]) {
				return x, y, true
			}
		}
	}
	return 0, 0, false
}

// span is a range of n lines after the first skipped ones.
func span(skipped, n int) string {
	if n > 0 {
		skipped++
	}
	return fmt.Sprintf("%d,%d", skipped, n)
}

// sectionAt is the last header among the first n lines of the old text. n does
// not become smaller from call to call.
func (d *differ) sectionAt(n int) string {
	for ; d.searched < min(n, len(d.old)); d.searched++ {
		if line := string(d.old[d.searched]); isHeader(line) {
			d.section = strings.TrimSpace(line)
		}
	}
	return d.section
}

func isHeader(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "[") }

// beginsSection says whether lines need no header to be understood, since the
// first of them that is not blank is one.
func beginsSection(lines []string) bool {
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			return isHeader(line)
		}
	}
	return false
}

var secretLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(\s*aws_(?:secret_access_key|session_token|security_token)\s*[=:]\s*)\S.*$`)
})

// withoutSecret is a line of a hand-written section that is about to go.
func withoutSecret(line string) string { return secretLine().ReplaceAllString(line, "${1}(not shown)") }
