package cmd

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// screen is what a terminal shows: lines of styled characters, each a column
// wide. It knows as much of a terminal as the suite makes use of.
type screen struct {
	columns int
	lines   [][]cell
	column  int // where the next character goes, in the last line
	style   string
}

type cell struct {
	char  rune
	style string
}

// styles are the names, in the picture, of the SGR parameters in use.
var styles = map[string]string{"0": "", "2": "faint", "31": "red", "32": "green", "33": "yellow"}

// typed shows a line of the person at the terminal.
func (s *screen) typed(text string) {
	s.style = "typed"
	for line := range strings.Lines(text + "\n") {
		_ = s.write(line)
	}
	s.style = ""
}

// write does what a terminal does. An error is that this one does not know how.
func (s *screen) write(out string) error {
	for len(out) > 0 {
		r, size := utf8.DecodeRuneInString(out)
		switch {
		case r == '\x1b':
			parameters, final, length := csi(out)
			style, known := styles[parameters]
			switch {
			case final == 'm' && known:
				s.style = style
			case final == 'K' && parameters == "" && len(s.lines) > 0:
				last := len(s.lines) - 1
				s.lines[last] = s.lines[last][:min(s.column, len(s.lines[last]))]
			default:
				return fmt.Errorf("this terminal does not know %q", out[:max(length, 1)])
			}
			size = length
		case r == '\r':
			s.column = 0
		case r == '\n':
			s.put(0) // there is a line to end
			s.lines = append(s.lines, nil)
			s.column = 0
		case r < ' ' || r == utf8.RuneError:
			return fmt.Errorf("this terminal does not know %q", r)
		default:
			s.put(r)
		}
		out = out[size:]
	}
	return nil
}

// csi is the control sequence at the beginning of s: its parameters, its final
// byte and its length.
func csi(s string) (parameters string, final byte, length int) {
	rest, ok := strings.CutPrefix(s, "\x1b[")
	end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
	if !ok || end < 0 {
		return "", 0, 0
	}
	return rest[:end], rest[end], len("\x1b[") + end + 1
}

// put shows a character, in the next line where this one is full; 0 is none.
func (s *screen) put(r rune) {
	if len(s.lines) == 0 {
		s.lines = append(s.lines, nil)
	}
	if r == 0 {
		return
	}
	if s.column == s.columns {
		s.lines = append(s.lines, nil)
		s.column = 0
	}
	last := len(s.lines) - 1
	if s.column < len(s.lines[last]) {
		s.lines[last][s.column] = cell{r, s.style}
	} else {
		s.lines[last] = append(s.lines[last], cell{r, s.style})
	}
	s.column++
}

// text is what the screen shows without colours.
func (s *screen) text() string {
	var b strings.Builder
	for _, line := range s.lines[:len(s.lines)-1] { // the last one is where the cursor waits
		for _, c := range line {
			b.WriteRune(c.char)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// The measures of the picture, in its own units.
const (
	cellWidth  = 8.4
	lineHeight = 18
	margin     = 16
)

// svg is a picture of the screen. Each run of characters of one style is set to
// the width of its columns, so that they stand in line in any font.
func (s *screen) svg(title string) string {
	lines := s.lines[:len(s.lines)-1]
	width := number(2*margin + cellWidth*float64(s.columns))
	height := number(2*margin + lineHeight*float64(len(lines)))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s">
<title>%s</title>
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d0d7de; white-space: pre }
.typed { fill: #ffffff; font-weight: bold }
.faint { fill: #8b949e }
.green { fill: #3fb950 }
.yellow { fill: #d29922 }
.red { fill: #f85149 }
</style>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
`, width, height, width, height, escape(title))
	for i, line := range lines {
		for _, run := range runs(line) {
			x := number(margin + cellWidth*float64(run.column))
			y := margin + lineHeight*(i+1) - 5
			class := ""
			if run.style != "" {
				class = ` class="` + run.style + `"`
			}
			length := number(cellWidth * float64(utf8.RuneCountInString(run.text)))
			fmt.Fprintf(&b, "<text x=\"%s\" y=\"%d\" textLength=\"%s\"%s>%s</text>\n", x, y, length, class, escape(run.text))
		}
	}
	return b.String() + "</svg>\n"
}

// run is a piece of a line in one style.
type run struct {
	column int
	style  string
	text   string
}

// runs are the pieces of a line, without the gaps between its columns.
func runs(line []cell) []run {
	var all []run
	gap := 2 // how many spaces came just before
	for i, c := range line {
		if c.char == ' ' {
			gap++
			continue
		}
		last := len(all) - 1
		if gap > 1 || all[last].style != c.style {
			all = append(all, run{column: i, style: c.style})
			last++
		} else {
			all[last].text += strings.Repeat(" ", gap)
		}
		all[last].text += string(c.char)
		gap = 0
	}
	return all
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
