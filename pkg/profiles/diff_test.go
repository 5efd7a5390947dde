package profiles_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/profiles"
)

func TestDiff(t *testing.T) {
	for name, tt := range map[string]struct{ old, planned, want string }{
		"nothing":           {"a\n", "a\n", ""},
		"only line ends":    {"a\r\nb", "a\nb\n", ""},
		"to an empty file":  {"", "[profile a]\nx = y\n", "@@ -0,0 +1,2 @@|+[profile a]|+x = y"},
		"all of it":         {"[a]\n", "", "@@ -1,1 +0,0 @@|-[a]"},
		"no context":        {"[a]\nsecret = 1\nx = 1\nsecret = 2\n", "[a]\nsecret = 1\nx = 2\nsecret = 2\n", "@@ -3,1 +3,1 @@ [a]|-x = 1|+x = 2"},
		"CRLF":              {"[a]\r\nx = 1\r\n", "[a]\r\nx = 2\r\n", "@@ -2,1 +2,1 @@ [a]|-x = 1|+x = 2"},
		"no final line end": {"[a]\nhush = 1", "[a]\nhush = 1\n\n[b]\n", "@@ -2,0 +3,2 @@|+|+[b]"},
		"secrets":           {"[a]\naws_session_token: abc\nAWS_SECRET_ACCESS_KEY=x\n", "[a]\n", "@@ -2,2 +1,0 @@ [a]|-aws_session_token: (not shown)|-AWS_SECRET_ACCESS_KEY=(not shown)"},
		"two hunks":         {"[a]\nx = 1\n[b]\ny = 1\n", "[a]\nx = 2\n[b]\ny = 2\n", "@@ -2,1 +2,1 @@ [a]|-x = 1|+x = 2|@@ -4,1 +4,1 @@ [b]|-y = 1|+y = 2"},
		// lines that occur more than once are no anchors, and yet stay where they are
		"lines alike":    {"#\n#\nx\n#\n#\n", "#\n#\n#\n#\n", "@@ -3,1 +2,0 @@|-x"},
		"sections alike": {"[a]\nr = 1\n# me\n[b]\nr = 1\n# me\n", "[c]\nr = 2\n# me\n[d]\nr = 2\n# me\n", "@@ -1,2 +1,2 @@|-[a]|-r = 1|+[c]|+r = 2|@@ -4,2 +4,2 @@|-[b]|-r = 1|+[d]|+r = 2"},
	} {
		t.Run(name, func(t *testing.T) {
			want := []string(nil)
			if tt.want != "" {
				want = append([]string{"--- config", "+++ config (planned)"}, strings.Split(tt.want, "|")...)
			}
			same(t, "diff", profiles.Diff("config", []byte(tt.old), []byte(tt.planned)), want)
		})
	}
}

// A new template for many profiles changes their headers and nothing else, and
// that is what is shown, although hardly a line of them occurs only once.
func TestDiffOfManyRenames(t *testing.T) {
	var texts, accounts []string
	for i := range 300 {
		account := fmt.Sprintf("%012d", i)
		accounts = append(accounts, account+"/Admin,Dev,Ops")
		for _, role := range []string{"Admin", "Dev", "Ops"} {
			texts = append(texts, role+"-"+account+" okta "+account+" "+role+" region=eu-west-1 mine=1")
		}
	}
	config := sessions + ours(texts[:450]...) + "\n[profile mine]\nregion = eu-west-1\n# secret\n" + ours(texts[450:]...)
	for _, tt := range []struct {
		args []string
		want int // lines without those of hunk headers
	}{
		{nil, 2 * len(texts)},
		{[]string{"--set", "mine=2"}, 4 * len(texts)},
	} {
		o := options(t, append(tt.args, "--name", "x-{{.RoleName}}-{{.AccountId}}")...)
		_, out := makePlan(t, config, "", []profiles.Input{listed("okta", accounts...)}, o)
		shown := slices.DeleteFunc(profiles.Diff("config", []byte(config), []byte(out))[2:], func(line string) bool { return line[0] == '@' })
		if len(shown) != tt.want {
			t.Errorf("%q: %d lines, want %d", tt.args, len(shown), tt.want)
		}
		for _, line := range shown {
			if !strings.HasPrefix(line[1:], "[profile ") && !strings.HasPrefix(line[1:], "mine = ") {
				t.Fatalf("%q: a line that stays is shown: %q", tt.args, line)
			}
		}
	}
}
