package awsconfig

import (
	"fmt"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/fault"
)

// An assembly is the text that an edit makes of a file.
type assembly struct {
	text    string
	changes []Change
	err     error // a fault.Config: the edit would join lines that stand apart
}

// An assembler copies a file from left to right, with cuts and insertions.
type assembler struct {
	e    *Edit
	f    *File
	eol  string
	out  strings.Builder
	done int32      // what stands before is copied or cut
	from [2]int32   // in the file and in out: where the last copy ended
	news [][2]int32 // where in out the text of each change stands
	cut  [2]int32   // sections being removed, not yet cut
	assembly

	depth int32 // indentation of the last key that stays, or -1 after a header
}

func (e *Edit) assemble() *assembly {
	if e.result == nil && e.plans == nil && len(e.added) == 0 {
		e.result = &assembly{text: e.f.text}
	}
	if e.result == nil {
		a := assembler{e: e, f: e.f, eol: lineEnd(e.f.text), depth: -1}
		a.out.Grow(len(e.f.text) + e.growth())
		a.run()
		e.result = &a.assembly
	}
	return e.result
}

// growth returns roughly how many bytes the edit adds.
func (e *Edit) growth() int {
	n := 0
	for i := range e.added {
		n += len(e.added[i].name) + 20
		for _, p := range e.added[i].keys {
			n += len(p.Key) + len(p.Value) + 5
		}
	}
	return n
}

// lineEnd returns the line end that most lines of a text have. A lone "\r" does
// not count: only Python's reader ends a line there.
func lineEnd(text string) string {
	crlf := strings.Count(text, "\r\n")
	if lf := strings.Count(text, "\n") - crlf; crlf > lf {
		return "\r\n"
	}
	return "\n"
}

func (a *assembler) run() {
	for i := range a.e.plans {
		a.section(int32(i), a.e.plans[i])
	}
	a.flushCut()
	a.copyTo(int32(len(a.f.text)))
	for i := range a.e.added {
		if a.e.added[i].name != "" {
			a.appendSection(&a.e.added[i])
		}
	}
	a.endChange()
	a.text = a.out.String()
	if a.text == a.f.text {
		a.changes = nil
		return
	}
	for i, span := range a.news {
		a.changes[i].Text = a.text[span[0]:span[1]]
	}
}

// endChange records what was cut and written since the last copy.
func (a *assembler) endChange() {
	if end := int32(a.out.Len()); a.done > a.from[0] || end > a.from[1] {
		a.changes = append(a.changes, Change{Start: int(a.from[0]), End: int(a.done)})
		a.news = append(a.news, [2]int32{a.from[1], end})
	}
}

// section copies, changes or removes one section.
func (a *assembler) section(i int32, p *plan) {
	s := &a.f.sections[i]
	if p != nil && p.removed {
		a.remove(i)
		return
	}
	if a.depth >= 0 && s.indent > a.depth && a.err == nil {
		a.err = fault.New(fault.Config, fmt.Sprintf("%s:%d", a.f.path, s.line),
			"the section above cannot be removed: this header is indented, and would become part of the value before it").
			WithHint("remove the indentation of the header")
	}
	a.depth = -1
	if p == nil {
		if keys := a.f.sectionKeys(i); len(keys) > 0 {
			a.depth = keys[len(keys)-1].indent
		}
		return
	}
	if p.rename != "" {
		a.replace(s.text, s.text+int32(len(s.header)), headerText(a.f.kind, s.typ, p.rename))
	}
	a.keys(i, p)
}

// keys changes, removes and adds keys of one section.
func (a *assembler) keys(i int32, p *plan) {
	keys := a.f.sectionKeys(i)
	fresh := p.missing(a.f, i)
	at := a.insertAfter(keys)
	if at < 0 && len(fresh) > 0 {
		a.insert(a.f.sections[i].end, fresh, a.firstIndent(i, keys))
		a.depth = a.firstDepth(i, keys)
	}
	for k := range keys {
		key := &keys[k]
		switch value, ok := p.value(key.name); {
		case ok && value != key.value:
			a.rewrite(key, value)
			a.depth = key.indent
		case ok || !p.drops(key.name):
			a.depth = key.indent
		default:
			a.replace(key.start, key.end, "")
		}
		if k == at && len(fresh) > 0 {
			a.insert(key.end, fresh, a.f.text[key.start:a.f.nameStart(key)])
			a.depth = key.indent
		}
	}
}

// missing returns the pairs to set for which section i has no key.
func (p *plan) missing(f *File, i int32) []KeyValue {
	var fresh []KeyValue
	for _, pair := range p.set {
		if f.ownKey(i, pair.Key) == nil {
			fresh = append(fresh, pair)
		}
	}
	return fresh
}

// value returns the value that a key is set to.
func (p *plan) value(name string) (string, bool) {
	for i := range p.set {
		if p.set[i].Key == name {
			return p.set[i].Value, true
		}
	}
	return "", false
}

// drops reports whether a key that is not set is removed.
func (p *plan) drops(name string) bool {
	return p.only || slices.Contains(p.unset, name)
}

// touches reports whether a key of the file is set or removed.
func (p *plan) touches(name string) bool {
	_, set := p.value(name)
	return set || p.drops(name)
}

// insertAfter returns the key after which new ones go, or -1 for none. It is the
// last, but never one behind an indented key that is empty or nested: the Go
// SDK takes all indented lines after that for its block.
func (a *assembler) insertAfter(keys []key) int {
	for i := range keys {
		if keys[i].indent > 0 && (keys[i].value == "" || keys[i].nested()) {
			return i - 1
		}
	}
	return len(keys) - 1
}

