package awsconfig

import (
	"fmt"
	"slices"

	"aws-sso-plugins/pkg/fault"
)

// A KeyValue is a key to write and its value, which is never empty: a key is
// removed with [Edit.UnsetProfile].
type KeyValue struct {
	Key, Value string
}

// An Edit collects changes to one file. Names are those that stand in the
// file, whatever the same Edit does to them: after RenameProfile("a", "b") the
// section still goes by "a". A name that the file does not have is that of a
// section that the Edit adds. The order of calls matters only for AddProfile, which takes a
// name that the file has after RenameProfile or RemoveProfile gave it up.
//
// Every method checks what it is given and changes nothing where it returns an
// error: a fault.Usage for a name, key or value that not every AWS client
// reads, a fault.Config for a file or section that cannot be edited.
//
// An Edit is for one goroutine.
type Edit struct {
	f       *File
	refused error // why no edit is possible
	plans   []*plan
	renamed map[sectionRef]int32
	added   []addition
	index   map[sectionRef]int32 // into added
	shadows map[sectionRef]int32 // see checkShadow
	result  *assembly            // nil after a change
	checked bool                 // result has been read back
}

// A sectionRef names a section.
type sectionRef struct {
	typ  sectionType
	name string
}

// A plan is what becomes of one section of the file.
type plan struct {
	removed bool
	rename  string // new name, or ""
	set     []KeyValue
	unset   []string
	only    bool // keys that are not in set go
}

// An addition is a new section.
type addition struct {
	sectionRef
	keys []KeyValue
}

// Edit begins an edit of f. A file that botocore cannot read is not edited:
// each method returns its first problem.
func (f *File) Edit() *Edit {
	return &Edit{f: f, refused: f.Err()}
}

// SetProfile gives keys of an existing profile new values, in place, and adds
// those that are missing after its last key. Other keys stay as they are, to the
// byte.
func (e *Edit) SetProfile(name string, kv ...KeyValue) error {
	return e.set(sectionRef{profileSection, name}, kv)
}

// SetSession gives keys of an existing sso-session new values as SetProfile
// does those of a profile.
func (e *Edit) SetSession(name string, kv ...KeyValue) error {
	return e.set(sectionRef{sessionSection, name}, kv)
}

func (e *Edit) set(ref sectionRef, kv []KeyValue) error {
	if err := checkPairs(kv); err != nil {
		return err
	}
	if a := e.addition(ref); a != nil {
		a.keys = upsert(a.keys, kv)
		return e.changed()
	}
	p, err := e.plan(ref)
	if err != nil {
		return err
	}
	p.set = upsert(p.set, kv)
	for _, pair := range kv {
		p.unset = without(p.unset, pair.Key)
	}
	return e.changed()
}

// UnsetProfile removes keys of an existing profile, with the nested and
// continued lines below them. Keys that are absent are no error.
func (e *Edit) UnsetProfile(name string, keys ...string) error {
	return e.unset(sectionRef{profileSection, name}, keys)
}

// UnsetSession removes keys of an existing sso-session as UnsetProfile does
// those of a profile.
func (e *Edit) UnsetSession(name string, keys ...string) error {
	return e.unset(sectionRef{sessionSection, name}, keys)
}

func (e *Edit) unset(ref sectionRef, keys []string) error {
	if a := e.addition(ref); a != nil {
		for _, key := range keys {
			a.keys = withoutPair(a.keys, key)
		}
		return e.changed()
	}
	p, err := e.plan(ref)
	if err != nil {
		return err
	}
	for _, key := range keys {
		p.set = withoutPair(p.set, key)
		p.unset = append(without(p.unset, key), key)
	}
	return e.changed()
}

// ReplaceProfile makes kv all that an existing profile holds: other keys are
// removed, those with the same value stay as they are. Comments stay, too.
func (e *Edit) ReplaceProfile(name string, kv ...KeyValue) error {
	if err := checkPairs(kv); err != nil {
		return err
	}
	ref := sectionRef{profileSection, name}
	if a := e.addition(ref); a != nil {
		a.keys = upsert(nil, kv)
		return e.changed()
	}
	p, err := e.plan(ref)
	if err != nil {
		return err
	}
	p.only, p.set, p.unset = true, upsert(nil, kv), nil
	return e.changed()
}

