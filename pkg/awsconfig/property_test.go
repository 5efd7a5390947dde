package awsconfig_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
)

// FuzzParse holds what must be true of any bytes at all.
func FuzzParse(f *testing.F) {
	for _, s := range corpus {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, src []byte, credentials bool) {
		kind := awsconfig.ConfigFile
		if credentials {
			kind = awsconfig.CredentialsFile
		}
		checkParse(t, kind, src)
	})
}

func checkParse(t *testing.T, kind awsconfig.Kind, src []byte) {
	t.Helper()
	f := awsconfig.Parse("file", kind, src)
	if !bytes.Equal(f.Bytes(), src) {
		t.Fatalf("Bytes is not what was parsed: %q", src)
	}
	lines := bytes.Count(src, []byte("\n")) + bytes.Count(src, []byte("\r")) + 1
	fatal := len(f.Fatal()) > 0
	last := 0
	for _, p := range f.Problems() {
		if p.Line < 1 || p.Line > lines || p.Line < last {
			t.Fatalf("problem in line %d of %d, after one in line %d: %s\n%q", p.Line, lines, last, p.Text, src)
		}
		if strings.ContainsFunc(p.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("control character in %q", p.String())
		}
		last = p.Line
	}
	if err := f.Err(); (err != nil) != fatal {
		t.Fatalf("Err is %v, with a fatal problem: %v", err, fatal)
	}
	e := f.Edit()
	if e.Changed() {
		t.Fatalf("an empty edit changes %q", src)
	}
	out, err := e.Bytes()
	if (err != nil) != fatal || err == nil && !bytes.Equal(out, src) {
		t.Fatalf("an empty edit of %q makes %q, %v", src, out, err)
	}
	c := awsconfig.Merge(f, f)
	for _, p := range c.Profiles() {
		if got, ok := c.Profile(p.Name); !ok || got != p {
			t.Fatalf("profile %q is listed and cannot be found", p.Name)
		}
		if _, line := p.Pos(""); line < 1 || line > lines {
			t.Fatalf("profile %q stands in line %d of %d", p.Name, line, lines)
		}
		for _, key := range p.Keys() {
			value, ok := p.Lookup(key)
			if _, line := p.Pos(key); !ok || line < 1 || line > lines || value != "" && p.Nested(key) != nil {
				t.Fatalf("key %q of profile %q: %q, %v, line %d", key, p.Name, value, ok, line)
			}
		}
	}
	c.AllProblems()
}

// FuzzEdit applies a plan drawn from a seed to any file that botocore reads.
func FuzzEdit(f *testing.F) {
	for i, s := range corpus {
		f.Add([]byte(s), uint64(i))
	}
	f.Fuzz(func(t *testing.T, src []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		checkEdit(t, randomKind(r), src, r)
	})
}

func TestEditsOfRandomFiles(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 300
	}
	r := rand.New(rand.NewPCG(5, 0))
	for range n {
		kind := randomKind(r)
		src := randomFile(r, kind)
		checkParse(t, kind, src)
		checkEdit(t, kind, src, r)
	}
}

func randomKind(r *rand.Rand) awsconfig.Kind {
	if r.IntN(4) == 0 {
		return awsconfig.CredentialsFile
	}
	return awsconfig.ConfigFile
}

// profilesOf are the profiles of one file.
func profilesOf(f *awsconfig.File, kind awsconfig.Kind) []*awsconfig.Profile {
	if kind == awsconfig.CredentialsFile {
		return awsconfig.Merge(nil, f).Profiles()
	}
	return awsconfig.Merge(f, nil).Profiles()
}

// A step is one call to an Edit, and what it should do to the model.
type step struct {
	text  string
	name  string // the profile that it is about
	there bool   // the file has that profile
	apply func(*awsconfig.Edit) error
	model func(map[string]map[string]string)
}

