package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"aws-sso-plugins/pkg/report"
)

func TestLines(t *testing.T) {
	tests := map[string]struct {
		in, want string
		visible  bool
	}{
		"nothing":                  {"", "", false},
		"lines":                    {"a\n\nb\n", "p\ta\np\t\np\tb\n", false},
		"half a line":              {"a\nb", "p\ta\np\tb\n", false},
		"bytes":                    {"\x00\xff\x1b[1m\r\n", "p\t\x00\xff\x1b[1m\r\n", false},
		"bytes for a terminal":     {"\x00\xff\x1b[1m\r\n", "p\t\\x00\\xff\\x1b[1m\n", true},
		"a TAB for a terminal":     {"a\tb\n", "p\ta\tb\n", true},
		"a return for a terminal":  {"a\rb\n", "p\ta\\rb\n", true},
		"letters for a terminal":   {"日本 \u202e\n", "p\t日本 \\u202e\n", true},
		"half a letter":            {"a\xe6\x97", "p\ta\\xe6\\x97\n", true},
		"half a line, and returns": {"\r\r", "p\t\\r\\r\n", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in)), iotest.DataErrReader(strings.NewReader(tt.in))} {
				var out strings.Builder
				if err := report.Lines(&out, "p\t", r, tt.visible); err != nil || out.String() != tt.want {
					t.Errorf("%q, %v; want %q", out.String(), err, tt.want)
				}
			}
		})
	}
}

// TestLineWriterKeepsHalfALine: what others write stands between lines.
func TestLineWriterKeepsHalfALine(t *testing.T) {
	long := strings.Repeat("x", 40<<10)
	var out strings.Builder
	l := report.NewLineWriter(&out, "p\t", false)
	for _, step := range []struct{ in, want string }{
		{"", ""},
		{"a\nb", "p\ta\n"},
		{"c", ""},
		{"d\n\n", "p\tbcd\np\t\n"},
		{long, "p\t" + long[:32<<10]},
		{"\n", long[32<<10:] + "\n"},
		{"é", ""},
	} {
		out.Reset()
		if n, err := l.ReadFrom(strings.NewReader(step.in)); err != nil || n != int64(len(step.in)) || out.String() != step.want {
			t.Errorf("%.20q: %d bytes, %v: %.40q, want %.40q", step.in, n, err, out.String(), step.want)
		}
	}
	for _, want := range []string{"p\té\n", ""} {
		out.Reset()
		if err := l.End(); err != nil || out.String() != want {
			t.Errorf("the end: %v: %q, want %q", err, out.String(), want)
		}
	}
}

// TestLinesAreTheSame holds that without visible a prefix is all that is added.
func TestLinesAreTheSame(t *testing.T) {
	for seed := range uint64(50) {
		in := randomText(seed)
		var out bytes.Buffer
		if err := report.Lines(&out, "some profile\t", bytes.NewReader(in), false); err != nil {
			t.Fatal(err)
		}
		var got []byte
		for line := range bytes.Lines(out.Bytes()) {
			rest, ok := bytes.CutPrefix(line, []byte("some profile\t"))
			if !ok {
				t.Fatalf("a line without the name: %q", line)
			}
			got = append(got, rest...)
		}
		if len(in) > 0 && in[len(in)-1] != '\n' {
			got = got[:len(got)-1]
		}
		if !bytes.Equal(got, in) {
			t.Errorf("seed %d: something else comes out", seed)
		}
	}
}

// randomText is up to 100 KiB of anything: long lines and short ones.
func randomText(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, random.IntN(100<<10))
	lines := 1 + random.IntN(1<<uint(random.IntN(17)))
	for i := range b {
		b[i] = byte(random.IntN(256))
		if random.IntN(lines) == 0 {
			b[i] = '\n'
		}
	}
	if seed%2 == 0 {
		b = []byte(strings.ToValidUTF8(string(b), "日"))
	}
	return b
}

// TestFields holds that bytes come back as they were, as text or base64.
func TestFields(t *testing.T) {
	for _, format := range []report.Format{report.JSON, report.JSONL} {
		var out bytes.Buffer
		w := report.NewWriter(&out, format, nil, report.Screen{})
		const records = 30
		for seed := range uint64(records) {
			err := w.AddFields([]report.Field{
				{Key: "Seed", Value: seed},
				{Key: "Stdout", Open: func() io.Reader { return iotest.HalfReader(bytes.NewReader(randomText(seed))) }},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(out.Bytes(), []byte("\n")); format == report.JSONL && n != records {
			t.Errorf("%d lines, want %d", n, records)
		}
		type record struct {
			Seed         uint64
			Stdout       *string
			StdoutBase64 *string
		}
		var got []record
		if format == report.JSON {
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
		} else {
			for line := range bytes.Lines(out.Bytes()) {
				var one record
				if err := json.Unmarshal(line, &one); err != nil {
					t.Fatal(err)
				}
				got = append(got, one)
			}
		}
		if len(got) != records {
			t.Fatalf("%d records, want %d", len(got), records)
		}
		for i, one := range got {
			want := randomText(uint64(i))
			switch {
			case utf8.Valid(want) && (one.Stdout == nil || *one.Stdout != string(want) || one.StdoutBase64 != nil):
				t.Errorf("%s %d: other text", format, i)
			case !utf8.Valid(want) && (one.StdoutBase64 == nil || one.Stdout != nil || *one.StdoutBase64 != base64.StdEncoding.EncodeToString(want)):
				t.Errorf("%s %d: other bytes", format, i)
			}
		}
	}
}
