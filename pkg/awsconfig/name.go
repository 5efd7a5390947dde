package awsconfig

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"aws-sso-plugins/pkg/fault"
)

// PortableName reports whether every AWS client reads a section of that name:
// letters, digits and _ @ + . % : / - in ASCII. No spelling of a name with a
// space works in both the AWS CLI and the Go SDK, and the JavaScript SDK does
// not find names with other characters.
func PortableName(name string) bool {
	for i := 0; i < len(name); i++ {
		if !portableByte(name[i]) {
			return false
		}
	}
	return name != "" && name != "__proto__" // which the JavaScript SDK refuses
}

func portableByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("_@+.%:/-", c) >= 0
}

// checkName refuses a name for a new section that some client would not find.
func checkName(kind Kind, name string) error {
	if kind == AliasFile {
		name = strings.Replace(name, " ", "-", 1) // "command sso"
	}
	if !PortableName(name) {
		return fault.New(fault.Usage, fmt.Sprintf("cannot write a section named %q", name), "not every AWS client reads such a name").
			WithHint("use letters, digits and _@+.%%:/- only")
	}
	if name == defaultsHeader {
		return fault.New(fault.Usage, fmt.Sprintf("cannot write a section named %q", name),
			"in the credentials file the AWS CLI would put its keys into every profile")
	}
	return nil
}

// checkKey refuses a key that some client would not find: the JavaScript SDK
// compares keys in their own case, and all known ones are in lower case.
func checkKey(name string) error {
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'):
		default:
			return badKey(name)
		}
	}
	if name == "" {
		return badKey(name)
	}
	return nil
}

func badKey(name string) error {
	return fault.New(fault.Usage, fmt.Sprintf("cannot write the key %q", name), "it is not a lower-case word such as region or sso_account_id")
}

// Check refuses a pair that AWS clients would not read alike, or that would
// add lines or sections to a file. The error is a fault.Usage.
func (p KeyValue) Check() error {
	if err := checkKey(p.Key); err != nil {
		return err
	}
	if why := valueFlaw(p.Value); why != "" {
		return fault.New(fault.Usage, fmt.Sprintf("cannot write %s = %q", p.Key, p.Value), why)
	}
	return nil
}

func valueFlaw(value string) string {
	switch {
	case value == "":
		return "it is empty"
	case !utf8.ValidString(value):
		return "it is not UTF-8"
	case strings.ContainsFunc(value, unwritable):
		return "it holds a control or formatting character"
	case strings.IndexByte(value, ']') >= 0:
		return `it holds a "]", which could end a section header`
	case trimSpace(value) != value:
		return "AWS clients drop the white space around a value"
	case value[0] == '#', value[0] == ';', strings.Contains(value, " #"), strings.Contains(value, " ;"):
		return "the Go SDK takes # and ; after a space for a comment, the AWS CLI does not"
	case quoted(value), loneQuote(value):
		return "the Go SDK drops the quotes around a value, the AWS CLI does not"
	}
	return ""
}

// unwritable reports characters that are not to be seen: controls, and the
// formatting characters with which a text can look like another one.
func unwritable(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}
