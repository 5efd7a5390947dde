package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Visible returns s as one line that no terminal acts on: control characters,
// bidirectional and other invisible formatting, invalid UTF-8, and more than
// maxMarks marks on one letter become escapes as in Go source; a backslash stays
// one. A string without any comes back as it is.
func Visible(s string) string {
	if isVisible(s) {
		return s
	}
	var b strings.Builder
	var marks marks
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hidden(r) || marks.tooMany(r):
			b.WriteString(escape(r))
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

func isVisible(s string) bool {
	var marks marks
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			if hidden(rune(s[i])) {
				return false
			}
			marks = 0
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || hidden(r) || marks.tooMany(r) {
			return false
		}
		i += size
	}
	return true
}

// maxMarks is how many marks one letter may have. Scripts need up to about
// eight (Tibetan); thousands cover the lines above and below.
const maxMarks = 8

// marks counts the characters without a width of their own that follow one
// letter.
type marks int

// tooMany counts r, and reports whether it is one mark too many.
func (m *marks) tooMany(r rune) bool {
	if runeWidth(r) > 0 {
		*m = 0
		return false
	}
	*m++
	return *m > maxMarks
}

func escape(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	switch {
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// hidden reports whether a terminal might act on the character, or show it or the
// text around it other than it is: controls, marks of direction, what has no
// width, separators of lines, letters that look like nothing, and code points
// that are no characters, which XML cannot hold.
func hidden(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return r <= 0x9f || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) ||
		r&0xfffe == 0xfffe || unicode.Is(blank, r)
}

// blank are letters and marks without a shape of their own, the code points
// that Unicode keeps for more of them, and those of the Arabic block that it
// says are no characters.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x034f, 0x034f, 1}, // combining grapheme joiner
		{0x115f, 0x1160, 1}, // Hangul fillers
		{0x17b4, 0x17b5, 1}, // Khmer inherent vowels
		{0x180b, 0x180f, 1}, // Mongolian selectors and separator
		{0x2065, 0x2065, 1},
		{0x3164, 0x3164, 1}, // Hangul filler
		{0xfdd0, 0xfdef, 1}, // no characters
		{0xffa0, 0xffa0, 1}, // halfwidth Hangul filler
		{0xfff0, 0xfff8, 1},
	},
	R32: []unicode.Range32{
		{0xe0000, 0xe0fff, 1}, // tags and selectors
	},
}

// escapeJSON replaces what encoding/json leaves raw and hidden would not.
func escapeJSON(text []byte) []byte {
	if isVisible(string(text)) {
		return text
	}
	out := make([]byte, 0, len(text)+16)
	var marks marks
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case !hidden(r) && !marks.tooMany(r):
			out = append(out, text[i:i+size]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += size
	}
	return out
}
