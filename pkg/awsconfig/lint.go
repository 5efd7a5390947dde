package awsconfig

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Problems returns the lines that AWS clients read differently, or that a person
// may misread. It looks at the sections of the named profiles in both files, at
// those that they name as sso_session and services, and at the profiles of their
// source_profile chain. It skips names that do not exist, and faults for which a
// profile cannot be used at all: whoever uses the profile finds those. The config
// file comes first, each file's problems by line.
//
// A problem's text quotes values of keys that are never secret, and no others.
func (c *Config) Problems(profiles []string) []Problem {
	l := lint{c: c, seen: map[any]bool{}, shadows: c.config.goOnlyNames()}
	for _, name := range profiles {
		l.profile(name)
	}
	slices.SortStableFunc(l.found, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.f.kind, b.f.kind), cmp.Compare(a.Line, b.Line))
	})
	problems := make([]Problem, len(l.found))
	for i := range l.found {
		problems[i] = l.found[i].Problem
	}
	return problems
}

// lint collects problems.
type lint struct {
	c       *Config
	seen    map[any]bool // profiles by name, sections by place
	shadows map[sectionRef]int32
	found   []found
}

type found struct {
	f *File
	Problem
}

// A place is a section of a file.
type place struct {
	f *File
	i int32
}

func (l *lint) add(f *File, line int32, hint, format string, args ...any) {
	l.found = append(l.found, found{f, f.problem(line, fmt.Sprintf(format, args...), hint)})
}

func (l *lint) profile(name string) {
	p, ok := l.c.Profile(name)
	if !ok || l.seen[name] {
		return
	}
	l.seen[name] = true
	if p.inConfig >= 0 {
		l.section(l.c.config, p.inConfig)
	}
	if p.inCredentials >= 0 {
		l.section(l.c.credentials, p.inCredentials)
	}
	if i, ok := l.c.config.find(sessionSection, p.Get(keySession)); ok {
		l.section(l.c.config, i)
	}
	if i, ok := l.c.config.find(servicesSection, p.Get(keyServices)); ok {
		l.section(l.c.config, i)
	}
	if i, ok := l.shadows[sectionRef{profileSection, name}]; ok {
		l.add(l.c.config, l.c.config.sections[i].line, "correct or remove the section",
			"the section is profile %q to the Go SDK, though not to the AWS CLI", name)
	}
	l.overrides(p)
	l.otherCredentials(p)
	l.profile(p.Get(keySource))
}

// section reports what stands in section i of f, once, and in the [DEFAULT]
// sections, whose keys stand in it too.
func (l *lint) section(f *File, i int32) {
	if l.seen[place{f, i}] {
		return
	}
	l.seen[place{f, i}] = true
	if s := &f.sections[i]; s.typ == defaultsSection {
		l.add(f, s.line, "name it [default]", "to the AWS CLI the keys of [DEFAULT] stand in every section of the file; the Go SDK reads a profile of that name")
	} else if !f.plainHeader(i) {
		l.name(f, i)
	}
	l.twice(f, i)
	l.whiteSpace(f, i)
	l.keys(f, i)
	l.sessionKeys(f, i)
	for _, d := range f.defaults {
		l.section(f, d)
	}
}

// whiteSpace reports line ends and indentation of section i that only the AWS
// CLI takes for such: a lone carriage return, or the no-break spaces of a text
// copied from a web page.
func (l *lint) whiteSpace(f *File, i int32) {
	s := &f.sections[i]
	text := f.text[s.start:f.bodyEnd(i)]
	if loneReturn(text) {
		l.add(f, s.line, "end lines with a line feed",
			"a line of the section ends in a lone carriage return, which only the AWS CLI takes for a line end")
	}
	for line, text := range numbered(text, s.line) {
		text = strings.TrimLeft(text, " \t")
		if _, size := indent(text); size > 0 {
			l.add(f, line, "indent with spaces", "the line begins with %q, which only the AWS CLI takes for white space", text[:size])
		}
	}
}

// name reports a name that clients read in different ways.
func (l *lint) name(f *File, i int32) {
	s := &f.sections[i]
	ours := sectionRef{s.typ, s.name}
	ref, ok := f.goName(i)
	text, header := goHeader(f.headerLine(i))
	switch {
	case !header:
		l.add(f, s.line, "leave only the name between the brackets, and nothing behind them",
			"the Go SDK sees no header here and reads the keys below into the section above")
	case f.kind == CredentialsFile && !ok:
		l.add(f, s.line, fmt.Sprintf("write %q", "["+strings.TrimPrefix(text, profilePrefix+" ")+"]"),
			"in the credentials file this is a profile named %q to the AWS CLI, and none to the Go SDK", s.name)
	case !ok:
		l.add(f, s.line, "", "%s of the AWS CLI is none to the Go SDK", ours)
	case ref != ours:
		l.add(f, s.line, "give it a name without spaces and quotes", "%s of the AWS CLI is %s to the Go SDK", ours, ref)
	case strings.Contains(s.header, "  "):
		l.add(f, s.line, fmt.Sprintf("write %q", "["+headerText(f.kind, s.typ, s.name)+"]"), "%s is none to the JavaScript SDK, for the two spaces in the header", ours)
	case s.typ != servicesSection && !PortableName(s.name):
		l.add(f, s.line, "use letters, digits and _@+.%:/- only", "%s has a name that not every AWS client finds", ours)
	}
}

