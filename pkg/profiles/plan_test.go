package profiles_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/portal"
	"aws-sso-plugins/pkg/profiles"
)

// sessions are two [sso-session] sections, okta and corp.
const sessions = `[sso-session okta]
sso_start_url = https://okta.awsapps.com/start
sso_region = eu-central-1
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-west-2
`

// section is a profile: "NAME SESSION ACCOUNT ROLE [KEY=VALUE ...]". ours adds
// the mark to it.
func section(text string) string {
	f := strings.Fields(text)
	s := fmt.Sprintf("\n[profile %s]\nsso_session = %s\nsso_account_id = %s\nsso_role_name = %s\n", f[0], f[1], id(f[2]), f[3])
	for _, kv := range f[4:] {
		s += strings.Replace(kv, "=", " = ", 1) + "\n"
	}
	return s
}

func ours(texts ...string) string {
	s := ""
	for _, text := range texts {
		s += section(text) + "managed_by = sso-profiles\n"
	}
	return s
}

// id is a short account id made long: "1" is 111111111111.
func id(short string) string {
	if len(short) == 1 {
		return strings.Repeat(short, 12)
	}
	return short
}

// listed is an input: "ACCOUNT/ROLE[,ROLE...][=NAME]" for each account.
func listed(session string, accounts ...string) profiles.Input {
	in := profiles.Input{
		Session: portal.Session{Name: session, StartURL: "https://" + session + ".awsapps.com/start", Region: "eu-central-1"},
		Listing: &portal.Listing{},
	}
	if session == "corp" {
		in.Session.Region = "us-west-2"
	}
	for _, text := range accounts {
		text, name, named := strings.Cut(text, "=")
		account, roles, _ := strings.Cut(text, "/")
		a := portal.Account{ID: id(account), Name: name, Email: name + "@example.com"}
		if !named {
			a.Name = a.ID
		}
		in.Listing.Accounts++
		in.Listing.Named = append(in.Listing.Named, a)
		for role := range strings.SplitSeq(roles, ",") {
			if role != "" {
				in.Listing.Assignments = append(in.Listing.Assignments, portal.Assignment{Account: a, Role: strings.ReplaceAll(role, "~", "=")})
			}
		}
	}
	return in
}

// unlisted is in without an account that could not be listed.
func unlisted(in profiles.Input, account string) profiles.Input {
	a := portal.Account{ID: id(account), Name: "Name of " + account}
	in.Listing.Named = append(in.Listing.Named, a)
	in.Listing.Unlisted = append(in.Listing.Unlisted, portal.Unlisted{
		Account: a, Err: fault.New(fault.Denied, "cannot list the roles", "403"),
	})
	return in
}

