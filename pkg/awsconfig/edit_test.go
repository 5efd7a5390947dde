package awsconfig_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
)

func kv(pairs ...string) []awsconfig.KeyValue {
	var kv []awsconfig.KeyValue
	for i := 0; i < len(pairs); i += 2 {
		kv = append(kv, awsconfig.KeyValue{Key: pairs[i], Value: pairs[i+1]})
	}
	return kv
}

func edit(config string) *awsconfig.Edit {
	return awsconfig.Parse("config", awsconfig.ConfigFile, []byte(config)).Edit()
}

func TestEdit(t *testing.T) {
	type calls = func(*awsconfig.Edit) error
	all := func(each ...calls) calls {
		return func(e *awsconfig.Edit) error {
			for _, call := range each {
				if err := call(e); err != nil {
					return err
				}
			}
			return nil
		}
	}
	add := func(name string, pairs ...string) calls {
		return func(e *awsconfig.Edit) error { return e.AddProfile(name, kv(pairs...)...) }
	}
	set := func(name string, pairs ...string) calls {
		return func(e *awsconfig.Edit) error { return e.SetProfile(name, kv(pairs...)...) }
	}
	unset := func(name string, keys ...string) calls {
		return func(e *awsconfig.Edit) error { return e.UnsetProfile(name, keys...) }
	}
	remove := func(name string) calls {
		return func(e *awsconfig.Edit) error { return e.RemoveProfile(name) }
	}
	rename := func(old, name string) calls {
		return func(e *awsconfig.Edit) error { return e.RenameProfile(old, name) }
	}
	replace := func(name string, pairs ...string) calls {
		return func(e *awsconfig.Edit) error { return e.ReplaceProfile(name, kv(pairs...)...) }
	}

	for _, tc := range []struct {
		name     string
		in       string
		do       calls
		out      string
		appended bool // it only adds bytes
	}{
		{"add to an empty file", "", add("a", "region", "r"), "[profile a]\nregion = r\n", true},
		{"add without keys", "", add("a"), "[profile a]\n", true},
		{"add default", "", add("default", "region", "r"), "[default]\nregion = r\n", true},
		{
			"add after one blank line", "[default]\nregion = r\n",
			all(add("b", "region", "r"), add("a", "region", "r")),
			"[default]\nregion = r\n\n[profile b]\nregion = r\n\n[profile a]\nregion = r\n", true,
		},
		{"add where a blank line ends the file", "[default]\n \t\n", add("a"), "[default]\n \t\n[profile a]\n", true},
		{"add after a missing line end", "[default]\nregion = r", add("a"), "[default]\nregion = r\n\n[profile a]\n", true},
		{"add after a comment without line end", "# c", add("a"), "# c\n\n[profile a]\n", true},
		{"add to carriage returns", "[default]\r\nregion = r\r\n", add("a", "x", "y"), "[default]\r\nregion = r\r\n\r\n[profile a]\r\nx = y\r\n", true},
		{"add to mixed line ends", "[a]\r\n[b]\n[c]\n", add("a"), "[a]\r\n[b]\n[c]\n\n[profile a]\n", true},
		{"add after a lone carriage return", "[default]\rregion = r\r", add("a"), "[default]\rregion = r\r\n\n[profile a]\n", true},
		{"add below indented sections", "  [default]\n  region =\n", add("a", "x", "y"), "  [default]\n  region =\n\n[profile a]\nx = y\n", true},
		{"add, then set and unset what was added", "", all(add("a", "x", "y", "z", "w"), set("a", "x", "v", "u", "t"), unset("a", "z")), "[profile a]\nx = v\nu = t\n", true},
		{"add, then replace what was added", "", all(add("a", "x", "y"), replace("a", "z", "w")), "[profile a]\nz = w\n", true},
		{"add, then remove what was added", "[default]\n", all(add("a"), add("b"), remove("a")), "[default]\n\n[profile b]\n", true},
		{
			"add a session", "",
			func(e *awsconfig.Edit) error { return e.AddSession("s", kv("sso_region", "r")...) },
			"[sso-session s]\nsso_region = r\n", true,
		},

		{"set keeps how the line is written", "[profile a]\n\tRegion\t:  r1  \nx=y\nlong   = z\n", set("a", "region", "r2", "x", "w", "long", "v"), "[profile a]\n\tRegion\t:  r2\nx=w\nlong   = v\n", false},
		{"set the same", "[profile a]\n  Region:r  \n", set("a", "region", "r"), "[profile a]\n  Region:r  \n", true},
		{"set an empty key", "[profile a]\nx =\ny=\nz = \t\nw:\n", set("a", "x", "1", "y", "2", "z", "3", "w", "4"), "[profile a]\nx = 1\ny=2\nz = 3\nw:4\n", false},
		{"set a nested block", "[profile a]\ns3 =\n  a = b\n# c\n\n  c = d\n# e\nx = y\n", set("a", "s3", "flat"), "[profile a]\ns3 = flat\n# e\nx = y\n", false},
		{"set a value of several lines", "[profile a]\nx = 1\n  2\n\n  3 \ny = z\n", set("a", "x", "1"), "[profile a]\nx = 1\ny = z\n", false},
		{"set in the last line without line end", "[profile a]\nx = 1", set("a", "x", "2"), "[profile a]\nx = 2", false},
		{"new key after the last one", "[profile a]\n x = 1\n\n# c\n[profile b]\n", set("a", "y", "2"), "[profile a]\n x = 1\n y = 2\n\n# c\n[profile b]\n", true},
		{"new key after a nested block", "[profile a]\ns3 =\n  a = b\n\n[profile b]\n", set("a", "y", "2"), "[profile a]\ns3 =\n  a = b\ny = 2\n\n[profile b]\n", true},
		{"new key in the last line without line end", "[profile a]\nx = 1", set("a", "y", "2"), "[profile a]\nx = 1\ny = 2", true},
		{"new key below a header without line end", "[profile a]", set("a", "y", "2"), "[profile a]\ny = 2", true},
		{"new key below a header alone", "[profile a]\n\n# c\n", set("a", "y", "2"), "[profile a]\ny = 2\n\n# c\n", true},
		{"new key before an indented header", "[profile a]\n  [profile b]\n", set("a", "y", "2"), "[profile a]\n  y = 2\n  [profile b]\n", true},
		{"new key before an indented empty one", "[profile a]\n  x = 1\n  y =\n", set("a", "z", "2"), "[profile a]\n  x = 1\n  z = 2\n  y =\n", true},
		{"new key before indented empty ones alone", "[profile a]\n  y =\n", set("a", "z", "2"), "[profile a]\n  z = 2\n  y =\n", true},
		{"new key with carriage returns", "[profile a]\r\nx = 1\r\n", set("a", "y", "2"), "[profile a]\r\nx = 1\r\ny = 2\r\n", true},
		{"set and new key", "[default]\nx = 1\n[b]\n", set("default", "y", "2", "x", "3"), "[default]\nx = 3\ny = 2\n[b]\n", false},
		{"the later set wins", "[profile a]\nx = 1\n", all(set("a", "x", "2"), unset("a", "x"), set("a", "x", "3")), "[profile a]\nx = 3\n", false},

		{"unset", "[profile a]\nx = 1\n# c\ny = 2\n\nz = 3\n", unset("a", "y", "nothing"), "[profile a]\nx = 1\n# c\n\nz = 3\n", false},
		{"unset a nested block", "[profile a]\ns3 =\n  a = b\n  # c\n\n  c = d\n  # e\nz = 3\n", unset("a", "s3"), "[profile a]\n  # e\nz = 3\n", false},
		{"unset all keys", "[profile a]\nx = 1\n\n[b]\n", unset("a", "x"), "[profile a]\n\n[b]\n", false},
		{"unset the last key, new key", "[profile a]\nx = 1\ny = 2", all(unset("a", "y"), set("a", "z", "3")), "[profile a]\nx = 1\nz = 3\n", false},
		{"the later unset wins", "[profile a]\nx = 1\n", all(set("a", "x", "2"), unset("a", "x")), "[profile a]\n", false},
		{"unset what is not there", "[profile a]\nx = 1\n", unset("a", "y"), "[profile a]\nx = 1\n", true},

		{"remove keeps comments around", "# a\n[profile a]\nx = 1\n# in\ny = 2\n# after\n\n[profile b]\n", remove("a"), "# a\n# after\n\n[profile b]\n", false},
		{"remove takes the blank line above with it", "[profile a]\n\n[profile b]\nx = 1\n\n[profile c]\n", remove("b"), "[profile a]\n\n[profile c]\n", false},
		{"remove keeps a blank line that parts two sections", "[profile a]\n\n[profile b]\n[profile c]\n", remove("b"), "[profile a]\n\n[profile c]\n", false},
		{"remove keeps a blank line before a comment", "[profile a]\n\n[profile b]\n# c\n[profile c]\n", remove("b"), "[profile a]\n\n# c\n[profile c]\n", false},
		{"remove the last", "[profile a]\n\n[profile b]\nx = 1\n", remove("b"), "[profile a]\n", false},
		{"remove the last without line end", "[profile a]\n\n[profile b]\nx = 1", remove("b"), "[profile a]\n", false},
		{"remove several in a row", "[profile a]\n\n[profile b]\nx = 1\n\n[profile c]\n[profile d]\n\n", all(remove("d"), remove("b"), remove("c")), "[profile a]\n\n", false},
		{"remove all", "\n[profile a]\n\n[profile b]\n", all(remove("a"), remove("b")), "", false},
		{"remove with carriage returns", "[profile a]\r\n\r\n[profile b]\r\nx = 1\r\n", remove("b"), "[profile a]\r\n", false},
		{"remove and add", "[profile a]\nx = 1\n\n[profile b]\n", all(remove("a"), add("a", "y", "2")), "\n[profile b]\n\n[profile a]\ny = 2\n", false},

		{"remove between a lone carriage return and a blank line", "[profile a]\r[profile b]\n\n[profile c]\n", remove("b"), "[profile a]\r\n[profile c]\n", false},
		{"remove below a lone carriage return and add", "[profile a]\r[profile b]", all(remove("b"), add("c")), "[profile a]\r\n\n[profile c]\n", false},
		{"unset between a lone carriage return and a blank line", "[profile a]\rx = 1\n\n[profile b]\n", unset("a", "x"), "[profile a]\r\n[profile b]\n", false},

		{"rename", "# c\n[profile  \"a\"] # why\nx = 1\n", rename("a", "b"), "# c\n[profile b] # why\nx = 1\n", false},
		{"rename to default and from it", "[default]\nx = 1\n[profile a]\ny = 2\n", all(rename("default", "b"), rename("a", "default")), "[profile b]\nx = 1\n[default]\ny = 2\n", false},
		{"rename to itself", "[profile 'a']\n", rename("a", "a"), "[profile 'a']\n", true},
		{"swap names", "[profile a]\nx = 1\n[profile b]\ny = 2\n", all(rename("a", "b"), rename("b", "a")), "[profile b]\nx = 1\n[profile a]\ny = 2\n", false},
		{"rename and set, in any order", "[profile a]\nx = 1\n", all(set("a", "x", "2"), rename("a", "b"), set("a", "y", "3")), "[profile b]\nx = 2\ny = 3\n", false},
		{"rename away, add in its place", "[profile a]\nx = 1\n", all(rename("a", "b"), add("a", "y", "2")), "[profile b]\nx = 1\n\n[profile a]\ny = 2\n", false},
		{"rename onto a removed one", "[profile a]\nx = 1\n[profile b]\ny = 2\n", all(rename("a", "b"), remove("b")), "[profile b]\nx = 1\n", false},
		{"rename twice", "[profile a]\n[profile c]\n", all(rename("a", "b"), rename("a", "d"), rename("c", "b")), "[profile d]\n[profile b]\n", false},

		{"replace", "[profile a]\naws_access_key_id = A # old\n# c\nregion=r\ns3 =\n  x = y\n\n[b]\n", replace("a", "sso_session", "s", "region", "r"), "[profile a]\n# c\nregion=r\nsso_session = s\n\n[b]\n", false},
		{"replace with the same", "[profile a]\nregion=r\nx = y\n", replace("a", "x", "y", "region", "r"), "[profile a]\nregion=r\nx = y\n", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := edit(tc.in)
			if err := tc.do(e); err != nil {
				t.Fatal(err)
			}
			out, err := e.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.out, string(out)); diff != "" {
				t.Error(diff)
			}
			if changed := tc.in != tc.out; e.Changed() != changed {
				t.Errorf("Changed is %v", e.Changed())
			}
			if onlyAdds(e) != tc.appended {
				t.Errorf("changes: %v", e.Changes())
			}
		})
	}
}

