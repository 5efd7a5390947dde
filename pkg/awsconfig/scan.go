package awsconfig

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// bigSection is the number of keys from which on a section has an index of
// its own. Below it, looking at each key in turn is faster.
const bigSection = 16

const byteOrderMark = "\ufeff"

// A scanner reads a file as Python's configparser does, line by line.
type scanner struct {
	f    *File
	text string

	// The current line.
	line    int32
	start   int // its first byte
	textEnd int // without the line end
	end     int // with it
	next    int // the next "\n" at or after start, or len(text)
	hasCR   bool

	headers map[string]int32 // headers to compare, see checkHeader
	section int32            // the section at hand, or -1
	open    bool             // the last key may go on in a deeper line
	indent  int32            // of the last header or key
	more    []string
	numbers []int32 // the lines of more
	blanks  int     // blank lines since the last line of the open key
}

// A leakingBlock is a nested block in [DEFAULT] that cannot be read.
type leakingBlock struct {
	key     string
	problem Problem
}

func newScanner(f *File) *scanner {
	return &scanner{f: f, text: f.text, section: -1, next: -1, headers: map[string]int32{}, hasCR: strings.IndexByte(f.text, '\r') >= 0}
}

// scan fills f. Its order of checks is configparser's: a line deeper than the
// key above it belongs to that key, even if it looks like a header.
func (s *scanner) scan() {
	f := s.f
	if len(s.text) > math.MaxInt32 {
		f.fatal = append(f.fatal, f.problem(1, "the file is larger than 2 GiB", ""))
		s.text = ""
	}
	s.reserve()
	s.checkEncoding()
	for s.nextLine() {
		raw := s.text[s.start:s.textEnd]
		chars, size := indent(raw)
		if size == len(raw) {
			s.blanks++
			continue
		}
		if c := raw[size]; c == '#' || c == ';' {
			continue
		}
		line := trimRight(raw[size:])
		if s.open && int32(chars) > s.indent {
			s.continueKey(line)
			continue
		}
		s.closeKey()
		s.indent = int32(chars)
		if text, ok := headerOf(line); ok {
			s.beginSection(text, s.start+size+1)
			continue
		}
		s.beginKey(line, s.start+size)
	}
	s.closeKey()
	s.checkLeaks()
	slices.SortStableFunc(f.fatal, byLine)
}

// reserve makes room once, for a file of ordinary sections: some four keys to
// each.
func (s *scanner) reserve() {
	lines := strings.Count(s.text, "\n") + 1
	headers := strings.Count(s.text, "[")
	s.f.sections = make([]section, 0, min(headers, lines))
	s.f.keys = make([]key, 0, max(lines-headers, 0))
	s.f.names[profileSection] = make(map[string]int32, min(headers, lines))
}

// checkEncoding reports what Python's decoder stops at, wherever it stands.
func (s *scanner) checkEncoding() {
	if strings.HasPrefix(s.text, byteOrderMark) {
		s.f.fatal = append(s.f.fatal, s.f.problem(1,
			"the file begins with a byte order mark, with which the AWS CLI cannot read it", "save the file as UTF-8 without a byte order mark"))
		s.start, s.end = 0, len(byteOrderMark)
	}
	if utf8.ValidString(s.text) {
		return
	}
	for i := 0; i < len(s.text); {
		r, n := utf8.DecodeRuneInString(s.text[i:])
		if r == utf8.RuneError && n == 1 {
			s.f.fatal = append(s.f.fatal, s.f.problem(s.f.lineOf(i),
				fmt.Sprintf("byte 0x%02x is not UTF-8", s.text[i]), "save the file as UTF-8"))
			return
		}
		i += n
	}
}

// nextLine moves to the next line. Like Python's text files it ends lines at
// "\n", "\r\n" and a lone "\r".
func (s *scanner) nextLine() bool {
	if s.end >= len(s.text) {
		return false
	}
	s.start = s.end
	s.line++
	if s.next < s.start {
		if n := strings.IndexByte(s.text[s.start:], '\n'); n >= 0 {
			s.next = s.start + n
		} else {
			s.next = len(s.text)
		}
	}
	s.textEnd, s.end = s.next, min(s.next+1, len(s.text))
	if !s.hasCR {
		return true
	}
	if n := strings.IndexByte(s.text[s.start:s.next], '\r'); n >= 0 {
		s.textEnd, s.end = s.start+n, s.start+n+1
		if s.end == s.next && s.next < len(s.text) {
			s.end++
		}
	}
	return true
}

