package grammar

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ReadOrdinary reads a command line as kong does and reports whether it has: kong
// has to read one with anything wrong or unusual about it, and sets each field
// anew.
func (g *Grammar) ReadOrdinary(args []string) bool {
	for _, f := range g.Flags {
		if v := f.preset(); v != "" && (f.IsBool() || f.IsRepeatable() || !f.set(v)) {
			return false
		}
	}
	line := ordinary{Grammar: g, rest: args}
	for len(line.rest) > 0 {
		if !line.next() {
			return false
		}
	}
	for _, c := range g.checks {
		if c.AfterApply() != nil {
			return false
		}
	}
	return true
}

// ordinary is what is left of a command line.
type ordinary struct {
	*Grammar
	rest  []string
	named bool    // the arguments have been read
	given []*Flag // those that exclude others
}

// next reads a flag, or all arguments that follow one another.
func (l *ordinary) next() bool {
	arg := l.rest[0]
	switch {
	case arg == "--":
		l.rest = l.rest[1:]
		return l.name(len(l.rest))
	case isValue(arg):
		n := 1
		for n < len(l.rest) && isValue(l.rest[n]) {
			n++
		}
		return l.name(n)
	}
	l.rest = l.rest[1:]
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		name, value, whole := strings.Cut(long, "=")
		f := l.Flag(name)
		if f == nil || f.IsBool() && whole {
			return false
		}
		return l.give(f, value, whole)
	}
	for i := 1; i < len(arg); i++ {
		f := l.ShortFlag(rune(arg[i]))
		switch tail := arg[i+1:]; {
		case f == nil:
			return false
		case !f.IsBool():
			return l.give(f, tail, tail != "")
		case !l.give(f, "", false):
			return false
		}
	}
	return true
}

// isValue reports whether a word is no flag.
func isValue(arg string) bool { return arg == "-" || !strings.HasPrefix(arg, "-") }

// name sets the arguments, which kong takes only from one place of a line.
func (l *ordinary) name(n int) bool {
	if l.named || len(l.Arguments) != 1 {
		return false
	}
	l.named = true
	for _, arg := range l.rest[:n] {
		if !l.Arguments[0].set(arg) {
			return false
		}
	}
	l.rest = l.rest[n:]
	return true
}

// give sets a flag to its value, which is the next word unless it is attached.
func (l *ordinary) give(f *Flag, value string, attached bool) bool {
	if group := f.Excludes(); group != "" {
		for _, other := range l.given {
			if other != f && other.Excludes() == group {
				return false
			}
		}
		l.given = append(l.given, f)
	}
	if on, ok := f.target().(*bool); ok {
		*on = true
		return true
	}
	if !attached {
		if len(l.rest) == 0 || !isValue(l.rest[0]) {
			return false
		}
		value, l.rest = l.rest[0], l.rest[1:]
	}
	return f.set(value)
}

// set sets a field to a value and reports whether it has.
func (f field) set(value string) bool {
	switch target := f.target().(type) {
	case *string:
		*target = value
	case **string:
		*target = &value
	case *[]string:
		*target = append(*target, value)
	case *int:
		return setInt(target, value)
	case **int:
		*target = new(int)
		return setInt(*target, value)
	case *time.Duration:
		return setDuration(target, value)
	case **time.Duration:
		*target = new(time.Duration)
		return setDuration(*target, value)
	default:
		return false
	}
	return utf8.ValidString(value) // kong replaces what is not
}

func setInt(target *int, value string) bool {
	n, err := strconv.ParseInt(value, 0, strconv.IntSize)
	*target = int(n)
	return err == nil
}

func setDuration(target *time.Duration, value string) bool {
	d, err := time.ParseDuration(value)
	*target = d
	return err == nil
}