// AddProfile appends a profile at the end of the file, one blank line before
// it. It is an error if the file has a profile of that name, unless this Edit
// has renamed or removed it before, or some client reads one there.
func (e *Edit) AddProfile(name string, kv ...KeyValue) error {
	return e.add(sectionRef{profileSection, name}, kv)
}

// AddSession appends an sso-session as AddProfile does a profile.
func (e *Edit) AddSession(name string, kv ...KeyValue) error {
	if e.f.kind != ConfigFile {
		return fault.Newf(fault.Usage, "cannot add the sso-session %q: no AWS client reads sessions from a credentials file", name)
	}
	return e.add(sectionRef{sessionSection, name}, kv)
}

func (e *Edit) add(ref sectionRef, kv []KeyValue) error {
	if e.refused != nil {
		return e.refused
	}
	if err := checkName(e.f.kind, ref.name); err != nil {
		return err
	}
	if err := checkPairs(kv); err != nil {
		return err
	}
	if err := e.checkKept(ref); err != nil {
		return err
	}
	if err := e.checkShadow(ref); err != nil {
		return err
	}
	if _, ok := e.index[ref]; ok {
		return fault.Newf(fault.Config, "cannot add %s twice", ref)
	}
	if _, ok := e.renamed[ref]; ok {
		return fault.Newf(fault.Config, "cannot add %s: another section takes that name", ref)
	}
	if e.index == nil {
		e.index = map[sectionRef]int32{}
	}
	e.index[ref] = int32(len(e.added))
	e.added = append(e.added, addition{ref, upsert(make([]KeyValue, 0, len(kv)), kv)})
	return e.changed()
}

// RemoveProfile removes a profile: its header, its keys and what stands
// between them. See the package's description for blank lines and comments.
func (e *Edit) RemoveProfile(name string) error {
	ref := sectionRef{profileSection, name}
	if i, ok := e.index[ref]; ok && e.addition(ref) != nil {
		e.dropAddition(i)
		return e.changed()
	}
	p, err := e.plan(ref)
	if err != nil {
		return err
	}
	e.release(p)
	*p = plan{removed: true}
	return e.changed()
}

// dropAddition takes back an added section.
func (e *Edit) dropAddition(i int32) {
	delete(e.index, e.added[i].sectionRef)
	e.added[i].sectionRef = sectionRef{}
}

// RenameProfile writes another name into the header of a profile; its keys
// stay. Two profiles may swap their names. That the new name is free in the
// end is checked by [Edit.Bytes].
func (e *Edit) RenameProfile(old, name string) error {
	if err := checkName(e.f.kind, name); err != nil {
		return err
	}
	from, to := sectionRef{profileSection, old}, sectionRef{profileSection, name}
	p, err := e.plan(from)
	if err != nil {
		return err
	}
	if i, ok := e.renamed[to]; ok && e.plans[i] != p {
		return fault.Newf(fault.Config, "cannot rename %s to %q: another section takes that name", from, name)
	}
	if _, ok := e.index[to]; ok {
		return fault.Newf(fault.Config, "cannot rename %s to %q: a section of that name is added", from, name)
	}
	if err := e.checkShadow(to); err != nil {
		return err
	}
	e.release(p)
	p.rename = ""
	if old != name {
		if e.renamed == nil {
			e.renamed = map[sectionRef]int32{}
		}
		p.rename = name
		i, _ := e.f.find(from.typ, from.name)
		e.renamed[to] = i
	}
	return e.changed()
}

// release gives up the name that a plan took.
func (e *Edit) release(p *plan) {
	if p.rename != "" {
		delete(e.renamed, sectionRef{profileSection, p.rename})
	}
}

// A Change is a part of the file that an edit replaces: the bytes from Start up
// to End became Text.
type Change struct {
	Start, End int
	Text       string
}

// Changes returns the parts of the file that the edit replaces, in their order.
// Between two of them the file stays as it is.
func (e *Edit) Changes() []Change {
	if e.refused != nil {
		return nil
	}
	return e.assemble().changes
}

// Changed reports whether the result differs from the file at all.
func (e *Edit) Changed() bool { return len(e.Changes()) > 0 }

