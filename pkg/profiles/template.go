package profiles

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
	"unicode/utf8"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
)

// defaultTemplate makes the names that `aws configure sso` proposes.
const defaultTemplate = "{{.RoleName}}-{{.AccountId}}"

// fields are what a template may use.
type fields struct {
	AccountId    string //nolint:revive // spelled as AWS prints it; users write it in templates
	AccountName  string // the id where the name has no letter or digit that every AWS client reads
	AccountEmail string
	RoleName     string
	Session      string
}

const templateHint = "fields: .AccountId .AccountName .AccountEmail .RoleName .Session; " +
	"functions: lower upper replace trimPrefix trimSuffix slug"

// Template makes profile names from assignments. It is safe for concurrent
// use.
type Template struct{ expression }

// ParseTemplate reads a Go template over AccountId, AccountName, AccountEmail,
// RoleName and Session with the functions lower,
// upper, replace OLD NEW, trimPrefix P, trimSuffix S and slug, made for
// pipelines: {{.AccountName | trimPrefix "acme " | slug}}. A template that
// cannot work is a fault of kind Usage that says where and why.
func ParseTemplate(text string) (*Template, error) {
	e, err := parseExpression("--name", text, func(s string) string { return squeeze(s, portable()) })
	if err != nil {
		return nil, err
	}
	return &Template{e}, nil
}

// expression is a template of one flag. What each of its actions prints is
// cleaned by itself, before it meets the text around it.
type expression struct {
	flag, text string
	parsed     *template.Template
}

func parseExpression(flag, text string, clean func(string) string) (expression, error) {
	e := expression{flag: flag, text: text}
	t, err := parseText(text)
	if err != nil {
		return e, e.flawed(parseFlaw(text, err))
	}
	e.parsed = t.Funcs(template.FuncMap{cleanFunction: func(value any) string { return clean(fmt.Sprint(value)) }})
	for _, part := range e.parsed.Templates() {
		if part.Tree != nil {
			cleanActions(part.Root)
		}
	}
	// What depends on a certain value, as a slice of a name does, shows in the
	// assignment that has it; a flaw of the template itself shows in any.
	if err = e.parsed.Execute(io.Discard, sample); err != nil {
		return e, e.flawed(execFlaw(text, err))
	}
	return e, nil
}

// cleanFunction is the function that cleans what an action prints.
const cleanFunction = "_clean"

// cleanActions makes the actions below node pass what they print through
// [cleanFunction], as html/template does for its escapers.
func cleanActions(node parse.Node) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			cleanActions(child)
		}
	case *parse.IfNode:
		cleanBranches(&n.BranchNode)
	case *parse.RangeNode:
		cleanBranches(&n.BranchNode)
	case *parse.WithNode:
		cleanBranches(&n.BranchNode)
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 { // a declaration prints nothing
			n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{
				NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{parse.NewIdentifier(cleanFunction).SetPos(n.Pos)},
			})
		}
	}
}

func cleanBranches(n *parse.BranchNode) {
	cleanActions(n.List)
	cleanActions(n.ElseList)
}

func (e expression) flawed(why string) error {
	return fault.New(fault.Usage, fmt.Sprintf("%s %q", e.flag, e.text), why).WithHint("%s", templateHint)
}

// of returns what the expression makes of an assignment.
func (e expression) of(session string, a portal.Assignment) (string, error) {
	values := fields{AccountId: a.ID, AccountName: a.Name, AccountEmail: a.Email, RoleName: a.Role, Session: session}
	if slug(a.Name) == "" { // nor would punctuation alone tell accounts apart
		values.AccountName = a.ID
	}
	var b strings.Builder
	if err := e.parsed.Execute(&b, values); err != nil {
		return "", e.flawed(execFlaw(e.text, err))
	}
	return b.String(), nil
}

func parseText(text string) (*template.Template, error) {
	return template.New(templateName).Funcs(functions).Parse(text)
}