// headerOf returns the text between the first and the last bracket of a line: in
// "[a] # see [b]" configparser reads "a] # see [b".
func headerOf(line string) (text string, ok bool) {
	if line[0] != '[' {
		return "", false
	}
	n := strings.LastIndexByte(line, ']')
	if n < 2 {
		return "", false
	}
	return line[1:n], true
}

func (s *scanner) beginSection(text string, at int) {
	f := s.f
	i := int32(len(f.sections))
	sec := section{
		header: text, text: int32(at), line: s.line, indent: s.indent,
		start: int32(s.start), end: int32(s.end), first: int32(len(f.keys)), same: -1,
	}
	sec.typ, sec.name, sec.named = readHeader(f.kind, text)
	switch {
	case sec.typ == defaultsSection:
		f.defaults = append(f.defaults, i)
	case !sec.named || sec.typ == otherSection:
		s.checkHeader(&sec, i)
	default:
		s.nameSection(&sec, i)
	}
	f.sections = append(f.sections, sec)
	s.section = i
}

// nameSection enters a section that can be found by name. Of several under one
// name the last counts, as in botocore, if their headers are not the same text.
func (s *scanner) nameSection(sec *section, i int32) {
	f := s.f
	names := f.names[sec.typ]
	if names == nil {
		names = map[string]int32{}
		f.names[sec.typ] = names
	}
	if before, ok := names[sec.name]; ok {
		sec.same = before
		if header := f.sections[before].header; s.headers[header] == 0 {
			s.headers[header] = before
		}
		s.checkHeader(sec, i)
	}
	names[sec.name] = i
}

// checkHeader reports a header that has stood before. Those that never shared
// a name need not be compared.
func (s *scanner) checkHeader(sec *section, i int32) {
	if first, ok := s.headers[sec.header]; ok {
		s.fatal(sec.line, fmt.Sprintf("%s stands a second time, first in line %d", s.sectionWord(sec), s.f.sections[first].line),
			"make the two sections one")
		return
	}
	s.headers[sec.header] = i
}

func (s *scanner) beginKey(line string, at int) {
	n := delimiter(line)
	switch {
	case line[0] == '[' && (s.section < 0 || n < 0):
		s.fatal(s.line, "the line is no section header", "write [type name]")
		return
	case s.section < 0:
		s.fatal(s.line, fmt.Sprintf("the %s stands before the first section", excerpt(line)), "put it below a [section] header or remove it")
		return
	case n < 0:
		s.fatal(s.line, fmt.Sprintf("the %s is neither a section header nor \"key = value\"", excerpt(line)), "remove the line or begin it with #")
		return
	case n == 0:
		s.fatal(s.line, fmt.Sprintf("the %s has no key before the %q", excerpt(line), line[:1]), "remove the line or begin it with #")
		return
	}
	rest := line[n+1:]
	_, blank := indent(rest)
	s.addKey(key{
		name: lowerKey(trimRight(line[:n])), value: rest[blank:], line: s.line, indent: s.indent,
		start: int32(s.start), val: int32(at + n + 1 + blank), textEnd: int32(s.textEnd), end: int32(s.end),
	})
}

func (s *scanner) addKey(k key) {
	f := s.f
	sec := &f.sections[s.section]
	if before := s.sameKey(k.name); before != nil {
		word := "a key"
		if _, known := knownKeys[k.name]; known {
			word = fmt.Sprintf("key %q", k.name)
		}
		s.fatal(k.line, fmt.Sprintf("%s stands a second time in %s, first in line %d", word, s.sectionWord(sec), before.line),
			"remove one of the two")
	}
	f.keys = append(f.keys, k)
	sec.n++
	switch {
	case sec.n == bigSection:
		index := make(map[string]int32, 2*bigSection)
		for i := sec.first; i < sec.first+sec.n; i++ {
			index[f.keys[i].name] = i
		}
		if f.big == nil {
			f.big = map[int32]map[string]int32{}
		}
		f.big[s.section] = index
	case sec.n > bigSection:
		f.big[s.section][k.name] = sec.first + sec.n - 1
	}
	s.open = true
}

