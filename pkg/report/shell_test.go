package report_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/report"
	"aws-sso-plugins/pkg/resolve"
)

var role = resolve.Environment{
	Set: []resolve.Variable{
		{Name: "AWS_ACCESS_KEY_ID", Value: "ASIA1"}, {Name: "AWS_SECRET_ACCESS_KEY", Value: "a+b/c=.:@-_"},
		{Name: "SSO_PROFILE", Value: "it's $HOME `x` \"q\" \\ é", Text: true},
	},
	Unset: []string{"AWS_PROFILE", "NOT_THERE"},
}

func TestScript(t *testing.T) {
	plain := role
	plain.Set = append(plain.Set[:2:2], resolve.Variable{Name: "SSO_PROFILE", Value: "dev", Text: true})
	for format, want := range map[report.Format]string{
		report.Env: "unset AWS_PROFILE;\nunset NOT_THERE;\nexport AWS_ACCESS_KEY_ID=ASIA1;\nexport AWS_SECRET_ACCESS_KEY=a+b/c=.:@-_;\n" +
			"export SSO_PROFILE=dev;\n",
		report.EnvNoExport: "AWS_ACCESS_KEY_ID=ASIA1\nAWS_SECRET_ACCESS_KEY=a+b/c=.:@-_\nSSO_PROFILE=dev\n",
		report.Fish: "set -eg AWS_PROFILE;\nset -eg NOT_THERE;\nset -gx AWS_ACCESS_KEY_ID ASIA1;\nset -gx AWS_SECRET_ACCESS_KEY a+b/c=.:@-_;\n" +
			"set -gx SSO_PROFILE dev;\ntrue;\n",
		report.PowerShell: "$Env:AWS_PROFILE = $null\n$Env:NOT_THERE = $null\n$Env:AWS_ACCESS_KEY_ID = 'ASIA1'\n" +
			"$Env:AWS_SECRET_ACCESS_KEY = 'a+b/c=.:@-_'\n$Env:SSO_PROFILE = 'dev'\n",
		report.WindowsCmd: "set AWS_PROFILE=\nset NOT_THERE=\nset AWS_ACCESS_KEY_ID=ASIA1\nset AWS_SECRET_ACCESS_KEY=a+b/c=.:@-_\nset SSO_PROFILE=dev\n",
	} {
		got, err := report.Script(format, plain)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", format, err, diff)
		}
	}
	for format, want := range map[report.Format]string{
		report.Env: "unset AWS_PROFILE;\nunset NOT_THERE;\nfalse;\n", report.EnvNoExport: "",
		report.Fish:       "set -eg AWS_PROFILE;\nset -eg NOT_THERE;\nfalse;\n",
		report.PowerShell: "$Env:AWS_PROFILE = $null\n$Env:NOT_THERE = $null\n",
		report.WindowsCmd: "set AWS_PROFILE=\nset NOT_THERE=\n",
	} {
		if got := report.FailureScript(format, role); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
}

func TestScriptRefuses(t *testing.T) {
	formats := []report.Format{report.Env, report.EnvNoExport, report.Fish, report.PowerShell, report.WindowsCmd}
	for _, value := range []string{"a b", "$(x)", "`x`", "a\nb", `a"b`, "a'b", "%PATH%", "a;b", "a&b", "a|b", "a>b", "a\\b", "a!b", "a^b", "a*b", "a#b", "~", "é", "a\x00b", "{a,b}"} {
		for _, format := range formats {
			got, err := report.Script(format, resolve.Environment{Set: []resolve.Variable{{Name: "AWS_SECRET_ACCESS_KEY", Value: value}}})
			if fault.KindOf(err) != fault.Reply || got != "" || err != nil && strings.Contains(err.Error(), value) {
				t.Errorf("%s: %q: %q, %v", format, value, got, err)
			}
		}
	}
	for _, tc := range []struct {
		value   string
		refused []report.Format
	}{
		{"/etc/my ca.pem", []report.Format{report.EnvNoExport, report.WindowsCmd}},
		{`C:\ca.pem`, []report.Format{report.EnvNoExport}},
		{"a%b", []report.Format{report.EnvNoExport, report.WindowsCmd}},
		{"a\nb", formats}, {"a\x1bb", formats}, {"a\u202eb", formats},
		{"a\u2019; calc; \u2019", []report.Format{report.EnvNoExport, report.WindowsCmd, report.PowerShell}},
		{"/etc/ca.pem", nil},
	} {
		for _, format := range formats {
			_, err := report.Script(format, resolve.Environment{Set: []resolve.Variable{{Name: "AWS_CA_BUNDLE", Value: tc.value, Text: true}}})
			refused := false
			for _, f := range tc.refused {
				refused = refused || f == format
			}
			if refused != (fault.KindOf(err) == fault.Usage) || !refused && err != nil {
				t.Errorf("%s: %q: %v", format, tc.value, err)
			}
		}
	}
}

// What a script sets is what was to be set, in the shells that are here.
func TestShellsReadScripts(t *testing.T) {
	for name, format := range map[string]report.Format{"bash": report.Env, "dash": report.Env, "zsh": report.Env, "sh": report.Env, "fish": report.Fish} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(name); err != nil {
				t.Skip("it is not installed")
			}
			script, err := report.Script(format, role)
			if err != nil {
				t.Fatal(err)
			}
			status := "echo $?"
			if name == "fish" {
				status = "echo $status"
			}
			c := exec.Command(name, "-c", script+status+`; printf '<%s>' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$SSO_PROFILE" "$AWS_PROFILE"`)
			c.Env = []string{"HOME=" + t.TempDir(), "PATH=/usr/bin:/bin", "AWS_PROFILE=earlier", "AWS_ACCESS_KEY_ID=earlier", "LC_ALL=C.UTF-8"}
			out, err := c.CombinedOutput()
			if want := "0\n<ASIA1><a+b/c=.:@-_><it's $HOME `x` \"q\" \\ é><>"; err != nil || string(out) != want {
				t.Errorf("%s, %v, want %s", out, err, want)
			}
		})
	}
}

func FuzzPOSIXTextsAreOneWord(f *testing.F) {
	f.Add("it's")
	f.Add("$(x)`y`\\\"'")
	f.Add("-n")
	shell, err := exec.LookPath("sh")
	if err != nil {
		f.Skip("there is no sh here")
	}
	f.Fuzz(func(t *testing.T, text string) {
		script, err := report.Script(report.Env, resolve.Environment{Set: []resolve.Variable{{Name: "X", Value: text, Text: true}}})
		if err != nil {
			return
		}
		out, err := exec.Command(shell, "-c", script+`printf %s "$X"`).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q became %q, %v", text, out, err)
		}
	})
}
