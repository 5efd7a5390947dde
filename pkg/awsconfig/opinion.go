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
	if e.plansQuoted() {
		e.note("a new value begins with a quote that it takes for its own")
		return nil
	}
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
	old, new int32   // in the file, or -1; in the result
	plan     *plan   // nil where only what follows the section has changed
	gone     []int32 // sections of the file that followed; what stood below them follows now
}

// votes are those that the edit calls for.
func (e *Edit) votes(got *File) []vote {
	var votes []vote
	next := int32(0)
	voted := false // on the last section that stays
	for i := range e.f.sections {
		p := e.planOf(int32(i))
		if p != nil && p.removed {
			if voted {
				last := &votes[len(votes)-1]
				last.gone = append(last.gone, int32(i))
			}
			continue
		}
		if voted = e.f.tile(int32(i)) != got.tile(next); voted {
			votes = append(votes, vote{old: int32(i), new: next, plan: p})
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
// old sections as this package does; where it does not, its view of the new
// ones says nothing about the edit.
func count(old, got *File, batch []vote) (note string, err error) {
	var was, is []int32
	for _, v := range batch {
		if is = append(is, v.new); v.old >= 0 {
			was = append(append(was, v.old), v.gone...)
		}
	}
	if why := cmp.Or(noSay(old, was), noSay(got, is)); why != "" {
		return why, nil
	}
	before, why := readIni(old, was)
	if why != "" {
		return why, nil
	}
	after, why := readIni(got, is)
	if why != "" {
		return "", bug("ini.v1: %s", why)
	}
	for k, v := range batch {
		if v.old < 0 {
			err = compareIniPairs(v.plan.set, after[k])
		} else {
			switch {
			case v.plan == nil:
				err = compareIni(&plan{}, before[0], after[k])
			case old.agrees(v.old, before[0].Keys()):
				err = compareIni(v.plan, before[0], after[k])
			}
			before = before[1+len(v.gone):]
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

// plansQuoted reports whether a value to be written begins with one of the
// quotes that ini.v1 has and no AWS client.
func (e *Edit) plansQuoted() bool {
	quoted := func(kv []KeyValue) bool {
		return slices.ContainsFunc(kv, func(p KeyValue) bool {
			return strings.HasPrefix(p.Value, "`") || strings.HasPrefix(p.Value, `"""`)
		})
	}
	for _, p := range e.plans {
		if p != nil && quoted(p.set) {
			return true
		}
	}
	return slices.ContainsFunc(e.added, func(a addition) bool { return quoted(a.keys) })
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

// noSay is why ini.v1 has no say about some sections of f, or "".
func noSay(f *File, which []int32) string {
	for _, i := range which {
		tile := f.tile(i)
		if strings.Count(tile, "\n") > iniLines {
			return fmt.Sprintf("the section in line %d has more than %d lines", f.sections[i].line, iniLines)
		}
		if strings.Count(tile, "\r") != strings.Count(tile, "\r\n") {
			return fmt.Sprintf("a line below line %d ends in a lone carriage return", f.sections[i].line)
		}
		if strings.ContainsAny(tile, "\x1c\x1d\x1e\x1f") {
			return fmt.Sprintf("a line below line %d holds a control character that is white space to Python alone", f.sections[i].line)
		}
		if f.sections[i].indent > 0 {
			return fmt.Sprintf("the header in line %d is indented", f.sections[i].line)
		}
	}
	return ""
}

// readIni are some sections of f as ini.v1 sees them, or how it fails to see
// them.
func readIni(f *File, which []int32) (sections []*ini.Section, why string) {
	var text []byte
	for _, i := range which {
		text = append(text, f.tile(i)...)
		if !endsLine(text) {
			text = append(text, '\n') // to ini.v1 a quote in the last line differs without
		}
	}
	file, err := ini.LoadSources(iniOptions(), text)
	if err != nil {
		return nil, fmt.Sprintf("it cannot read the file: %q", err.Error())
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

// compareIni holds what ini.v1 sees in a section now against what it saw
// before and the plan.
func compareIni(p *plan, before, after *ini.Section) error {
	is := map[string]*ini.Key{}
	for _, k := range after.Keys() {
		is[k.Name()] = k
	}
	kept := 0
	for _, k := range before.Keys() {
		name := lowerKey(k.Name())
		if _, set := p.value(name); set || p.drops(name) {
			continue
		}
		kept++
		if now := is[k.Name()]; now == nil || !sameIniKey(k, now) {
			return bug("ini.v1 reads key %q of section %q in another way than before", k.Name(), before.Name())
		}
	}
	if len(is) != kept+len(p.set) {
		return bug("ini.v1 reads %d keys in section %q and should read %d", len(is), after.Name(), kept+len(p.set))
	}
	return compareIniPairs(p.set, after)
}

// agrees reports whether ini.v1 sees the keys of section i that there are.
// It takes indented lines for keys that botocore takes for parts of a value.
func (f *File) agrees(i int32, seen []*ini.Key) bool {
	return slices.EqualFunc(f.sectionKeys(i), seen, func(k key, s *ini.Key) bool {
		return k.name == lowerKey(s.Name())
	})
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
