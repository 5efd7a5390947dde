package grammar_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/cli/grammar"
	"aws-sso-plugins/pkg/cli/grammar/grammartest"
)

// command has every kind of flag.
type command struct {
	Names []string `arg:"" optional:"" name:"NAME" sep:"none" complete:"profile"`

	Text     string   `short:"t" placeholder:"TEXT" env:""`
	MaybeNot *string  `placeholder:"TEXT" env:""`
	Many     []string `name:"several" short:"m" placeholder:"TEXT" sep:"none" env:""`
	On       bool     `short:"n" env:"" xor:"one"`
	Off      bool     `short:"f" xor:"one"`
	Secret   bool     `hidden:""`
	Limit    *int     `placeholder:"N" env:""`

	Shared

	ignored int
}

type Shared struct {
	Width   int            `short:"w" placeholder:"N" env:"" help:"How wide (${default})." group:"Shared"`
	Timeout time.Duration  `default:"15s" placeholder:"DURATION" env:"" help:"How long (${default})." group:"Shared"`
	Until   *time.Duration `placeholder:"DURATION" group:"Shared"`

	Version grammar.VersionFlag
}

func (s Shared) AfterApply() error {
	if s.Width < 1 {
		return errors.New("too narrow")
	}
	return nil
}

func grammarOf() (*grammar.Grammar, any) {
	c := &command{ignored: 1}
	return grammar.Of("a-program", c, map[string]string{"width": "80"}), c
}

func TestReadsAsKong(t *testing.T) { grammartest.ReadsAsKong(t, grammarOf) }

// What people type is read without kong.
func TestOrdinaryLines(t *testing.T) {
	dev := []string{"dev"}
	for _, tc := range []struct {
		line string
		want command
	}{
		{"", command{}},
		{"dev", command{Names: dev}},
		{"dev -", command{Names: []string{"dev", "-"}}},
		{"dev -n -t x", command{Names: dev, On: true, Text: "x"}},
		{"-ntx dev", command{Names: dev, On: true, Text: "x"}},
		{"-nt x dev", command{Names: dev, On: true, Text: "x"}},
		{"--text=x --text=-y=z dev", command{Names: dev, Text: "-y=z"}},
		{"--several a --several=b -mc", command{Many: []string{"a", "b", "c"}}},
		{"--off -- --on dev", command{Off: true, Names: []string{"--on", "dev"}}},
		{"--width 0x20 --timeout 1m30s", command{Shared: Shared{Width: 32, Timeout: 90 * time.Second}}},
		{"--limit 3 --until 1h --maybe-not=", command{Limit: new(3), MaybeNot: new(""), Shared: Shared{Until: new(time.Hour)}}},
	} {
		tc.want.ignored = 1
		if tc.want.Width == 0 {
			tc.want.Width, tc.want.Timeout = 80, 15*time.Second
		}
		args := strings.Fields(tc.line)
		g, c := grammarOf()
		if !g.ReadOrdinary(args) {
			t.Errorf("%q is left to kong", tc.line)
		}
		if diff := cmp.Diff(&tc.want, c, cmp.AllowUnexported(command{})); diff != "" {
			t.Errorf("%q: %s", tc.line, diff)
		}
		grammartest.ReadLine(t, grammarOf, args)
	}
}

// What is wrong or unusual is for kong, which has the words for it.
func TestLinesForKong(t *testing.T) {
	for _, tc := range []struct{ line, variable, want string }{
		{line: "--help", want: "--help"},
		{line: "-h", want: "--help"},
		{line: "dev --on --help", want: "--help"},
		{line: "-nh", want: "--help"},
		{line: "--version", want: "--version"},
		{line: "--version --help", want: "--version"},
		{line: "--help --bogus", want: "unknown flag --bogus"},
		{line: "--on --off", want: "--on and --off can't be used together"},
		{line: "--text", want: "--text needs a value"},
		{line: "--text --on", want: `--text needs a value, not "--on"`},
		{line: "--timeout soon", want: `--timeout must be a time such as 15s or 2m, not "soon"`},
		{line: "--on=perhaps", want: `--on must be true or false, not "perhaps"`},
		{line: "--width 0", want: "too narrow"},
		{line: "a -n b", want: "unexpected argument b"},
		{line: "dev", variable: "A_PROGRAM_WIDTH=wide", want: `A_PROGRAM_WIDTH must be a number, not "wide"`},
		{line: "dev", variable: "A_PROGRAM_ON=maybe", want: `A_PROGRAM_ON must be true or false, not "maybe"`},
	} {
		t.Run(tc.variable+" "+tc.line, func(t *testing.T) {
			if name, value, ok := strings.Cut(tc.variable, "="); ok {
				t.Setenv(name, value)
			}
			g, _ := grammarOf()
			if err := g.Read(strings.Fields(tc.line)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
			grammartest.ReadLine(t, grammarOf, strings.Fields(tc.line))
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, line := range []string{"dev", "-ntx\ndev", "--text=x\n--\n-y", "--width\n0x1f", "--several\na,b\n-m\nc", "-\n-q", "--on=yes", "\xff", "-é", "--timeout\n1h", "-\x000"} {
		f.Add(line, "")
	}
	f.Add("dev", "17")
	f.Fuzz(func(t *testing.T, line, width string) {
		if strings.ContainsRune(width, 0) {
			return // no variable holds that
		}
		t.Setenv("A_PROGRAM_WIDTH", width)
		grammartest.ReadLine(t, grammarOf, strings.Split(line, "\n"))
	})
}
