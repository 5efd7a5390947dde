package profiles_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/profiles"
)

func TestDiff(t *testing.T) {
	const rest = "aws_session_token: abc\nAWS_SECRET_ACCESS_KEY=x\n"
	const keys = "sso_session = okta\nsso_account_id = 111111111111\nsso_role_name = Admin\n"
	const mine = "[profile a]\nregion = r\n" + keys + "managed_by = sso-profiles\n"
	second := strings.NewReplacer("111111111111", "222222222222", "[profile a]", "[profile b]").Replace(mine)
	for name, tt := range map[string]struct {
		config  string // below the sessions
		args    []string
		removed bool // the second assignment is gone
		want    string
	}{
		"nothing":           {config: mine + second},
		"one added":         {config: mine, want: "@@ -12,0 +13,7 @@|+|+[profile Admin-222222222222]|+sso_session = okta|+sso_account_id = 222222222222|+sso_role_name = Admin|+region = eu-central-1|+managed_by = sso-profiles"},
		"no context":        {config: "#\n" + mine + second, args: []string{"--client-region", "111111111111=us-east-1"}, want: "@@ -9,1 +9,1 @@ [profile a]|-region = r|+region = us-east-1"},
		"CRLF":              {config: strings.ReplaceAll(mine+second, "\n", "\r\n"), args: []string{"--client-region", "111111111111=us-east-1"}, want: "@@ -8,1 +8,1 @@ [profile a]|-region = r|+region = us-east-1"},
		"no final line end": {config: mine + strings.TrimSuffix(second, "\n"), args: []string{"--set", "x=y"}, want: "@@ -12,0 +13,1 @@ [profile a]|+x = y|@@ -18,0 +20,1 @@ [profile b]|+x = y"},
		"header and key":    {config: mine + second, args: []string{"--name", "x-{{.AccountId}}", "--client-region", "111111111111=us-east-1"}, want: "@@ -7,2 +7,2 @@|-[profile a]|-region = r|+[profile x-111111111111]|+region = us-east-1|@@ -13,1 +13,1 @@|-[profile b]|+[profile x-222222222222]"},
		"key that is not":   {config: mine + second, args: []string{"--set", "x="}},
		"removed key":       {config: mine + "x = y\n" + second, args: []string{"--set", "x="}, want: "@@ -13,1 +12,0 @@ [profile a]|-x = y"},
		"removed":           {config: mine + second + rest, args: []string{"--prune"}, removed: true, want: "@@ -13,8 +12,0 @@|-[profile b]|-region = r|-sso_session = okta|-sso_account_id = 222222222222|-sso_role_name = Admin|-managed_by = sso-profiles|-aws_session_token: (not shown)|-AWS_SECRET_ACCESS_KEY=(not shown)"},
	} {
		t.Run(name, func(t *testing.T) {
			assignments := []string{"1/Admin", "2/Admin"}
			if tt.removed {
				assignments = assignments[:1]
			}
			plan, _ := makePlan(t, sessions+tt.config, "", []profiles.Input{listed("okta", assignments...)}, options(t, tt.args...))
			want := []string(nil)
			if tt.want != "" {
				want = append([]string{"--- config", "+++ config (planned)"}, strings.Split(tt.want, "|")...)
			}
			same(t, "diff", plan.Diff("config"), want)
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
		plan, _ := makePlan(t, config, "", []profiles.Input{listed("okta", accounts...)}, o)
		shown := slices.DeleteFunc(plan.Diff("config")[2:], func(line string) bool { return line[0] == '@' })
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
