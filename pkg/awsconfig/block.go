package awsconfig

// A block is a section that is no profile: what a [Session] and a [Service]
// have in common.
type block struct {
	f *File
	i int32
}

// Get is the value of a key in lower case; "" where it is absent, empty, or
// holds a nested block.
func (b block) Get(key string) string {
	value, _ := b.Lookup(key)
	return value
}

// Lookup is the value of a key in lower case, and whether it is there at all.
// The value of a nested block is "".
func (b block) Lookup(key string) (value string, ok bool) {
	return b.f.key(b.i, key).plain()
}

// Pos is where a key stands, or with "" the header of the section. For an
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

// Keys are the names of all keys in lower case and in file order.
func (b block) Keys() []string {
	var names []string
	b.f.allKeys(b.i, func(k *key) { names = append(names, k.name) })
	return names
}
