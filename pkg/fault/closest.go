package fault

import (
	"fmt"
	"strings"
)

// Closest returns the candidate most similar to name, or "" if none is similar:
// one mistake for three letters is allowed, and at least one.
func Closest(name string, candidates []string) string {
	best, distance := "", max(len(name)/3+1, 2)
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(name), strings.ToLower(c), distance); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// editDistance returns how many letters were inserted, left out, replaced or
// swapped with their neighbour, or limit if they are that many or more.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		least := next[0]
		for j := range len(b) {
			cost := row[j]
			if a[i] != b[j] {
				cost++
			}
			next[j+1] = min(cost, next[j]+1, row[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
			least = min(least, next[j+1])
		}
		if least >= limit {
			return limit
		}
		before, row, next = row, next, before
	}
	return min(row[len(b)], limit)
}

// UnknownWord returns a fault of kind Usage for a word that is none of those
// known. what names the kind of word ("format"), and takes is the beginning of
// the hint ("-o takes one of").
func UnknownWord(what, word, takes string, known []string) *Error {
	hint := takes + ": " + strings.Join(known, ", ")
	if near := Closest(word, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return Newf(Usage, "unknown %s %q", what, word).WithHint("%s", hint)
}
