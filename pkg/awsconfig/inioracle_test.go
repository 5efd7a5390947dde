package awsconfig

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/ini.v1"
)

// This file is gopkg.in/ini.v1 as an oracle over whole files: a reader that
// others wrote, to compare with wherever it reads as AWS clients do.

// readIni has ini.v1 read a text with nested values.
func readIni(text string) ([]*ini.Section, error) {
	options := iniOptions()
	options.AllowNestedValues = true
	options.AllowShadows = false
	file, err := ini.LoadSources(options, []byte(text))
	if err != nil {
		return nil, err
	}
	return file.Sections()[1:], nil // the first is its own, for keys above any header
}

// IniModel is all that ini.v1 reads in a text.
func IniModel(text string) string {
	sections, err := readIni(text)
	if err != nil {
		return err.Error()
	}
	var model strings.Builder
	for _, s := range sections {
		fmt.Fprintf(&model, "%q\n", s.Name())
		for _, k := range s.Keys() {
			fmt.Fprintf(&model, "%q %q %q\n", k.Name(), k.Value(), nestedIni(k))
		}
	}
	return model.String()
}

// IniDiffers is how ini.v1 reads a file in another way than this package, or "".
// exempt reports that ini.v1 is known to read some section of it otherwise, or
// that it sees what an edit does not plan: the differences say nothing then.
func (f *File) IniDiffers() (diff string, exempt bool) {
	for i := range f.sections {
		d, ex := f.iniDiffers(int32(i))
		if exempt = exempt || ex; d != "" && diff == "" {
			diff = d
		}
	}
	return diff, exempt
}

func (f *File) iniDiffers(i int32) (diff string, exempt bool) {
	s, tile := &f.sections[i], f.tile(i)
	exempt = loneReturn(tile) || strings.ContainsAny(tile, "\x1c\x1d\x1e\x1f") || s.indent > 0 || f.swallowed(i)
	if !endsLine(tile) {
		tile += "\n" // to ini.v1 a quote in the last line differs without
	}
	sections, err := readIni(tile)
	if err != nil {
		return err.Error(), exempt
	}
	if len(sections) != 1 || sections[0].Name() != s.header {
		return fmt.Sprintf("the header %q", s.header), exempt
	}
	keys, seen := f.sectionKeys(i), sections[0].Keys()
	if len(keys) != len(seen) {
		return fmt.Sprintf("%d keys below %q, not %d", len(seen), s.header, len(keys)), exempt
	}
	for n := range keys {
		if keys[n].name != lowerKey(seen[n].Name()) || !keys[n].sameToIni(seen[n]) {
			return fmt.Sprintf("key %q below %q", keys[n].name, s.header), exempt
		}
		exempt = exempt || iniHasQuote(keys[n].value)
	}
	return "", exempt
}

// swallowed reports whether section i has a key that to ini.v1 is none: it takes
// all lines that begin with a space or tab for nested ones, once a key is empty,
// even those that are no deeper than that key.
func (f *File) swallowed(i int32) bool {
	keys := f.sectionKeys(i)
	for n := 1; n < len(keys); n++ {
		if above := &keys[n-1]; (above.value == "" || above.nested()) && goIndented(f.text[keys[n].start:]) {
			return true
		}
	}
	return false
}

// sameToIni reports whether ini.v1 sees the value that k has.
func (k *key) sameToIni(seen *ini.Key) bool {
	if !k.nested() {
		return k.value == seen.Value() && len(nestedIni(seen)) == 0
	}
	lines := slices.DeleteFunc(strings.Split(k.value, "\n"), func(line string) bool { return line == "" })
	return seen.Value() == "" && slices.Equal(lines, nestedIni(seen))
}

// nestedIni are the nested values of a key. ini.v1 counts indented comments
// among them, even those that stand far below.
func nestedIni(k *ini.Key) []string {
	return slices.DeleteFunc(slices.Clone(k.NestedValues()), func(line string) bool {
		return line == "" || line[0] == '#' || line[0] == ';'
	})
}
