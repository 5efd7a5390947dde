package tokencache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// dialect is how Python's json.dumps separates. The AWS CLI hashes what it
// dumps, so a byte more or less is another file.
type dialect struct{ comma, colon string }

var (
	spaced  = dialect{", ", ": "} // the default
	compact = dialect{",", ":"}   // separators=(',', ':')
)

// member is a key of a JSON object with its value: a string, a []string (nil
// is null), nil, or a json.RawMessage.
type member struct {
	key   string
	value any
}

// object dumps members in the order given.
func (d dialect) object(members []member) []byte {
	b := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			b = append(b, d.comma...)
		}
		b = appendString(b, m.key)
		b = append(b, d.colon...)
		b = d.value(b, m.value)
	}
	return append(b, '}')
}

func (d dialect) value(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case []string:
		if v == nil {
			return append(b, "null"...)
		}
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, d.comma...)
			}
			b = appendString(b, s)
		}
		return append(b, ']')
	case json.RawMessage:
		return d.raw(b, v)
	default:
		return append(b, "null"...)
	}
}

// raw encodes a JSON value again: on one line, in ASCII, numbers as they are.
func (d dialect) raw(b []byte, value json.RawMessage) []byte {
	var line bytes.Buffer
	if json.Compact(&line, value) != nil {
		return b
	}
	for text := line.Bytes(); len(text) > 0; {
		n := 1
		switch text[0] {
		case ',':
			b = append(b, d.comma...)
		case ':':
			b = append(b, d.colon...)
		case '"':
			n = stringLength(text)
			var s string
			_ = json.Unmarshal(text[:n], &s) // cannot fail: Compact has checked it
			b = appendString(b, s)
		default:
			b = append(b, text[0])
		}
		text = text[n:]
	}
	return b
}

// stringLength returns the length of the JSON string that text begins with, its
// quotes included.
func stringLength(text []byte) int {
	n := 1
	for text[n] != '"' {
		if text[n] == '\\' {
			n++
		}
		n++
	}
	return n + 1
}

// appendString dumps a string with ensure_ascii: beyond ASCII \u in lower-case
// hex, surrogate pairs above the basic plane, and < > & as they are, which
// encoding/json would escape.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\b':
			b = append(b, `\b`...)
		case r == '\f':
			b = append(b, `\f`...)
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return append(b, '"')
}

var errNoObject = errors.New("it does not begin with a JSON object")

// parsed is a JSON object as it was found in a file.
type parsed struct {
	members []member // values are json.RawMessage; a key that comes twice is there once, with its last value
	clean   bool     // nothing but white space around the object
}

// parse reads the object at the beginning of data and ignores what follows it.
func parse(data []byte) (parsed, error) {
	body := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	p := parsed{clean: len(body) == len(data)}
	if text := bytes.TrimSpace(body); len(text) > 0 && text[0] == '{' && json.Valid(text) {
		p.cut(text)
		return p, nil
	}
	broken := func() (parsed, error) {
		return parsed{}, fmt.Errorf("it is not JSON, or cut short (%d bytes)", len(data))
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	switch t, err := dec.Token(); {
	case err != nil:
		return broken()
	case t != json.Delim('{'):
		return parsed{}, errNoObject
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return broken()
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return broken()
		}
		p.set(key.(string), value)
	}
	if _, err := dec.Token(); err != nil {
		return broken()
	}
	if len(bytes.TrimSpace(body[dec.InputOffset():])) > 0 {
		p.clean = false
	}
	return p, nil
}

// cut takes the members of an object that is valid JSON. A decoder takes five
// times as long, for each of the many roles that sso-exec has.
func (p *parsed) cut(object []byte) {
	rest := object[1:]
	for {
		var key, value []byte
		if key, rest = cutValue(rest); len(key) == 0 {
			return // the closing brace
		}
		value, rest = cutValue(rest)
		p.set(stringOf(key), json.RawMessage(value))
	}
}

// cutValue cuts the first value off valid JSON that comes after a value, a comma or
// a colon. It is empty where there is none more.
func cutValue(text []byte) (value, rest []byte) {
	text = bytes.TrimLeft(text, " \t\r\n,:")
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return text[:i], text[i:]
			}
			depth--
		case ' ', '\t', '\r', '\n', ',', ':':
			if depth == 0 {
				return text[:i], text[i:]
			}
			continue
		default: // within a number or a word
			continue
		}
		if depth == 0 {
			return text[:i+1], text[i+1:]
		}
	}
	return text, nil
}

func (p *parsed) set(key string, value json.RawMessage) {
	for i := range p.members {
		if p.members[i].key == key {
			p.members[i].value = value
			return
		}
	}
	p.members = append(p.members, member{key, value})
}

func (p *parsed) raw(key string) json.RawMessage {
	for _, m := range p.members {
		if m.key == key {
			return m.value.(json.RawMessage)
		}
	}
	return nil
}

// text returns the string of a key, "" where it is missing or no string.
func (p *parsed) text(key string) string { return stringOf(p.raw(key)) }

// stringOf returns a string of JSON, "" for what is none.
func stringOf(raw []byte) string {
	if len(raw) > 0 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// texts returns the list of strings of a key, nil where it is missing or none.
func (p *parsed) texts(key string) []string {
	var list []string
	if json.Unmarshal(p.raw(key), &list) != nil {
		return nil
	}
	return list
}
