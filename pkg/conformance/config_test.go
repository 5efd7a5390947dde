//go:build conformance

package conformance

import (
	"os"
	"slices"
	"strings"
	"testing"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/idctest"
)

const handWritten = `# kept in a repository of dotfiles
[default]
region = us-east-1

[profile hand]
region=eu-west-3     
s3 =
  max_concurrent_requests = 10
  # for the slow line
  max_queue_size = 100

; the keys are in the vault
[profile vault]
credential_process = /bin/echo "a b" \# c
`

// One config that the suite and the AWS CLI edit in turns.
func TestConfigIsEditedInTurns(t *testing.T) {
	each(t, editing, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{})
		h.write(".aws/config", handWritten)
		const admin = "AdministratorAccess-111111111111"
		state := handWritten
		// turn holds that every line is still there and in its order, but for
		// those that were to change, and that these did.
		turn := func(who string, changed ...string) {
			t.Helper()
			now := h.read(".aws/config")
			if lost := lost(state, now); !slices.Equal(lost, changed) {
				t.Fatalf("after %s the lines %q are lost, want %q:\n%s", who, lost, changed, now)
			}
			state = now
		}
		same := func(who string) {
			t.Helper()
			if now := h.read(".aws/config"); now != state {
				t.Fatalf("%s has written:\n%s\nbefore:\n%s", who, now, state)
			}
		}

		h.login("okta")
		turn("sso-login")
		h.must("sso-profiles", "okta", "--client-region", "eu-west-1", "--set", "output=json")
		turn("sso-profiles")

		h.must(c.with("configure", "set", "region", "us-east-2", "--profile", admin)...)
		turn("configure set of a generated profile", "region = eu-west-1")
		h.must(c.with("configure", "set", "s3.addressing_style", "path", "--profile", "hand")...)
		h.must(c.with("configure", "set", "cli_pager", "", "--profile", admin)...)
		h.must(c.with("configure", "set", "region", "eu-west-2", "--profile", "theirs")...)
		turn("configure set of other profiles")
		h.must("sso-profiles", "okta")
		same("sso-profiles without anything new")

		if theyHaveConfigureSSO := slices.ContainsFunc(c.shows, func(d direction) bool { return d.name == theirLogin.name }); theyHaveConfigureSSO {
			h.without("aws configure sso, after sso-login", func() {
				h.configureSSO(c, "okta", "mine", false)
				turn("configure sso with our session")
				// The name that it proposes is the one that ours has.
				h.configureSSO(c, "okta", "", false)
				turn("configure sso of a generated profile", "region = us-east-2")
				h.must("sso-profiles", "okta")
				same("sso-profiles without anything new")
				h.must(c.with("configure", "set", "region", "us-east-2", "--profile", admin)...)
				state = h.read(".aws/config")
			})
			h.configureSSO(c, "second", "second-admin", true)
			turn("configure sso with a session of its own")
			h.must("sso-profiles", "okta")
			same("sso-profiles without anything new")
			h.without("the suite, after aws configure sso", func() {
				h.isValid("second")
				h.must("sso-profiles", "second", "--name", "{{.Session}}/{{.RoleName}}/{{.AccountId}}")
			})
			turn("sso-profiles of the other session")
			for _, profile := range []string{"mine", "second-admin"} {
				h.answers(c, profile, "111111111111", "AdministratorAccess")
			}
			h.must("sso-test", "mine", "second-admin")
		}

		// What is renamed keeps what the AWS CLI has set.
		h.must("sso-profiles", "okta", "--name", "{{.AccountId}}/{{.RoleName}}")
		turn("sso-profiles with other names", generatedHeaders(state, "okta")...)
		got := h.must(c.with("configure", "get", "region", "--profile", "111111111111/AdministratorAccess")...)
		if got != "us-east-2\n" {
			t.Errorf("the region that aws configure set has become %q", got)
		}
		h.must(c.with("configure", "set", "region", "ap-south-1", "--profile", "222222222222/ReadOnlyAccess")...)
		turn("configure set of a renamed profile", "region = eu-west-1")
		h.must("sso-profiles", "okta", "--account", "!333333333333", "--client-region", "eu-south-1")
		turn("sso-profiles with another region", "region = us-east-2", "region = eu-west-1", "region = eu-west-1", "region = ap-south-1")
		h.answers(c, "222222222222/ReadOnlyAccess", "222222222222", "ReadOnlyAccess")
		h.must("sso-test")
		for setting, want := range map[string]string{"s3.addressing_style": "path\n", "s3.max_queue_size": "100\n", "region": "eu-west-3\n"} {
			if got := h.must(c.with("configure", "get", setting, "--profile", "hand")...); got != want {
				t.Errorf("%s of the hand-written profile is %q, want %q", setting, got, want)
			}
		}
	})
}

// configureSSO answers the questions of aws configure sso: the first account,
// the first role. A new session is logged in to.
func (h *home) configureSSO(c *client, session, profile string, isNew bool) {
	h.t.Helper()
	x := h.terminal(c.with("configure", "sso")...)
	x.answer("SSO session name", session)
	if isNew {
		x.answer("SSO start URL", startURL)
		x.answer("SSO region", region)
		x.answer("SSO registration scopes", "")
	}
	x.answer("> Platform Production", "")
	x.answer("> AdministratorAccess", "")
	x.answer("efault client Region", "eu-west-1")
	x.answer("efault output format", "")
	x.answer("rofile name", profile)
	x.end()
}

