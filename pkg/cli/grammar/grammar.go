// Package grammar reads command lines into the fields of a struct, by the tags
// of kong.
//
// Kong is the contract: what it accepts, what it sets and what it says are what
// a user gets. To build its model takes as long as all else that a program does
// for an ordinary command line. So those are read here, by the same tags, and
// every other one is left to kong. Package grammartest holds both together.
package grammar

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Asked for on the command line, instead of the work of the program.
var (
	ErrHelp    = errors.New("--help")
	ErrVersion = errors.New("--version")
)

// VersionFlag is the type of --version.
type VersionFlag bool

// BeforeReset ends the parsing as soon as the flag is seen. Kong calls it.
func (VersionFlag) BeforeReset() error { return ErrVersion }

// Grammar holds the flags and the arguments of a command.
type Grammar struct {
	Flags     []*Flag // --help, then in the order of the fields
	Arguments []*Argument

	program  string
	command  any
	defaults map[string]string
	checks   []interface{ AfterApply() error }
}

// Flag is a flag of the command line.
type Flag struct {
	Name     string // without dashes
	Short    rune   // the letter of its short form; 0: there is none
	Variable string // the environment variable that stands for it; empty: there is none
	Default  string // as it would be typed; empty: there is none
	field
}

// Argument is what may stand where no flag does.
type Argument struct{ field }

// field is a field of the command's struct.
type field struct {
	tag   reflect.StructTag
	value reflect.Value // none for --help
}

// target returns a pointer to the field; nil for --help.
func (f field) target() any {
	if !f.value.IsValid() {
		return nil
	}
	return f.value.Addr().Interface()
}

// Of returns the grammar of a command: a pointer to a struct, whose exported
// fields have kong's tags. Fields of embedded structs belong to it. defaults are
// those that are no tag's, by the name of the flag.
//
// Here the tag env has no value: the variable has the names of the program and
// the flag, as in SSO_LOGIN_TIMEOUT, and one that is empty counts as not set, as
// with the AWS CLI. The tag zero is for a number or a time that may be 0.
func Of(program string, command any, defaults map[string]string) *Grammar {
	g := &Grammar{program: program, command: command, defaults: defaults}
	g.Flags = append(make([]*Flag, 0, 32), &Flag{
		Name: "help", Short: 'h', field: field{tag: `help:"Show this help." group:"Help"`},
	})
	g.add(reflect.ValueOf(command).Elem())
	return g
}

func (g *Grammar) add(v reflect.Value) {
	if check, ok := reflect.TypeAssert[interface{ AfterApply() error }](v.Addr()); ok {
		g.checks = append(g.checks, check)
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.Anonymous:
			g.add(v.Field(i))
		case f.IsExported():
			g.addField(f, field{f.Tag, v.Field(i)})
		}
	}
}

func (g *Grammar) addField(f reflect.StructField, is field) {
	if _, ok := f.Tag.Lookup("arg"); ok {
		g.Arguments = append(g.Arguments, &Argument{is})
		return
	}
	flag := &Flag{Name: f.Tag.Get("name"), Default: f.Tag.Get("default"), field: is}
	if flag.Name == "" {
		flag.Name = dashed(f.Name)
	}
	if short := f.Tag.Get("short"); short != "" {
		flag.Short = rune(short[0])
	}
	if own, ok := g.defaults[flag.Name]; ok {
		flag.Default = own
	}
	if _, ok := f.Tag.Lookup("env"); ok {
		flag.Variable = variableName(g.program) + "_" + variableName(flag.Name)
	}
	g.Flags = append(g.Flags, flag)
}

// dashed returns the name of a flag, such as no-browser for the field NoBrowser.
func dashed(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func variableName(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) }

// preset returns what the environment says for the flag, else the default; empty:
// nothing.
func (f *Flag) preset() string {
	if f.Variable != "" {
		if v := os.Getenv(f.Variable); v != "" {
			return v
		}
	}
	return f.Default
}

// Flag returns the flag of that name, without dashes; nil if there is none.
func (g *Grammar) Flag(name string) *Flag {
	i := slices.IndexFunc(g.Flags, func(f *Flag) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return g.Flags[i]
}

// ShortFlag returns the flag with that letter; nil if there is none.
func (g *Grammar) ShortFlag(letter rune) *Flag {
	i := slices.IndexFunc(g.Flags, func(f *Flag) bool { return f.Short != 0 && f.Short == letter })
	if i < 0 {
		return nil
	}
	return g.Flags[i]
}

// Names returns the names of the flags, without dashes.
func (g *Grammar) Names() []string {
	names := make([]string, len(g.Flags))
	for i, f := range g.Flags {
		names[i] = f.Name
	}
	return names
}

// IsBool reports whether the flag takes no value.
func (f *Flag) IsBool() bool {
	switch f.target().(type) {
	case *bool, *VersionFlag, nil:
		return true
	}
	return false
}

// IsRepeatable reports whether the flag can be given several times.
func (f *Flag) IsRepeatable() bool {
	_, ok := f.target().(*[]string)
	return ok
}

// Hidden reports whether the flag is for nobody to see.
func (f *Flag) Hidden() bool {
	_, ok := f.tag.Lookup("hidden")
	return ok
}

// Group returns the heading of the flag in the help; empty: it has none.
func (f *Flag) Group() string { return f.tag.Get("group") }

// PlaceHolder returns what stands for the value in the help.
func (f *Flag) PlaceHolder() string { return f.tag.Get("placeholder") }

// Excludes returns the name of the group of flags of which only one can be given;
// empty: the flag goes with all others.
func (f *Flag) Excludes() string { return f.tag.Get("xor") }

// Help returns the text of the flag in the help.
func (f *Flag) Help() string { return strings.ReplaceAll(f.tag.Get("help"), "${default}", f.Default) }

// Complete returns the kind of words that complete a value.
func (f field) Complete() string { return f.tag.Get("complete") }

// Read reads a command line into the command's fields, with the environment and
// the defaults where it says nothing. The error is [ErrHelp], [ErrVersion], a
// [ValueError], what a field of the command itself refuses, or kong's.
func (g *Grammar) Read(args []string) error {
	if len(args) == 1 {
		switch args[0] {
		case "-h", "--help":
			return ErrHelp
		case "--version":
			return ErrVersion
		}
	}
	if g.ReadOrdinary(args) {
		return nil
	}
	return g.ReadByKong(args)
}
