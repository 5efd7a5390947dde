package main

import (
	"flag"
	"regexp"
	"strings"
)

var unknownFlag = regexp.MustCompile(`^flag provided but not defined: -(\S+)$`)

// suggest adds to the error for a mistyped flag the one that was meant, if one is near.
func suggest(err error, fs *flag.FlagSet) string {
	text := err.Error()
	m := unknownFlag.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	best, least := "", len(m[1])/2+1
	fs.VisitAll(func(f *flag.Flag) {
		if d := distance(strings.TrimPrefix(m[1], "-"), f.Name); d < least {
			best, least = f.Name, d
		}
	})
	if best != "" {
		text += "; did you mean -" + best + "?"
	}
	return text
}

// distance is how many letters have to be changed, added or removed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
