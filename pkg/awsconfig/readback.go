package awsconfig

import (
	"fmt"
	"strings"

	"aws-sso-plugins/pkg/fault"
)

// readBack compares the result of the edit with the file and the plan, as this
// package reads it, and has gopkg.in/ini.v1 read the lines that are new.
func (e *Edit) readBack(text string) error {
	got := parse(e.f.path, e.f.kind, text)
	if err := e.compare(got); err != nil {
		return err
	}
	return e.secondOpinion(got)
}

func bug(format string, args ...any) error {
	return fault.New(fault.Unknown, "the edited file does not read as planned, which is a bug; nothing was changed",
		fmt.Sprintf(format, args...))
}

// compare compares what this package reads in the result with the plan.
func (e *Edit) compare(got *File) error {
	if len(got.fatal) > 0 {
		return e.unreadable(got)
	}
	next := int32(0) // section of got
	for i := range e.f.sections {
		p := e.planOf(int32(i))
		if p != nil && p.removed {
			continue
		}
		if int(next) >= len(got.sections) {
			return bug("section %q is missing", e.f.sections[i].header)
		}
		if err := e.compareSection(int32(i), p, got, next); err != nil {
			return err
		}
		if err := e.compareGap(int32(i), got, next); err != nil {
			return err
		}
		next++
	}
	for i := range e.added {
		a := &e.added[i]
		if a.name == "" {
			continue
		}
		if int(next) >= len(got.sections) {
			return bug("%s is missing", a.sectionRef)
		}
		if s := &got.sections[next]; (sectionRef{s.typ, s.name}) != a.sectionRef {
			return bug("line %d should be %s", s.line, a.sectionRef)
		}
		if err := comparePairs(got, next, a.keys, len(a.keys)); err != nil {
			return err
		}
		next++
	}
	if int(next) != len(got.sections) {
		return bug("section %q is not planned", got.sections[next].header)
	}
	return nil
}

// unreadable returns why botocore could not read the result. That is a bug, unless
// a nested block of [DEFAULT] is to blame, at which botocore looks only where
// it leaks into a section.
func (e *Edit) unreadable(got *File) error {
	if len(e.f.leaking) > 0 {
		return e.f.leaking[0].problem.fault()
	}
	return bug("%s", got.fatal[0])
}

// compareGap compares the comments and blank lines before section j of got with
// those before section i of the file, if the section above them stays.
func (e *Edit) compareGap(i int32, got *File, j int32) error {
	was, is := e.f.gap(i), got.gap(j)
	if i > 0 {
		if p := e.planOf(i - 1); p != nil && p.removed {
			return nil
		} else if p != nil {
			is = is[max(0, len(is)-len(was)):] // what stood between keys that went is in it, too
			if was == "\n"+is && loneReturn(e.f.tile(i-1)) {
				return nil // the "\n" is one line end now with a "\r" above it, see sameSection
			}
		}
	}
	if was != is {
		return bug("what stands above line %d is not as it was", e.f.sections[i].line)
	}
	return nil
}

// gap returns what stands between section i and the section above it.
func (f *File) gap(i int32) string {
	start := int32(0)
	if i > 0 {
		start = f.bodyEnd(i - 1)
	}
	return f.text[start:f.sections[i].start]
}

func (e *Edit) planOf(i int32) *plan {
	if e.plans == nil {
		return nil
	}
	return e.plans[i]
}

// compareSection compares section j of got with section i of the file.
func (e *Edit) compareSection(i int32, p *plan, got *File, j int32) error {
	old, s := &e.f.sections[i], &got.sections[j]
	if p == nil {
		if !sameSection(e.f.text[old.start:e.f.bodyEnd(i)], strings.TrimSuffix(got.text[s.start:got.bodyEnd(j)], e.addedLineEnd(i))) {
			return bug("section %q is not as it was", old.header)
		}
		return nil
	}
	line := e.f.headerLine(i)
	if p.rename != "" {
		before, after := old.text-old.start, int(old.text-old.start)+len(old.header)
		line = line[:before] + headerText(e.f.kind, old.typ, p.rename) + line[after:]
	}
	if strings.TrimRight(line, "\r\n") != strings.TrimRight(got.headerLine(j), "\r\n") {
		return bug("line %d should be %q", s.line, line)
	}
	kept := 0
	for k := range e.f.sectionKeys(i) {
		key := &e.f.sectionKeys(i)[k]
		if p.touches(key.name) {
			continue
		}
		kept++
		if now := got.ownKey(j, key.name); now == nil || now.value != key.value {
			return bug("key %q of section %q is not as it was", key.name, old.header)
		}
	}
	return comparePairs(got, j, p.set, kept+len(p.set))
}

// sameSection reports whether the text of a section is as it was. A lone "\r"
// ends a line, but makes one line end with a "\n" that follows it once what
// stood between them is removed.
func sameSection(was, is string) bool {
	return is == was || is == was+"\n" && strings.HasSuffix(was, "\r")
}

// loneReturn reports whether a "\r" in text has no "\n" after it.
func loneReturn(text string) bool {
	return strings.Count(text, "\r") != strings.Count(text, "\r\n")
}

// addedLineEnd returns the line end that the last section of a file without one
// gets when something is appended.
func (e *Edit) addedLineEnd(i int32) string {
	if int(i) == len(e.f.sections)-1 && !strings.HasSuffix(e.f.text, "\n") && int(e.f.bodyEnd(i)) == len(e.f.text) && len(e.added) > 0 {
		return lineEnd(e.f.text)
	}
	return ""
}

// comparePairs compares section j of got, which should have n keys, with the
// pairs that it should hold.
func comparePairs(got *File, j int32, want []KeyValue, n int) error {
	s := &got.sections[j]
	for _, p := range want {
		if k := got.ownKey(j, p.Key); k == nil || k.value != p.Value {
			return bug("key %q of section %q is not as planned", p.Key, s.header)
		}
	}
	if int(s.n) != n {
		return bug("section %q has %d keys and should have %d", s.header, s.n, n)
	}
	return nil
}