// checkEdit applies one to four steps to a file, each to a profile of its own,
// in one Edit and one after the other, and holds the outcome against a model.
func checkEdit(t *testing.T, kind awsconfig.Kind, src []byte, r *rand.Rand) {
	t.Helper()
	f := awsconfig.Parse("file", kind, src)
	if f.Err() != nil {
		if err := f.Edit().AddProfile("zz"); fault.KindOf(err) != fault.Config {
			t.Fatalf("a file that botocore cannot read can be edited: %v", err)
		}
		return
	}
	steps := randomSteps(f, profilesOf(f, kind), r)
	model := f.Model()
	e := f.Edit()
	var texts []string
	for _, s := range steps {
		texts = append(texts, s.text)
		if err := s.apply(e); err != nil {
			t.Fatalf("%s: %v\nin %q", s.text, err, src)
		}
		s.model(model)
	}
	out, err := e.Bytes()
	if err != nil {
		if refusable(err) {
			return
		}
		t.Fatalf("%s: %v\nin %q", texts, err, src)
	}
	again := awsconfig.Parse("file", kind, out)
	if diff := cmp.Diff(model, again.Model()); diff != "" {
		t.Fatalf("%s\nin   %q\nmade %q\n%s", texts, src, out, diff)
	}
	if diff, exempt := f.IniDiffers(); diff == "" && !exempt {
		if diff, exempt := again.IniDiffers(); diff != "" && !exempt {
			t.Fatalf("%s\nin   %q\nmade %q, which ini.v1 reads in another way: %s", texts, src, out, diff)
		}
	}
	if problems := again.Problems(); len(f.Problems()) == 0 && len(problems) > 0 {
		t.Fatalf("%s\nin   %q\nmade %q, which clients read in different ways: %s", texts, src, out, problems)
	}
	if e.Changed() != !bytes.Equal(src, out) {
		t.Fatalf("%s\nin   %q\nmade %q, Changed: %v", texts, src, out, e.Changed())
	}
	if onlyAdds(e) && !isSubsequence(src, out) {
		t.Fatalf("%s\nin   %q\nmade %q, and no change has bytes of the file", texts, src, out)
	}
	if applied := apply(src, e.Changes()); !bytes.Equal(applied, out) {
		t.Fatalf("%s\nin   %q\nmade %q, and its changes make %q", texts, src, out, applied)
	}
	checkBlankGrowth(t, kind, out)
	for _, s := range steps {
		checkLocal(t, kind, f, s)
	}
}

// apply makes changes to a text.
func apply(src []byte, changes []awsconfig.Change) []byte {
	var out []byte
	done := 0
	for _, c := range changes {
		out = append(append(out, src[done:c.Start]...), c.Text...)
		done = c.End
	}
	return append(out, src[done:]...)
}

// onlyAdds reports whether no byte of the file is changed or removed.
func onlyAdds(e *awsconfig.Edit) bool {
	return !slices.ContainsFunc(e.Changes(), func(c awsconfig.Change) bool { return c.End > c.Start })
}

// refusable reports the two edits that are refused for what else stands in the
// file: a header that would become part of a value, and a block of [DEFAULT]
// that botocore would look at. Tests of their own provoke them.
func refusable(err error) bool {
	return fault.KindOf(err) == fault.Config && (strings.Contains(err.Error(), "indented") || strings.Contains(err.Error(), "below the empty key"))
}

// randomSteps are steps for different profiles, so that their order does not
// matter.
func randomSteps(f *awsconfig.File, profiles []*awsconfig.Profile, r *rand.Rand) []step {
	var steps []step
	r.Shuffle(len(profiles), func(i, j int) { profiles[i], profiles[j] = profiles[j], profiles[i] })
	for _, p := range profiles[:min(len(profiles), 1+r.IntN(3))] {
		if !f.Ambiguous(p.Name) {
			steps = append(steps, randomStep(p, r))
		}
	}
	for i := range r.IntN(3) {
		steps = append(steps, addStep(fmt.Sprintf("new-%d", i), randomPairs(r)))
	}
	return steps
}