func TestEditOfCredentials(t *testing.T) {
	e := awsconfig.Parse("credentials", awsconfig.CredentialsFile, []byte("[a]\nx = 1\n")).Edit()
	if err := e.AddProfile("b", kv("x", "2")...); err != nil {
		t.Fatal(err)
	}
	if err := e.RenameProfile("a", "c"); err != nil {
		t.Fatal(err)
	}
	if err := e.AddSession("s"); fault.KindOf(err) != fault.Usage {
		t.Errorf("no client reads sessions there: %v", err)
	}
	if err := e.AddProfile("DEFAULT"); fault.KindOf(err) != fault.Usage {
		t.Errorf("[DEFAULT] is no profile: %v", err)
	}
	out, err := e.Bytes()
	if want := "[c]\nx = 1\n\n[b]\nx = 2\n"; err != nil || string(out) != want {
		t.Errorf("%q, %v", out, err)
	}
}

// TestRefused are calls that must fail and leave nothing behind.
func TestRefused(t *testing.T) {
	const config = "[profile a]\nx = 1\n[default]\n[profile default]\n[ profile ghost ]\n[profile b]\n"
	for _, tc := range []struct {
		name string
		do   func(*awsconfig.Edit) error
		kind fault.Kind
		text string
	}{
		{"set what is not there", func(e *awsconfig.Edit) error { return e.SetProfile("c") }, fault.Config, `config has no profile "c"`},
		{"remove what is not there", func(e *awsconfig.Edit) error { return e.RemoveProfile("c") }, fault.Config, `config has no profile "c"`},
		{"rename what is not there", func(e *awsconfig.Edit) error { return e.RenameProfile("c", "d") }, fault.Config, `config has no profile "c"`},
		{"set what stands twice", func(e *awsconfig.Edit) error { return e.SetProfile("default") }, fault.Config, `cannot edit profile "default": it stands twice in config, in line 3 and line 4`},
		{"remove what stands twice", func(e *awsconfig.Edit) error { return e.RemoveProfile("default") }, fault.Config, `cannot edit profile "default"`},
		{"add what is there", func(e *awsconfig.Edit) error { return e.AddProfile("a") }, fault.Config, `cannot write a second profile "a": config has it in line 1`},
		{"add what the Go SDK finds", func(e *awsconfig.Edit) error { return e.AddProfile("ghost") }, fault.Config, `cannot write a second profile "ghost": line 5 of config is one to the Go SDK`},
		{"rename to what the Go SDK finds", func(e *awsconfig.Edit) error { return e.RenameProfile("a", "ghost") }, fault.Config, `cannot write a second profile "ghost"`},
		{"add twice", func(e *awsconfig.Edit) error {
			if err := e.AddProfile("c"); err != nil {
				return fmt.Errorf("too early: %w", err)
			}
			defer func() { _ = e.RemoveProfile("c") }()
			return e.AddProfile("c")
		}, fault.Config, `cannot add profile "c" twice`},
		{"add a name with a space", func(e *awsconfig.Edit) error { return e.AddProfile("a b") }, fault.Usage, `cannot write a section named "a b"`},
		{"add an injected header", func(e *awsconfig.Edit) error { return e.AddProfile("x]\ncredential_process = evil\n[profile y") }, fault.Usage, `cannot write a section named "x]\ncredential_process`},
		{"rename to an injected header", func(e *awsconfig.Edit) error { return e.RenameProfile("a", "x]\n[y") }, fault.Usage, `cannot write a section named`},
		{"add no name", func(e *awsconfig.Edit) error { return e.AddProfile("") }, fault.Usage, `cannot write a section named ""`},
		{"an upper-case key", func(e *awsconfig.Edit) error { return e.SetProfile("a", kv("Region", "r")...) }, fault.Usage, `cannot write the key "Region"`},
		{"an injected key", func(e *awsconfig.Edit) error { return e.SetProfile("a", kv("x = y\nz", "r")...) }, fault.Usage, `cannot write the key "x = y\nz"`},
		{"an injected value", func(e *awsconfig.Edit) error { return e.ReplaceProfile("a", kv("x", "y\n[profile z]")...) }, fault.Usage, `cannot write x = "y\n[profile z]"`},
		{"an empty value", func(e *awsconfig.Edit) error { return e.AddProfile("c", kv("x", "")...) }, fault.Usage, `cannot write x = "": it is empty`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := edit(config)
			err := tc.do(e)
			if err == nil || fault.KindOf(err) != tc.kind || !strings.HasPrefix(err.Error(), tc.text) {
				t.Errorf("%v (%v), want %s (%v)", err, fault.KindOf(err), tc.text, tc.kind)
			}
			if e.Changed() {
				t.Error("something was left behind")
			}
		})
	}
}

