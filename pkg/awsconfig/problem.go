package awsconfig

import (
	"cmp"
	"fmt"

	"aws-sso-plugins/pkg/fault"
)

// A Problem is one line of a file that some AWS client reads in another way
// than its author may think, or not at all.
type Problem struct {
	Path string
	Line int    // the first line is 1
	Text string // what is wrong, in lower case; data of the file is quoted
	Hint string // what to do about it; may be empty
}

// String returns "path:line: text; hint", or "path:line: text" without a hint.
func (p Problem) String() string {
	text := fmt.Sprintf("%s:%d: %s", p.Path, p.Line, p.Text)
	if p.Hint != "" {
		text += "; " + p.Hint
	}
	return text
}

// fault returns the problem as an error.
func (p Problem) fault() *fault.Error {
	return fault.New(fault.Config, fmt.Sprintf("%s:%d", p.Path, p.Line), p.Text).WithHint("%s", p.Hint)
}

func (f *File) problem(line int32, text, hint string) Problem {
	return Problem{Path: f.path, Line: int(line), Text: text, Hint: hint}
}

func byLine(a, b Problem) int { return cmp.Compare(a.Line, b.Line) }
