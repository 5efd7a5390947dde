package profiles_test

import (
	"strings"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
)

// Whatever template a user writes and whatever an account is called: a name
// that every AWS client reads, none, or a fault that says why. Templates that
// repeat are left out: how long they take is in the hands of who writes them.
func FuzzTemplate(f *testing.F) {
	for _, template := range []string{
		profiles.DefaultTemplate, "{{.AccountName | slug}}-{{.RoleName}}", `{{.AccountEmail | trimSuffix "@example.com" | upper}}`,
		`{{if eq .RoleName "x"}}a{{else}}b{{end}}`, "{{slice .AccountId 8}}", "{{.Nothing}}", "{{", "{{end}}", "{{template \"x\"}}", "{{/* */}}", "",
		`{{printf "%s" .Session}}`, `{{define "x"}}{{end}}`, "{{with $x := .Session}}{{$x}}{{end}}", "{{- .Session -}}", "{{.AccountName.Nothing}}", "{{call .Session}}",
	} {
		f.Add(template, "Acme Prod", "ReadOnly")
		f.Add(template, "\x1b[31m\n[profile x]", "a=b,c")
	}
	f.Fuzz(func(t *testing.T, text, name, role string) {
		for _, word := range []string{"range", "printf", "print", "template", "block"} {
			if strings.Contains(text, word) {
				t.Skip()
			}
		}
		template, err := profiles.ParseTemplate(text)
		if err != nil {
			if fault.KindOf(err) != fault.Usage || fault.HintOf(err) == "" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		got, err := template.Name("okta", portal.Assignment{Account: portal.Account{ID: "111111111111", Name: name}, Role: role})
		if err != nil && fault.KindOf(err) != fault.Usage || err == nil && got != "" && !awsconfig.PortableName(got) {
			t.Fatalf("%q of %q and %q: %q, %v", text, name, role, got, err)
		}
	})
}

// Flags that hold a language of their own: a fault that ends a run
// before it begins, or something that can be written.
func FuzzFlags(f *testing.F) {
	for _, text := range []string{"output=json", "x=", "=", "a=b=c", "Prod*=eu-west-1", "*", "!", "[", "[a-", "\\", "eu-west-1", "10%", "101%", "-1", "x\n[y]\nz=1", "sso_x=1", "region=a", "\x00=\xff",
		"output={{.AccountName}}", "x={{.Session | upper}}{{if .RoleName}}\n{{end}}", "cli_pager={{.AccountName}}", "a={{define \"x\"}}[{{.}}]{{end}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		usage := func(err error) {
			t.Helper()
			if kind := fault.KindOf(err); err != nil && kind != fault.Usage && kind != fault.Config {
				t.Fatalf("%q: %v", text, err)
			}
		}
		_, err := profiles.ParseGlobs("--account", []string{text})
		usage(err)
		_, err = profiles.ParseRegionRules([]string{text})
		usage(err)
		_, err = profiles.ParseLimit(text)
		usage(err)
		if strings.Contains(text, "{{") && (strings.Contains(text, "range") || strings.Contains(text, "printf")) {
			return // how long a template repeats is in the hands of who writes it
		}
		settings, err := profiles.ParseSettings([]string{text})
		usage(err)
		keys, _ := settings.For("okta", portal.Assignment{Account: portal.Account{ID: "123456789012", Name: text}, Role: "Admin"})
		for _, s := range keys {
			if strings.ContainsAny(s.Key+s.Value, "\r\n\x00") || s.Value != "" && s.Check() != nil {
				t.Fatalf("%q became %q = %q", text, s.Key, s.Value)
			}
		}
	})
}
