package awsconfig

import (
	"iter"
	"strings"
)

// Kind says how the headers of a file read.
type Kind uint8

const (
	// ConfigFile is ~/.aws/config: [default], [profile NAME],
	// [sso-session NAME], [services NAME].
	ConfigFile Kind = iota
	// CredentialsFile is ~/.aws/credentials: every header is the literal name
	// of a profile.
	CredentialsFile
	// AliasFile is ~/.aws/cli/alias, which only the AWS CLI reads: every header
	// is a literal name such as "toplevel" or "command sso", and goes by the name
	// of a profile here. Indented lines are part of a value, whatever they hold.
	AliasFile
)

// BackupSuffix names the backup that is kept of the config before each change.
const BackupSuffix = ".sso-profiles.bak"

// A File is one parsed file. It never changes.
type File struct {
	path     string
	kind     Kind
	text     string
	sections []section
	keys     []key
	fatal    []Problem
	leaking  []leakingBlock

	names    [defaultsSection]map[string]int32 // name -> the last section of that name, by type
	defaults []int32                           // the [DEFAULT] sections
	big      map[int32]map[string]int32        // section -> key name -> key, for large sections
}

// A section is a header and the keys below it.
type section struct {
	header     string // the text between the brackets
	name       string // what the header names; see readHeader
	line       int32
	indent     int32 // of the header, in characters
	start, end int32 // the header's line, with its line end
	text       int32 // where header begins
	first, n   int32 // its keys in File.keys
	same       int32 // the section before with this type and name, or -1
	typ        sectionType
	named      bool // name could be read
}

// A key is a key with its value and all lines of it.
type key struct {
	name    string // lower case
	value   string // as botocore has it; begins with "\n" where it is nested
	line    int32
	indent  int32 // in characters
	start   int32 // its first line, with the indentation
	val     int32 // where the value begins; where the first line ends if there is none
	textEnd int32 // where its last line ends, without the line end
	end     int32 // where its last line ends, with the line end
}

// nested reports whether botocore reads the value as a block of its own.
func (k *key) nested() bool { return strings.HasPrefix(k.value, "\n") }

// plain returns the value of a key that may be nil, "" for a nested one.
func (k *key) plain() (value string, ok bool) {
	if k == nil || k.nested() {
		return "", k != nil
	}
	return k.value, true
}

// Parse reads src, which it does not keep. It never fails: what botocore
// cannot read is in [File.Err], and the rest is read as far as it goes. path
// is for messages only.
func Parse(path string, kind Kind, src []byte) *File {
	return parse(path, kind, string(src))
}

func parse(path string, kind Kind, text string) *File {
	f := &File{path: path, kind: kind, text: text}
	newScanner(f).scan()
	return f
}

// Path returns the name that the file goes by in messages.
func (f *File) Path() string { return f.path }

// Bytes returns a copy of what was parsed.
func (f *File) Bytes() []byte { return []byte(f.text) }

// sectionKeys returns the keys of section i alone, [DEFAULT] left aside.
func (f *File) sectionKeys(i int32) []key {
	s := &f.sections[i]
	return f.keys[s.first : s.first+s.n]
}

// bodyEnd returns where section i ends: after its last key, or after its header.
func (f *File) bodyEnd(i int32) int32 {
	if keys := f.sectionKeys(i); len(keys) > 0 {
		return keys[len(keys)-1].end
	}
	return f.sections[i].end
}

// tile returns section i with all that follows it up to the next header.
func (f *File) tile(i int32) string {
	end := len(f.text)
	if int(i)+1 < len(f.sections) {
		end = int(f.sections[i+1].start)
	}
	return f.text[f.sections[i].start:end]
}

// find returns the named section of a type; of several, the last, as in botocore.
func (f *File) find(typ sectionType, name string) (int32, bool) {
	i, ok := f.names[typ][name]
	return i, ok
}

// ownKey returns a key of section i alone, or nil.
func (f *File) ownKey(i int32, name string) *key {
	if index, ok := f.big[i]; ok {
		if k, ok := index[name]; ok {
			return &f.keys[k]
		}
		return nil
	}
	keys := f.sectionKeys(i)
	for k := range keys {
		if keys[k].name == name {
			return &keys[k]
		}
	}
	return nil
}

// key returns a key of section i or, as configparser has it, of [DEFAULT].
func (f *File) key(i int32, name string) *key {
	if k := f.ownKey(i, name); k != nil {
		return k
	}
	for _, d := range f.defaults {
		if k := f.ownKey(d, name); k != nil {
			return k
		}
	}
	return nil
}

// allKeys calls yield with the keys of section i, then with those of [DEFAULT]
// that it has not itself.
func (f *File) allKeys(i int32, yield func(*key)) {
	keys := f.sectionKeys(i)
	for k := range keys {
		yield(&keys[k])
	}
	for _, d := range f.defaults {
		leaked := f.sectionKeys(d)
		for k := range leaked {
			if f.ownKey(i, leaked[k].name) == nil {
				yield(&leaked[k])
			}
		}
	}
}

// lineOf returns the line that the byte at an offset stands in.
func (f *File) lineOf(offset int) int32 {
	s := f.text[:offset]
	lf, cr, crlf := strings.Count(s, "\n"), strings.Count(s, "\r"), strings.Count(s, "\r\n")
	return int32(lf + cr - crlf + 1)
}

// lines returns the lines of a key with their numbers.
func (f *File) lines(k *key) iter.Seq2[int32, string] {
	return numbered(f.text[k.start:k.end], k.line)
}

// numbered returns the lines of a text, which end where Python ends them.
func numbered(text string, line int32) iter.Seq2[int32, string] {
	return func(yield func(int32, string) bool) {
		for ; text != ""; line++ {
			n := strings.IndexAny(text, "\r\n")
			if n < 0 {
				n = len(text)
			}
			if !yield(line, text[:n]) {
				return
			}
			text = strings.TrimPrefix(text[n:], "\r")
			text = strings.TrimPrefix(text, "\n")
		}
	}
}
