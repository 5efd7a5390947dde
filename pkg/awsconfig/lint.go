package awsconfig

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Problems are the problems of this file alone, by line: what botocore cannot
// read, and what AWS clients read each in another way. botocore and the Go SDK
// read a file without any alike.
func (f *File) Problems() []Problem {
	l := fileLint{f: f, found: slices.Clone(f.fatal)}
	l.lineEnds()
	l.indentation()
	for i := range f.sections {
		l.header(int32(i))
		l.keys(int32(i))
	}
	slices.SortStableFunc(l.found, byLine)
	return l.found
}

// A fileLint collects problems of one file.
type fileLint struct {
	f     *File
	found []Problem
}

func (l *fileLint) add(line int32, hint, format string, args ...any) {
	l.found = append(l.found, l.f.problem(line, false, fmt.Sprintf(format, args...), hint))
}

// lineEnds reports the first lone carriage return.
func (l *fileLint) lineEnds() {
	text := l.f.text
	for i := 0; i < len(text); i++ {
		n := strings.IndexByte(text[i:], '\r')
		if n < 0 {
			return
		}
		if i += n; i+1 == len(text) || text[i+1] != '\n' {
			l.add(l.f.lineOf(i), "end lines with a line feed", "the line ends in a lone carriage return: a line end to the AWS CLI, to no other client")
			return
		}
	}
}

// indentation reports lines that begin with white space other than spaces and
// tabs, such as the no-break spaces of a text copied from a web page.
func (l *fileLint) indentation() {
	for line, text := range numbered(l.f.text, 1) {
		text = strings.TrimLeft(text, " \t")
		if _, size := indent(text); size > 0 {
			l.add(line, "indent with spaces", "the line begins with %q, which only the AWS CLI takes for white space", text[:size])
		}
	}
}

func (l *fileLint) header(i int32) {
	f, s := l.f, &l.f.sections[i]
	if f.plainHeader(i) {
		l.twice(i)
		return
	}
	switch {
	case s.typ == defaultsSection:
		l.add(s.line, "name it [default]", "to the AWS CLI the keys of [DEFAULT] stand in every section of the file; the Go SDK reads a profile of that name")
	case !s.named:
		l.add(s.line, "", "the AWS CLI drops the section %q: it is not the word %s and one name", s.header, s.typ.word())
	case s.typ == otherSection:
		l.unprefixed(i)
	default:
		l.name(i)
		l.twice(i)
	}
}

// name reports a name that clients read in different ways.
func (l *fileLint) name(i int32) {
	f, s := l.f, &l.f.sections[i]
	ours := sectionRef{s.typ, s.name}
	ref, ok := f.goName(i)
	text, header := goHeader(f.headerLine(i))
	switch {
	case !header:
		l.noHeader(i)
	case f.kind == CredentialsFile && !ok:
		l.add(s.line, fmt.Sprintf("write %q", "["+strings.TrimPrefix(text, profilePrefix+" ")+"]"),
			"in the credentials file this is a profile named %q to the AWS CLI, and none to the Go SDK", s.name)
	case !ok:
		l.add(s.line, "", "%s of the AWS CLI is none to the Go SDK", ours)
	case ref != ours:
		l.add(s.line, "give it a name without spaces and quotes", "%s of the AWS CLI is %s to the Go SDK", ours, ref)
	case strings.Contains(s.header, "  "):
		l.add(s.line, fmt.Sprintf("write %q", "["+headerText(f.kind, s.typ, s.name)+"]"), "%s is none to the JavaScript SDK, for the two spaces in the header", ours)
	case s.typ != servicesSection && !PortableName(s.name):
		l.add(s.line, "use letters, digits and _@+.%:/- only", "%s has a name that not every AWS client finds", ours)
	}
}

// noHeader reports a header that the Go SDK does not see, most often for a # or
// ; in it.
func (l *fileLint) noHeader(i int32) {
	l.add(l.f.sections[i].line, "leave only the name between the brackets, and nothing behind them",
		"the Go SDK sees no header here and reads the keys below into the section above")
}

// twice reports a name that two headers spell in different ways. The same
// spelling is Fatal, and found when the file is parsed.
func (l *fileLint) twice(i int32) {
	s := &l.f.sections[i]
	if s.same < 0 || l.f.sections[s.same].header == s.header {
		return
	}
	first := &l.f.sections[s.same]
	loser := "mixes the two"
	if s.name == defaultProfile {
		loser = "takes [profile default]"
	}
	l.add(s.line, "make the two sections one", "%s stands a second time, first in line %d: the AWS CLI takes only this section, the Go SDK %s",
		sectionRef{s.typ, s.name}, first.line, loser)
}

