package awsconfig

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isSpace is Python's str.isspace for one character. It is unicode.IsSpace
// and the four ASCII separators 0x1c-0x1f, which configparser strips too.
func isSpace(r rune) bool {
	return r == ' ' || r >= 0x1c && r <= 0x1f || unicode.IsSpace(r)
}

// trimSpace is Python's str.strip.
func trimSpace(s string) string {
	_, size := indent(s)
	return trimRight(s[size:])
}

// indent measures the white space that s begins with. configparser counts it
// in characters, not bytes: a no-break space is one.
func indent(s string) (chars, size int) {
	for size < len(s) {
		if c := s[size]; c < utf8.RuneSelf {
			if c > ' ' || !isSpace(rune(c)) {
				break
			}
			chars, size = chars+1, size+1
			continue
		}
		r, n := utf8.DecodeRuneInString(s[size:])
		if !isSpace(r) {
			break
		}
		chars, size = chars+1, size+n
	}
	return chars, size
}

// trimRight is Python's str.rstrip.
func trimRight(s string) string {
	for len(s) > 0 {
		if c := s[len(s)-1]; c < utf8.RuneSelf {
			if c > ' ' || !isSpace(rune(c)) {
				break
			}
			s = s[:len(s)-1]
			continue
		}
		r, n := utf8.DecodeLastRuneInString(s)
		if !isSpace(r) {
			break
		}
		s = s[:len(s)-n]
	}
	return s
}

// splitLines is Python's str.splitlines. botocore cuts a nested block with it,
// after configparser has cut the file at line ends alone: a form feed or a
// U+2028 in a nested value begins a new nested line.
func splitLines(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		switch r {
		case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
			return true
		}
		return false
	})
}

// lowerKey is Python's str.lower, which configparser applies to keys. It
// returns s itself where there is nothing to do.
func lowerKey(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf {
			return strings.ToLower(strings.ReplaceAll(s, "\u0130", "i\u0307"))
		} else if 'A' <= c && c <= 'Z' {
			return lowerKey(asciiLower(s))
		}
	}
	return s
}

func asciiLower(s string) string {
	lower := []byte(s)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

// delimiter returns where the first "=" or ":" of a line stands, or -1.
func delimiter(line string) int {
	for i := 0; i < len(line); i++ {
		if c := line[i]; c == '=' || c == ':' {
			return i
		}
	}
	return -1
}
