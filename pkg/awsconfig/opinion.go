package awsconfig

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"gopkg.in/ini.v1"
)

// iniBatch is the number of sections that ini.v1 is shown at a time. It needs
// some 2 KB of memory for each.
const iniBatch = 128

// iniLines is the most that ini.v1 is shown of one section: it looks through
// all keys of a section for each new one.
const iniLines = 1000

// secondOpinion asks ini.v1, which others wrote and which reads in another
// way. It takes most of the time of an edit, so batches go to all cores, and
// sections whose bytes are as before, down to the next header, are not put to
// the vote: a header ends whatever ini.v1 was doing.
func (e *Edit) secondOpinion(got *File) error {
	votes := e.votes(got)
	type outcome struct {
		note string
		err  error
	}
	outcomes := make([]outcome, (len(votes)+iniBatch-1)/iniBatch)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(outcomes)) {
		workers.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(outcomes); n = int(next.Add(1)) - 1 {
				batch := votes[n*iniBatch : min((n+1)*iniBatch, len(votes))]
				outcomes[n].note, outcomes[n].err = count(e.f, got, batch)
			}
		})
	}
	workers.Wait()
	for _, o := range outcomes {
		if o.err != nil {
			return o.err
		}
		if o.note != "" && len(e.notes) == 0 {
			e.note(o.note)
		}
	}
	return nil
}

func (e *Edit) note(why string) {
	e.notes = append(e.notes, fmt.Sprintf("%s: not all of the edit was checked with ini.v1: %s", e.f.path, why))
}

// A vote is about one section of the result.
type vote struct {
	old, new int32 // in the file, or -1; in the result
	plan     *plan // an empty one where only what follows the section has changed
}

// votes are those that the edit calls for.
func (e *Edit) votes(got *File) []vote {
	var votes []vote
	next := int32(0)
	for i := range e.f.sections {
		p := e.planOf(int32(i))
		if p != nil && p.removed {
			continue
		}
		if e.f.tile(int32(i)) != got.tile(next) {
			votes = append(votes, vote{old: int32(i), new: next, plan: cmp.Or(p, &plan{})})
		}
		next++
	}
	for i := range e.added {
		if a := &e.added[i]; a.name != "" {
			votes = append(votes, vote{old: -1, new: next, plan: &plan{set: a.keys}})
			next++
		}
	}
	return votes
}

// tile is section i with all that follows it up to the next header.
func (f *File) tile(i int32) string {
	end := len(f.text)
	if int(i)+1 < len(f.sections) {
		end = int(f.sections[i+1].start)
	}
	return f.text[f.sections[i].start:end]
}

// count holds the vote on a batch. ini.v1 takes part only where it sees the
// old section as this package does; where it does not, its view of the new one
// says nothing about the edit. The note is why it had no say about some.
func count(old, got *File, batch []vote) (note string, err error) {
	batch, note = entitled(old, got, batch)
	if len(batch) == 0 {
		return note, nil
	}
	before, why := readIni(old, oldOnes(batch))
	switch {
	case why != "" && len(batch) > 1:
		why, err = countHalves(old, got, batch)
		return cmp.Or(note, why), err
	case why != "":
		return cmp.Or(note, why), nil
	}
	batch, before, why = agreed(old, batch, before)
	if note = cmp.Or(note, why); len(batch) == 0 {
		return note, nil
	}
	after, why := readIni(got, newOnes(batch))
	if why != "" {
		return "", bug("ini.v1: %s", why)
	}
	for k, v := range batch {
		if err := v.compareIni(before[k], after[k]); err != nil {
			return "", err
		}
	}
	return note, nil
}

// countHalves holds the vote on a batch in two: only one of the sections that
// ini.v1 could not read together may be to blame.
func countHalves(old, got *File, batch []vote) (note string, err error) {
	first, err := count(old, got, batch[:len(batch)/2])
	if err != nil {
		return "", err
	}
	rest, err := count(old, got, batch[len(batch)/2:])
	return cmp.Or(first, rest), err
}

// entitled are the votes that nothing known beforehand rules out, and why the
// first of the others is none of them.
func entitled(old, got *File, batch []vote) (votes []vote, note string) {
	for _, v := range batch {
		why := v.noSay(old, got)
		if why == "" {
			votes = append(votes, v)
		}
		note = cmp.Or(note, why)
	}
	return votes, note
}