// lost are the lines of before that after does not hold, or not in their order:
// those outside the longest common subsequence of the two.
func lost(before, after string) []string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	common := make([][]int, len(a)+1) // of a from i on and b from j on
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) {
		switch {
		case j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j < len(b) && common[i][j+1] >= common[i+1][j]:
			j++
		default:
			out = append(out, a[i])
			i++
		}
	}
	return out
}

// generatedHeaders are the headers of the sections that sso-profiles made for a
// session.
func generatedHeaders(config, session string) []string {
	var headers []string
	for section := range strings.SplitSeq(config, "\n[") {
		if strings.Contains(section, "\nmanaged_by = sso-profiles") && strings.Contains(section, "\nsso_session = "+session+"\n") {
			header, _, _ := strings.Cut(section, "\n")
			headers = append(headers, "["+header)
		}
	}
	return headers
}

// Every spelling of a section, and what it names: as the AWS CLI says and as
// the suite reads it.
func TestProfilesAreListedAlike(t *testing.T) {
	each(t, listing, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{})
		h.write(".aws/config", `[default]
region = us-east-1
[profile plain]
[profile 'my dev']
[profile "y z"]
[profile  two]
[profile	tabbed]
[profile commented] ; why
[ profile padded ]
[unprefixed]
[profiles odd]
[profile a@b+c.d%e:f/g_h-i]
[profile a#b;c=d,e(f)&g!h~i$j]
[profile a]b]
[profile a\b]
[profile o'neil]
[profile dév]
[profile]
[profile ]
[Profile cased]
[profile CASED]
[profile cased]
[preview]
[plugins]
[services local]
sts =
  endpoint_url = http://127.0.0.1:9
[sso-session okta]
sso_start_url = `+startURL+`
sso_region = `+region+`
`)
		h.write(".aws/credentials", `[default]
aws_access_key_id = AKIDEXAMPLE
[secret]
aws_access_key_id = AKIDEXAMPLE
[profile literal]
[plain]
`)
		theirs := strings.Split(strings.TrimSpace(h.must(c.with("configure", "list-profiles")...)), "\n")
		config, err := awsconfig.Load(t.Context(), h.path(".aws/config"), h.path(".aws/credentials"))
		if err != nil {
			t.Fatal(err)
		}
		var ours []string
		for _, p := range config.Profiles() {
			ours = append(ours, p.Name)
		}
		slices.Sort(theirs)
		slices.Sort(ours)
		if !slices.Equal(ours, theirs) {
			t.Errorf("aws configure list-profiles has %q\nthe suite reads %q", theirs, ours)
		}
		shown := strings.Split(strings.TrimSpace(h.run("sso-test", "--all", "-o", "name").stdout), "\n")
		slices.Sort(shown)
		if !slices.Equal(shown, theirs) {
			t.Errorf("aws configure list-profiles has %q\nsso-test --all shows %q", theirs, shown)
		}
	})
}

// The suite refuses exactly the files that the AWS CLI cannot read.
func TestSameFilesAreRefused(t *testing.T) {
	const good = "[profile x]\nregion = us-east-1\n"
	files := map[string]string{
		"nothing":                      "",
		"only a comment":               "# nothing\n",
		"duplicate section":            good + good,
		"duplicate section by quotes":  good + "[profile 'x']\nregion = us-east-1\n",
		"duplicate key":                good + "region = us-east-2\n",
		"duplicate key by case":        good + "REGION = us-east-2\n",
		"stray line":                   good + "stray\n",
		"stray line, indented":         good + "  stray\n",
		"key before any section":       "region = us-east-1\n" + good,
		"section without a name":       "[]\n" + good,
		"header without an end":        "[profile x\nregion = us-east-1\n",
		"nothing nested":               "[profile x]\ns3 =\n  not a pair\n",
		"nested":                       "[profile x]\ns3 =\n  a = b\n",
		"byte order mark":              "\ufeff" + good,
		"carriage returns":             strings.ReplaceAll(good, "\n", "\r\n"),
		"carriage returns alone":       strings.ReplaceAll(good, "\n", "\r"),
		"colon":                        "[profile x]\nREGION: us-east-1\n",
		"key without a name":           good + "= value\n",
		"deeper":                       good + "    output = json\n",
		"indented all over":            "  [profile x]\n  region = us-east-1\n",
		"default twice":                "[default]\nregion = us-east-1\n[profile default]\nregion = us-east-2\n",
		"default in capitals":          "[DEFAULT]\nregion = us-east-1\n" + good,
		"percent":                      good + "output = %(region)s\n",
		"not UTF-8":                    good + "output = \xff\n",
		"NUL":                          good + "output = \x00\n",
		"session without a name":       "[sso-session ]\nsso_region = us-east-1\n" + good,
		"form feed":                    good + "\f\noutput = json\n",
		"no newline at the end":        strings.TrimSuffix(good, "\n"),
		"comment between nested lines": "[profile x]\ns3 =\n  a = b\n# c\n  d = e\n",
	}
	each(t, listing, func(t *testing.T, c *client) {
		h := newHome(t, c, idctest.Config{})
		for name, text := range files {
			h.write(".aws/config", text)
			theirs := h.run(c.with("configure", "list-profiles")...)
			ours := h.run("sso-test", "--all", "-o", "name")
			if refused := ours.status == 2; refused != (theirs.status != 0) {
				t.Errorf("%s: aws exits %d and says %q, sso-test exits %d and says %q",
					name, theirs.status, theirs.stderr, ours.status, ours.stderr)
			}
			if err := os.Remove(h.path(".aws/config")); err != nil {
				t.Fatal(err)
			}
		}
	})
}
