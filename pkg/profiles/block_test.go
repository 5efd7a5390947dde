package profiles

import (
	"fmt"
	"slices"
	"testing"
)

func TestBlocksOf(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "[a]\nb = c\n# a comment\n", nil},
		{"aws-sso-cli", "\n# BEGIN_AWS_SSO_CLI\n[profile a]\n# END_AWS_SSO_CLI\n", []string{"aws-sso-cli 2-4"}},
		{"with a name", "# BEGIN_AWS_SSO_CLI_work\n# END_AWS_SSO_CLI\n# END_AWS_SSO_CLI_work\n", []string{"aws-sso-cli 1-3"}},
		{"no end", "# BEGIN_AWS_SSO_CLI\n[profile a]\nb = c\n", []string{"aws-sso-cli 1-3"}},
		{"CRLF and lone CR", "# BEGIN_AWS_SSO_CLI\r\n[profile a]\r\rb = c\r\n# END_AWS_SSO_CLI\r\n", []string{"aws-sso-cli 1-5"}},
		{"times", "# AWS_SSO_CONFIG_GENERATOR START 2026/01/02 03:04:05\n# AWS_SSO_CONFIG_GENERATOR END 2026/01/02 03:04:06\n",
			[]string{"aws-sso-profile-generator 1-2"}},
		{"prefixes", "# AWS_SSO_CONFIG_GENERATOR:a START 2026/01/02\n# AWS_SSO_CONFIG_GENERATOR:ab END 2026/01/02\n\n# AWS_SSO_CONFIG_GENERATOR:a END 2026/01/03\n",
			[]string{"aws-sso-profile-generator 1-4"}},
		{"sessions", "; -------- aws-sso-manager: start dev --------\n; -------- aws-sso-manager: end dev-eu --------\n; -------- aws-sso-manager: end dev --------\n",
			[]string{"aws-sso-manager 1-3"}},
		{"two", "# BEGIN a\n# END a\n\n# BEGIN a\n# END a\n", []string{" 1-2", " 4-5"}},
		{"inside one another", "# BEGIN a\n# BEGIN b\n# END b\n# END a\n", []string{" 2-3", " 1-4"}},
		{"another program", "# >>> leapp >>>\n[profile a]\n# <<< leapp <<<\n", []string{" 1-3"}},
		{"indented", "  # begin a\n\t# end a", []string{" 1-2"}},
		{"a person's words", "# start here\n[profile a]\n# the end\n", nil},
		{"a word in a word", "# beginner\n# endner\n", nil},
		{"the end comes first", "# END a\n# BEGIN a\n", nil},
		{"no comment", "BEGIN_AWS_SSO_CLI = 1\nEND_AWS_SSO_CLI = 2\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, b := range blocksOf(tt.text) {
				got = append(got, fmt.Sprintf("%s %d-%d", b.tool, b.first, b.last))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("blocks %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzBlocksOf(f *testing.F) {
	f.Add("# BEGIN a\r\n# END a\n")
	f.Add("# BEGIN_AWS_SSO_CLI\r")
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range blocksOf(text) {
			if b.first < 1 || b.last < b.first || b.last > len(text) {
				t.Errorf("lines %d to %d", b.first, b.last)
			}
		}
	})
}

func TestSamePortal(t *testing.T) {
	const start = "https://acme.awsapps.com/start"
	for url, want := range map[string]bool{
		start: true, start + "/": true, start + "#": true, start + "#/": true, start + "/#/": true, start + "/#/?tab=accounts": true,
		"https://ACME.awsapps.com/start": true, "https://acme.awsapps.com:443/start": true, "https://acme.awsapps.com": true,
		"https://acme2.awsapps.com/start": false, "https://acme.awsapps.com/starts": false, "http://acme.awsapps.com/start": false, "": false,
	} {
		if samePortal(url, start) != want {
			t.Errorf("samePortal(%q, %q) is %t", url, start, !want)
		}
	}
	for _, url := range []string{"http://127.0.0.1:8080/start/#/", "http://127.0.0.1:8080/start?x=1"} {
		if !samePortal(url, "http://127.0.0.1:8080/start") {
			t.Errorf("%q is another portal", url)
		}
	}
}