// noSay is why ini.v1 has no say about the section, or "".
func (v vote) noSay(old, got *File) string {
	if v.plan.setsQuoted() {
		return "a new value begins with a quote that it takes for its own"
	}
	if v.old >= 0 {
		if why := old.noSay(v.old); why != "" {
			return why
		}
	}
	return got.noSay(v.new)
}

// setsQuoted reports whether a value to be written begins with one of the
// quotes that ini.v1 has and no AWS client.
func (p *plan) setsQuoted() bool {
	return slices.ContainsFunc(p.set, func(p KeyValue) bool {
		return strings.HasPrefix(p.Value, "`") || strings.HasPrefix(p.Value, `"""`)
	})
}

// agreed are the votes on sections that ini.v1 has seen as this package does,
// with what it saw of each (nil for a new one), and a note about the others.
func agreed(old *File, batch []vote, seen []*ini.Section) (votes []vote, before []*ini.Section, note string) {
	for _, v := range batch {
		var was *ini.Section
		if v.old >= 0 {
			was, seen = seen[0], seen[1:]
			if why := old.disagreement(v.old, v.plan, was.Keys()); why != "" {
				note = cmp.Or(note, why)
				continue
			}
		}
		votes, before = append(votes, v), append(before, was)
	}
	return votes, before, note
}

// oldOnes are the sections of the file that a batch is about.
func oldOnes(batch []vote) (which []int32) {
	for _, v := range batch {
		if v.old >= 0 {
			which = append(which, v.old)
		}
	}
	return which
}

// newOnes are the sections of the result that a batch is about.
func newOnes(batch []vote) (which []int32) {
	for _, v := range batch {
		which = append(which, v.new)
	}
	return which
}

// iniOptions make ini.v1 read about what AWS clients do: comments on lines of
// their own, no joined lines, quotes kept, no section that inherits from
// another. Without AllowNonUniqueSections, and a child delimiter that occurs
// in no name, it is quadratic.
func iniOptions() ini.LoadOptions {
	return ini.LoadOptions{
		AllowNestedValues:       true,
		IgnoreInlineComment:     true,
		IgnoreContinuation:      true,
		PreserveSurroundedQuote: true,
		KeyValueDelimiters:      "=:",
		AllowNonUniqueSections:  true,
		ChildSectionDelimiter:   "\x00",
	}
}

// noSay is why ini.v1 has no say about section i of f, whatever it holds, or
// "".
func (f *File) noSay(i int32) string {
	s, tile := &f.sections[i], f.tile(i)
	switch {
	case strings.Count(tile, "\n") > iniLines:
		return fmt.Sprintf("the section in line %d has more than %d lines", s.line, iniLines)
	case loneReturn(tile):
		return fmt.Sprintf("a line below line %d ends in a lone carriage return", s.line)
	case strings.ContainsAny(tile, "\x1c\x1d\x1e\x1f"):
		return fmt.Sprintf("a line below line %d holds a control character that is white space to Python alone", s.line)
	case s.indent > 0:
		return fmt.Sprintf("the header in line %d is indented", s.line)
	}
	if k := f.swallowed(i); k != nil {
		return fmt.Sprintf("it takes the indented key in line %d for a part of the empty one above", k.line)
	}
	return ""
}

// swallowed is a key of section i that to ini.v1 is none: it takes all lines
// that begin with a space or tab for nested ones, once a key is empty, even
// those that are no deeper than that key. It is nil where there is none. An
// edit may bring such a key about: it unsets the one between the two.
func (f *File) swallowed(i int32) *key {
	keys := f.sectionKeys(i)
	for n := 1; n < len(keys); n++ {
		if above := &keys[n-1]; (above.value == "" || above.nested()) && goIndented(f.text[keys[n].start:]) {
			return &keys[n]
		}
	}
	return nil
}