// Bytes returns the file after the edit, read back and compared. A fault.Config
// says that a new name is not free, or that something else in the file stands
// in the way: a header that is indented, and would become part of the value
// above a removed section; a nested block of [DEFAULT] that botocore cannot
// read, and does not look at before there is a section. Any other error is a
// result that does not read as planned, a bug of this package. Nothing should
// be written then.
func (e *Edit) Bytes() ([]byte, error) {
	if e.refused != nil {
		return nil, e.refused
	}
	if err := e.checkNames(); err != nil {
		return nil, err
	}
	a := e.assemble()
	if a.err != nil {
		return nil, a.err
	}
	if len(a.changes) > 0 && !e.checked {
		if err := e.readBack(a.text); err != nil {
			return nil, err
		}
		e.checked = true
	}
	return []byte(a.text), nil
}

// checkNames reports a new name that a section of the file keeps after all.
func (e *Edit) checkNames() error {
	for to := range e.renamed {
		if err := e.checkKept(to); err != nil {
			return err
		}
	}
	return nil
}

// checkKept refuses a name that a section of the file keeps.
func (e *Edit) checkKept(ref sectionRef) error {
	if i, ok := e.f.find(ref.typ, ref.name); ok && !e.vacated(i) {
		return fault.Newf(fault.Config, "cannot write a second %s: %s has it in line %d", ref, e.f.path, e.f.sections[i].line)
	}
	return nil
}

func (e *Edit) changed() error {
	e.result, e.checked = nil, false
	return nil
}

// addition returns the section that ref names if the Edit adds it and the file has
// no other claim to the name.
func (e *Edit) addition(ref sectionRef) *addition {
	i, ok := e.index[ref]
	if !ok {
		return nil
	}
	if old, ok := e.f.find(ref.typ, ref.name); ok && !e.plans[old].removed {
		return nil
	}
	return &e.added[i]
}

// plan returns what is planned for the section that ref names in the file.
func (e *Edit) plan(ref sectionRef) (*plan, error) {
	if e.refused != nil {
		return nil, e.refused
	}
	i, ok := e.f.find(ref.typ, ref.name)
	if !ok {
		return nil, fault.Newf(fault.Config, "%s has no %s", e.f.path, ref)
	}
	if same := e.f.sections[i].same; same >= 0 {
		return nil, fault.New(fault.Config, fmt.Sprintf("cannot edit %s", ref), fmt.Sprintf(
			"it stands twice in %s, in line %d and line %d", e.f.path, e.f.sections[same].line, e.f.sections[i].line)).
			WithHint("make the two sections one")
	}
	if e.plans == nil {
		e.plans = make([]*plan, len(e.f.sections))
	}
	if e.plans[i] == nil {
		e.plans[i] = &plan{}
	}
	if e.plans[i].removed {
		return nil, fault.Newf(fault.Config, "cannot edit %s: it is removed", ref)
	}
	return e.plans[i], nil
}

// vacated reports whether section i gives up its name.
func (e *Edit) vacated(i int32) bool {
	return e.plans != nil && e.plans[i] != nil && (e.plans[i].removed || e.plans[i].rename != "")
}

// checkShadow refuses a name under which the Go SDK finds a section that is no
// such profile to botocore: it would mix that section's keys with ours.
func (e *Edit) checkShadow(ref sectionRef) error {
	if e.shadows == nil {
		e.shadows = e.f.goOnlyNames()
	}
	if i, ok := e.shadows[ref]; ok {
		return fault.New(fault.Config, fmt.Sprintf("cannot write a second %s", ref), fmt.Sprintf(
			"line %d of %s is one to the Go SDK, though not to the AWS CLI", e.f.sections[i].line, e.f.path)).
			WithHint("correct or remove that section")
	}
	return nil
}

// String returns the section's name for messages: profile "dev".
func (r sectionRef) String() string {
	if r.typ == servicesSection {
		return fmt.Sprintf("services section %q", r.name)
	}
	return fmt.Sprintf("%s %q", r.typ.word(), r.name)
}

func checkPairs(kv []KeyValue) error {
	for _, p := range kv {
		if err := p.Check(); err != nil {
			return err
		}
	}
	return nil
}

// upsert gives the keys of a list their new values, and adds those that are
// missing.
func upsert(list, kv []KeyValue) []KeyValue {
	for _, p := range kv {
		i := slices.IndexFunc(list, func(has KeyValue) bool { return has.Key == p.Key })
		if i < 0 {
			list = append(list, p)
		} else {
			list[i].Value = p.Value
		}
	}
	return list
}

func withoutPair(list []KeyValue, key string) []KeyValue {
	for i := range list {
		if list[i].Key == key {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

func without(list []string, key string) []string {
	for i := range list {
		if list[i] == key {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}
