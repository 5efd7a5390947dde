package profiles

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// block is a part of a config between two comments by which another program
// marks what it writes anew at each of its runs.
type block struct {
	tool        string // "" for one that is not known
	mark        string // the comment that opens it
	first, last int    // lines, from 1
}

// String returns what messages call the block.
func (b *block) String() string {
	if b.tool != "" {
		return fmt.Sprintf("the marks of %s in lines %d and %d", b.tool, b.first, b.last)
	}
	return fmt.Sprintf("%q in line %d and its end in line %d", b.mark, b.first, b.last)
}

// markers are texts in the opening comments of known tools. A tool of these owns
// the rest of the file where its closing comment is missing.
var markers = []struct{ text, tool string }{
	{"aws_sso_cli", "aws-sso-cli"},
	{"aws_sso_config_generator", "aws-sso-profile-generator"},
	{"aws-sso-manager:", "aws-sso-manager"},
}

// blocksOf returns the blocks of a config. A comment opens one if it says begin or
// start, and a later one says the same but for end or stop. Times in them do not
// count.
func blocksOf(text string) []block {
	type opened struct {
		block
		label string
	}
	var open []opened
	var blocks []block
	line := 0
	for text != "" {
		line++
		n := strings.IndexAny(text, "\r\n") // where Python ends lines
		if n < 0 {
			n = len(text)
		}
		content := strings.TrimSpace(text[:n])
		if text = strings.TrimPrefix(text[n:], "\r"); strings.HasPrefix(text, "\n") {
			text = text[1:]
		}
		if content == "" || content[0] != '#' && content[0] != ';' {
			continue
		}
		switch label, opens, closes := markOf(content); {
		case closes:
			for i := len(open) - 1; i >= 0; i-- {
				if open[i].label == label {
					b := open[i].block
					b.last = line
					blocks = append(blocks, b)
					open = open[:i]
					break
				}
			}
		case opens:
			open = append(open, opened{block{tool: toolOf(label), mark: content, first: line}, label})
		}
	}
	for _, o := range open {
		if o.tool != "" {
			o.last = line
			blocks = append(blocks, o.block)
		}
	}
	return blocks
}

var (
	markWord = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(^|[^a-z])(begin|start|end|stop|>>>|<<<)([^a-z]|$)`)
	})
	markTime = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\d{4}[-/]\d\d[-/]\d\d([t ]+\d\d:\d\d(:\d\d)?\S*)?`)
	})
)

// markOf returns what the two comments of a block have in common, and which of
// them a comment is.
func markOf(comment string) (label string, opens, closes bool) {
	text := strings.ToLower(comment)
	at := markWord().FindStringSubmatchIndex(text)
	if at == nil {
		return "", false, false
	}
	switch word := text[at[4]:at[5]]; word {
	case "begin", "start", ">>>":
		opens = true
	default:
		closes = true
	}
	label = text[:at[4]] + "\x00" + text[at[5]:]
	label = strings.NewReplacer(">>>", "\x00", "<<<", "\x00").Replace(label)
	label = strings.Join(strings.Fields(markTime().ReplaceAllString(label, "")), " ")
	return label, opens, closes
}

func toolOf(label string) string {
	for _, m := range markers {
		if strings.Contains(label, m.text) {
			return m.tool
		}
	}
	return ""
}
