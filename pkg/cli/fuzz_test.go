package cli

import (
	"slices"
	"strings"
	"testing"
)

// Lines of standard input: every name is one line up to a TAB, without blanks
// around it, and never empty.
func FuzzNames(f *testing.F) {
	for _, text := range []string{"", "\n", "okta\n", "okta\tok\t111111111111\n\n other ", "a\r\nb\r\n", "\t\t\n", "\x00\n\xff", "-\n--help\n", strings.Repeat("x", 70_000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, err := scanNames(strings.NewReader(text))
		if err != nil {
			if len(text) < maxLine {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if lines := strings.Count(text, "\n") + 1; len(names) > lines {
			t.Fatalf("%d names in %d lines", len(names), lines)
		}
		for _, n := range names {
			if n == "" || n != strings.TrimSpace(n) || strings.ContainsAny(n, "\t\n") || !strings.Contains(text, n) {
				t.Fatalf("%q has the name %q", text, n)
			}
		}
	})
}

// $BROWSER and a URL: the URL is in one argument, whatever is around it.
func FuzzBrowserCommand(f *testing.F) {
	for _, command := range []string{"firefox", "firefox %s", `sh -c 'open "$0"'`, `"my browser" --x`, `a\ b`, "'", `"`, `\`, "%s", "%s %s", "\x00"} {
		f.Add(command)
	}
	f.Fuzz(func(t *testing.T, command string) {
		const url = "https://example.com/?a=b&c=d"
		words := splitWords(command, true)
		if len(words) == 0 {
			return
		}
		args := withURL(words, url)
		if args[0] != words[0] || !slices.ContainsFunc(args[1:], func(a string) bool { return strings.Contains(a, url) }) {
			t.Fatalf("%q became %q", command, args)
		}
	})
}