// TestRefusedAtTheEnd are plans that only the whole shows to be impossible.
func TestRefusedAtTheEnd(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		do       func(*awsconfig.Edit) error
		text     string
	}{
		{"rename onto one that stays", "[profile a]\n[profile b]\n", func(e *awsconfig.Edit) error { return e.RenameProfile("a", "b") }, `cannot write a second profile "b": config has it in line 2`},
		{"remove above a header that would become a value", "[profile a]\nx = 1\n[profile b]\n   [profile c]\n", func(e *awsconfig.Edit) error { return e.RemoveProfile("b") }, "config:4: the section above cannot be removed: this header is indented"},
		{"let a block of [DEFAULT] leak", "[DEFAULT]\ns3 =\n  nonsense\n", func(e *awsconfig.Edit) error { return e.AddProfile("a") }, `config:3: the line below the empty key "s3"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := edit(tc.in)
			if err := tc.do(e); err != nil {
				t.Fatal(err)
			}
			if out, err := e.Bytes(); fault.KindOf(err) != fault.Config || !strings.HasPrefix(err.Error(), tc.text) {
				t.Errorf("%q, %v, want %s", out, err, tc.text)
			}
		})
	}
}

// TestOneNameForTwo are calls that give a name to a second section.
func TestOneNameForTwo(t *testing.T) {
	e := edit("[profile a]\n[profile b]\n")
	if err := cmpOr(e.RenameProfile("a", "c"), e.AddProfile("a")); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"rename to what another takes": e.RenameProfile("b", "c"),
		"add what another takes":       e.AddProfile("c"),
		"rename to what is added":      e.RenameProfile("b", "a"),
		"rename back":                  e.RenameProfile("a", "a"),
	} {
		if fault.KindOf(err) != fault.Config {
			t.Errorf("%s: %v", name, err)
		}
	}
	if out, err := e.Bytes(); err != nil || string(out) != "[profile c]\n[profile b]\n\n[profile a]\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func cmpOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestUnreadableFileIsNotEdited: a line that botocore cannot read refuses
// every call, with that line.
func TestUnreadableFileIsNotEdited(t *testing.T) {
	e := edit("[profile a]\nx = 1\nstray\n")
	for name, err := range map[string]error{
		"AddProfile":     e.AddProfile("b"),
		"SetProfile":     e.SetProfile("a", kv("x", "2")...),
		"UnsetProfile":   e.UnsetProfile("a", "x"),
		"ReplaceProfile": e.ReplaceProfile("a"),
		"RemoveProfile":  e.RemoveProfile("a"),
		"RenameProfile":  e.RenameProfile("a", "b"),
		"AddSession":     e.AddSession("s"),
	} {
		if fault.KindOf(err) != fault.Config || !strings.HasPrefix(err.Error(), "config:3: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if out, err := e.Bytes(); err == nil || e.Changed() {
		t.Errorf("%q, %v", out, err)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"dev": true, "a@b+c.d%e:f/g_h-I9": true, "default": true, "0": true,
		"": false, "a b": false, "a=b": false, "é": false, "a\n": false, "a]": false, "'a'": false, "__proto__": false,
	} {
		if got := awsconfig.PortableName(name); got != want {
			t.Errorf("PortableName(%q) is %v", name, got)
		}
	}
}

func TestKeyValues(t *testing.T) {
	for _, p := range kv("region", "eu-west-1", "sso_start_url", "https://x.awsapps.com/start/#/", "a1.b-c", "x;y#z", "credential_process", `"/a b/c" --x "y" z`, "x", "a = b : c", "x", `\`, "x", "%(x)s", "x", "é") {
		if err := p.Check(); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
	for _, p := range kv("x", "", "x", " a", "x", "a ", "x", "a\tb", "x", "a\nb", "x", "a\rb", "x", "a\x00b", "x", "a\x7fb", "x", "a\u0085b", "x", "a\u202eb",
		"x", "a\u2028b", "x", "\ufeffa", "x", "\u00a0a", "x", "a\xffb", "x", "a]b", "x", "a #b", "x", "a ;b", "x", "#a", "x", ";a", "x", `"a"`, "x", "'a'", "x", `"`, "x", "'",
		"", "a", "1x", "a", "_x", "a", "x y", "a", "x=", "a", "x:", "a", "#x", "a", "[x", "a", "é", "a", "X", "a") {
		if err := p.Check(); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", p, err)
		}
	}
}