func randomPairs(r *rand.Rand) []awsconfig.KeyValue {
	var kv []awsconfig.KeyValue
	for _, key := range []string{"region", "sso_session", "sso_account_id", "managed_by", "s3", "x"} {
		if r.IntN(2) == 0 {
			kv = append(kv, awsconfig.KeyValue{Key: key, Value: pick(r, "eu-west-1", "a b", "x=y:z", `\`, "https://x/start#/", "é", `"/a b" --x "y"c`)})
		}
	}
	return kv
}

func addStep(name string, kv []awsconfig.KeyValue) step {
	return step{
		text: fmt.Sprintf("add %q %q", name, kv), name: name,
		apply: func(e *awsconfig.Edit) error { return e.AddProfile(name, kv...) },
		model: func(m map[string]map[string]string) { m[ref(name)] = map[string]string{}; set(m[ref(name)], kv) },
	}
}

func ref(name string) string { return fmt.Sprintf("profile %q", name) }

func set(keys map[string]string, kv []awsconfig.KeyValue) {
	for _, p := range kv {
		keys[p.Key] = p.Value
	}
}

func randomStep(p *awsconfig.Profile, r *rand.Rand) step {
	name := p.Name
	kv := randomPairs(r)
	s := step{name: name, there: true}
	switch r.IntN(5) {
	case 0:
		s.text = fmt.Sprintf("set %q %q", name, kv)
		s.apply = func(e *awsconfig.Edit) error { return e.SetProfile(name, kv...) }
		s.model = func(m map[string]map[string]string) { set(m[ref(name)], kv) }
	case 1:
		keys := []string{"region", "s3", "x", "nothing"}[r.IntN(3):]
		s.text = fmt.Sprintf("unset %q %q", name, keys)
		s.apply = func(e *awsconfig.Edit) error { return e.UnsetProfile(name, keys...) }
		s.model = func(m map[string]map[string]string) {
			for _, key := range keys {
				delete(m[ref(name)], key)
			}
		}
	case 2:
		s.text = fmt.Sprintf("replace %q %q", name, kv)
		s.apply = func(e *awsconfig.Edit) error { return e.ReplaceProfile(name, kv...) }
		s.model = func(m map[string]map[string]string) { clear(m[ref(name)]); set(m[ref(name)], kv) }
	case 3:
		s.text = fmt.Sprintf("remove %q", name)
		s.apply = func(e *awsconfig.Edit) error { return e.RemoveProfile(name) }
		s.model = func(m map[string]map[string]string) { delete(m, ref(name)) }
	default:
		to := "renamed-" + fmt.Sprint(r.IntN(1_000_000))
		s.text = fmt.Sprintf("rename %q %q", name, to)
		s.apply = func(e *awsconfig.Edit) error { return e.RenameProfile(name, to) }
		s.model = func(m map[string]map[string]string) { m[ref(to)] = m[ref(name)]; delete(m, ref(name)) }
	}
	return s
}

// checkLocal applies one step alone and holds every byte outside the profile
// that it is about against the file.
func checkLocal(t *testing.T, kind awsconfig.Kind, f *awsconfig.File, s step) {
	t.Helper()
	src := f.Bytes()
	e := f.Edit()
	if err := s.apply(e); err != nil {
		t.Fatal(err)
	}
	out, err := e.Bytes()
	if err != nil {
		if refusable(err) {
			return
		}
		t.Fatalf("%s: %v\nin %q", s.text, err, src)
	}
	start, end := len(src), len(src)
	if s.there {
		start, end = f.Span(s.name)
	}
	before, after := src[:start], src[end:]
	if strings.HasPrefix(s.text, "remove") {
		before = withoutBlankLine(before, out)
	}
	if !bytes.HasPrefix(out, before) || !bytes.HasSuffix(out, after) {
		t.Fatalf("%s\nin   %q\nmade %q, which changes bytes outside of [%d:%d]", s.text, src, out, start, end)
	}
	twice := awsconfig.Parse("file", kind, out).Edit()
	if strings.HasPrefix(s.text, "set") || strings.HasPrefix(s.text, "replace") || strings.HasPrefix(s.text, "unset") {
		if err := s.apply(twice); err != nil || twice.Changed() {
			t.Fatalf("%s: a second time changes %q: %v", s.text, out, err)
		}
	}
}

// withoutBlankLine is text without the blank line at its end, if out lacks it.
func withoutBlankLine(text, out []byte) []byte {
	if bytes.HasPrefix(out, text) {
		return text
	}
	body := bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	start := bytes.LastIndexAny(body, "\r\n") + 1
	if len(bytes.TrimSpace(bytes.Trim(body[start:], "\x1c\x1d\x1e\x1f"))) > 0 {
		return text
	}
	return body[:start]
}

// isSubsequence reports whether out is src with bytes added.
func isSubsequence(src, out []byte) bool {
	for _, c := range out {
		if len(src) > 0 && src[0] == c {
			src = src[1:]
		}
	}
	return len(src) == 0
}

// checkBlankGrowth adds and removes a profile twice: the second time must not
// make the file longer than the first.
func checkBlankGrowth(t *testing.T, kind awsconfig.Kind, out []byte) {
	t.Helper()
	cycle := func(text []byte) []byte {
		e := awsconfig.Parse("file", kind, text).Edit()
		if err := e.AddProfile("zz-cycle", awsconfig.KeyValue{Key: "region", Value: "r"}); err != nil {
			t.Fatal(err)
		}
		added, err := e.Bytes()
		if refusable(err) {
			return text
		}
		if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		e = awsconfig.Parse("file", kind, added).Edit()
		if err := e.RemoveProfile("zz-cycle"); err != nil {
			t.Fatal(err)
		}
		removed, err := e.Bytes()
		if err != nil {
			t.Fatalf("%v in %q", err, added)
		}
		return removed
	}
	once := cycle(out)
	if again := cycle(once); len(again) > len(once) {
		t.Fatalf("adding and removing makes the file grow: %q, %q", once, again)
	}
	if len(once) > len(out)+2 {
		t.Fatalf("adding and removing makes of %q %q", out, once)
	}
}
