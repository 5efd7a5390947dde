package awsconfig

import "strings"

// This file is how the Go SDK reads what botocore reads otherwise. It is not a
// second reader: it answers for one line at a time, for lint and for names
// that an edit must not take.

// goHeader returns the name in a line that the Go SDK takes for a header, its words
// with one space between, or false where it sees none and gives the keys below
// to the section above. It cuts the line at the first # or ;, wherever that
// stands, and knows no quotes.
func goHeader(line string) (name string, ok bool) {
	if n := strings.IndexAny(line, "#;"); n >= 0 {
		line = line[:n]
	}
	line = strings.TrimSpace(line)
	if len(line) < 2 || line[0] != '[' || line[len(line)-1] != ']' {
		return "", false
	}
	line = strings.TrimSpace(line[1 : len(line)-1])
	if n := strings.IndexAny(line, " \t"); n >= 0 {
		return line[:n] + " " + strings.TrimLeft(line[n:], " \t"), true
	}
	return line, true
}

// goValue returns the value that the Go SDK reads in the line of a key, or false
// where it sees no key. A comment begins at a # or ; after a space or tab, and
// quotes around the value go: first the comment in a line that is not
// indented, first the quotes in one that is.
func goValue(line string) (value string, ok bool) {
	indented := goIndented(line)
	if !indented {
		line = goUncomment(line)
	}
	n := delimiter(line)
	if n < 0 {
		return "", false
	}
	value = goUnquote(strings.TrimSpace(line[n+1:]))
	if indented {
		value = strings.TrimSpace(goUncomment(value))
	}
	return value, true
}

// goKey returns the key in a line that the Go SDK takes for one.
func goKey(line string) string {
	return strings.ToLower(strings.TrimSpace(line[:delimiter(line)]))
}

func goUncomment(s string) string {
	for i := 1; i < len(s); i++ {
		if (s[i] == '#' || s[i] == ';') && (s[i-1] == ' ' || s[i-1] == '\t') {
			return s[:i-1]
		}
	}
	return s
}

func goUnquote(s string) string {
	if quoted(s) {
		return s[1 : len(s)-1]
	}
	return s
}

// quoted reports whether quotes stand around s.
func quoted(s string) bool {
	return len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0]
}

// goIndented reports whether the Go SDK may take a line for part of a block.
func goIndented(line string) bool {
	return line != "" && (line[0] == ' ' || line[0] == '\t')
}

// goBlock returns the nested block of a key as the Go SDK reads it.
func (f *File) goBlock(k *key) []Pair {
	var block pairSet
	for number, line := range f.lines(k) {
		line = strings.TrimLeft(line, " \t")
		n := delimiter(line)
		if number == k.line || n < 0 || line[0] == '#' || line[0] == ';' {
			continue
		}
		block.set(strings.ToLower(strings.TrimSpace(line[:n])), goUnquote(strings.TrimSpace(line[n+1:])))
	}
	return block.pairs
}

// goOpens reports whether a block may follow the first line of a key.
func (f *File) goOpens(k *key) bool {
	for _, line := range f.lines(k) {
		value, ok := goValue(line)
		return ok && value == ""
	}
	return false
}

// headerLine returns the line of the header of section i.
func (f *File) headerLine(i int32) string {
	s := &f.sections[i]
	return f.text[s.start:s.end]
}

// goName returns what section i is to the Go SDK, or false where it is nothing.
func (f *File) goName(i int32) (ref sectionRef, ok bool) {
	text, ok := goHeader(f.headerLine(i))
	if !ok {
		return sectionRef{}, false
	}
	typ, name, _ := strings.Cut(text, " ")
	switch {
	case f.kind == CredentialsFile:
		return sectionRef{profileSection, text}, typ != profilePrefix || name == ""
	case name == "":
		return sectionRef{profileSection, text}, strings.EqualFold(text, defaultProfile)
	case typ == profilePrefix:
		return sectionRef{profileSection, name}, true
	case typ == sessionPrefix:
		return sectionRef{sessionSection, name}, true
	case typ == servicesPrefix:
		return sectionRef{servicesSection, name}, true
	}
	return sectionRef{}, false
}

// goOnlyNames returns the sections that the Go SDK finds under a name which they
// do not have for botocore.
func (f *File) goOnlyNames() map[sectionRef]int32 {
	only := map[sectionRef]int32{}
	if f.kind == AliasFile {
		return only
	}
	for i := range f.sections {
		s := &f.sections[i]
		if f.plainHeader(int32(i)) {
			continue
		}
		if ref, ok := f.goName(int32(i)); ok && (!s.named || ref != sectionRef{s.typ, s.name}) {
			only[ref] = int32(i)
		}
	}
	return only
}

// plainHeader reports whether section i is a profile or session whose header
// every client reads alike, and saves a closer look.
func (f *File) plainHeader(i int32) bool {
	s := &f.sections[i]
	n := len(s.header) - len(s.name)
	switch {
	case !s.named || !PortableName(s.name) || s.text != s.start+1 || strings.TrimRight(f.text[int(s.text)+len(s.header):s.end], "\r\n") != "]":
		return false
	case f.kind == CredentialsFile:
		return n == 0
	case s.typ == profileSection:
		return n == len(profilePrefix)+1 && s.header[:n] == profilePrefix+" " || s.header == defaultProfile
	case s.typ == sessionSection:
		return n == len(sessionPrefix)+1 && s.header[:n] == sessionPrefix+" "
	}
	return false
}