// firstIndent returns the indentation of keys that go directly below a header: at
// least that of what follows, which would else continue their value.
func (a *assembler) firstIndent(i int32, keys []key) string {
	switch f := a.f; {
	case len(keys) > 0:
		return f.text[keys[0].start:f.nameStart(&keys[0])]
	case int(i)+1 < len(f.sections) && f.sections[i+1].indent > f.sections[i].indent:
		return f.headerIndent(i + 1)
	default:
		return f.headerIndent(i)
	}
}

func (a *assembler) firstDepth(i int32, keys []key) int32 {
	chars, _ := indent(a.firstIndent(i, keys) + "x")
	return int32(chars)
}

func (f *File) headerIndent(i int32) string {
	s := &f.sections[i]
	return f.text[s.start : s.text-1]
}

// nameStart returns where the name of a key begins.
func (f *File) nameStart(k *key) int32 {
	_, size := indent(f.text[k.start:k.end])
	return k.start + int32(size)
}

// rewrite gives a key another value and keeps how its line is written, unless
// the Go SDK would then read something else.
func (a *assembler) rewrite(k *key, value string) {
	before := a.f.text[k.start:k.val]
	gap := ""
	if k.value == "" || k.nested() {
		if head := before[:len(before)-1]; len(trimRight(head)) < len(head) {
			gap = " " // x = as opposed to x=
		}
	}
	line := before + gap + value
	if seen, ok := goValue(line); !ok || seen != value || goKey(line) != k.name {
		a.replace(a.f.nameStart(k), k.textEnd, k.name+" = "+value)
		return
	}
	a.replace(k.val, k.textEnd, gap+value)
}

// insert adds lines at an offset where a line begins, or at the end of the
// last line. In a file without a final line end it leaves none, either.
func (a *assembler) insert(at int32, kv []KeyValue, indent string) {
	a.copyTo(at)
	open := at == int32(len(a.f.text)) && !endsLine(a.out.String())
	for _, p := range kv {
		if open {
			a.out.WriteString(a.eol)
		}
		a.out.WriteString(indent)
		a.appendPair(p)
		if !open {
			a.out.WriteString(a.eol)
		}
	}
}

func (a *assembler) appendPair(p KeyValue) {
	a.out.WriteString(p.Key)
	a.out.WriteString(" = ")
	a.out.WriteString(p.Value)
}

// appendSection writes a new section at the end, one blank line before it.
func (a *assembler) appendSection(s *addition) {
	if a.out.Len() > 0 {
		if !strings.HasSuffix(a.out.String(), "\n") {
			a.out.WriteString(a.eol)
		}
		if !endsBlank(a.out.String()) {
			a.out.WriteString(a.eol)
		}
	}
	a.out.WriteByte('[')
	a.out.WriteString(headerText(a.f.kind, s.typ, s.name))
	a.out.WriteByte(']')
	a.out.WriteString(a.eol)
	for _, p := range s.keys {
		a.appendPair(p)
		a.out.WriteString(a.eol)
	}
}

// endsLine reports whether no line is left open.
func endsLine(text string) bool {
	return text == "" || text[len(text)-1] == '\n' || text[len(text)-1] == '\r'
}

// endsBlank reports whether the last of some whole lines is blank.
func endsBlank(lines string) bool {
	body := strings.TrimSuffix(lines, "\n")
	return trimSpace(body[strings.LastIndexByte(body, '\n')+1:]) == ""
}

// remove cuts section i. Sections that follow each other are cut as one.
func (a *assembler) remove(i int32) {
	start, end := a.f.sections[i].start, a.f.bodyEnd(i)
	if a.cut[1] == start && start > 0 {
		a.cut[1] = end
		return
	}
	a.flushCut()
	a.cut = [2]int32{start, end}
}

// flushCut makes the pending cut, with the blank line above where another one
// or the end of the file follows.
func (a *assembler) flushCut() {
	start, end := a.cut[0], a.cut[1]
	if end == 0 {
		return
	}
	a.cut = [2]int32{}
	if blank := a.f.blankBefore(start); blank < start && blank >= a.done && a.f.blankAt(end) {
		start = blank
	}
	a.replace(start, end, "")
}

// blankBefore returns where the blank line directly above an offset begins, or the
// offset itself.
func (f *File) blankBefore(at int32) int32 {
	above := f.text[:at]
	body := strings.TrimSuffix(strings.TrimSuffix(above, "\n"), "\r")
	if len(body) == len(above) {
		return at
	}
	start := strings.LastIndexAny(body, "\r\n") + 1
	if trimSpace(body[start:]) != "" {
		return at
	}
	return int32(start)
}

// blankAt reports whether the line that begins at an offset is blank, or the
// file ends there.
func (f *File) blankAt(at int32) bool {
	line := f.text[at:]
	if n := strings.IndexAny(line, "\r\n"); n >= 0 {
		line = line[:n]
	}
	return trimSpace(line) == ""
}

func (a *assembler) copyTo(at int32) {
	a.flushCutBefore(at)
	if a.done < at {
		a.endChange()
		a.out.WriteString(a.f.text[a.done:at])
		a.from = [2]int32{at, int32(a.out.Len())}
	}
	a.done = at
}

// flushCutBefore makes the pending cut before anything behind it is copied.
func (a *assembler) flushCutBefore(at int32) {
	if a.cut[1] != 0 && a.cut[0] < at {
		a.flushCut()
	}
}

// replace puts text in the place of [start, end).
func (a *assembler) replace(start, end int32, text string) {
	if a.f.text[start:end] == text {
		return
	}
	a.copyTo(start)
	a.out.WriteString(text)
	a.done = end
}
