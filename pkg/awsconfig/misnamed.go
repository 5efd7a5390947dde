package awsconfig

import (
	"fmt"
	"strconv"
)

// MisnamedProfile returns how to make a profile of the section [NAME] of the
// config file, "FILE:LINE: write [profile NAME], not [NAME]": in that file only
// [default] does without the word. It is "" if there is no such section.
func (c *Config) MisnamedProfile(name string) string {
	f := c.config
	for i := range f.sections {
		s := &f.sections[i]
		if s.typ != otherSection || s.name != name {
			continue
		}
		word := name
		if !isPlainWord(name) {
			word = strconv.Quote(name)
		}
		return f.problem(s.line, fmt.Sprintf("write [%s %s], not [%s]", profilePrefix, word, name), "").String()
	}
	return ""
}