func options(t *testing.T, args ...string) profiles.Options {
	t.Helper()
	var o profiles.Options
	var accounts, roles, regions, settings []string
	for i := 0; i < len(args); i++ {
		value := func() string { i++; return args[i] }
		var err error
		switch args[i] {
		case "--name":
			o.Template, err = profiles.ParseTemplate(value())
		case "--account":
			accounts = append(accounts, value())
		case "--role":
			roles = append(roles, value())
		case "--client-region":
			regions = append(regions, value())
		case "--set":
			settings = append(settings, value())
		case "--prune-limit":
			o.PruneLimit, err = profiles.ParseLimit(value())
		case "AWS_REGION":
			o.Region = value()
		case "--prune":
			o.Prune = true
		case "--overwrite":
			o.Overwrite = true
		default:
			t.Fatalf("unknown option %q", args[i])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var errs [4]error
	o.Filter.Accounts, errs[0] = profiles.ParseGlobs("--account", accounts)
	o.Filter.Roles, errs[1] = profiles.ParseGlobs("--role", roles)
	o.Regions, errs[2] = profiles.ParseRegionRules(regions)
	o.Settings, errs[3] = profiles.ParseSettings(settings)
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return o
}

// rows are "STATE [WAS -> ]PROFILE", with "(none)" where the file has no
// profile for a listed assignment after the run.
func rows(plan *profiles.Plan) []string {
	var texts []string
	for _, r := range plan.Rows {
		text := string(r.State) + " "
		if r.Was() != "" {
			text += r.Was() + " -> "
		}
		text += r.Profile
		if r.Listed() && r.After == "" {
			text += " (none)"
		}
		texts = append(texts, text)
	}
	return texts
}

var quotedName = regexp.MustCompile(`--name '([^']*)'`)

// quotedHere returns texts with the templates in them quoted for this system's
// shells.
func quotedHere(texts []string) []string {
	var quoted []string
	for _, text := range texts {
		quoted = append(quoted, quotedName.ReplaceAllStringFunc(text, func(flag string) string {
			return "--name " + fault.Word(quotedName.FindStringSubmatch(flag)[1])
		}))
	}
	return quoted
}

func messages(errs []error) []string {
	var texts []string
	for _, err := range errs {
		text := err.Error()
		if hint := fault.HintOf(err); hint != "" {
			text += " | " + hint
		}
		texts = append(texts, text)
	}
	return texts
}

func plan(config, credentials string, inputs []profiles.Input, o ...profiles.Options) (*profiles.Plan, error) {
	merged := awsconfig.Merge(
		awsconfig.Parse("config", awsconfig.ConfigFile, []byte(config)),
		awsconfig.Parse("credentials", awsconfig.CredentialsFile, []byte(credentials)))
	return profiles.Make(merged, inputs, append(o, profiles.Options{})[0])
}

func makePlan(t *testing.T, config, credentials string, inputs []profiles.Input, o profiles.Options) (*profiles.Plan, string) {
	t.Helper()
	plan, err := plan(config, credentials, inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	out, err := plan.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return plan, string(out)
}

func TestPlan(t *testing.T) {
	one := ours("Admin-111111111111 okta 1 Admin region=eu-central-1")
	for name, tt := range map[string]struct {
		config      string // beside the sessions
		credentials string
		inputs      []profiles.Input
		options     []string

		rows     []string
		diff     []string // without the header; nil: any that there is
		gaps     []string
		problems []string
		notes    []string
		remarks  []string
	}{
		"a new profile": {
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"AWS_REGION", "sa-east-1"},
			rows:    []string{"added Admin-111111111111"},
			diff: []string{
				"@@ -6,0 +7,7 @@", "+", "+[profile Admin-111111111111]", "+sso_session = okta", "+sso_account_id = 111111111111",
				"+sso_role_name = Admin", "+region = sa-east-1", "+managed_by = sso-profiles",
			},
		},
		"nothing new": {
			config: one,
			inputs: []profiles.Input{listed("okta", "1/Admin")},
			rows:   []string{"unchanged Admin-111111111111"},
			diff:   []string{},
		},
		"region of [default]": {
			config:  "[default]\nregion = ap-south-1\n",
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			rows:    []string{"added Admin-111111111111"},
			diff:    nil,
			remarks: nil,
		},
		"region of the session": {
			inputs: []profiles.Input{listed("okta", "1/Admin,Dev"), listed("corp", "2/Admin")},
			rows:   []string{"added Admin-111111111111", "added Admin-222222222222", "added Dev-111111111111"},
			remarks: []string{
				`new profiles of "okta" have the region of its Identity Center, eu-central-1; to set another: --client-region REGION`,
				`new profiles of "corp" have the region of its Identity Center, us-west-2; to set another: --client-region REGION`,
			},
		},
		"regions by rule": {
			config:  ours("a okta 1 Admin region=eu-central-1", "b okta 2 Admin region=eu-central-1", "c okta 3 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=Prod EU", "2/Admin=Dev", "3/Admin=Prod US")},
			options: []string{"--client-region", "prod e*=eu-west-1", "--client-region", "PROD*=us-east-1"},
			rows:    []string{"changed a", "unchanged b", "changed c"},
			diff: []string{
				"@@ -12,1 +12,1 @@ [profile a]", "-region = eu-central-1", "+region = eu-west-1",
				"@@ -26,0 +27,1 @@ [profile c]", "+region = us-east-1",
			},
		},
		"a run without flags keeps names and hand edits": {
			config: ours("mine okta 1 Admin region=us-east-1 output=yaml cli_pager="),
			inputs: []profiles.Input{listed("okta", "1/Admin")},
			rows:   []string{"unchanged mine"},
			diff:   []string{},
		},
		"flags hold for every profile": {
			config:  ours("mine okta 1 Admin region=us-east-1 output=yaml cli_pager=less"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=Prod")},
			options: []string{"--name", "{{.AccountName | slug}}", "--set", "output=json", "--set", "cli_pager="},
			rows:    []string{"renamed mine -> prod"},
			diff: []string{
				"@@ -8,1 +8,1 @@", "-[profile mine]", "+[profile prod]",
				"@@ -13,2 +13,1 @@ [profile mine]", "-output = yaml", "-cli_pager = less", "+output = json",
			},
		},
		"names are swapped": {
			config:  ours("a okta 1 Admin", "b okta 2 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=b", "2/Admin=a")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"renamed b -> a", "renamed a -> b"},
		},
		"names go round": {
			config:  ours("a okta 1 Admin", "b okta 2 Admin", "c okta 3 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=b", "2/Admin=c", "3/Admin=a")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"renamed c -> a", "renamed a -> b", "renamed b -> c"},
		},
		"a name changes its case": {
			config:  ours("Prod okta 1 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=prod")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"renamed Prod -> prod"},
		},
		"who stays blocks who was to follow": {
			config:  ours("a okta 1 Admin", "b okta 2 Admin", "c okta 3 Admin") + "\n[profile d]\nregion = x\n",
			inputs:  []profiles.Input{listed("okta", "1/Admin=b", "2/Admin=c", "3/Admin=d", "4/Admin=a")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"unchanged a", "foreign a (none)", "unchanged b", "unchanged c"},
			problems: []string{
				`"c" was not renamed to "d": the profile "d" in config:26 was not made by sso-profiles | set another --name, or take it over with --overwrite`,
				`"b" was not renamed to "c": the profile "c" in config:20 is for "Admin" in 333333333333 | a template that tells them apart: --name '{{.AccountName}}-{{.AccountId}}'`,
				`"a" was not renamed to "b": the profile "b" in config:14 is for "Admin" in 222222222222 | a template that tells them apart: --name '{{.AccountName}}-{{.AccountId}}'`,
				`no profile was made for "Admin" in 444444444444 ("a"): the profile "a" in config:8 is for "Admin" in 111111111111 | a template that tells them apart: --name '{{.AccountName}}-{{.AccountId}}'`,
			},
		},
		"several of one identity: the planned name is ours": {
			config:  ours("x okta 1 Admin", "Admin-111111111111 okta 1 Admin", "y okta 1 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"--set", "output=json"},
			rows:    []string{"changed Admin-111111111111", "unchanged x", "unchanged y"},
			diff:    []string{"@@ -18,0 +19,1 @@ [profile Admin-111111111111]", "+output = json"},
		},
		"several of one identity: else the first": {
			config:  ours("x okta 1 Admin", "y okta 1 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=Z")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"renamed x -> Z", "unchanged y"},
		},
		"two accounts of one name": {
			inputs:  []profiles.Input{listed("okta", "1/Admin=Prod", "2/Admin=Prod", "3/Admin=Dev")},
			options: []string{"--name", "{{.AccountName}}", "AWS_REGION", "eu-west-1"},
			rows:    []string{"added Dev", "foreign Prod (none)", "foreign Prod (none)"},
			problems: []string{
				`several assignments would be named "Prod"; skipped: "Admin" in 111111111111 ("Prod"), "Admin" in 222222222222 ("Prod") | a template that tells them apart: --name '{{.AccountName}}-{{.AccountId}}'`,
			},
		},
		"names alike after cleaning, and but for case": {
			inputs:  []profiles.Input{listed("okta", "1/Admin=a b", "2/Admin=a_b", "3/Admin=a/b", "4/Admin=a#b", "5/Admin=X", "6/Admin=x")},
			options: []string{"--name", "{{.AccountName}}-{{.RoleName}}", "AWS_REGION", "eu-west-1"},
			rows: []string{
				"foreign X-Admin (none)", "foreign a-b-Admin (none)", "foreign a-b-Admin (none)", "added a/b-Admin", "added a_b-Admin", "foreign x-Admin (none)",
			},
			problems: []string{
				`several assignments would be named "a-b-Admin"; skipped: "Admin" in 111111111111 ("a b"), "Admin" in 444444444444 ("a#b")`,
				`several assignments would be named "x-Admin"; skipped: "Admin" in 555555555555 ("X"), "Admin" in 666666666666 ("x") | a template that tells them apart: --name '{{.AccountName}}-{{.RoleName}}-{{.AccountId}}'`,
			},
		},
		"one name in two sessions": {
			inputs:  []profiles.Input{listed("okta", "1/Admin"), listed("corp", "1/Admin,Dev")},
			options: []string{"AWS_REGION", "eu-west-1"},
			rows:    []string{"foreign Admin-111111111111 (none)", "foreign Admin-111111111111 (none)", "added Dev-111111111111"},
			problems: []string{
				`several assignments would be named "Admin-111111111111"; skipped: "Admin" in 111111111111 ("111111111111") of "okta", "Admin" in 111111111111 ("111111111111") of "corp" | a template that tells them apart: --name '{{.Session}}-{{.RoleName}}-{{.AccountId}}'`,
			},
		},
		"roles that only differ in what no name holds": {
			inputs:  []profiles.Input{listed("okta", "1/a~b,a+b,a-b")},
			options: []string{"AWS_REGION", "eu-west-1"},
			rows:    []string{"added a+b-111111111111", "foreign a-b-111111111111 (none)", "foreign a-b-111111111111 (none)"},
			problems: []string{
				`several assignments would be named "a-b-111111111111"; skipped: "a=b" in 111111111111 ("111111111111"), "a-b" in 111111111111 ("111111111111") | a template that tells them apart: --name '{{.RoleName | replace "=" "%3D" | replace "," "%2C"}}-{{.AccountId}}'`,
			},
		},
		"who has the name keeps it": {
			config:  ours("Prod okta 1 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=Prod", "2/Admin=PROD")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"foreign PROD (none)", "unchanged Prod"},
			problems: []string{
				`no profile was made for "Admin" in 222222222222 ("PROD"): the profile "Prod" in config:8 is for "Admin" in 111111111111 | a template that tells them apart: --name '{{.AccountName}}-{{.AccountId}}'`,
			},
		},
		"names that a person made alike are no trouble": {
			config: ours("Prod okta 1 Admin", "prod okta 2 Admin"),
			inputs: []profiles.Input{listed("okta", "1/Admin", "2/Admin")},
			rows:   []string{"unchanged Prod", "unchanged prod"},
			diff:   []string{},
		},
		"a profile of a session that is not at hand": {
			config:  ours("Admin-111111111111 corp 1 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"--prune", "--overwrite", "AWS_REGION", "eu-west-1"},
			rows:    []string{"foreign Admin-111111111111 (none)"},
			diff:    []string{},
			problems: []string{
				`no profile was made for "Admin" in 111111111111 ("111111111111"): the profile "Admin-111111111111" in config:8 is for "Admin" in 111111111111 | a template that tells them apart: --name '{{.Session}}-{{.RoleName}}-{{.AccountId}}'`,
			},
		},
		"a twin": {
			config: section("Admin-111111111111 okta 1 Admin region=x-y-1"),
			inputs: []profiles.Input{listed("okta", "1/Admin")},
			rows:   []string{"foreign Admin-111111111111"},
			diff:   []string{},
		},
		"a twin in the old form": {
			config: "[profile Admin-111111111111]\nsso_start_url = https://okta.awsapps.com/start/#/\nsso_region = eu-central-1\nsso_account_id = 111111111111\nsso_role_name = Admin\n",
			inputs: []profiles.Input{listed("okta", "1/Admin")},
			rows:   []string{"foreign Admin-111111111111"},
			diff:   []string{},
		},
		"a twin in the credentials file": {
			credentials: "[Admin-111111111111]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = Admin\n",
			inputs:      []profiles.Input{listed("okta", "1/Admin")},
			rows:        []string{"foreign Admin-111111111111"},
			diff:        []string{},
		},
		"a twin of the new name": {
			config:  ours("a okta 1 Admin") + section("b okta 1 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=b")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"unchanged a"},
			diff:    []string{},
		},
		"a name that was to be given up for that of a twin": {
			config:  ours("a okta 1 Admin") + section("b okta 1 Admin"),
			inputs:  []profiles.Input{listed("okta", "2/Admin=a", "1/Admin=b")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"foreign a (none)", "unchanged a"},
			diff:    []string{},
			problems: []string{
				`no profile was made for "Admin" in 222222222222 ("a"): the profile "a" in config:8 is for "Admin" in 111111111111 | a template that tells them apart: --name '{{.AccountName}}-{{.AccountId}}'`,
			},
		},
		"a twin among rivals": {
			config:  section("Prod okta 1 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=Prod", "2/Admin=Prod")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"foreign Prod", "foreign Prod (none)"},
			diff:    []string{},
			problems: []string{
				`several assignments would be named "Prod"; skipped: "Admin" in 222222222222 ("Prod") | a template that tells them apart: --name '{{.AccountName}}-{{.AccountId}}'`,
			},
		},
		"a hand-written profile": {
			config:   "[profile Admin-111111111111]\naws_access_key_id = AKIA\n",
			inputs:   []profiles.Input{listed("okta", "1/Admin")},
			rows:     []string{"foreign Admin-111111111111 (none)"},
			diff:     []string{},
			problems: []string{`no profile was made for "Admin" in 111111111111 ("111111111111"): the profile "Admin-111111111111" in config:7 was not made by sso-profiles | set another --name, or take it over with --overwrite`},
		},
		"a hand-written profile in the credentials file": {
			credentials: "[x]\n[Admin-111111111111]\naws_access_key_id = AKIA\n",
			inputs:      []profiles.Input{listed("okta", "1/Admin")},
			options:     []string{"--overwrite"},
			rows:        []string{"foreign Admin-111111111111 (none)"},
			diff:        []string{},
			problems:    []string{`no profile was made for "Admin" in 111111111111 ("111111111111"): the profile "Admin-111111111111" in credentials:2 was not made by sso-profiles | rename that profile, or set another --name`},
		},
		"a generated profile that the credentials file covers": {
			config:      one,
			credentials: "[Admin-111111111111]\naws_access_key_id = AKIA\nregion = x\n",
			inputs:      []profiles.Input{listed("okta", "1/Admin")},
			options:     []string{"--client-region", "eu-central-1"},
			rows:        []string{"unchanged Admin-111111111111"},
			diff:        []string{},
			problems:    []string{`the profile "Admin-111111111111" for "Admin" in 111111111111 ("111111111111") has other credentials: credentials:1 has a profile of that name, too | rename that one, or set another --name`},
		},
		"a generated profile that its twin in the credentials file covers": {
			config:      one,
			credentials: "[Admin-111111111111]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = Admin\n",
			inputs:      []profiles.Input{listed("okta", "1/Admin")},
			rows:        []string{"unchanged Admin-111111111111"},
			diff:        []string{},
		},
		"a name that was to be given up, and is not": {
			config:  ours("a okta 1 Admin") + "\n[profile b]\nrole_arn = x\n",
			inputs:  []profiles.Input{listed("okta", "2/Admin=a", "1/Admin=b")},
			options: []string{"--name", "{{.AccountName}}"},
			rows:    []string{"foreign a (none)", "unchanged a"},
			diff:    []string{},
			problems: []string{
				`"a" was not renamed to "b": the profile "b" in config:14 was not made by sso-profiles | set another --name, or take it over with --overwrite`,
				`no profile was made for "Admin" in 222222222222 ("a"): the profile "a" in config:8 is for "Admin" in 111111111111 | a template that tells them apart: --name '{{.AccountName}}-{{.AccountId}}'`,
			},
		},
		"a name that is given up, but not in the credentials file": {
			config:      ours("a okta 1 Admin"),
			credentials: "[a]\nregion = x\n",
			inputs:      []profiles.Input{listed("okta", "1/Admin=b", "2/Admin=a")},
			options:     []string{"--name", "{{.AccountName}}"},
			rows:        []string{"foreign a (none)", "renamed a -> b"},
			problems:    []string{`no profile was made for "Admin" in 222222222222 ("a"): the profile "a" in credentials:1 was not made by sso-profiles | rename that profile, or set another --name`},
		},
		"--overwrite": {
			config:  "[profile Admin-111111111111]\naws_access_key_id = AKIA\naws_secret_access_key = hush\ns3 =\n  a = b\n# comment\n",
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"--overwrite", "AWS_REGION", "eu-west-1"},
			rows:    []string{"changed Admin-111111111111"},
			diff: []string{
				"@@ -8,4 +8,5 @@ [profile Admin-111111111111]", "-aws_access_key_id = AKIA", "-aws_secret_access_key = (not shown)", "-s3 =", "-  a = b",
				"+sso_session = okta", "+sso_account_id = 111111111111", "+sso_role_name = Admin", "+region = eu-west-1", "+managed_by = sso-profiles",
			},
		},
		"--overwrite takes twins over, too": {
			config:  section("Admin-111111111111 okta 1 Admin region=x-y-1"),
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"--overwrite", "AWS_REGION", "eu-west-1"},
			rows:    []string{"changed Admin-111111111111"},
			diff:    []string{"@@ -12,1 +12,2 @@ [profile Admin-111111111111]", "-region = x-y-1", "+region = eu-west-1", "+managed_by = sso-profiles"},
		},
		"--overwrite and a rename keep the keys of ours": {
			config:  ours("a okta 1 Admin output=yaml") + "\n[profile b]\nrole_arn = x\n",
			inputs:  []profiles.Input{listed("okta", "1/Admin=b")},
			options: []string{"--overwrite", "--name", "{{.AccountName}}"},
			rows:    []string{"renamed a -> b"},
			diff:    []string{"@@ -8,1 +8,1 @@", "-[profile a]", "+[profile b]", "@@ -14,3 +13,0 @@", "-", "-[profile b]", "-role_arn = x"},
		},
		"--prune": {
			config:  ours("a okta 1 Admin", "b okta 2 Admin") + section("hand okta 3 Admin") + ours("c corp 4 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"--prune"},
			rows:    []string{"unchanged a", "removed b"},
			diff: []string{
				"@@ -14,6 +13,0 @@", "-[profile b]", "-sso_session = okta", "-sso_account_id = 222222222222", "-sso_role_name = Admin",
				"-managed_by = sso-profiles", "-",
			},
		},
		"--prune of what an account's name picks": {
			config:  ours("a okta 1 Admin", "b okta 1 Dev", "c okta 2 Dev"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=Prod", "2/Admin=Test")},
			options: []string{"--prune", "--account", "Prod"},
			rows:    []string{"unchanged a", "removed b"},
		},
		"a name that --prune frees": {
			config:  ours("x okta 1 Admin", "y okta 2 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin=y")},
			options: []string{"--prune", "--name", "{{.AccountName}}"},
			rows:    []string{"removed y", "renamed x -> y"},
		},
		"without --prune": {
			config:  ours("a okta 1 Admin", "b okta 2 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			rows:    []string{"unchanged a", "unlisted b"},
			diff:    []string{},
			remarks: []string{`"okta" keeps 1 profile without an assignment; to remove what is gone: --prune`},
		},
		"the prune limit": {
			config:  ours("a okta 1 A", "b okta 1 B", "c okta 1 C", "d okta 1 D"),
			inputs:  []profiles.Input{listed("okta", "2/Admin")},
			options: []string{"--prune", "AWS_REGION", "eu-west-1"},
			rows:    []string{"added Admin-222222222222", "unlisted a", "unlisted b", "unlisted c", "unlisted d"},
			problems: []string{
				`nothing of "okta" was removed: 4 of its 4 profiles lost their assignment, and the limit is 3 | to remove them: --prune --prune-limit 4`,
			},
			notes: []string{`new profiles are named {{.RoleName}}-{{.AccountId}}, others of "okta" are not; to name all alike: --name TEMPLATE`},
		},
		"the prune limit as a percentage": {
			config:   ours("a okta 1 A", "b okta 1 B"),
			inputs:   []profiles.Input{listed("okta", "1/B")},
			options:  []string{"--prune", "--prune-limit", "49%"},
			rows:     []string{"unlisted a", "unchanged b"},
			diff:     []string{},
			problems: []string{`nothing of "okta" was removed: 1 of its 2 profiles lost their assignment, and the limit is 0 | to remove them: --prune --prune-limit 1`},
		},
		"the prune limit is one session's": {
			config:  ours("a okta 1 A", "b okta 1 B", "c okta 1 C", "d okta 1 D", "e corp 1 E"),
			inputs:  []profiles.Input{listed("okta", "1/X"), listed("corp", "1/Y")},
			options: []string{"--prune", "AWS_REGION", "eu-west-1", "--name", "{{.RoleName}}"},
			rows:    []string{"added X", "added Y", "unlisted a", "unlisted b", "unlisted c", "unlisted d", "removed e"},
			problems: []string{
				`nothing of "okta" was removed: 4 of its 4 profiles lost their assignment, and the limit is 3 | to remove them: --prune --prune-limit 4`,
			},
		},
		"a filter never makes an assignment gone": {
			config:  ours("a okta 1 Admin", "b okta 2 Admin", "c okta 2 Dev", "d okta 3 Admin"),
			inputs:  []profiles.Input{listed("okta", "1/Admin", "2/Admin=Two")},
			options: []string{"--prune", "--account", "2*", "--set", "output=json"},
			rows:    []string{"changed b", "removed c"},
		},
		"a filter by name, and by exclusion": {
			inputs:  []profiles.Input{listed("okta", "1/Admin,Dev=Prod A", "2/Admin,Dev=Prod B", "3/Admin=Other")},
			options: []string{"--account", "prod*", "--account", "!*b", "--role", "!DEV", "AWS_REGION", "eu-west-1"},
			rows:    []string{"added Admin-111111111111"},
		},
		"a filter that nothing passes": {
			config:  one,
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"--account", "9"},
			rows:    nil,
			diff:    []string{},
			gaps:    []string{`no account of "okta" matches --account "9": 1 listed | to see them: sso-profiles okta --list`},
		},
		"an account that could not be listed": {
			config:  ours("a okta 1 Admin", "b okta 2 Admin", "c okta 3 Admin", "d corp 1 Admin", "e corp 2 Admin"),
			inputs:  []profiles.Input{unlisted(listed("okta", "1/Admin"), "2"), listed("corp", "1/Admin")},
			options: []string{"--prune"},
			rows:    []string{"unchanged a", "unlisted b", "unlisted c", "unchanged d", "removed e"},
			gaps:    []string{`account 222222222222 ("Name of 2") was not listed and keeps its profiles: cannot list the roles: 403`},
			notes:   []string{`nothing of "okta" was removed, because its listing is incomplete`},
		},
		"an empty listing": {
			config:  one,
			inputs:  []profiles.Input{listed("okta")},
			options: []string{"--prune", "--prune-limit", "100%"},
			rows:    []string{"unlisted Admin-111111111111"},
			diff:    []string{},
			gaps:    []string{`the portal lists no accounts for "okta": it keeps its 1 profile`},
		},
		"an empty listing for a new session": {
			inputs: []profiles.Input{listed("okta")},
			diff:   []string{},
			gaps:   []string{`the portal lists no accounts for "okta"`},
		},
		"source_profile keeps a profile from being removed or renamed": {
			config:      ours("a okta 1 Admin", "b okta 2 Admin") + "\n[profile chain]\nsource_profile = a\n",
			credentials: "[other]\nsource_profile = b\n",
			inputs:      []profiles.Input{listed("okta", "2/Admin=z")},
			options:     []string{"--prune", "--name", "{{.AccountName}}", "--set", "output=json"},
			rows:        []string{"unlisted a", "changed b"},
			problems: []string{
				`"a" was not removed: profile "chain" names it as its source_profile`,
				`"b" was not renamed to "z": profile "other" names it as its source_profile`,
			},
		},
		"the session was removed in the meantime": {
			inputs: []profiles.Input{{Session: portal.Session{Name: "gone"}, Listing: listed("okta", "1/Admin").Listing}},
			diff:   []string{},
			gaps:   []string{`nothing was done for "gone": [sso-session gone] was changed in the meantime | run: sso-profiles gone`},
		},
		"a mark without an identity": {
			config:  "[profile odd]\nsso_session = okta\nmanaged_by = sso-profiles\n",
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"--prune", "AWS_REGION", "eu-west-1"},
			rows:    []string{"added Admin-111111111111"},
		},
		"default is no name": {
			config:   ours("a okta 1 Admin"),
			inputs:   []profiles.Input{listed("okta", "1/Admin=DeFault", "2/Admin=default")},
			options:  []string{"--name", "{{.AccountName}}"},
			rows:     []string{"foreign  (none)", "unchanged a"},
			diff:     []string{},
			problems: []string{`the name template "{{.AccountName}}" leaves no usable name for "Admin" in 111111111111 ("DeFault"), "Admin" in 222222222222 ("default") | a template that always works: --name '{{.RoleName}}-{{.AccountId}}'`},
		},
		"names without a letter or digit": {
			inputs:  []profiles.Input{listed("okta", "1/Admin=. -", "2/Admin=人事", "3/Admin=_", "4/Admin=[x]")},
			options: []string{"--name", "{{.AccountName}}.{{.RoleName}}", "AWS_REGION", "eu-west-1"},
			rows:    []string{"added 111111111111.Admin", "added 222222222222.Admin", "added 333333333333.Admin", "added x.Admin"},
		},
		"a template that some name is too short for": {
			inputs:   []profiles.Input{listed("okta", "1/Admin=ab", "2/Admin=abcd")},
			options:  []string{"--name", "{{slice .AccountName 0 3}}", "AWS_REGION", "eu-west-1"},
			rows:     []string{"foreign  (none)", "added abc"},
			problems: []string{`no name was made for "Admin" in 111111111111 ("ab"): --name "{{slice .AccountName 0 3}}": at character 3, "slice .AccountName 0 3": error calling slice: index out of range: 3 | a template that always works: --name '{{.RoleName}}-{{.AccountId}}'`},
		},
		"most of the session's others are named otherwise": {
			config:  ours("a okta 1 A", "b okta 1 B", "C-111111111111 okta 1 C", "D-111111111111 corp 1 D"),
			inputs:  []profiles.Input{listed("okta", "1/A,B,C,E"), listed("corp", "1/D,F")},
			options: []string{"AWS_REGION", "eu-west-1"},
			rows:    []string{"unchanged C-111111111111", "unchanged D-111111111111", "added E-111111111111", "added F-111111111111", "unchanged a", "unchanged b"},
			notes:   []string{`new profiles are named {{.RoleName}}-{{.AccountId}}, others of "okta" are not; to name all alike: --name TEMPLATE`},
		},
		"a section that only the Go SDK reads as the profile": {
			config:   "[ profile Admin-111111111111 ]\nregion = x\n",
			inputs:   []profiles.Input{listed("okta", "1/Admin,Dev")},
			options:  []string{"AWS_REGION", "eu-west-1"},
			rows:     []string{"foreign Admin-111111111111 (none)", "added Dev-111111111111"},
			problems: []string{`no profile was made for "Admin" in 111111111111 ("111111111111"): cannot write a second profile "Admin-111111111111": line 7 of config is one to the Go SDK, though not to the AWS CLI | correct or remove that section`},
		},
		"a generated profile that stands twice": {
			config:   "[profile  a]\nx = y\n" + ours("a okta 1 Admin", "b okta 2 Admin"),
			inputs:   []profiles.Input{listed("okta", "1/Admin", "2/Admin")},
			options:  []string{"--set", "output=json"},
			rows:     []string{"unchanged a", "changed b"},
			problems: []string{`"a" was left as it is: cannot edit profile "a": it stands twice in config, in line 7 and line 10 | make the two sections one`},
		},
		"a key to remove that only [DEFAULT] has": {
			config:  one + "[DEFAULT]\noutput = json\n",
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"--set", "output="},
			rows:    []string{"unchanged Admin-111111111111"},
			diff:    []string{},
		},
		"a key to remove that only [DEFAULT] has, beside a change": {
			config:  one + "[DEFAULT]\noutput = json\n",
			inputs:  []profiles.Input{listed("okta", "1/Admin,Dev")},
			options: []string{"--set", "output=", "AWS_REGION", "eu-west-1"},
			rows:    []string{"unchanged Admin-111111111111", "added Dev-111111111111"},
		},
		"a mark that only [DEFAULT] has": {
			config:  section("mine okta 2 Admin") + section("Admin-111111111111 okta 1 Admin") + "[DEFAULT]\nmanaged_by = sso-profiles\n",
			inputs:  []profiles.Input{listed("okta", "1/Admin")},
			options: []string{"--prune", "--set", "output=json"},
			rows:    []string{"foreign Admin-111111111111"},
			diff:    []string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := sessions + tt.config
			plan, out := makePlan(t, config, tt.credentials, tt.inputs, options(t, tt.options...))
			diff := plan.Diff("config")
			if len(diff) > 2 {
				diff = diff[2:]
			}
			same(t, "rows", rows(plan), tt.rows)
			if tt.diff != nil {
				same(t, "diff", diff, tt.diff)
			}
			same(t, "gaps", messages(plan.Gaps), quotedHere(tt.gaps))
			same(t, "problems", messages(plan.Problems), quotedHere(tt.problems))
			same(t, "notes", plan.Notes, tt.notes)
			if !slices.Contains(tt.options, "AWS_REGION") {
				same(t, "remarks", plan.Remarks, tt.remarks)
			}
			if plan.Changes() != (out != config) {
				t.Errorf("Changes() is %v", plan.Changes())
			}
		})
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
