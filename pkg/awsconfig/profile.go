package awsconfig

import "strings"

// A Profile is a named set of keys from the two files. A key in the
// credentials file overrides the same key in the config file. Keys of a
// [DEFAULT] section stand in every profile of its file that has none of that
// name, because Python's configparser puts them there.
type Profile struct {
	Name string

	c                       *Config
	inConfig, inCredentials int32 // sections, or -1
}

// A Pair is a key of a nested block with its value.
type Pair struct {
	Key, Value string
}

// Get returns the value of a key in lower case; "" where it is absent, empty, or
// holds a nested block.
func (p *Profile) Get(key string) string {
	value, _ := p.Lookup(key)
	return value
}

// Lookup returns the value of a key in lower case, and whether it is there at all.
// The value of a nested block is "".
func (p *Profile) Lookup(key string) (value string, ok bool) {
	_, k := p.find(key)
	return k.plain()
}

// Own reports whether the profile's own section in the config file has a key, and
// not only [DEFAULT]: an [Edit] can remove no other.
func (p *Profile) Own(key string) bool {
	return p.inConfig >= 0 && p.c.config.ownKey(p.inConfig, key) != nil
}

// LookupIn does what Lookup does in one of the two files alone: the AWS CLI never puts
// access keys together from both.
func (p *Profile) LookupIn(kind Kind, key string) (value string, ok bool) {
	switch {
	case kind == CredentialsFile && p.inCredentials >= 0:
		return p.c.credentials.key(p.inCredentials, key).plain()
	case kind == ConfigFile && p.inConfig >= 0:
		return p.c.config.key(p.inConfig, key).plain()
	}
	return "", false
}

// Pos returns where a key stands, or with "" the header of the profile: in the
// config file, where it is in both. For an absent key the line is 0.
func (p *Profile) Pos(key string) (path string, line int) {
	f, at := p.position(key)
	if f == nil {
		return "", 0
	}
	return f.path, int(at)
}

func (p *Profile) position(name string) (*File, int32) {
	switch {
	case name != "":
		f, k := p.find(name)
		if k == nil {
			return nil, 0
		}
		return f, k.line
	case p.inConfig >= 0:
		return p.c.config, p.c.config.sections[p.inConfig].line
	default:
		return p.c.credentials, p.c.credentials.sections[p.inCredentials].line
	}
}

// Keys returns the names of all keys in lower case and in file order: those of the
// config file, then those that only the credentials file has.
func (p *Profile) Keys() []string {
	var names []string
	if p.inConfig >= 0 {
		p.c.config.allKeys(p.inConfig, func(k *key) { names = append(names, k.name) })
	}
	if p.inCredentials >= 0 {
		p.c.credentials.allKeys(p.inCredentials, func(k *key) {
			if p.inConfig < 0 || p.c.config.key(p.inConfig, k.name) == nil {
				names = append(names, k.name)
			}
		})
	}
	return names
}

// Section returns the profile's section in the config file: its header and its
// keys as they stand, each with all of its lines, but for those that leaveOut
// picks by their names in lower case. Comments between keys are left out; "" where
// only the credentials file has the profile.
func (p *Profile) Section(leaveOut func(key string) bool) string {
	if p.inConfig < 0 {
		return ""
	}
	f := p.c.config
	s := &f.sections[p.inConfig]
	var text strings.Builder
	text.WriteString(f.text[s.start:s.end])
	for i, keys := 0, f.sectionKeys(p.inConfig); i < len(keys); i++ {
		if k := &keys[i]; !leaveOut(k.name) {
			text.WriteString(f.text[k.start:k.end])
		}
	}
	return text.String()
}

// InConfig reports whether the config file has a section for the profile.
func (p *Profile) InConfig() bool { return p.inConfig >= 0 }

// InCredentials reports whether the credentials file has one.
func (p *Profile) InCredentials() bool { return p.inCredentials >= 0 }

func (p *Profile) find(name string) (*File, *key) {
	if p.inCredentials >= 0 {
		if k := p.c.credentials.key(p.inCredentials, name); k != nil {
			return p.c.credentials, k
		}
	}
	if p.inConfig >= 0 {
		if k := p.c.config.key(p.inConfig, name); k != nil {
			return p.c.config, k
		}
	}
	return nil, nil
}
