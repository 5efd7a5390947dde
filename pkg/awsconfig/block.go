package awsconfig

// A block is a section that is not a profile. [Session] and [Service] embed it.
type block struct {
	f *File
	i int32
}

// Get returns the value of a key in lower case; "" where it is absent, empty, or
// holds a nested block.
func (b block) Get(key string) string {
	value, _ := b.Lookup(key)
	return value
}

// Lookup returns the value of a key in lower case, and whether it is there at all.
// The value of a nested block is "".
func (b block) Lookup(key string) (value string, ok bool) {
	return b.f.key(b.i, key).plain()
}

// Pos returns where a key stands, or with "" the header of the section. For an
// absent key the line is 0.
func (b block) Pos(key string) (path string, line int) {
	if key == "" {
		return b.f.path, int(b.f.sections[b.i].line)
	}
	if k := b.f.key(b.i, key); k != nil {
		return b.f.path, int(k.line)
	}
	return "", 0
}

// Keys returns the names of all keys in lower case and in file order.
func (b block) Keys() []string {
	var names []string
	b.f.allKeys(b.i, func(k *key) { names = append(names, k.name) })
	return names
}
