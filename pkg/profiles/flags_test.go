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
	got, err := profiles.ParseSettings([]string{"output = json", "cli_pager=", "output=yaml", "a=b=c"})
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
	} {
		if _, err := profiles.ParseSettings([]string{text}); fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", text, err)
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
