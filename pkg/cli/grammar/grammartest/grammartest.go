// Package grammartest holds what package grammar reads by itself against kong.
package grammartest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"aws-sso-plugins/pkg/cli/grammar"
)

// lines is how many command lines are tried.
const lines = 1500

// ReadsAsKong tests that a grammar has kong's flags, and that it reads random
// command lines, in random environments, as kong does. Each call of grammarOf
// must return the grammar of a command of its own, which command returns.
func ReadsAsKong(t *testing.T, grammarOf func() (g *grammar.Grammar, command any)) {
	t.Helper()
	g, _ := grammarOf()
	sameFlags(t, g)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same lines in each run
	taken, read := 0, 0
	for range lines {
		forget := randomEnvironment(t, random, g)
		args := randomLine(random, g)
		ok, byKong := ReadLine(t, grammarOf, args)
		if ok {
			taken++
		}
		if byKong == nil {
			read++
		}
		forget()
	}
	if taken < read/2 || taken < lines/20 {
		t.Errorf("of %d command lines, of which kong takes %d, only %d are read without it", lines, read, taken)
	}
}

// ReadLine tests that a command line is read as by kong. It reports whether kong
// is not needed for it, and returns kong's error.
func ReadLine(t *testing.T, grammarOf func() (g *grammar.Grammar, command any), args []string) (ordinary bool, byKong error) {
	t.Helper()
	g, command := grammarOf()
	kongs, kongsCommand := grammarOf()
	ordinary = g.ReadOrdinary(args)
	byKong = kongs.ReadByKong(args)
	switch {
	case ordinary && byKong != nil:
		t.Errorf("%q %v: kong says: %v", args, set(g), byKong)
	case ordinary && !reflect.DeepEqual(command, kongsCommand):
		t.Errorf("%q %v: it is %+v, for kong %+v", args, set(g), command, kongsCommand)
	case !ordinary:
		// What was read until then makes no difference.
		err := g.ReadByKong(args)
		if fmt.Sprint(err) != fmt.Sprint(byKong) || byKong == nil && !reflect.DeepEqual(command, kongsCommand) {
			t.Errorf("%q %v: after a part was read kong has %v and %+v, else %v and %+v", args, set(g), err, command, byKong, kongsCommand)
		}
	}
	return ordinary, byKong
}

// set returns the variables of flags that are set.
func set(g *grammar.Grammar) []string {
	var variables []string
	for _, f := range g.Flags {
		if v, ok := os.LookupEnv(f.Variable); ok {
			variables = append(variables, f.Variable+"="+v)
		}
	}
	return variables
}

// sameFlags tests that the flags are those of kong's model.
func sameFlags(t *testing.T, g *grammar.Grammar) {
	t.Helper()
	model, err := g.Model()
	if err != nil {
		t.Fatal(err)
	}
	if len(model.Flags) != len(g.Flags) || len(model.Positional) != len(g.Arguments) || len(model.Children) > 0 {
		t.Fatalf("%d flags and %d arguments, kong has %d and %d, and %d commands",
			len(g.Flags), len(g.Arguments), len(model.Flags), len(model.Positional), len(model.Children))
	}
	for i, f := range g.Flags {
		ours := []any{f.Name, f.Short, f.Default, f.Excludes(), f.Hidden(), f.IsBool(), f.IsRepeatable()}
		k := model.Flags[i]
		kongs := []any{k.Name, k.Short, k.Default, one(k.Xor), k.Hidden, k.IsBool(), k.IsSlice()}
		if f.Name != "help" {
			ours = append(ours, f.Help(), f.Group(), f.Complete(), f.Variable)
			kongs = append(kongs, k.Help, group(k), k.Tag.Get("complete"), one(k.Envs))
		}
		if !f.IsBool() {
			ours, kongs = append(ours, f.PlaceHolder()), append(kongs, k.FormatPlaceHolder())
		}
		if !slices.Equal(ours, kongs) {
			t.Errorf("--%s is %q, for kong %q", f.Name, ours, kongs)
		}
		if k.Required || k.Enum != "" || len(k.Aliases) > 0 || k.Tag.Negatable != "" || len(k.And) > 0 || len(k.LastWins) > 0 || k.IsSlice() && k.Tag.Sep != -1 {
			t.Errorf("--%s has a tag that is kong's alone", f.Name)
		}
	}
	for i, a := range g.Arguments {
		k := model.Positional[i]
		if a.Complete() != k.Tag.Get("complete") || k.Required || k.Passthrough || k.HasDefault || len(k.Tag.Envs) > 0 || !k.IsSlice() || k.Tag.Sep != -1 {
			t.Errorf("%s has a tag that is kong's alone", k.Name)
		}
	}
}

