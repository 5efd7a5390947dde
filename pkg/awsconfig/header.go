package awsconfig

import "strings"

// sectionType is what a header makes of its section.
type sectionType uint8

const (
	otherSection sectionType = iota
	profileSection
	sessionSection
	servicesSection
	defaultsSection // [DEFAULT]: its keys stand in every section
)

const (
	profilePrefix  = "profile"
	sessionPrefix  = "sso-session"
	servicesPrefix = "services"
	defaultProfile = "default"
	defaultsHeader = "DEFAULT"
)

// readHeader says what the text between the brackets of a header stands for.
// It follows botocore, to which any header that merely begins with "profile"
// is a profile if it has two words: `[profiles x]` too. ok is false where the
// header claims a type but has no readable name.
func readHeader(kind Kind, text string) (typ sectionType, name string, ok bool) {
	if text == defaultsHeader {
		return defaultsSection, text, true
	}
	if kind != ConfigFile {
		return profileSection, text, true
	}
	switch {
	case text == defaultProfile:
		return profileSection, text, true
	case strings.HasPrefix(text, profilePrefix):
		typ = profileSection
	case strings.HasPrefix(text, sessionPrefix):
		typ = sessionSection
	case strings.HasPrefix(text, servicesPrefix):
		typ = servicesSection
	default:
		return otherSection, text, true
	}
	if word, name, _ := strings.Cut(text, " "); isPlainWord(word) && isPlainWord(name) {
		return typ, name, true
	}
	words, ok := ShellWords(text)
	if !ok || len(words) != 2 {
		return typ, "", false
	}
	return typ, words[1], true
}

// isPlainWord reports whether ShellWords would return s as it is.
func isPlainWord(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\r', '\n', '\'', '"', '\\':
			return false
		}
	}
	return s != ""
}

// ShellWords is Python's shlex.split, with which botocore reads headers, and
// the command of a credential_process: a quoted word may hold spaces, a
// backslash vanishes. ok is false where a quote is left open or nothing follows
// a backslash; of a header botocore then drops the section without a word.
func ShellWords(s string) (words []string, ok bool) {
	var word []byte
	started := false // a quote has been seen, so that "" is a word
	emit := func() {
		if len(word) > 0 || started {
			words = append(words, string(word))
		}
		word, started = word[:0], false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ', '\t', '\r', '\n':
			emit()
		case '\\':
			if i++; i == len(s) {
				return nil, false
			}
			word = append(word, s[i])
		case '\'':
			n := strings.IndexByte(s[i+1:], c)
			if n < 0 {
				return nil, false
			}
			word, started = append(word, s[i+1:i+1+n]...), true
			i += n + 1
		case '"':
			started = true
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' {
					if i++; i == len(s) {
						return nil, false
					}
					if s[i] != '"' && s[i] != '\\' {
						word = append(word, '\\')
					}
				}
				word = append(word, s[i])
			}
			if i == len(s) {
				return nil, false
			}
		default:
			word = append(word, c)
		}
	}
	emit()
	return words, true
}

// word returns the first word of a header of that type.
func (t sectionType) word() string {
	switch t {
	case sessionSection:
		return sessionPrefix
	case servicesSection:
		return servicesPrefix
	default:
		return profilePrefix
	}
}

// headerText returns the header of a section of that type and name. The name
// needs no quotes.
func headerText(kind Kind, typ sectionType, name string) string {
	switch {
	case kind != ConfigFile || name == defaultProfile && typ == profileSection:
		return name
	default:
		return typ.word() + " " + name
	}
}