// TestReadBackFindsDamage gives both readers results that the edit did not
// plan, and that each of them must see by itself.
func TestReadBackFindsDamage(t *testing.T) {
	const in = "# c\n[profile a]\nx = 1\ns3 =\n  k = v\n\n# d\n[profile b]\ny = 2\n[profile c]\nz = 3\n"
	const out = "# c\n[profile a]\nx = 1\ns3 =\n  k = v\n\n# d\n[profile b]\ny = 9\n\n[profile new]\nw = 4\n"
	planned := func() *awsconfig.Edit {
		e := edit(in)
		if err := cmpOr(e.SetProfile("b", kv("y", "9")...), e.RemoveProfile("c"), e.AddProfile("new", kv("w", "4")...)); err != nil {
			t.Fatal(err)
		}
		return e
	}
	if got, err := planned().Bytes(); err != nil || string(got) != out {
		t.Fatalf("%q, %v", got, err)
	}
	if err := cmpOr(planned().CheckResult(out), planned().AskIni(out)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		old, new string
		ini      bool // ini.v1 sees another file, too
	}{
		{"x = 1", "x = 2", true},                         // a foreign value
		{"x = 1", "x =  1", false},                       // foreign bytes
		{"x = 1\n", "", true},                            // a foreign key
		{"  k = v", "  k = w", true},                     // a nested value
		{"  k = v", "k = v", true},                       // a flattened block
		{"# d\n", "", false},                             // a comment
		{"y = 9", "y = 2", true},                         // a key that should be set
		{"y = 9", "y = 9\nu = 1", true},                  // a key that nobody planned
		{"w = 4", "w = 5", true},                         // an added value
		{"w = 4", "w = 4\n  5", true},                    // an added value that goes on
		{"w = 4\n", "", true},                            // an added key
		{"[profile new]", "[profile n]", true},           // an added name
		{"\n[profile new]\nw = 4\n", "", true},           // an added section
		{"[profile b]", "[profile  b]x", true},           // a header
		{"w = 4\n", "w = 4\n[profile c]\nz = 3\n", true}, // a section that should be gone
		{"x = 1", "x = 1\nx = 1", false},                 // what botocore cannot read
	} {
		damaged := strings.Replace(out, tc.old, tc.new, 1)
		if err := planned().CheckResult(damaged); err == nil || fault.KindOf(err) == fault.Config || !strings.Contains(err.Error(), "which is a bug") {
			t.Errorf("%q for %q: %v", tc.new, tc.old, err)
		}
		if seen := awsconfig.IniModel(damaged) != awsconfig.IniModel(out); seen != tc.ini {
			t.Errorf("ini.v1, %q for %q: %v", tc.new, tc.old, seen)
		}
	}
}