// twice reports a name that two headers spell in different ways. The same
// spelling is Fatal, and found when the file is parsed.
func (l *lint) twice(f *File, i int32) {
	s := &f.sections[i]
	if s.same < 0 || f.sections[s.same].header == s.header {
		return
	}
	first := &f.sections[s.same]
	loser := "mixes the two"
	if s.name == defaultProfile {
		loser = "takes [profile default]"
	}
	l.add(f, s.line, "make the two sections one", "%s stands a second time, first in line %d: the AWS CLI takes only this section, the Go SDK %s",
		sectionRef{s.typ, s.name}, first.line, loser)
}

// keys reports what clients make of the lines of section i.
func (l *lint) keys(f *File, i int32) {
	keys := f.sectionKeys(i)
	block := "" // the empty key for whose block the Go SDK takes indented lines
	for k := range keys {
		key := &keys[k]
		line := f.text[key.start:key.textEnd]
		if !goIndented(line) {
			block = ""
		} else if block != "" {
			l.add(f, key.line, "remove the indentation", "the Go SDK reads this indented line as part of the block of %s above", block)
			continue
		}
		if key.value == "" || key.nested() {
			block = keyWord(key.name)
		}
		switch _, known := knownKeys[key.name]; {
		case key.nested():
			l.block(f, key)
		case strings.Contains(key.value, "\n"):
			l.continued(f, key)
		case loneQuote(key.value):
			l.add(f, key.line, "remove the quote", "the Go SDK crashes at a value that is a single quote")
		case known:
			l.spelling(f, key, line)
			l.value(f, key, line)
		}
	}
}

// continued reports the lines below a key that are part of its value to the
// AWS CLI, because they are deeper.
func (l *lint) continued(f *File, k *key) {
	first := true
	for line, text := range f.lines(k) {
		hint := "remove the indentation"
		var other string
		switch text = trimSpace(text); {
		case first || text == "" || text[0] == '#' || text[0] == ';':
			first = false
			continue
		case text[0] == '[':
			other = "to the Go SDK it is a section header"
		case delimiter(text) >= 0:
			other = "to the Go SDK it is " + keyWord(lowerKey(trimRight(text[:delimiter(text)])))
		default:
			hint, other = "write the value in one line", "not every AWS client reads it so"
		}
		l.add(f, line, hint, "to the AWS CLI this indented line is part of the value of %s in line %d; %s", keyWord(k.name), k.line, other)
	}
}

// spelling reports how a key is written.
func (l *lint) spelling(f *File, k *key, line string) {
	line = trimSpace(line)
	n := delimiter(line)
	if name := trimRight(line[:n]); name != k.name {
		l.add(f, k.line, fmt.Sprintf("write %q", k.name), "the JavaScript SDK does not find the key %q, which is not in lower case", name)
	}
	if line[n] == ':' {
		l.add(f, k.line, `write "key = value"`, `the JavaScript SDK does not read "key: value"`)
	}
}

// value reports a value of one line.
func (l *lint) value(f *File, k *key, line string) {
	seen, ok := goValue(line)
	switch {
	case !ok:
		l.add(f, k.line, "", "the Go SDK ignores the line: it sees a comment in %s", k.name)
	case seen == k.value:
	case quoted(k.value) && k.name == keyProcess && strings.ContainsAny(k.value[1:len(k.value)-1], " \t'\"\\"):
		l.add(f, k.line, "begin or end the command with a word without quotes",
			"the Go SDK drops the first and the last quote of %s, the AWS CLI does not", k.name)
	case quoted(k.value):
		l.add(f, k.line, "remove the quotes", "the value of %s has its quotes in the AWS CLI, and none in the Go SDK", k.name)
	case strings.HasPrefix(k.value, seen) && knownKeys[k.name]:
		l.add(f, k.line, "put the comment on a line of its own",
			"to the AWS CLI the comment is part of the value of %s; the Go SDK reads %q", k.name, seen)
	case strings.HasPrefix(k.value, seen):
		l.add(f, k.line, "put the comment on a line of its own",
			"to the AWS CLI the comment is part of the value of %s, to the Go SDK it is not", k.name)
	default:
		l.add(f, k.line, "", "the AWS CLI and the Go SDK read different values of %s", k.name)
	}
	if strings.ContainsFunc(k.value, unicode.IsControl) {
		l.add(f, k.line, "", "the value of %s holds a control character", k.name)
	}
}

