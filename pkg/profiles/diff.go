package profiles

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"aws-sso-plugins/pkg/awsconfig"
)

// Diff returns the plan as a unified diff of the file at path without any
// context, line by line without their ends: what stands around the profiles is
// the user's, and may be secret. So that a person sees where a change is, each
// hunk names its section, and values of keys that hold secrets are left out.
func (p *Plan) Diff(path string) []string {
	d := differ{old: string(p.file.Bytes())}
	for _, c := range p.edit.Changes() {
		d.add(c)
	}
	d.flush()
	if len(d.lines) == 0 {
		return nil
	}
	return append([]string{"--- " + path, "+++ " + path + " (planned)"}, d.lines...)
}

// differ makes hunks of whole lines out of changes.
type differ struct {
	old        string
	start, end int    // of the hunk in old
	text       string // what the hunk becomes, up to the last change
	pending    bool
	lines      []string

	at      int    // how far old was read
	line    int    // lines before that
	section string // the last header before that
	delta   int    // lines that the hunks before have added
}

// add takes a change into the hunk, if it stands in or next to its last line,
// and begins the next hunk otherwise.
func (d *differ) add(c awsconfig.Change) {
	start := strings.LastIndexByte(d.old[:c.Start], '\n') + 1
	if d.pending && start > d.end {
		d.flush()
	}
	if !d.pending {
		d.start, d.text, d.pending = start, d.old[start:c.Start], true
	} else {
		d.text += d.old[d.end:max(d.end, c.Start)]
		d.text = d.text[:len(d.text)-max(0, d.end-c.Start)]
	}
	d.text += c.Text
	d.end = c.End
	// the rest of the line that the change ends in
	if c.End > start && d.old[c.End-1] != '\n' {
		n := strings.IndexByte(d.old[c.End:], '\n') + 1
		if n == 0 {
			n = len(d.old) - c.End
		}
		d.text += d.old[c.End : c.End+n]
		d.end += n
	}
}

// flush writes the hunk without the lines that it begins and ends with in both
// texts: of a last line that only gets its end, say.
func (d *differ) flush() {
	if !d.pending {
		return
	}
	d.pending = false
	removed, added := lines(d.old[d.start:d.end]), lines(d.text)
	d.readTo(d.start)
	from, grown := d.line, len(added)-len(removed)
	for len(removed) > 0 && len(added) > 0 && removed[0] == added[0] {
		if isHeader(removed[0]) {
			d.section = strings.TrimSpace(removed[0])
		}
		removed, added, from = removed[1:], added[1:], from+1
	}
	for len(removed) > 0 && len(added) > 0 && removed[len(removed)-1] == added[len(added)-1] {
		removed, added = removed[:len(removed)-1], added[:len(added)-1]
	}
	// Of two blank lines around a section that goes it is shown with the lower one.
	if len(added) == 0 && len(removed) > 0 && removed[0] == "" &&
		strings.HasPrefix(strings.TrimPrefix(d.old[d.end:], "\r"), "\n") {
		removed, from = append(removed[1:], ""), from+1
	}
	d.hunk(from, removed, from+d.delta, added)
	d.delta += grown
}

// lines returns the lines of a text without their ends.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
}

// readTo counts the lines of the old text up to an offset, and looks for their
// headers.
func (d *differ) readTo(offset int) {
	for line := range strings.Lines(d.old[d.at:offset]) {
		if d.line++; isHeader(line) {
			d.section = strings.TrimSpace(line)
		}
	}
	d.at = offset
}

func (d *differ) hunk(from int, removed []string, to int, added []string) {
	if len(removed)+len(added) == 0 {
		return
	}
	header := fmt.Sprintf("@@ -%s +%s @@", span(from, len(removed)), span(to, len(added)))
	if d.section != "" && !beginsSection(removed) && !beginsSection(added) {
		header += " " + d.section
	}
	d.lines = append(d.lines, header)
	for _, line := range removed {
		d.lines = append(d.lines, "-"+withoutSecret(line))
	}
	for _, line := range added {
		d.lines = append(d.lines, "+"+withoutSecret(line))
	}
}

// span returns the range of n lines that begins after the first skipped lines, as
// a unified diff writes it.
func span(skipped, n int) string {
	if n > 0 {
		skipped++
	}
	return fmt.Sprintf("%d,%d", skipped, n)
}

func isHeader(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "[") }

// beginsSection reports whether lines need no header to be understood, since the
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

// withoutSecret returns a line without the value of a key that holds a secret. A
// hand-written section that is removed may have one.
func withoutSecret(line string) string { return secretLine().ReplaceAllString(line, "${1}(not shown)") }