// TestSecondOpinion: ini.v1 finds what it reads in another way than planned, in
// the lines that the edit wrote.
func TestSecondOpinion(t *testing.T) {
	const in = "[profile a]\nX : 1\nq = `1\n[profile b]\nx = 1\n"
	planned := func() *awsconfig.Edit {
		e := edit(in)
		if err := cmpOr(
			e.SetProfile("a", kv("x", "2", "y", "3", "q", "`1")...),
			e.RenameProfile("b", "c"),
			e.SetProfile("b", kv("y", "4")...),
			e.AddProfile("new", kv("x", "2", "y", "5", "z", "`6")...),
			e.AddSession("s", kv("y", "6")...),
			e.AddProfile("default", kv("y", "7")...),
		); err != nil {
			t.Fatal(err)
		}
		return e
	}
	out, err := planned().Bytes()
	const want = "[profile a]\nX : 2\nq = `1\ny = 3\n[profile c]\nx = 1\ny = 4\n\n" +
		"[profile new]\nx = 2\ny = 5\nz = `6\n\n[sso-session s]\ny = 6\n\n[default]\ny = 7\n"
	if err != nil || string(out) != want {
		t.Fatalf("%q, %v", out, err)
	}
	for _, tc := range []struct{ old, new, why string }{
		{"X : 2", "X : 3", `does not read key "X" as planned`},
		{"y = 3", "y = 3\n  4", "cannot read the new lines"},
		{"y = 4", "y = \"4\"", `does not read key "y" as planned`},
		{"y = 5", "y = 6", `does not read key "y" as planned`},
		{"y = 5", "y = `SECRET", "cannot read the new lines"},
		{"y = 6", "y =", "reads 5 values and should read 6"},
		{"y = 7", "Y = 7", ""},   // an AWS client reads it alike
		{"z = `6", "z = `7", ""}, // a value in a quote of its own
		{"q = `1", "q = `2", ""}, // not written by the edit
		{"[sso-session s]", "[sso-session `s`]", ""},
	} {
		err := planned().AskIni(strings.Replace(want, tc.old, tc.new, 1))
		if (err == nil) != (tc.why == "") || err != nil && (!strings.Contains(err.Error(), "ini.v1 "+tc.why) || strings.Contains(err.Error(), "SECRET")) {
			t.Errorf("%q for %q: %v", tc.new, tc.old, err)
		}
	}
}

