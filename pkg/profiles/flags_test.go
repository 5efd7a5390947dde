package profiles_test

import (
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
)

func TestGlobs(t *testing.T) {
	for _, tt := range []struct {
		patterns []string
		match    []string
		differ   []string
	}{
		{nil, []string{"", "anything"}, nil},
		{[]string{"prod*"}, []string{"prod", "Production", "PROD/eu"}, []string{"preprod", ""}},
		{[]string{"*/eu"}, []string{"a/b/eu"}, []string{"a/us"}},
		{[]string{"a/*"}, []string{"a/b", "A/b/c"}, []string{"ab"}},
		{[]string{"a", "b"}, []string{"a", "B"}, []string{"ab"}},
		{[]string{"!*sandbox*"}, []string{"prod"}, []string{"My Sandbox 1"}},
		{[]string{"prod*", "!*eu"}, []string{"prod us"}, []string{"prod eu", "dev"}},
		{[]string{"11111111111[1-3]"}, []string{"111111111112"}, []string{"111111111114"}},
		{[]string{`\!x`}, []string{"!x"}, []string{"x"}},
		{[]string{"gr?ße"}, []string{"Größe"}, []string{"große!"}},
	} {
		g, err := profiles.ParseGlobs("--account", tt.patterns)
		if err != nil {
			t.Errorf("%q: %v", tt.patterns, err)
		}
		for _, name := range tt.match {
			if !g.Match(name) {
				t.Errorf("%q does not match %q", tt.patterns, name)
			}
		}
		for _, name := range tt.differ {
			if g.Match(name) {
				t.Errorf("%q matches %q", tt.patterns, name)
			}
		}
	}
	for _, pattern := range []string{"", "!", "[a", `a\`} {
		if _, err := profiles.ParseGlobs("--role", []string{pattern}); fault.KindOf(err) != fault.Usage || !strings.HasPrefix(err.Error(), `--role "`) {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

func TestLimit(t *testing.T) {
	for text, want := range map[string][3]int{ // of 5, 35, 1000 profiles
		"":     {3, 3, 100},
		"0":    {0, 0, 0},
		"7":    {7, 7, 7},
		"0%":   {0, 0, 0},
		"50%":  {2, 17, 500},
		"100%": {5, 35, 1000},
	} {
		var limit profiles.Limit
		if text != "" {
			var err error
			if limit, err = profiles.ParseLimit(text); err != nil {
				t.Fatal(err)
			}
		}
		if got := [3]int{limit.Of(5), limit.Of(35), limit.Of(1000)}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"-1", "x", "101%", "-5%", "%", "1.5", "10 %"} {
		if _, err := profiles.ParseLimit(text); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSettings(t *testing.T) {
	settings, err := profiles.ParseSettings([]string{"output = json", "cli_pager=", "output=yaml", "a=b=c"})
	got, _ := settings.For("okta", portal.Assignment{})
	want := []awsconfig.KeyValue{{Key: "output", Value: "yaml"}, {Key: "cli_pager"}, {Key: "a", Value: "b=c"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
	for text, why := range map[string]string{
		"output":                     `--set "output" is not KEY=VALUE`,
		"=x":                         `--set "=x" is not KEY=VALUE`,
		"region=x":                   `use --client-region`,
		"region=":                    `use --client-region`,
		"Region=":                    `use --client-region`,
		"managed_by=me":              `it marks the profiles`,
		"sso_role_name=x":            `it comes from the assignment`,
		"aws_access_key_id=AKIA":     `other credentials`,
		"credential_process=rm":      `other credentials`,
		"credential_source=x":        `other credentials`,
		"source_profile=":            `other credentials`,
		"role_arn=x":                 `other credentials`,
		"web_identity_token_file=x":  `other credentials`,
		"login_session=x":            `other credentials`,
		"output=a\nb":                `control`,
		"output=[x]":                 `"]"`,
		"output=a # b":               `comment`,
		"Output=":                    `lower-case`,
		"a b=":                       `lower-case`,
		"output=\x1b[31m":            `control`,
		"AWS_SECRET_ACCESS_KEY=hush": `other credentials`,

		"cli_pager={{.AccountName}}":          `takes no template`,
		"CLI_Pager=x{{.RoleName}}":            `takes no template`,
		"endpoint_url=https://{{.AccountId}}": `takes no template`,
		"services={{.Session}}":               `takes no template`,
		"ca_bundle=/etc/{{.AccountId}}.pem":   `takes no template`,
		"mfa_process={{.AccountName}}":        `takes no template`,
		"credential_process={{.AccountName}}": `other credentials`,
		"region={{.AccountName}}":             `use --client-region`,
		"sso_account_id={{.AccountId}}":       `it comes from the assignment`,
		"output={{.Nobody}}":                  `--set output "{{.Nobody}}": at character 3, ".Nobody": there is no field ".Nobody"`,
		"output={{.AccountId":                 `--set output "{{.AccountId": at character 1, "{{.AccountId": unclosed action`,
		"output={{shout .AccountId}}":         `function "shout" not defined`,
		"output=a # {{.AccountId}}":           `comment`,
		"output={{.AccountId}}\nx":            `control`,
		"a b={{.AccountId}}":                  `lower-case`,
	} {
		if _, err := profiles.ParseSettings([]string{text}); fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A field goes into a value with the characters of a profile's name, and with the
// blanks between them.
func TestSettingsFromTemplates(t *testing.T) {
	const evil = "x\n[profile evil]\ncredential_process = rm -rf ~ # \x1b[2J"
	for text, want := range map[string]map[string]string{ // by the account's name
		"account_name={{.AccountName}}": {
			"Acme  Prod": "Acme  Prod", "Acme [prod]": "Acme prod", "[x]": "x", " a ": "a", "a,b": "a-b", "Größe": "Gr-e", "a\tb": "a-b",
			"": "012345678901", "人事": "012345678901", "'; rm -rf ~ #": "rm -rf", `"`: "012345678901", `$(touch x)`: "touch x",
			evil: "x-profile evil-credential_process rm -rf 2J", "\\": "012345678901", "#x": "x", "x ;y": "x y", "a\u202eb": "a-b",
		},
		"team={{.AccountName | slug}}/{{.RoleName}}":                   {"Acme Prod": "acme-prod/Read-Only", evil: "x-profile-evil-credential-process-rm-rf-2j/Read-Only"},
		`color={{if eq .AccountName "Prod (EU)"}}ff0000{{end}}`:        {"Prod (EU)": "ff0000", "Dev": ""},
		"note=[{{.AccountName}}]":                                      nil,
		"note=of {{.AccountName}} ({{.AccountEmail}})":                 {"a\nb": "of a-b (prod@acme.example)"},
		`note={{.AccountName | replace "a" "\n"}}`:                     {"xay": "x-y"},
		`note={{printf "%s\n%s" .AccountName .RoleName}}`:              {"x": "x-Read-Only"},
		`note={{define "x"}}{{.}}{{end}}{{template "x" .AccountName}}`: {"x\ny": "x-y"},
		"note={{slice .AccountName 0 3}}":                              {"abcd": "abc", "ab": "failed"},
	} {
		settings, err := profiles.ParseSettings([]string{text})
		if (err == nil) != (want != nil) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for name, value := range want {
			a := portal.Assignment{Account: portal.Account{ID: "012345678901", Name: name, Email: "prod@acme.example"}, Role: "Read=Only"}
			keys, failed := settings.For("okta", a)
			switch {
			case value == "failed":
				if len(keys) != 0 || len(failed) != 1 {
					t.Errorf("%s of %q: %v, %v", text, name, keys, failed)
				}
			case len(failed) > 0 || len(keys) != 1 || keys[0].Value != value:
				t.Errorf("%s of %q: %q, %v; want %q", text, name, keys, failed, value)
			}
		}
	}
}

func TestRegionRules(t *testing.T) {
	rules, err := profiles.ParseRegionRules([]string{"111111111111=eu-west-1", "a=b*=us-east-1", "!dev*=sa-east-1", "us-gov-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	for account, want := range map[portal.Account]string{
		{ID: "111111111111", Name: "dev"}:    "eu-west-1",
		{ID: "222222222222", Name: "A=b c"}:  "us-east-1",
		{ID: "333333333333", Name: "prod"}:   "sa-east-1",
		{ID: "333333333333", Name: "dev-eu"}: "us-gov-west-1",
	} {
		if got := rules.For(account); got != want {
			t.Errorf("%v: %q, want %q", account, got, want)
		}
	}
	for _, text := range []string{"", "x=", "=eu-west-1", "eu-west-1=", "nowhere", "[=eu-west-1", "eu-west-1\nx"} {
		if _, err := profiles.ParseRegionRules([]string{text}); err == nil {
			t.Errorf("%q is a rule", text)
		} else if !strings.Contains(err.Error(), "--client-region") {
			t.Errorf("%q: nobody knows what is meant by %q", text, err)
		}
	}
}
