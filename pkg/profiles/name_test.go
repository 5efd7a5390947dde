package profiles_test

import (
	"strings"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
)

func TestClean(t *testing.T) {
	for name, want := range map[string]string{
		"Admin-111111111111":      "Admin-111111111111",
		"a_b@c+d.e%f:g/h-i":       "a_b@c+d.e%f:g/h-i",
		"a b":                     "a-b",
		" a \t\n b ":              "a-b",
		"a=,b":                    "a-b",
		"a - b":                   "a---b",
		"[profile x]\nkey = v":    "profile-x-key-v",
		"\x1b[31mred\x1b[0m":      "31mred-0m",
		"b\u202eidi":              "b-idi",
		"\xff\xfe":                "",
		"Größe":                   "Gr-e",
		"🎉":                       "",
		"..":                      "",
		".hidden":                 "hidden",
		"-.-x-":                   "x",
		"../../etc/passwd":        "/../etc/passwd",
		"default":                 "",
		"DEFAULT":                 "",
		" Default.":               "Default.",
		"(default)":               "",
		"__proto__":               "",
		"":                        "",
		strings.Repeat("a ", 500): strings.TrimSuffix(strings.Repeat("a-", 500), "-"),
	} {
		if got := profiles.Clean(name); got != want {
			t.Errorf("Clean(%q) is %q, want %q", name, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a b", ".-x", "default", "__proto__", "a\x00b", "-default-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := profiles.Clean(s)
		if name == "" {
			return
		}
		if !awsconfig.PortableName(name) || strings.EqualFold(name, "default") || strings.ContainsAny(name[:1], ".-") || strings.HasSuffix(name, "-") {
			t.Errorf("Clean(%q) is %q", s, name)
		}
		if again := profiles.Clean(name); again != name {
			t.Errorf("Clean(%q) is %q", name, again)
		}
	})
}

func TestTemplateNames(t *testing.T) {
	a := portal.Assignment{Account: portal.Account{ID: "012345678901", Name: "Acme Prod (EU)", Email: "prod@acme.example"}, Role: "Read=Only"}
	for template, want := range map[string]string{
		"{{.RoleName}}-{{.AccountId}}":                                 "Read-Only-012345678901",
		"{{.Session}}/{{.AccountName}}":                                "okta/Acme-Prod-EU",
		"{{.AccountName | slug}}":                                      "acme-prod-eu",
		`{{.AccountName | trimPrefix "Acme " | slug}}`:                 "prod-eu",
		`{{.AccountEmail | trimSuffix "@acme.example"}}`:               "prod",
		`{{.RoleName | replace "=" "_" | lower}}`:                      "read_only",
		"{{upper .Session}}":                                           "OKTA",
		`{{printf "%.4s" .AccountName}}-{{len .AccountId}}`:            "Acme-12",
		`{{if eq .RoleName "Read=Only"}}ro{{else}}rw{{end}}`:           "ro",
		"{{slice .AccountId 8}}":                                       "8901",
		"{{.AccountName}}.{{.RoleName}}":                               "Acme-Prod-EU.Read-Only",
		"({{.AccountName}})x":                                          "Acme-Prod-EU-x",
		"{{with .AccountName}}{{.}}_{{end}}{{.Session}}":               "Acme-Prod-EU_okta",
		`{{$n := .AccountName}}{{if $n}}{{$n}}{{else}}-{{end}}+{{$n}}`: "Acme-Prod-EU+Acme-Prod-EU",
		`{{define "x"}}{{.}}{{end}}{{template "x" .AccountName}}.{{block "y" .RoleName}}{{.}}{{end}}`: "Acme-Prod-EU.Read-Only",
	} {
		parsed, err := profiles.ParseTemplate(template)
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		if got, err := parsed.Name("okta", a); got != want || err != nil {
			t.Errorf("%s: %q %v, want %q", template, got, err, want)
		}
		if parsed.String() != template {
			t.Errorf("String() of %s is %s", template, parsed)
		}
	}
	var none *profiles.Template
	if got, err := none.Name("okta", a); got != "Read-Only-012345678901" || err != nil || none.String() != profiles.DefaultTemplate {
		t.Errorf("default: %q %v %s", got, err, none)
	}
	parsed, err := profiles.ParseTemplate("{{.AccountName}}")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "  \t", "人事", "🎉 - 🎉", "...", "_"} {
		if got, err := parsed.Name("okta", portal.Assignment{Account: portal.Account{ID: "1", Name: name}}); got != "1" || err != nil {
			t.Errorf("an account named %q: %q %v", name, got, err)
		}
	}
}

func TestTemplateFlaws(t *testing.T) {
	for template, want := range map[string]string{
		"{{.Foo}}":                              `at character 3, ".Foo": there is no field ".Foo"`,
		"é-{{.AccountName}}-{{.accountId}}":     `at character 22, ".accountId": there is no field ".accountId"`,
		"{{.RoleName.Foo}}":                     `at character 12, ".RoleName.Foo": there is no field ".Foo"`,
		"x{{.RoleName | shout}}-{{.AccountId}}": `at character 2, "{{.RoleName | shout}}": function "shout" not defined`,
		"{{.AccountId}}-{{.RoleName":            `at character 16, "{{.RoleName": unclosed action`,
		"{{.AccountId}}-{{.RoleName}":           `at character 16, "{{.RoleName}": bad character U+007D '}'`,
		"{{if .RoleName}}x":                     `at character 1, "{{if .RoleName}}x": an {{end}} is missing`,
		"{{.RoleName}}{{end}}":                  `at character 14, "{{end}}": unexpected {{end}}`,
		"{{lower}}":                             `at character 3, "lower": wrong number of args for lower: want 1 got 0`,
		"{{. | lower}}":                         `at character 7, "lower": wrong type for value; expected string; got all fields`,
		"{{.Session}}\n{{.Rolename}}":           `at character 16, ".Rolename": there is no field ".Rolename"`,
		`{{template "x"}}`:                      `at character 12, "{{template \"x\"}}": template "x" not defined`,
	} {
		_, err := profiles.ParseTemplate(template)
		if fault.KindOf(err) != fault.Usage {
			t.Errorf("%s: %v", template, err)
			continue
		}
		if _, got, _ := strings.Cut(err.Error(), `": `); !strings.HasPrefix(err.Error(), "--name ") || got != want {
			t.Errorf("%s: %s\nwant %s", template, err, want)
		}
		const fields = "fields: .AccountId .AccountName .AccountEmail .RoleName .Session; functions: lower upper replace trimPrefix trimSuffix slug"
		if got := fault.HintOf(err); got != fields {
			t.Errorf("%s: hint %q", template, got)
		}
	}
}
