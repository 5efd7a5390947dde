package awsconfig

import "strings"

// nestedPairs cuts a nested block as botocore does: the first "=" of each
// line, keys in their own case, the last of several equal ones.
func nestedPairs(k *key) []Pair {
	if k == nil || !k.nested() {
		return nil
	}
	var block pairSet
	for _, line := range splitLines(k.value) {
		if name, value, ok := strings.Cut(line, "="); ok {
			block.set(trimSpace(name), trimSpace(value))
		}
	}
	return block.pairs
}

// A pairSet keeps the last value of each key, in the order of the first.
type pairSet struct {
	pairs []Pair
	at    map[string]int
}

func (s *pairSet) set(key, value string) {
	if i, ok := s.at[key]; ok {
		s.pairs[i].Value = value
		return
	}
	if s.at == nil {
		s.at = map[string]int{}
	}
	s.at[key] = len(s.pairs)
	s.pairs = append(s.pairs, Pair{Key: key, Value: value})
}
