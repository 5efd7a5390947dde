package profiles_test

import (
	"strings"
	"testing"

	"aws-sso-plugins/pkg/profiles"
)

func TestResult(t *testing.T) {
	config := sessions + ours("a okta 1 Admin region=eu-west-1 output=yaml", "old okta 2 Admin", "gone okta 3 Admin") +
		section("Dev-111111111111 okta 1 Dev region=x-y-1") + "\n[profile Ops-111111111111]\nrole_arn = x\n"
	inputs := []profiles.Input{listed("okta", "1/Admin,Dev,New,Ops", "2/Admin")}
	plan, _ := makePlan(t, config, "", inputs, options(t, "AWS_REGION", "sa-east-1", "--set", "output=json", "--prune"))

	if got, want := plan.Summary(), "1 added, 2 changed, 1 removed, 2 foreign"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	if got, want := plan.ListSummary(), "5 roles in 2 accounts, 3 with a profile"; got != want {
		t.Errorf("census %q, want %q", got, want)
	}
	if !plan.Changes() || plan.Incomplete {
		t.Errorf("changes %v incomplete %v", plan.Changes(), plan.Incomplete)
	}

	var names, news []string
	for _, r := range plan.Rows {
		names = append(names, r.Before+">"+r.After)
		if r.News() {
			news = append(news, r.Profile)
		}
	}
	same(t, "names", names, []string{"Dev-111111111111>Dev-111111111111", ">New-111111111111", ">", "a>a", ">", "old>old"})
	same(t, "news", news, []string{"New-111111111111", "Ops-111111111111", "a", "gone", "old"})

	ini, err := plan.INI()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(strings.Join([]string{
		ours("Dev-111111111111 okta 1 Dev region=x-y-1 output=json"),
		ours("New-111111111111 okta 1 New region=sa-east-1 output=json"),
		ours("a okta 1 Admin region=eu-west-1 output=json"),
		ours("old okta 2 Admin output=json"),
	}, ""), "\n")
	if string(ini) != want {
		t.Errorf("ini:\n%s\nwant:\n%s", ini, want)
	}

	if len(plan.Problems) != 1 {
		t.Errorf("problems: %q", messages(plan.Problems))
	}
	plan.DropWriting(true)
	if len(plan.Problems) != 1 || plan.Notes != nil {
		t.Error("a list of sections lacks one, and does not say so")
	}
	plan.DropWriting(false)
	if plan.Problems != nil {
		t.Error("a list speaks of names that it does not give")
	}
}

// What a person wrote into a generated profile may be nothing that every client
// reads: a list of sections lacks that one, says so, and has the others.
func TestSectionsThatCannotBeWritten(t *testing.T) {
	config := sessions + ours("a okta 1 Admin region=eu-west-1", "b okta 2 Admin", "c okta 3 Admin region=eu-west-1")
	config = strings.Replace(config, "region = eu-west-1", "region = eu-west-1 # mine", 1)
	config = strings.Replace(config, "[profile b]", `[profile "my dev"]`, 1)
	plan, _ := makePlan(t, config, "", []profiles.Input{listed("okta", "1/Admin", "2/Admin", "3/Admin")}, profiles.Options{})
	plan.DropWriting(true)
	ini, err := plan.INI()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimPrefix(ours("c okta 3 Admin region=eu-west-1"), "\n"); string(ini) != want {
		t.Errorf("ini:\n%s\nwant:\n%s", ini, want)
	}
	same(t, "problems", messages(plan.Problems), []string{
		`the section of "a" is left out: cannot write region = "eu-west-1 # mine": the Go SDK takes # and ; after a space for a comment, the AWS CLI does not`,
		`the section of "my dev" is left out: cannot write a section named "my dev": not every AWS client reads such a name | use letters, digits and _@+.%:/- only`,
	})
}

func TestEmptySummary(t *testing.T) {
	plan, _ := makePlan(t, sessions, "", nil, profiles.Options{})
	if got := plan.Summary(); got != "nothing to do" {
		t.Errorf("%q", got)
	}
	if got := plan.ListSummary(); got != "0 roles in 0 accounts, 0 with a profile" {
		t.Errorf("%q", got)
	}
}