// block reports a nested block that the Go SDK reads in another way.
func (l *lint) block(f *File, k *key) {
	var ours pairSet
	for _, p := range nestedPairs(k) {
		ours.set(strings.ToLower(p.Key), p.Value)
		switch {
		case loneQuote(p.Value):
			l.add(f, k.line, "remove the quote", "the Go SDK crashes at a value that is a single quote")
			return
		case quoted(p.Value):
			l.add(f, k.line, "remove the quotes", "a value below %s has its quotes in the AWS CLI, and none in the Go SDK", keyWord(k.name))
			return
		}
	}
	if !slices.Equal(ours.pairs, f.goBlock(k)) || !f.goOpens(k) {
		l.add(f, k.line, "write each nested line as key = value", "the AWS CLI and the Go SDK read the block below %s in different ways", keyWord(k.name))
	}
}

// sessionKeys reports keys of an sso-session that are for profiles.
func (l *lint) sessionKeys(f *File, i int32) {
	if f.sections[i].typ != sessionSection {
		return
	}
	for _, name := range []string{keyAccount, keyRole} {
		if k := f.ownKey(i, name); k != nil {
			l.add(f, k.line, "put it into the profiles", "%s in an sso-session is read by the AWS CLI alone", name)
		}
	}
}

// overrides reports keys of the config file that the credentials file hides.
func (l *lint) overrides(p *Profile) {
	if p.inConfig < 0 || p.inCredentials < 0 {
		return
	}
	l.c.config.allKeys(p.inConfig, func(k *key) {
		if over := l.c.credentials.key(p.inCredentials, k.name); over != nil && over.value != k.value {
			l.add(l.c.config, k.line, "", "%s of profile %q is overridden in %s:%d", keyWord(k.name), p.Name, l.c.credentials.path, over.line)
		}
	})
}

// otherCredentials reports how clients differ where a profile has other
// credentials beside Identity Center. They use these, so no failure tells of it.
func (l *lint) otherCredentials(p *Profile) {
	name, ok := p.Lookup(keySession)
	beside := slices.IndexFunc([]string{keyAccess, keyProcess, "role_arn"}, func(key string) bool { return p.Get(key) != "" })
	if beside < 0 {
		return
	}
	f, line := p.position(keySession)
	switch _, found := l.c.Session(name); {
	case ok && !found:
		l.add(f, line, "", "profile %q names the sso-session %q, which does not exist: an error to the Go SDK", p.Name, name)
	case p.Get(keyAccess) != "" && p.Get(keyRole) != "":
		f, line = p.position(keyAccess)
		l.add(f, line, "give the two a profile each",
			"profile %q has keys of its own beside Identity Center: the Go SDK uses the keys, the AWS CLI does not", p.Name)
	}
}

func loneQuote(value string) bool { return value == `"` || value == "'" }

// Keys that lead to other sections, and those that make up an assignment.
const (
	keySession  = "sso_session"
	keyAccount  = "sso_account_id"
	keyRole     = "sso_role_name"
	keySource   = "source_profile"
	keyServices = "services"
	keyAccess   = "aws_access_key_id"
	keyProcess  = "credential_process"
)

// knownKeys are the keys that change what a client does, and whether their
// values may be shown. What is written below another name may be anything, a
// pasted secret too.
var knownKeys = map[string]bool{
	keySession: true, keyAccount: true, keyRole: true, keySource: true, keyServices: true,
	"sso_start_url": true, "sso_region": true, "sso_registration_scopes": true,
	"region": true, "output": true, "managed_by": true, "account_name": true,
	"role_arn": true, "role_session_name": true, "credential_source": true, "duration_seconds": true, "mfa_serial": true,
	"ca_bundle": true, "use_fips_endpoint": true, "use_dualstack_endpoint": true, "sts_regional_endpoints": true,
	"ignore_configured_endpoint_urls": true, "defaults_mode": true, "retry_mode": true, "max_attempts": true,
	keyAccess: false, "aws_secret_access_key": false, "aws_session_token": false, "aws_security_token": false,
	keyProcess: false, "web_identity_token_file": false, "external_id": false, "endpoint_url": false,
	"login_session": false, "s3": false, "sso": false, "sso_oidc": false, "sts": false,
}

// keyWord returns the name of a key for messages.
func keyWord(name string) string {
	if _, known := knownKeys[name]; known {
		return "the key " + name
	}
	return "a key"
}
