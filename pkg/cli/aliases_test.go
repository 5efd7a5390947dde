package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/awsconfig"
)

const (
	topSection     = "[toplevel]\nsso-login = !sso-login\nsso-profiles = !sso-profiles\nsso-test = !sso-test\n"
	commandSection = "[command sso]\nprofiles = !sso-profiles\ntest = !sso-test\n"
	topKeys        = "sso-login = !sso-login\nsso-profiles = !sso-profiles\nsso-test = !sso-test\n"
)

var three = aliasesOf([]string{"sso-login", "sso-profiles", "sso-test"})

var aliasFiles = []struct{ name, old, want, gone string }{
	{"none", "", topSection + "\n" + commandSection, ""},
	{"another section", "[command s3]\nx = y\n", "[command s3]\nx = y\n\n" + topSection + "\n" + commandSection, "[command s3]\nx = y\n"},
	{"without a final line end", "[command s3]\nx = y", "[command s3]\nx = y\n\n" + topSection + "\n" + strings.TrimSuffix(commandSection, "\n"), "[command s3]\nx = y"},
	{
		"their own aliases", "# mine\n[toplevel]\nwhoami = sts get-caller-identity\n# more\n",
		"# mine\n[toplevel]\nwhoami = sts get-caller-identity\n" + topKeys + "# more\n\n" + commandSection,
		"# mine\n[toplevel]\nwhoami = sts get-caller-identity\n# more\n",
	},
	{"indented", "[toplevel]\n  a = b\n", "[toplevel]\n  a = b\n  " + strings.ReplaceAll(strings.TrimSuffix(topKeys, "\n"), "\n", "\n  ") + "\n\n" + commandSection, "[toplevel]\n  a = b\n"},
	{"CRLF", "[toplevel]\r\na = b\r\n", strings.ReplaceAll("[toplevel]\na = b\n"+topKeys+"\n"+commandSection, "\n", "\r\n"), "[toplevel]\r\na = b\r\n"},
	{
		"an alias of several lines", "[toplevel]\nf =\n  !f() {\n    aws sts get-caller-identity\n  }; f\n",
		"[toplevel]\nf =\n  !f() {\n    aws sts get-caller-identity\n  }; f\n" + topKeys + "\n" + commandSection,
		"[toplevel]\nf =\n  !f() {\n    aws sts get-caller-identity\n  }; f\n",
	},
	{
		"some of theirs have the names", "[toplevel]\nsso-test = !other\n[command sso]\ntest =\n  !f\n",
		"[toplevel]\nsso-test = !other\nsso-login = !sso-login\nsso-profiles = !sso-profiles\n[command sso]\ntest =\n  !f\nprofiles = !sso-profiles\n",
		"[toplevel]\nsso-test = !other\n[command sso]\ntest =\n  !f\n",
	},
}

func TestAliasesComeAndGo(t *testing.T) {
	for _, tc := range aliasFiles {
		planned, _, err := three.add("alias", []byte(tc.old))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, string(planned)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
		again, _, err := three.add("alias", planned)
		if err != nil || !bytes.Equal(again, planned) || len(three.missing("alias", planned)) > 0 {
			t.Errorf("%s: the second time it becomes %q, %v", tc.name, again, err)
		}
		gone, err := three.remove("alias", planned)
		if err != nil || string(gone) != tc.gone {
			t.Errorf("%s: without them it is %q, %v; want %q", tc.name, gone, err, tc.gone)
		}
	}
}