// templateName is what the messages of text/template begin with.
const templateName = "text"

// sample has values so long that a template which takes them apart works.
var sample = fields{
	AccountId:    "123456789012",
	AccountName:  strings.Repeat("Account Name ", 20),
	AccountEmail: strings.Repeat("a", 64) + "@example.com",
	RoleName:     strings.Repeat("RoleName", 8),
	Session:      strings.Repeat("session", 10),
}

var functions = template.FuncMap{
	"lower":      strings.ToLower,
	"upper":      strings.ToUpper,
	"replace":    func(old, with, s string) string { return strings.ReplaceAll(s, old, with) },
	"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
	"trimSuffix": func(suffix, s string) string { return strings.TrimSuffix(s, suffix) },
	"slug":       slug,
}

// parseFlaw returns where and why a template cannot be parsed. text/template names
// the line alone, so parseFlaw looks for the first action that makes the text no
// longer the beginning of a template.
func parseFlaw(text string, err error) string {
	why := withoutPlace().ReplaceAllString(err.Error(), "")
	if why == "unexpected EOF" {
		why = "an {{end}} is missing"
	}
	for end := 0; end < len(text); {
		n := strings.Index(text[end:], "}}")
		if n < 0 {
			break
		}
		end += n + len("}}")
		_, err := parseText(text[:end])
		if err == nil || strings.Contains(err.Error(), "unexpected EOF") {
			continue
		}
		return at(text[:end], strings.LastIndex(text[:end], "{{"), why)
	}
	return at(text, strings.LastIndex(text, "{{"), why)
}

// What text/template says is taken apart only where a template is wrong: three
// expressions compiled at every start would be a tenth of it.
var withoutPlace = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^template: ` + templateName + `:\d+:(\d+:)? ?`)
})

// at says where an action begins, counted in characters from 1.
func at(text string, start int, why string) string {
	if start < 0 {
		return why
	}
	return fmt.Sprintf("at character %d, %q: %s", utf8.RuneCountInString(text[:start])+1, text[start:], why)
}

// execFlaw returns where and why a template that could be parsed fails.
func execFlaw(text string, err error) string {
	m := execPlace().FindStringSubmatch(err.Error())
	if m == nil {
		return err.Error()
	}
	why := strings.ReplaceAll(m[4], "profiles.fields", "all fields")
	if field := unknownField().FindStringSubmatch(why); field != nil {
		why = fmt.Sprintf("there is no field %q", "."+field[1])
	}
	return fmt.Sprintf("at character %d, %q: %s", utf8.RuneCountInString(text[:offset(text, m[1], m[2])])+1, m[3], why)
}

var (
	execPlace = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?s)^template: ` + templateName + `:(\d+):(\d+): executing ".*?" at <(.*?)>: (.*)$`)
	})

	unknownField = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^can't evaluate field (\S+) in type `)
	})
)

// offset returns the place in the text of a line, counted from 1, and a byte in it,
// counted from 0.
func offset(text, line, column string) int {
	lines, _ := strconv.Atoi(line)
	at, _ := strconv.Atoi(column)
	start := 0
	for range lines - 1 {
		start += strings.IndexByte(text[start:], '\n') + 1
	}
	return min(start+at, len(text))
}

// String returns the template as it was given; the nil template is the default
// one.
func (t *Template) String() string {
	if t == nil {
		return defaultTemplate
	}
	return t.text
}

// name returns the profile's name for an assignment: what the template makes of
// it, cleaned; "" if nothing usable is left. The nil template is the default
// one.
func (t *Template) name(session string, a portal.Assignment) (string, error) {
	if t == nil {
		return defaultName(a.Role, a.ID), nil
	}
	text, err := t.of(session, a)
	return cleanName(text), err
}

// defaultName returns what the default template makes of an assignment.
func defaultName(role, account string) string {
	return cleanName(squeeze(role, portable()) + "-" + account)
}