func TestConfigThatAWSCouldNotRead(t *testing.T) {
	for name, files := range map[string][2]string{
		"config":      {sessions + "stray\n", ""},
		"credentials": {sessions, "stray\n"},
	} {
		if _, err := plan(files[0], files[1], []profiles.Input{listed("okta", "1/Admin")}); err == nil || !strings.Contains(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A region that nobody gave this run, and that a new profile cannot have, gives
// way to the session's. A profile that there is keeps its own.
func TestInheritedRegion(t *testing.T) {
	inputs := []profiles.Input{listed("okta", "1/Admin", "2/Admin")}
	const begin, end = `new profiles of "okta" have the region of its Identity Center, eu-central-1, since `, "; to set another: --client-region REGION"
	for _, tt := range []struct{ config, credentials, region, why string }{
		{config: "[default]\nregion = us-east-1 # home\n", why: `"us-east-1 # home" in config:8 is not the name of a region`},
		{config: "[default]\nregion = auto\n", why: `"auto" in config:8 is not the name of a region`},
		{config: "[default]\nregion = local\n", why: `"local" in config:8 is not the name of a region`},
		{config: "[default]\nregion = cn-north-1\n", why: `cn-north-1 in config:8 is of another partition of AWS`},
		{credentials: "[default]\nregion = \"us-east-1\"\n", why: `"\"us-east-1\"" in credentials:2 is not the name of a region`},
		{region: "x y", why: `"x y" in the environment is not the name of a region`},
		{region: "aws-global", why: `"aws-global" in the environment is not the name of a region`},
		{region: "eusc-de-east-1", why: `eusc-de-east-1 in the environment is of another partition of AWS`},
		{region: "eu-west-1 ", config: "[default]\nregion = us-east-1\n", why: `"eu-west-1 " in the environment is not the name of a region`},
	} {
		plan, out := makePlan(t, sessions+tt.config, tt.credentials, inputs, profiles.Options{Region: tt.region})
		if strings.Join(plan.Notes, "\n") != begin+tt.why+end || strings.Count(out, "Admin\nregion = eu-central-1\n") != 2 {
			t.Errorf("%+v: %q\n%s", tt, plan.Notes, out)
		}
		all := ours("a okta 1 Admin region=x", "b okta 2 Admin")
		if plan, _ := makePlan(t, sessions+tt.config+all, tt.credentials, inputs, profiles.Options{Region: tt.region}); len(plan.Notes) > 0 {
			t.Errorf("%+v: %q", tt, plan.Notes)
		}
		if plan, _ := makePlan(t, sessions+tt.config, tt.credentials, inputs, options(t, "AWS_REGION", tt.region, "--client-region", "eu-west-1")); len(plan.Notes) > 0 {
			t.Errorf("%+v: %q", tt, plan.Notes)
		}
	}
}

// All that is not ours stays, to the byte, whatever way the file is written.
func TestOtherBytesStay(t *testing.T) {
	const user = "\r\n# mine\r\n[default]\r\n  s3 =\r\n    a = b\r\n\r\n; x\r\n[preview]\r\ny: z"
	config := strings.ReplaceAll(sessions, "\n", "\r\n") + strings.ReplaceAll(ours("a okta 1 Admin", "b okta 2 Admin"), "\n", "\r\n") + user
	_, out := makePlan(t, config, "", []profiles.Input{listed("okta", "1/Admin=z", "3/Admin=n")},
		options(t, "--prune", "--name", "{{.AccountName}}", "--client-region", "eu-west-1", "--set", "output=json"))
	want := strings.ReplaceAll(sessions+ours("z okta 1 Admin"), "\n", "\r\n") + "region = eu-west-1\r\noutput = json\r\n" + user +
		strings.ReplaceAll("\n"+ours("n okta 3 Admin region=eu-west-1 output=json"), "\n", "\r\n")
	if out != want {
		t.Errorf("%q\nwant\n%q", out, want)
	}
}