func TestAliasesOfTheUserAreNamed(t *testing.T) {
	_, taken, err := three.add("alias", []byte("[toplevel]\nsso-test = !other\n"))
	if want := []string{`"sso-test" of [toplevel]`}; err != nil || !cmp.Equal(taken, want) {
		t.Errorf("%q, %v; want %q", taken, err, want)
	}
	if want, got := []string{"[toplevel]", "sso-login = !sso-login", "sso-profiles = !sso-profiles"}, three.missing("", []byte("[toplevel]\nsso-test = x\n[command sso]\ntest=x\nprofiles=y\n")); !cmp.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMarkedAliases: what an earlier version wrote goes with its marks, and what
// somebody wrote among its lines stays.
func TestMarkedAliases(t *testing.T) {
	const top = `# aws-sso-plugins: begin
[toplevel]
# aws sso-login, aws sso-profiles, aws sso-test
sso-login = !sso-login
sso-profiles = !sso-profiles
sso-test = !sso-test
[command sso]
# aws sso profiles, aws sso test
profiles = !sso-profiles
test = !sso-test
# aws-sso-plugins: end
`
	const command = "# aws-sso-plugins: begin\n[command sso]\n# aws sso profiles, aws sso test\nprofiles = !sso-profiles\ntest = !sso-test\n# aws-sso-plugins: end\n"
	const inTop = "# aws-sso-plugins: begin\nsso-login = !sso-login\nsso-profiles = !sso-profiles\nsso-test = !sso-test\n# aws-sso-plugins: end\n"
	for _, tc := range []struct{ name, file, with, without string }{
		{"alone", top, topSection + commandSection, ""},
		{"above", top + "[command s3]\nx = y\n", topSection + commandSection + "[command s3]\nx = y\n", "[command s3]\nx = y\n"},
		{"in the user's section", command + "# mine\n[toplevel]\n" + inTop + "a = b\n", commandSection + "# mine\n[toplevel]\n" + topKeys + "a = b\n", "# mine\n[toplevel]\na = b\n"},
		{"CRLF", strings.ReplaceAll(top, "\n", "\r\n"), strings.ReplaceAll(topSection+commandSection, "\n", "\r\n"), ""},
		{
			"theirs among ours", strings.Replace(top, "sso-test = !sso-test\n", "mine = s3 ls\nsso-test = !sso-test\n", 1),
			strings.Replace(topSection, "sso-test", "mine = s3 ls\nsso-test", 1) + commandSection, "[toplevel]\nmine = s3 ls\n",
		},
		{"theirs below ours", top + "mine = s3 ls\n", topSection + commandSection + "mine = s3 ls\n", "[command sso]\nmine = s3 ls\n"},
		{
			"one changed", strings.Replace(top, "test = !sso-test\n#", "test = !my-test\n#", 1),
			topSection + strings.Replace(commandSection, "test = !sso-test", "test = !my-test", 1), "[command sso]\ntest = !my-test\n",
		},
		{"the end mark is gone", strings.Replace(top, "# aws-sso-plugins: end\n", "[command s3]\na = b\n", 1), topSection + commandSection + "[command s3]\na = b\n", "[command s3]\na = b\n"},
	} {
		with, _, err := three.add("alias", []byte(tc.file))
		if diff := cmp.Diff(tc.with, string(with)); err != nil || diff != "" {
			t.Errorf("%s: %v %s", tc.name, err, diff)
		}
		without, err := three.remove("alias", []byte(tc.file))
		if diff := cmp.Diff(tc.without, string(without)); err != nil || diff != "" {
			t.Errorf("%s: %v %s", tc.name, err, diff)
		}
	}
}

func FuzzAliases(f *testing.F) {
	for _, tc := range aliasFiles {
		f.Add(tc.old)
	}
	f.Add("  [toplevel]\n  a = b\n  [command sso]\n c = d")
	f.Add("[toplevel]\n\n# c\n   a = b\n  more\n")
	f.Add("[toplevel]\r")
	f.Add("a\r[toplevel]\n")
	f.Add("[toplevel]\n[toplevel]\nsso-login: !sso-login\n")
	f.Fuzz(func(t *testing.T, old string) {
		if strings.Contains(old, "aws-sso-plugins:") || strings.Contains(old, "!sso-") {
			t.Skip("not a file of the user's alone")
		}
		planned, _, err := three.add("alias", []byte(old))
		if err != nil {
			return // refused, and nothing was written
		}
		again, _, err := three.add("alias", planned)
		if err != nil || !bytes.Equal(again, planned) {
			t.Errorf("%q: the second time %q, %v", old, again, err)
		}
		gone, err := three.remove("alias", planned)
		if err != nil || !cmp.Equal(aliasesIn(string(gone)), aliasesIn(old)) {
			t.Errorf("%q came back as %q, %v", old, gone, err)
		}
	})
}

// aliasesIn are the values in a file by section and name.
func aliasesIn(text string) map[[2]string]string {
	values := map[[2]string]string{}
	for _, section := range awsconfig.Merge(nil, awsconfig.Parse("alias", awsconfig.AliasFile, []byte(text))).Profiles() {
		for _, name := range section.Keys() {
			values[[2]string{section.Name, name}] = section.Get(name)
		}
	}
	return values
}

func TestAliasesOnDisk(t *testing.T) {
	a := app(t, "")
	home := t.TempDir()
	a.env = environment(home)
	path := filepath.Join(home, ".aws", "cli", "alias")
	if err := a.aliases(t.Context(), []string{"remove"}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(home, ".aws")); err == nil {
		t.Error("taking away nothing makes folders")
	}
	if err := a.aliases(t.Context(), []string{"add"}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("without a terminal to ask at, the file was written")
	}
	want, _, err := suiteAliases().add(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.aliases(t.Context(), []string{"add", "--yes"}); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); string(got) != string(want) {
		t.Errorf("%q, %v", got, err)
	}
	if err := a.aliases(t.Context(), []string{"remove"}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file that held nothing else is left")
	}
	if err := a.aliases(t.Context(), []string{"ad"}); err == nil {
		t.Error("a word that means nothing is taken")
	}
}