// readIni are some sections of f as ini.v1 sees them, or how it fails to see
// them.
func readIni(f *File, which []int32) (sections []*ini.Section, why string) {
	size := len(which)
	for _, i := range which {
		size += len(f.tile(i))
	}
	text := make([]byte, 0, size)
	for _, i := range which {
		text = append(text, f.tile(i)...)
		if !endsLine(f.tile(i)) {
			text = append(text, '\n') // to ini.v1 a quote in the last line differs without
		}
	}
	file, err := ini.LoadSources(iniOptions(), text)
	if err != nil {
		// Its own words quote the line, which may hold a secret.
		return nil, fmt.Sprintf("it cannot read the file below line %d", f.sections[which[0]].line)
	}
	sections = file.Sections()[1:] // the first is its own, for keys above any header
	if len(sections) != len(which) {
		return nil, fmt.Sprintf("it sees %d sections where there are %d", len(sections), len(which))
	}
	for k, i := range which {
		if sections[k].Name() != f.sections[i].header {
			return nil, fmt.Sprintf("it reads the header in line %d as %q", f.sections[i].line, sections[k].Name())
		}
	}
	return sections, ""
}

// compareIni holds what ini.v1 sees in a section now against the plan and what
// it saw before, nil for a new section.
func (v vote) compareIni(before, after *ini.Section) error {
	if before == nil {
		return compareIniPairs(v.plan.set, after)
	}
	is := map[string]*ini.Key{}
	for _, k := range after.Keys() {
		is[k.Name()] = k
	}
	kept := 0
	for _, k := range before.Keys() {
		if v.plan.touches(lowerKey(k.Name())) {
			continue
		}
		kept++
		if now := is[k.Name()]; now == nil || !sameIniKey(k, now) {
			return bug("ini.v1 reads key %q of section %q in another way than before", k.Name(), before.Name())
		}
	}
	if len(is) != kept+len(v.plan.set) {
		return bug("ini.v1 reads %d keys in section %q and should read %d", len(is), after.Name(), kept+len(v.plan.set))
	}
	return compareIniPairs(v.plan.set, after)
}

// disagreement is how ini.v1 sees section i of the file otherwise than this
// package, or "". It takes continuation lines for keys, and the last of several
// keys of one name for all of them: names alone may agree by chance, and then
// the value it sees may be that of a line which botocore takes for a part of
// another value. The value of a key that the plan replaces does not matter.
func (f *File) disagreement(i int32, p *plan, seen []*ini.Key) string {
	keys := f.sectionKeys(i)
	for n := range min(len(keys), len(seen)) {
		k := &keys[n]
		if k.name != lowerKey(seen[n].Name()) || !p.touches(k.name) && !k.sameToIni(seen[n]) {
			return fmt.Sprintf("it reads the key in line %d in another way than AWS clients do", k.line)
		}
	}
	if len(keys) != len(seen) {
		return fmt.Sprintf("it reads %d keys in the section in line %d and AWS clients read %d", len(seen), f.sections[i].line, len(keys))
	}
	return ""
}

// sameToIni reports whether ini.v1 sees the value that k has.
func (k *key) sameToIni(seen *ini.Key) bool {
	if !k.nested() {
		return k.value == seen.Value() && len(nestedIni(seen)) == 0
	}
	lines := slices.DeleteFunc(strings.Split(k.value, "\n"), func(line string) bool { return line == "" })
	return seen.Value() == "" && slices.Equal(lines, nestedIni(seen))
}

func sameIniKey(a, b *ini.Key) bool {
	return a.Value() == b.Value() && slices.Equal(nestedIni(a), nestedIni(b))
}

// nestedIni are the nested values of a key. ini.v1 counts indented comments
// among them, even those that stand far below.
func nestedIni(k *ini.Key) []string {
	return slices.DeleteFunc(slices.Clone(k.NestedValues()), func(line string) bool {
		return line == "" || line[0] == '#' || line[0] == ';'
	})
}

// compareIniPairs holds what ini.v1 sees in a section against pairs planned.
func compareIniPairs(want []KeyValue, got *ini.Section) error {
	keys := got.Keys()
	for _, p := range want {
		if !slices.ContainsFunc(keys, func(k *ini.Key) bool { return lowerKey(k.Name()) == p.Key && k.Value() == p.Value }) {
			return bug("ini.v1 does not read key %q of section %q as planned", p.Key, got.Name())
		}
	}
	return nil
}
