package awsconfig

import (
	"strings"

	"gopkg.in/ini.v1"
)

// secondOpinion asks gopkg.in/ini.v1, which others wrote, whether what the edit
// writes reads as planned. got is the result. ini.v1 is shown each distinct
// line that sets a key and each distinct kind of header once: ten thousand
// profiles of one session repeat most of their lines.
func (e *Edit) secondOpinion(got *File) error {
	w := writtenLines{got: got, pairs: map[KeyValue]bool{}, kinds: map[string]bool{}}
	w.collect(e)
	return w.check()
}

// writtenLines are the distinct lines of an edit's result that the edit wrote.
type writtenLines struct {
	got     *File
	headers []string // one of each kind
	kinds   map[string]bool
	lines   strings.Builder // of keys, without indentation
	want    []KeyValue      // what the lines should read as, in their order
	pairs   map[KeyValue]bool
	last    []KeyValue // the pairs of the section before
}

func (w *writtenLines) collect(e *Edit) {
	next := int32(0) // section of got
	for i := range e.f.sections {
		p := e.planOf(int32(i))
		if p != nil && p.removed {
			continue
		}
		if p != nil {
			if p.rename != "" {
				w.header(next)
			}
			w.keys(next, e.f.changedPairs(int32(i), p.set))
		}
		next++
	}
	for i := range e.added {
		if e.added[i].name != "" {
			w.header(next)
			w.keys(next, e.added[i].keys)
			next++
		}
	}
}

// header takes the header of section i of the result, unless one that differs
// only in the name was taken before.
func (w *writtenLines) header(i int32) {
	s := &w.got.sections[i]
	kind := strings.TrimSuffix(s.header, s.name)
	if s.name == defaultProfile {
		kind = defaultProfile
	}
	if !w.kinds[kind] {
		w.kinds[kind] = true
		w.headers = append(w.headers, s.header)
	}
}

// keys takes the lines of section i of the result that hold the pairs.
func (w *writtenLines) keys(i int32, pairs []KeyValue) {
	for n, p := range pairs {
		if n < len(w.last) && w.last[n] == p || iniHasQuote(p.Value) || w.pairs[p] {
			continue
		}
		w.pairs[p] = true
		k := w.got.ownKey(i, p.Key)
		line := w.got.text[w.got.nameStart(k):k.textEnd]
		w.lines.WriteString(line)
		w.lines.WriteByte('\n')
		// a key that was there may be spelled in another case
		w.want = append(w.want, KeyValue{trimRight(line[:delimiter(line)]), p.Value})
	}
	w.last = pairs
}

// changedPairs returns those of the pairs that section i of f does not hold.
func (f *File) changedPairs(i int32, pairs []KeyValue) (changed []KeyValue) {
	for _, p := range pairs {
		if k := f.ownKey(i, p.Key); k == nil || k.value != p.Value {
			changed = append(changed, p)
		}
	}
	return changed
}

// iniHasQuote reports whether a value begins with one of the quotes that ini.v1
// knows and no AWS client does.
func iniHasQuote(value string) bool {
	return strings.HasPrefix(value, "`") || strings.HasPrefix(value, `"""`)
}

// iniOptions make ini.v1 read nearly as AWS clients do: comments on lines of
// their own, no joined lines, quotes kept, no section that inherits from
// another. Values of one key are kept in the order of their lines. Without
// AllowNonUniqueSections, and a child delimiter that occurs in no name, it is
// quadratic.
func iniOptions() ini.LoadOptions {
	return ini.LoadOptions{
		IgnoreInlineComment:        true,
		IgnoreContinuation:         true,
		PreserveSurroundedQuote:    true,
		KeyValueDelimiters:         "=:",
		AllowNonUniqueSections:     true,
		ChildSectionDelimiter:      "\x00",
		AllowShadows:               true,
		AllowDuplicateShadowValues: true,
	}
}

// check has ini.v1 read the lines.
func (w *writtenLines) check() error {
	var text strings.Builder
	text.Grow(w.lines.Len() + 64)
	for _, header := range w.headers {
		text.WriteString("[" + header + "]\n")
	}
	text.WriteString("[keys]\n" + w.lines.String())
	file, err := ini.LoadSources(iniOptions(), []byte(text.String()))
	if err != nil {
		return bug("ini.v1 cannot read the new lines") // its own words may quote a secret
	}
	sections := file.Sections()[1:] // the first is its own, for keys above any header
	if len(sections) != len(w.headers)+1 {
		return bug("ini.v1 sees %d headers where there are %d", len(sections), len(w.headers)+1)
	}
	for i, header := range w.headers {
		if sections[i].Name() != header {
			return bug("ini.v1 reads the header %q as %q", header, sections[i].Name())
		}
	}
	return w.compare(sections[len(w.headers)])
}

// compare compares what ini.v1 reads in the lines with what it should read.
func (w *writtenLines) compare(got *ini.Section) error {
	values := map[string][]string{}
	n := 0
	for _, k := range got.Keys() {
		values[k.Name()] = k.ValueWithShadows()
		n += len(values[k.Name()])
	}
	if n != len(w.want) {
		return bug("ini.v1 reads %d values and should read %d", n, len(w.want))
	}
	for _, p := range w.want {
		if v := values[p.Key]; len(v) == 0 || v[0] != p.Value {
			return bug("ini.v1 does not read key %q as planned", p.Key)
		}
		values[p.Key] = values[p.Key][1:]
	}
	return nil
}