// unprefixed reports a section that its author may take for a profile.
func (l *fileLint) unprefixed(i int32) {
	s := &l.f.sections[i]
	if _, ok := goHeader(l.f.headerLine(i)); !ok {
		l.noHeader(i)
		return
	}
	if ref, ok := l.f.goName(i); ok {
		l.add(s.line, fmt.Sprintf("write %q", "["+headerText(ConfigFile, ref.typ, ref.name)+"]"), "the section is %s to the Go SDK, and nothing to the AWS CLI", ref)
		return
	}
	name := trimSpace(s.header)
	if name == "plugins" || name == "preview" || strings.ContainsAny(name, " \t") && !strings.EqualFold(firstWord(name), profilePrefix) {
		return // the AWS CLI's own: [plugins], [preview], [command ...]
	}
	if _, beside := l.f.find(profileSection, name); beside {
		l.add(s.line, "", "%q is no profile in this file, though it stands beside %q: no AWS client reads its keys", s.header, "profile "+name)
		return
	}
	l.add(s.line, fmt.Sprintf("write %q", "[profile "+name+"]"), "%q is no profile in this file: its header lacks the word profile", s.header)
}

func firstWord(s string) string {
	if n := strings.IndexAny(s, " \t"); n >= 0 {
		return s[:n]
	}
	return s
}

// keys reports what clients make of the lines of section i.
func (l *fileLint) keys(i int32) {
	keys := l.f.sectionKeys(i)
	block := "" // the empty key for whose block the Go SDK takes indented lines
	for k := range keys {
		key := &keys[k]
		line := l.f.text[key.start:key.textEnd]
		if !goIndented(line) {
			block = ""
		} else if block != "" {
			l.add(key.line, "remove the indentation", "the Go SDK reads the indented key %q as part of the empty %q above", key.name, block)
			continue
		}
		if key.value == "" || key.nested() {
			block = key.name
		}
		l.spelling(key, line)
		switch {
		case key.nested():
			l.block(key)
		case strings.Contains(key.value, "\n"):
			l.continued(key)
		default:
			l.value(key, line)
		}
	}
}

// continued reports the lines below a key that are part of its value to the
// AWS CLI, because they are deeper.
func (l *fileLint) continued(k *key) {
	first := true
	for line, text := range l.f.lines(k) {
		switch text = trimSpace(text); {
		case first || text == "" || text[0] == '#' || text[0] == ';':
		case text[0] == '[':
			l.add(line, "remove the indentation", "to the AWS CLI the indented %s is part of the value of %q in line %d; to the Go SDK it is a section", excerpt(text), k.name, k.line)
		case delimiter(text) >= 0:
			l.add(line, "remove the indentation", "to the AWS CLI the indented %s is part of the value of %q in line %d; to the Go SDK it is a key", excerpt(text), k.name, k.line)
		default:
			l.add(line, "write the value in one line", "the indented %s is part of the value of %q in line %d, which not every AWS client reads", excerpt(text), k.name, k.line)
		}
		first = false
	}
}

// spelling reports how a key is written.
func (l *fileLint) spelling(k *key, line string) {
	line = trimSpace(line)
	n := delimiter(line)
	if name := trimRight(line[:n]); name != k.name {
		l.add(k.line, fmt.Sprintf("write %q", k.name), "the JavaScript SDK does not find the key %q, which is not in lower case", name)
	}
	if seen := goKey(line); seen != k.name {
		l.add(k.line, "", "the key %q of the AWS CLI is %q to the Go SDK", k.name, seen)
	}
	if line[n] == ':' {
		l.add(k.line, `write "key = value"`, `the JavaScript SDK does not read "key: value"`)
	}
}

// value reports a value of one line.
func (l *fileLint) value(k *key, line string) {
	seen, ok := goValue(line)
	_, header := goHeader(line)
	switch {
	case header:
		l.add(k.line, "", "the key %q of the AWS CLI is a section header to the Go SDK", k.name)
	case loneQuote(k.value):
		l.add(k.line, "remove the quote", goCrash)
	case !ok:
		l.add(k.line, "", "the Go SDK ignores the line: it sees a comment in the key %q", k.name)
	case seen == k.value:
	case quoted(k.value):
		l.add(k.line, "remove the quotes", "the value of %q has its quotes in the AWS CLI, and none in the Go SDK", k.name)
	case strings.HasPrefix(k.value, seen):
		l.add(k.line, "put the comment on a line of its own", "to the AWS CLI the comment is part of the value of %q; the Go SDK reads %q", k.name, seen)
	default:
		l.add(k.line, "", "the AWS CLI reads %q as %q, the Go SDK as %q", k.name, k.value, seen)
	}
	if strings.ContainsFunc(k.value, unicode.IsControl) {
		l.add(k.line, "", "the value of %q holds a control character: %q", k.name, k.value)
	}
}

// block reports a nested block that the Go SDK reads in another way.
func (l *fileLint) block(k *key) {
	var ours pairSet
	for _, p := range nestedPairs(k) {
		ours.set(strings.ToLower(p.Key), p.Value)
		switch {
		case loneQuote(p.Value):
			l.add(k.line, "remove the quote", goCrash)
			return
		case quoted(p.Value):
			l.add(k.line, "remove the quotes", "the value of %q below %q has its quotes in the AWS CLI, and none in the Go SDK", p.Key, k.name)
			return
		}
	}
	if !slices.Equal(ours.pairs, l.f.goBlock(k)) || !l.f.goOpens(k) {
		l.add(k.line, "write each nested line as key = value", "the AWS CLI and the Go SDK read the block below %q in different ways", k.name)
	}
}

const goCrash = "the Go SDK crashes at a value that is a single quote"

func loneQuote(value string) bool { return value == `"` || value == "'" }
