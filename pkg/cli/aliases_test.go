package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	topLines, commandLines, topRemark, commandRemark = linesOfAliases()

	topBlock     = aliasesBegin + "\n[toplevel]\n" + topRemark + topLines + "[command sso]\n" + commandRemark + commandLines + aliasesEnd + "\n"
	commandBlock = aliasesBegin + "\n[command sso]\n" + commandRemark + commandLines + aliasesEnd + "\n"
	inToplevel   = aliasesBegin + "\n" + topLines + aliasesEnd + "\n"
)

// earlierBlock is what a version with three programs left in the file.
const earlierBlock = `# aws-sso-plugins: begin
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

// linesOfAliases are the lines that there must be for the programs that there
// are, and the remarks above them.
func linesOfAliases() (top, command, topRemark, commandRemark string) {
	topRemark, commandRemark = "# ", "# "
	for i, program := range Programs() {
		top += program + " = !" + program + "\n"
		topRemark += "aws " + program + ", "
		if i > 0 { // aws sso login is the AWS CLI's own
			word := strings.TrimPrefix(program, "sso-")
			command += word + " = !" + program + "\n"
			commandRemark += "aws sso " + word + ", "
		}
	}
	return top, command, strings.TrimSuffix(topRemark, ", ") + "\n", strings.TrimSuffix(commandRemark, ", ") + "\n"
}

var aliasFiles = []struct{ name, old, want string }{
	{"none", "", topBlock},
	{"another section", "[command s3]\nx = y\n", topBlock + "[command s3]\nx = y\n"},
	{"without a final line end", "[command s3]\nx = y", topBlock + "[command s3]\nx = y"},
	{"their own aliases", "# mine\n[toplevel]\nwhoami = sts get-caller-identity\n", commandBlock + "# mine\n[toplevel]\n" + inToplevel + "whoami = sts get-caller-identity\n"},
	{"a header alone", "[toplevel]", commandBlock + "[toplevel]\n" + strings.TrimSuffix(inToplevel, "\n")},
	{
		"indented", "[toplevel]\n  a = b\n",
		commandBlock + "[toplevel]\n  " + strings.ReplaceAll(strings.TrimSuffix(inToplevel, "\n"), "\n", "\n  ") + "\n  a = b\n",
	},
	{
		"CRLF", "[toplevel]\r\na = b\r\n",
		strings.ReplaceAll(commandBlock+"[toplevel]\n"+inToplevel+"a = b\n", "\n", "\r\n"),
	},
	{
		"an alias of several lines", "[toplevel]\nf =\n  !f() {\n    aws sts get-caller-identity\n  }; f\n",
		commandBlock + "[toplevel]\n" + inToplevel + "f =\n  !f() {\n    aws sts get-caller-identity\n  }; f\n",
	},
	{
		"some are there", "[toplevel]\nsso-login = !sso-login\nsso-test = !other\n[command sso]\n" + commandLines,
		"[toplevel]\n" + strings.NewReplacer("sso-login = !sso-login\n", "", "sso-test = !sso-test\n", "").Replace(inToplevel) +
			"sso-login = !sso-login\nsso-test = !other\n[command sso]\n" + commandLines,
	},
}

func TestAliasesComeAndGo(t *testing.T) {
	for _, tc := range aliasFiles {
		planned, _, err := withAliases("alias", []byte(tc.old))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if diff := cmp.Diff(tc.want, string(planned)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
		again, _, err := withAliases("alias", planned)
		if err != nil || !bytes.Equal(again, planned) {
			t.Errorf("%s: the second time it becomes %q, %v", tc.name, again, err)
		}
		gone, err := withoutAliases("alias", planned)
		if err != nil || string(gone) != tc.old {
			t.Errorf("%s: without them it is %q, %v; want %q", tc.name, gone, err, tc.old)
		}
	}
}

func TestAliasesOfTheUserAreNamed(t *testing.T) {
	_, taken, err := withAliases("alias", []byte("[toplevel]\nsso-test = !other\n"))
	if want := []string{`"sso-test" of [toplevel]`}; err != nil || !cmp.Equal(taken, want) {
		t.Errorf("%q, %v; want %q", taken, err, want)
	}
}

// What somebody wrote among our lines is theirs.
func TestAliasesWrittenAmongOurs(t *testing.T) {
	for _, tc := range []struct{ name, file, want string }{
		{"in the block", strings.Replace(topBlock, "sso-test = !sso-test\n", "mine = s3 ls\nsso-test = !sso-test\n", 1), "[toplevel]\nmine = s3 ls\n[command sso]\n"},
		{"below the block", topBlock + "mine = s3 ls\n", "[toplevel]\n[command sso]\nmine = s3 ls\n"},
		{"one changed", strings.Replace(topBlock, "\ntest = !sso-test\n", "\ntest = !my-test\n", 1), "[toplevel]\n[command sso]\ntest = !my-test\n"},
		{"a blank line", strings.Replace(topBlock, "[command sso]", "\n[command sso]", 1), "\n"},
		{
			"the end mark is gone, and theirs comes later",
			strings.Replace(topBlock, aliasesEnd+"\n", "\nmine = s3 ls\n\n[command s3]\ntest = !sso-test\n", 1),
			"[toplevel]\n[command sso]\n\nmine = s3 ls\n\n[command s3]\ntest = !sso-test\n",
		},
		{"the end mark is gone", strings.Replace(topBlock, aliasesEnd+"\n", "[command s3]\na = b\n", 1), "[command s3]\na = b\n"},
	} {
		got, err := withoutAliases("alias", []byte(tc.file))
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: %q, %v; want %q", tc.name, got, err, tc.want)
		}
	}
}

// A block of a version that had fewer programs is ours, too.
func TestAliasesOfAnEarlierVersion(t *testing.T) {
	planned, _, err := withAliases("alias", []byte(earlierBlock+"[command s3]\na = b\n"))
	if err != nil || string(planned) != topBlock+"[command s3]\na = b\n" {
		t.Errorf("%s, %v", planned, err)
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
		if strings.Contains(old, "aws-sso-plugins:") {
			t.Skip("not a file of ours")
		}
		planned, _, err := withAliases("alias", []byte(old))
		if err != nil {
			return // refused, and nothing was written
		}
		if err := sameAliases("alias", []byte(old), planned); err != nil {
			t.Errorf("%q is read otherwise: %q", old, planned)
		}
		again, _, err := withAliases("alias", planned)
		if err != nil || !bytes.Equal(again, planned) {
			t.Errorf("%q: the second time %q, %v", old, again, err)
		}
		gone, err := withoutAliases("alias", planned)
		if err != nil || string(gone) != old {
			t.Errorf("%q came back as %q, %v", old, gone, err)
		}
	})
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
	if err := a.aliases(t.Context(), []string{"add", "--yes"}); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); string(got) != topBlock {
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
