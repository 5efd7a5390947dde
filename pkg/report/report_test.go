package report_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/report"
)

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// thing is a record of a test.
type thing struct {
	Name  string
	State string
	Count int
	Note  string
}

func (t thing) Cells() []string {
	return []string{t.Name, t.State, strings.Repeat("i", t.Count), t.Note, "text:" + t.Note}
}

var columns = []report.Column{
	{Title: "NAME"},
	{Title: "STATE", Color: func(v string) report.Color {
		return map[string]report.Color{"good": report.Green, "bad": report.Red, "so so": report.Yellow}[v]
	}},
	{Title: "N", Right: true},
	{Title: "NOTE", Only: report.Table},
	{Title: "NOTE", Only: report.Text},
}

func write(t *testing.T, format report.Format, screen report.Screen, things ...thing) string {
	t.Helper()
	var out strings.Builder
	w := report.NewWriter(&out, format, columns, screen)
	for _, r := range things {
		if err := w.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var (
	plain   = []thing{{"a", "good", 2, "n"}, {"bb", "", 0, ""}}
	hostile = thing{"a\tb\nc\x1b[2J", "\u202e\xff", 1, "\x00\u0085<&>"}
)

func TestFormats(t *testing.T) {
	tests := map[string]struct {
		format report.Format
		things []thing
		want   string
	}{
		"table":          {report.Table, plain, "NAME  STATE   N  NOTE\na     good   ii  n\nbb\n"},
		"table, nothing": {report.Table, nil, ""},
		"table without an empty column": {
			report.Table, []thing{{"a", "", 0, "n"}}, "NAME  NOTE\na     n\n",
		},
		"table, hostile": {
			report.Table, []thing{hostile},
			"NAME            STATE       N  NOTE\n" + `a\tb\nc\x1b[2J  \u202e\xff  i  \x00\u0085<&>` + "\n",
		},
		"text":                               {report.Text, plain, "a\tgood\tii\ttext:n\nbb\t-\t-\ttext:\n"},
		"text, nothing":                      {report.Text, nil, ""},
		"text, a TAB makes no second column": {report.Text, []thing{hostile}, `a\tb\nc\x1b[2J` + "\t" + `\u202e\xff` + "\ti\t" + `text:\x00\u0085<&>` + "\n"},
		"name":                               {report.Name, plain, "a\nbb\n"},
		"name, without one":                  {report.Name, []thing{{"", "x", 0, ""}, {"b", "", 0, ""}}, "b\n"},
		"name, hostile":                      {report.Name, []thing{hostile}, `a\tb\nc\x1b[2J` + "\n"},
		"json": {
			report.JSON, plain,
			"[\n" + `  {"Name":"a","State":"good","Count":2,"Note":"n"},` + "\n" + `  {"Name":"bb","State":"","Count":0,"Note":""}` + "\n]\n",
		},
		"json, nothing": {report.JSON, nil, "[]\n"},
		"json, hostile": {
			report.JSON, []thing{hostile},
			"[\n" + `  {"Name":"a\tb\nc\u001b[2J","State":"\u202e\ufffd","Count":1,"Note":"\u0000\u0085<&>"}` + "\n]\n",
		},
		"jsonl":          {report.JSONL, plain[:1], `{"Name":"a","State":"good","Count":2,"Note":"n"}` + "\n"},
		"jsonl, nothing": {report.JSONL, nil, ""},
		"jsonl, beyond 16 bits": {
			report.JSONL, []thing{{"\U000e0041\U0001f600\x7f", "", 0, ""}},
			`{"Name":"\udb40\udc41😀\u007f","State":"","Count":0,"Note":""}` + "\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, write(t, tt.format, report.Screen{}, tt.things...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutputErrorIsTold(t *testing.T) {
	for _, format := range []report.Format{report.Table, report.Text, report.Name, report.JSON, report.JSONL} {
		w := report.NewWriter(brokenWriter{}, format, columns, report.Screen{})
		if err := errors.Join(w.Add(plain[0]), w.Close()); !errors.Is(err, errBroken) {
			t.Errorf("%s: the error is %v", format, err)
		}
	}
}

func TestColours(t *testing.T) {
	got := write(t, report.Table, report.Screen{Color: true},
		thing{"a", "good", 1, ""}, thing{"b", "bad", 1, ""}, thing{"c", "so so", 1, ""}, thing{"d", "other", 1, ""})
	want := "\x1b[2mNAME\x1b[0m  \x1b[2mSTATE\x1b[0m  \x1b[2mN\x1b[0m\n" +
		"a     \x1b[32mgood\x1b[0m   i\n" +
		"b     \x1b[31mbad\x1b[0m    i\n" +
		"c     \x1b[33mso so\x1b[0m  i\n" +
		"d     other  i\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := write(t, report.Text, report.Screen{Color: true}, plain...); strings.Contains(got, "\x1b") {
		t.Errorf("text is coloured: %q", got)
	}
}

func TestTableFitsTheScreen(t *testing.T) {
	long := strings.Repeat("long reason ", 20)
	wide := strings.Repeat("東京", 30)
	rows := []thing{
		{"AdministratorAccess-111111111111", "access-denied", 3, long},
		{"ReadOnlyAccess-222222222222", "ok", 12, wide},
		{"n", "e\u0301", 0, strings.Repeat("e\u0301", 100)},
	}
	for _, width := range []int{80, 120} {
		lines := strings.Split(strings.TrimSuffix(write(t, report.Table, report.Screen{Width: width}, rows...), "\n"), "\n")
		if len(lines) != 4 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines {
			if got := columnsOf(line); got > width {
				t.Errorf("width %d: %d columns: %q", width, got, line)
			}
			if strings.HasSuffix(line, " ") {
				t.Errorf("width %d: spaces at the end: %q", width, line)
			}
		}
		if !strings.HasPrefix(lines[1], "AdministratorAccess-111111111111  access-denied  ") {
			t.Errorf("width %d: a name was cut although a reason could be: %q", width, lines[1])
		}
		for _, line := range lines[1:] {
			if !strings.HasSuffix(line, "…") {
				t.Errorf("width %d: what was cut has no ellipsis: %q", width, line)
			}
		}
		if columnsOf(lines[1]) != width {
			t.Errorf("width %d: only %d columns are used", width, columnsOf(lines[1]))
		}
	}
	narrow := write(t, report.Table, report.Screen{Width: 10}, rows...)
	for line := range strings.Lines(narrow) {
		if columnsOf(line) > 4*12+3*2+1 {
			t.Errorf("on a screen that is too narrow the line still has %d columns: %q", columnsOf(line), line)
		}
	}
}

// TestNarrowTable holds what goes first where a table is too wide: columns that
// may be dropped, then long text, and the name last.
func TestNarrowTable(t *testing.T) {
	columns := []report.Column{
		{Title: "NAME"}, {Title: "STATE", MinWidth: 14}, {Title: "ID", DropOrder: 2}, {Title: "MS", Right: true, DropOrder: 1},
		{Title: "NOTE", MinWidth: 20},
	}
	rows := []cells{
		{"Administrator-1111", "access-denied", "111111111111", "", "not assigned to you, ask for it"},
		{"Reader-2222", "ok", "222222222222", "17", ""},
	}
	tests := map[int]string{
		0: "" +
			"NAME                STATE          ID            MS  NOTE\n" +
			"Administrator-1111  access-denied  111111111111      not assigned to you, ask for it\n" +
			"Reader-2222         ok             222222222222  17\n",
		80: "" +
			"NAME                STATE          ID            MS  NOTE\n" +
			"Administrator-1111  access-denied  111111111111      not assigned to you, ask f…\n" +
			"Reader-2222         ok             222222222222  17\n",
		72: "" +
			"NAME                STATE          ID            NOTE\n" +
			"Administrator-1111  access-denied  111111111111  not assigned to you, a…\n" +
			"Reader-2222         ok             222222222222\n",
		55: "" +
			"NAME                STATE          NOTE\n" +
			"Administrator-1111  access-denied  not assigned to you…\n" +
			"Reader-2222         ok\n",
		50: "" +
			"NAME           STATE          NOTE\n" +
			"Administrator-1111\n" +
			"               access-denied  not assigned to you…\n" +
			"Reader-2222    ok\n",
		20: "" +
			"NAME   STATE  NOTE\n" +
			"Administrator-1111\n" +
			"       acce…  not a…\n" +
			"Reader-2222\n" +
			"       ok\n",
	}
	for width, want := range tests {
		if diff := cmp.Diff(want, table(t, columns, width, rows)); diff != "" {
			t.Errorf("width %d: %s", width, diff)
		}
	}
	for width := 3*1 + 2*2; width < 90; width++ {
		for line := range strings.Lines(table(t, columns, width, rows)) {
			if got := columnsOf(strings.TrimSuffix(line, "\n")); got > width && line != "Administrator-1111\n" && line != "Reader-2222\n" {
				t.Errorf("width %d: a line has %d columns: %q", width, got, line)
			}
		}
	}
}

// An outlier costs the others no column: a name of 126 letters stands on a line
// of its own, another cell is cut.
func TestOutliers(t *testing.T) {
	columns := []report.Column{{Title: "NAME"}, {Title: "STATE", MinWidth: 14}, {Title: "ROLE", DropOrder: 2}, {Title: "NOTE", MinWidth: 10, Wraps: true}}
	name := strings.Repeat("n", 126)
	rows := []cells{
		{"dev", "ok", "Admin", "fine"}, {name, "access-denied", "Admin", "not assigned to you"}, {"prod", "ok", strings.Repeat("R", 60), "fine"},
	}
	want := "" +
		"NAME          STATE          ROLE          NOTE\n" +
		"dev           ok             Admin         fine\n" +
		name + "\n" +
		"              access-denied  Admin         not assigned to you\n" +
		"prod          ok             RRRRRRRRRRR…  fine\n"
	if diff := cmp.Diff(want, table(t, columns, 80, rows)); diff != "" {
		t.Error(diff)
	}
}

// TestLastColumnGoesOn holds that nothing is lost of a cell that may have as
// many lines as it needs, and that they stand in its column.
func TestLastColumnGoesOn(t *testing.T) {
	columns := []report.Column{{Title: "NAME"}, {Title: "N", Right: true, DropOrder: 1}, {Title: "NOTE", MinWidth: 10, Wraps: true}}
	rows := []cells{{"a", "12", "not assigned to you"}, {"b", "", "arn:aws:iam::111111111111:role/x and more"}, {"c", "", ""}, {"d", "", "東京東京東京 ok"}}
	tests := map[int]string{
		0: "" +
			"NAME   N  NOTE\n" +
			"a     12  not assigned to you\n" +
			"b         arn:aws:iam::111111111111:role/x and more\n" +
			"c\n" +
			"d         東京東京東京 ok\n",
		21: "" +
			"NAME   N  NOTE\n" +
			"a     12  not\n" +
			"          assigned to\n" +
			"          you\n" +
			"b         arn:aws:iam\n" +
			"          ::111111111\n" +
			"          111:role/x\n" +
			"          and more\n" +
			"c\n" +
			"d         東京東京東\n" +
			"          京 ok\n",
	}
	for width, want := range tests {
		if diff := cmp.Diff(want, table(t, columns, width, rows)); diff != "" {
			t.Errorf("width %d: %s", width, diff)
		}
	}
	columns[2].Wraps = false
	want := "NAME   N  NOTE\na     12  not assign…\nb         arn:aws:ia…\nc\nd         東京東京東…\n"
	if diff := cmp.Diff(want, table(t, columns, 21, rows)); diff != "" {
		t.Errorf("cut: %s", diff)
	}
	columns[2].Wraps = true
	for width := 1; width < 60; width++ {
		shown := table(t, columns, width, rows)
		for line := range strings.Lines(shown) {
			if got := columnsOf(strings.TrimSuffix(line, "\n")); got > max(width, 1+2+1) {
				t.Errorf("width %d: a line has %d columns: %q", width, got, line)
			}
		}
		if width < 11 { // not even so many lines hold it
			continue
		}
		letters := strings.NewReplacer(" ", "", "\n", "").Replace(shown)
		for _, whole := range []string{"notassignedtoyou", "arn:aws:iam::111111111111:role/xandmore", "東京東京東京ok"} {
			if !strings.Contains(letters, whole) {
				t.Errorf("width %d: %q is not all there:\n%s", width, whole, shown)
			}
		}
	}
}

// cells is a record without any form but its columns.
type cells []string

func (c cells) Cells() []string { return c }

func table(t *testing.T, columns []report.Column, width int, rows []cells) string {
	t.Helper()
	var out strings.Builder
	w := report.NewWriter(&out, report.Table, columns, report.Screen{Width: width})
	for _, r := range rows {
		if err := w.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// columnsOf counts the columns of the characters that the tests use.
func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r == '\u0301':
		case r == '東', r == '京':
			n += 2
		default:
			n++
		}
	}
	return n
}

func TestCut(t *testing.T) {
	tests := []struct {
		in    string
		width int
		want  string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"abcd", 0, "…"},
		{"東京都", 6, "東京都"},
		{"東京都", 5, "東京…"},
		{"東京都", 4, "東…"}, // half a character is none
		{"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"한국어", 4, "한…"},
		{"✅⭐ok", 4, "✅…"},
		{"👩ok", 3, "👩…"},
		{"ｱｲｳ", 2, "ｱ…"}, // halfwidth
	}
	for _, tt := range tests {
		if got := report.Cut(tt.in, tt.width); got != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
}

func TestVisible(t *testing.T) {
	tests := map[string]string{
		"":                           "",
		"plain ünïcödé 東京 😀 \\":      "plain ünïcödé 東京 😀 \\",
		"\x1b]0;title\x07":           `\x1b]0;title\x07`,
		"\x1b]52;c;aGk=\x07":         `\x1b]52;c;aGk=\x07`,
		"\x1b]8;;http://x\x1b\\y":    `\x1b]8;;http://x\x1b\y`,
		"a\rb\nc\td\x7f\x00":         `a\rb\nc\td\x7f\x00`,
		"\u009b2J\u0085":             `\u009b2J\u0085`,
		"\u202eevil\u2066\u200f":     `\u202eevil\u2066\u200f`,
		"\u061c\u00ad\ufeff\u200b":   `\u061c\u00ad\ufeff\u200b`,
		"\u2028\u2029\u180e":         `\u2028\u2029\u180e`,
		"\u115f\u3164\u034f":         `\u115f\u3164\u034f`,
		"\U000e0041\U000e0100":       `\U000e0041\U000e0100`,
		"\xff\xfe \xe2\x80 \xed\xa0": `\xff\xfe \xe2\x80 \xed\xa0`,
		"\ufffd \ufffe \U0001ffff":   "\ufffd " + `\ufffe \U0001ffff`,

		"བརྒྱུད་ e\u0301\u0323 שָׁלֹום":                  "བརྒྱུད་ e\u0301\u0323 שָׁלֹום",
		"e" + strings.Repeat("\u0301", 5000) + "f\u0301": "e" + strings.Repeat("\u0301", 8) + strings.Repeat(`\u0301`, 4992) + "f\u0301",
		"한" + strings.Repeat("\u11ab", 10):               "한" + strings.Repeat("\u11ab", 8) + strings.Repeat(`\u11ab`, 2),
	}
	for in, want := range tests {
		if got := report.Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

// Marks that JSON holds read as they were, and yet no terminal shows them all.
func TestMarksInJSON(t *testing.T) {
	name := "e" + strings.Repeat("\u0301", 100)
	out := write(t, report.JSONL, report.Screen{}, thing{Name: name})
	if n := strings.Count(out, "\u0301"); n != 8 {
		t.Errorf("%d marks on a letter: %s", n, out)
	}
	var read thing
	if err := json.Unmarshal([]byte(out), &read); err != nil || read.Name != name {
		t.Errorf("read as %q, %v", read.Name, err)
	}
}

// unsafeRune reports whether a character must not reach a terminal.
func unsafeRune(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

func FuzzFormats(f *testing.F) {
	f.Add("a\tb", "c\nd", "\x1b[2J\u202e\xff")
	f.Add("", "\\u202e", "\U000e0041 \u0085")
	f.Add("東京", "e\u0301", "\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, name, state, note string) {
		in := thing{name, state, 1, note}
		for _, format := range []report.Format{report.Table, report.Text, report.Name, report.JSON, report.JSONL} {
			out := write(t, format, report.Screen{Width: 80}, in)
			if !utf8.ValidString(out) {
				t.Fatalf("%s is not UTF-8: %q", format, out)
			}
			rest := strings.NewReplacer("\n", "", "\t", "").Replace(out)
			if strings.ContainsFunc(rest, unsafeRune) {
				t.Fatalf("%s has what a terminal would act on: %q", format, out)
			}
			checkLines(t, format, out, name)
			checkJSON(t, format, out, in)
		}
	})
}

// checkLines holds that no value made a line or a column of its own.
func checkLines(t *testing.T, format report.Format, out, name string) {
	want := map[report.Format]int{report.Table: 2, report.Text: 1, report.JSON: 3, report.JSONL: 1, report.Name: 1}[format]
	if format == report.Name && name == "" {
		want = 0
	}
	if got := strings.Count(out, "\n"); got != want {
		t.Fatalf("%s has %d lines, want %d: %q", format, got, want, out)
	}
	tabs := strings.Count(out, "\t")
	if want := map[report.Format]int{report.Text: 3}[format]; tabs != want {
		t.Fatalf("%s has %d TABs, want %d: %q", format, tabs, want, out)
	}
}

// checkJSON holds that JSON decodes to what went in, bytes aside that are not
// UTF-8 and that JSON therefore cannot hold.
func checkJSON(t *testing.T, format report.Format, out string, in thing) {
	var got []thing
	switch format {
	case report.JSON:
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%v: %q", err, out)
		}
	case report.JSONL:
		got = make([]thing, 1)
		if err := json.Unmarshal([]byte(out), &got[0]); err != nil {
			t.Fatalf("%v: %q", err, out)
		}
	default:
		return
	}
	for _, s := range []*string{&in.Name, &in.State, &in.Note} {
		*s = string([]rune(*s)) // as encoding/json reads bytes that are not UTF-8
	}
	if !slices.Equal(got, []thing{in}) {
		t.Fatalf("%q reads as %#v, want %#v", out, got, in)
	}
}