func one(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return fmt.Sprint(words)[len("[") : len(fmt.Sprint(words))-len("]")]
}

func group(f *kong.Flag) string {
	if f.Group == nil {
		return ""
	}
	return f.Group.Key
}

var values = []string{
	"okta", "dev", "15s", "2m", "-5s", "0s", "5", "0", "-1", "0x10", "1_000", "99999999999999999999", "1e3", "json", "true", "no", "1", "",
	" ", "-", "a,b", `a\,b`, `a\`, "a b", "=", "=x", "héllo", "\xff", "a\xffb", "null", "[1]", `{"a":1}`, `"q"`, "<&>", "\u2028", "\x00", "us-east-1",
}

func randomEnvironment(t *testing.T, random *rand.Rand, g *grammar.Grammar) (forget func()) {
	t.Helper()
	var variables []string
	for _, f := range g.Flags {
		if f.Variable == "" || random.IntN(12) > 0 {
			continue
		}
		v := pick(random, values)
		if os.Setenv(f.Variable, v) == nil { //nolint:usetesting // thousands of times
			variables = append(variables, f.Variable)
		}
	}
	return func() {
		for _, v := range variables {
			_ = os.Unsetenv(v)
		}
	}
}

func randomLine(random *rand.Rand, g *grammar.Grammar) []string {
	var args []string
	for range random.IntN(7) {
		f := g.Flags[random.IntN(len(g.Flags))]
		value := pick(random, values)
		long := "--" + f.Name
		switch n := random.IntN(24); {
		case n < 6 && f.IsBool():
			args = append(args, long)
		case n < 6:
			args = append(args, long, fitting(random, f))
		case n < 9 && !f.IsBool():
			args = append(args, long+"="+fitting(random, f))
		case n < 14:
			args = append(args, pick(random, []string{"okta", "dev", "-"}))
		case n < 18:
			args = append(args, "-"+letters(random, g))
		case n == 18:
			args = append(args, "--")
		case n == 19:
			args = append(args, value)
		case n == 20:
			args = append(args, long+"="+value)
		case n == 21:
			args = append(args, long, value)
		case n == 22:
			args = append(args, long[:2+random.IntN(len(long)-2)], value)
		default:
			args = append(args, pick(random, []string{"--bogus", "-Z", "--no-" + f.Name, "-é", "---", "--=", "-=", "help", "--help", "-h", "--version", "--" + f.Name + "x"}))
		}
	}
	return args
}

// letters returns short flags in one word, sometimes with a value.
func letters(random *rand.Rand, g *grammar.Grammar) string {
	var word strings.Builder
	for range 1 + random.IntN(3) {
		if f := g.Flags[random.IntN(len(g.Flags))]; f.Short != 0 && f.Short != 'h' {
			word.WriteRune(f.Short)
		} else {
			word.WriteString(pick(random, []string{"q", "o", "ojson", "q", "v"}))
		}
	}
	return word.String()
}

// fitting returns a value that the flag most likely takes.
func fitting(random *rand.Rand, f *grammar.Flag) string {
	if f.Default != "" || f.PlaceHolder() == "DURATION" || f.PlaceHolder() == "N" {
		return pick(random, []string{f.Default, "20s", "1h", "7"})
	}
	return pick(random, []string{"okta", "us-east-1", "json", "*", "a=b"})
}

func pick(random *rand.Rand, words []string) string { return words[random.IntN(len(words))] }
