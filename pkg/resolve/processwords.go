package resolve

import "strings"

// windowsWords splits a command as a program of Windows splits its own command
// line, and as botocore does there with a credential_process
// (https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments):
// backslashes are themselves, unless a double quote follows. It reports false
// for a quote without its end.
func windowsWords(command string) (words []string, ok bool) {
	var word strings.Builder
	var started, quoted bool // started: so that "" is a word
	backslashes := 0
	emit := func() {
		if started {
			words = append(words, word.String())
		}
		word.Reset()
		started = false
	}
	for _, r := range command {
		switch {
		case r == '\\':
			backslashes++
			started = true
			continue
		case r == '"':
			word.WriteString(strings.Repeat(`\`, backslashes/2))
			if backslashes%2 == 1 {
				word.WriteRune(r)
			} else {
				quoted = !quoted
			}
			backslashes, started = 0, true
			continue
		}
		word.WriteString(strings.Repeat(`\`, backslashes))
		backslashes = 0
		if (r == ' ' || r == '\t') && !quoted {
			emit()
			continue
		}
		word.WriteRune(r)
		started = true
	}
	word.WriteString(strings.Repeat(`\`, backslashes))
	emit()
	return words, !quoted
}