// sameKey returns a key of that name in the current section, or nil. All [DEFAULT]
// sections are one to configparser.
func (s *scanner) sameKey(name string) *key {
	f := s.f
	if f.sections[s.section].typ != defaultsSection {
		return f.ownKey(s.section, name)
	}
	for _, d := range f.defaults {
		if k := f.ownKey(d, name); k != nil {
			return k
		}
	}
	return nil
}

// continueKey adds a line to the open key, and the blank lines before it.
func (s *scanner) continueKey(line string) {
	k := &s.f.keys[len(s.f.keys)-1]
	if len(s.more) == 0 {
		s.more, s.numbers = append(s.more, k.value), append(s.numbers, k.line)
	}
	for ; s.blanks > 0; s.blanks-- {
		s.more, s.numbers = append(s.more, ""), append(s.numbers, s.line)
	}
	s.more, s.numbers = append(s.more, line), append(s.numbers, s.line)
	k.textEnd, k.end = int32(s.textEnd), int32(s.end)
}

// closeKey ends the open key, if there is one.
func (s *scanner) closeKey() {
	s.blanks = 0
	if !s.open {
		return
	}
	s.open = false
	if len(s.more) == 0 {
		return
	}
	k := &s.f.keys[len(s.f.keys)-1]
	k.value = strings.Join(s.more, "\n")
	if k.nested() && s.f.kind != AliasFile {
		s.checkBlock(k)
	}
	s.more, s.numbers = s.more[:0], s.numbers[:0]
}

// checkBlock reports the first line of a nested block that botocore cannot
// read. It looks at blocks of [DEFAULT] only where they leak into a section.
func (s *scanner) checkBlock(k *key) {
	for i, lines := range s.more {
		for _, line := range splitLines(lines) {
			if line = trimSpace(line); line == "" || strings.IndexByte(line, '=') >= 0 {
				continue
			}
			word := "an empty key"
			if _, known := knownKeys[k.name]; known {
				word = fmt.Sprintf("the empty key %q", k.name)
			}
			problem := s.f.problem(s.numbers[i], fmt.Sprintf("the %s below %s is not \"key = value\"", excerpt(line), word), "remove the indentation, or write nested lines as key = value")
			if s.f.sections[s.section].typ == defaultsSection {
				s.f.leaking = append(s.f.leaking, leakingBlock{k.name, problem})
			} else {
				s.f.fatal = append(s.f.fatal, problem)
			}
			return
		}
	}
}

// checkLeaks reports blocks of [DEFAULT] that leak into a section.
func (s *scanner) checkLeaks() {
	for _, l := range s.f.leaking {
		if s.f.leaks(l.key) {
			s.f.fatal = append(s.f.fatal, l.problem)
		}
	}
}

// leaks reports whether any section takes a key of that name from [DEFAULT].
func (f *File) leaks(name string) bool {
	for i := range f.sections {
		if f.sections[i].typ != defaultsSection && f.ownKey(int32(i), name) == nil {
			return true
		}
	}
	return false
}

func (s *scanner) fatal(line int32, text, hint string) {
	s.f.fatal = append(s.f.fatal, s.f.problem(line, text, hint))
}

// excerpt is what a message calls a line of a file: a known key by its name, any
// other line without its text. It could be a secret without its key, and
// messages end up in tickets.
func excerpt(line string) string {
	if n := delimiter(line); n >= 0 {
		name := trimSpace(line[:n])
		if _, known := knownKeys[lowerKey(name)]; known {
			return fmt.Sprintf("key %q", name)
		}
	}
	return "line"
}

// sectionWord is what a message calls a section: by its header if that says of
// what type the section is. Any other may be a secret in the wrong place, too.
func (s *scanner) sectionWord(sec *section) string {
	typed := s.f.kind == ConfigFile && sec.named && sec.typ != otherSection || sec.header == defaultProfile
	if !typed {
		return "the section"
	}
	return fmt.Sprintf("section %q", sec.header)
}