// TestEditsThatIniReadsOtherwise are legal edits of sections that ini.v1 reads in
// another way than botocore does, before the edit or only after it. They must
// not be refused for that.
func TestEditsThatIniReadsOtherwise(t *testing.T) {
	set := func(e *awsconfig.Edit) error { return e.SetProfile("a", kv("new", "1")...) }
	unset := func(e *awsconfig.Edit) error { return e.UnsetProfile("a", "x") }
	remove := func(e *awsconfig.Edit) error { return e.RemoveProfile("b") }
	for _, tc := range []struct {
		name, in string
		do       func(*awsconfig.Edit) error
		out      string
	}{
		{"an open quote", "[profile a]\nx = \"\"\"1\n", set, "[profile a]\nx = \"\"\"1\nnew = 1\n"},
		{"an indented header", "  [profile a]\n  x = 1\n", set, "  [profile a]\n  x = 1\n  new = 1\n"},
		{"a no-break space before the key", "[profile a]\n\u00a0x = 1\n", set, "[profile a]\n\u00a0x = 1\n\u00a0new = 1\n"},
		{"a separator around the value", "[profile a]\nnew\x1c=\x1d0\n", set, "[profile a]\nnew = 1\n"},
		{"a separator around the same value", "[profile a]\nnew\x1c=\x1d1\n", set, "[profile a]\nnew\x1c=\x1d1\n"},
		{"a lone carriage return", "[profile a]\nx = 1\ry = 2\n", set, "[profile a]\nx = 1\ry = 2\nnew = 1\n"},
		{"a continuation that ends in an empty value", "[profile a]\n x = 0\n  x =", set, "[profile a]\n x = 0\n  x =\n new = 1"},
		{"a continuation that a key hides", "[profile a]\ny = 0\n  x = 1\nx = 2\n", unset, "[profile a]\ny = 0\n  x = 1\n"},
		{"a continuation that is a key to it", "[profile a]\nnew = 0\n  z = 1\n", set, "[profile a]\nnew = 1\n"},
		{"a key that is a dash, with a comment further down", "[profile a]\n- =\n[profile b]\n  # c\n", remove, "[profile a]\n- =\n  # c\n"},
		{"an empty key and an indented one that become neighbours", "[profile a]\n\u00a0y =\n\u00a0x = 1\n z = 2\n", unset, "[profile a]\n\u00a0y =\n z = 2\n"},
		{"an indented key below an empty one", "[profile a]\n  y =\n  z = 2\n", set, "[profile a]\n  new = 1\n  y =\n  z = 2\n"},
		{"a value in its quotes", "[profile a]\ny = `1`\n", set, "[profile a]\ny = `1`\nnew = 1\n"},
		{"a key in its quotes", "[profile a]\n\"y\" = 1\n", set, "[profile a]\n\"y\" = 1\nnew = 1\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := edit(tc.in)
			if err := tc.do(e); err != nil {
				t.Fatal(err)
			}
			out, err := e.Bytes()
			if err != nil || string(out) != tc.out {
				t.Errorf("%q, %v, want %q", out, err, tc.out)
			}
		})
	}
}

// TestBytesTwice: a later call sees later changes, and the same ones twice.
func TestBytesTwice(t *testing.T) {
	e := edit("[profile a]\nx = 1\n")
	for _, want := range []string{"[profile a]\nx = 2\n", "[profile a]\nx = 3\n"} {
		if err := e.SetProfile("a", kv("x", want[len(want)-2:len(want)-1])...); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if out, err := e.Bytes(); err != nil || !bytes.Equal(out, []byte(want)) {
				t.Errorf("%q, %v, want %q", out, err, want)
			}
		}
	}
}
