package awsconfig_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
)

type profiles = map[string]map[string]any

func parse(config string) *awsconfig.Config {
	return awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, []byte(config)), nil)
}

// TestReading has an entry for each input that AWS clients read in different
// ways: whose reading it is, why, and what lint says.
func TestReading(t *testing.T) {
	for _, tc := range []struct {
		name     string // the input, and whose reading is taken
		why      string
		in       string
		want     profiles
		problems []string // "line: text" or the beginning of it; "!" before a fatal one
	}{
		{
			"plain", "all clients agree",
			"[default]\nregion = r1\n\n[profile a]\nregion=r2\n",
			profiles{"default": {"region": "r1"}, "a": {"region": "r2"}}, nil,
		},
		{
			"carriage returns before line feeds", "all clients agree",
			"[profile a]\r\nregion = r\r\n",
			profiles{"a": {"region": "r"}}, nil,
		},
		{
			"lone carriage returns: botocore", "Python reads text with universal line ends",
			"[profile a]\rregion = r\r",
			profiles{"a": {"region": "r"}}, []string{"1: a line of the section ends in a lone carriage return"},
		},
		{
			"comment after a value: botocore", "the URL fragments and descriptions that people have in values stay whole",
			"[profile a]\nregion = r1 # c\noutput = json\t; c\nx = a#b;c\n",
			profiles{"a": {"region": "r1 # c", "output": "json\t; c", "x": "a#b;c"}}, []string{
				`2: to the AWS CLI the comment is part of the value of region; the Go SDK reads "r1"`,
				`3: to the AWS CLI the comment is part of the value of output; the Go SDK reads "json"`,
				`3: the value of output holds a control character`,
			},
		},
		{
			"comment after a header", "all clients agree",
			"[profile a] ; c\nregion = r\n",
			profiles{"a": {"region": "r"}}, nil,
		},
		{
			"bracket in the comment after a header: botocore", "configparser reads up to the last bracket",
			"[profile a] # see [b]\nregion = r\n",
			profiles{}, nil,
		},
		{
			"quotes around a value: botocore", "the AWS CLI and JavaScript keep them",
			"[profile a]\nregion = \"r1\"\noutput = 'json'\n",
			profiles{"a": {"region": `"r1"`, "output": "'json'"}}, []string{
				`2: the value of region has its quotes in the AWS CLI, and none in the Go SDK`,
				`3: the value of output has its quotes`,
			},
		},
		{
			"a single quote as value: botocore", "the Go SDK panics",
			"[profile a]\nregion = '\n",
			profiles{"a": {"region": "'"}}, []string{"2: the Go SDK crashes"},
		},
		{
			"colon and upper case: botocore and Go", "JavaScript alone does not",
			"[profile a]\nREGION: r1\n",
			profiles{"a": {"region": "r1"}}, []string{
				`2: the JavaScript SDK does not find the key "REGION"`,
				`2: the JavaScript SDK does not read "key: value"`,
			},
		},
		{
			"interpolation", "nobody interpolates",
			"[profile a]\nregion = %(foo)s\n",
			profiles{"a": {"region": "%(foo)s"}}, nil,
		},
		{
			"deeper line: botocore", "configparser takes it for the rest of the value above",
			"[profile a]\nregion = r1\n  sso_account_id = 2\n\n  more\n# c\n  [profile b]\noutput = json\n",
			profiles{"a": {"region": "r1\nsso_account_id = 2\n\nmore\n[profile b]", "output": "json"}}, []string{
				`3: to the AWS CLI this indented line is part of the value of the key region in line 2; to the Go SDK it is the key sso_account_id`,
				`5: to the AWS CLI this indented line is part of the value of the key region in line 2`,
				`7: to the AWS CLI this indented line is part of the value of the key region in line 2; to the Go SDK it is a section header`,
			},
		},
		{
			"everything indented alike", "all clients agree",
			"  [profile a]\n  region = r1\n  [profile b]\n  region = r2\n",
			profiles{"a": {"region": "r1"}, "b": {"region": "r2"}}, nil,
		},
		{
			"indented key after an indented empty one: botocore", "the Go SDK takes it for a nested block",
			"[profile a]\n  output =\n  region = r\n",
			profiles{"a": {"output": "", "region": "r"}}, []string{`3: the Go SDK reads this indented line as part of the block of the key output above`},
		},
		{
			"nested block", "the AWS CLI and the Go SDK agree but for the case of nested keys",
			"[profile a]\ns3 =\n  max_concurrent_requests = 20\n\n  # c\n\taddressing_style=path\nregion = r\n",
			profiles{"a": {"s3": map[string]any{"max_concurrent_requests": "20", "addressing_style": "path"}, "region": "r"}}, nil,
		},
		{
			"nested key with a colon: botocore", "it cuts at = alone",
			"[profile a]\ns3 =\n  a:b = c\n",
			profiles{"a": {"s3": map[string]any{"a:b": "c"}}}, []string{`2: the AWS CLI and the Go SDK read the block below the key s3 in different ways`},
		},
		{
			"quotes in a nested block: botocore", "as for values",
			"[services s]\nsts =\n  endpoint_url = \"http://x\"\n",
			profiles{}, nil,
		},
		{
			"no-break space before a key: botocore", "Python counts it as indentation",
			"[profile a]\nregion = r\n\u00a0output = json\n",
			profiles{"a": {"region": "r\noutput = json"}}, []string{
				`3: the line begins with "\u00a0", which only the AWS CLI takes for white space`,
				`3: to the AWS CLI this indented line is part of the value of the key region`,
			},
		},
		{
			"default twice: botocore", "the last one in the file is what the AWS CLI uses; no edit touches it",
			"[profile default]\nregion = 1\noutput = json\n[default]\nregion = 2\n",
			profiles{"default": {"region": "2"}}, []string{`4: profile "default" stands a second time, first in line 1: the AWS CLI takes only this section, the Go SDK takes [profile default]`},
		},
		{
			"one name, two spellings: botocore", "the last one, as a whole",
			"[profile a]\nregion = 1\noutput = json\n[profile  a]\nregion = 2\n",
			profiles{"a": {"region": "2"}}, []string{
				`4: profile "a" is none to the JavaScript SDK`,
				`4: profile "a" stands a second time, first in line 1: the AWS CLI takes only this section, the Go SDK mixes the two`,
			},
		},
		{
			"DEFAULT: botocore", "its keys are what the AWS CLI uses in every profile",
			"[DEFAULT]\nregion = leak\noutput = json\n[profile a]\nregion = own\n",
			profiles{"a": {"region": "own", "output": "json"}}, []string{"1: to the AWS CLI the keys of [DEFAULT] stand in every section"},
		},
		{
			"longer words than profile: botocore", "it looks at the beginning alone",
			"[profiles x]\nregion = r\n",
			profiles{"x": {"region": "r"}}, []string{`1: profile "x" of the AWS CLI is none to the Go SDK`},
		},
		{
			"no word before the name: all clients", "but its author meant a profile",
			"[dev]\nregion = r\n[profile prod]\nregion = r\n[prod]\nregion = q\n",
			profiles{"prod": {"region": "r"}}, nil,
		},
		{
			"sections of the AWS CLI's own", "nobody takes them for profiles",
			"[plugins]\na = b\n[preview]\nc = d\n[command sso]\ne = f\n",
			profiles{}, nil,
		},
		{
			"space before the type: botocore", "an edit does not add a second x",
			"[ profile x ]\nregion = r\n",
			profiles{}, nil,
		},
		{
			"no name", "no client reads it",
			"[profile ]\nregion = r\n",
			profiles{}, nil,
		},
		{
			"name with a space in quotes: botocore", "the AWS CLI writes it so",
			"[profile 'my dev']\nregion = r\n[profile \"two words\"]\nregion = q\n",
			profiles{"my dev": {"region": "r"}, "two words": {"region": "q"}}, []string{
				`1: profile "my dev" of the AWS CLI is profile "'my dev'" to the Go SDK`,
				`3: profile "two words" of the AWS CLI is`,
			},
		},
		{
			"name with a space: botocore", "Go alone reads it",
			"[profile my dev]\nregion = r\n",
			profiles{}, nil,
		},
		{
			"comment sign in a name: botocore", "the Go SDK reads the keys into the section above",
			"[profile a#b]\nregion = r\n[profile a;b]\nregion = q\n",
			profiles{"a#b": {"region": "r"}, "a;b": {"region": "q"}}, []string{"1: the Go SDK sees no header here", "3: the Go SDK sees no header here"},
		},
		{
			"bracket in a name: botocore and Go", "JavaScript does not",
			"[profile a]b]\nregion = r\n",
			profiles{"a]b": {"region": "r"}}, []string{`1: profile "a]b" has a name that not every AWS client finds`},
		},
		{
			"quote in a name: botocore", "its shell words do not end",
			"[profile o'neil]\nregion = r\n",
			profiles{}, nil,
		},
		{
			"backslash in a name: botocore", "its shell words drop it",
			"[profile a\\b]\nregion = r\n",
			profiles{"ab": {"region": "r"}}, []string{`1: profile "ab" of the AWS CLI is profile "a\\b" to the Go SDK`},
		},
		{
			"names every client reads", "",
			"[profile a@b+c.d%e:f/g_h-I]\nregion = r\n",
			profiles{"a@b+c.d%e:f/g_h-I": {"region": "r"}}, nil,
		},
		{
			"names JavaScript does not find: botocore and Go", "",
			"[profile a=b,c]\nregion = r\n[profile dév]\nregion = q\n",
			profiles{"a=b,c": {"region": "r"}, "dév": {"region": "q"}}, []string{
				`1: profile "a=b,c" has a name that not every AWS client finds`, `3: profile "dév" has a name`,
			},
		},
		{
			"same section twice", "botocore reads nothing",
			"[profile a]\nregion = r\n\n[profile a]\nregion = q\n", nil,
			[]string{`!4: section "profile a" stands a second time, first in line 1`},
		},
		{
			"same key twice", "botocore reads nothing, whatever the case",
			"[profile a]\nregion = r\nRegion = q\n", nil,
			[]string{"3: the JavaScript SDK", `!3: key "region" stands a second time in section "profile a", first in line 2`},
		},
		{
			"same key twice in two DEFAULT sections", "to configparser they are one",
			"[DEFAULT]\nregion = r\n[DEFAULT]\nregion = q\n", nil,
			[]string{`!4: key "region" stands a second time`},
		},
		{
			"stray lines", "botocore reads nothing",
			"[profile a]\nstray\n= x\n[profile b\n[]\n", nil,
			[]string{
				`!2: the line is neither a section header nor "key = value"`, `!3: the line has no key before the "="`,
				`!4: the line is no section header`, `!5: the line is no section header`,
			},
		},
		{
			"key before the first section", "botocore reads nothing",
			"region = r\n[profile a]\n", nil,
			[]string{`!1: the key "region" stands before the first section`},
		},
		{
			"byte order mark", "botocore reads nothing, the Go SDK loses the first section",
			"\ufeff[default]\nregion = r\n", nil,
			[]string{"!1: the file begins with a byte order mark"},
		},
		{
			"not UTF-8", "botocore reads nothing",
			"[profile a]\nregion = caf\xe9\n", nil, []string{"!2: byte 0xe9 is not UTF-8"},
		},
		{
			"NUL: all clients", "it is a character like others",
			"[profile a]\nregion = a\x00b\n",
			profiles{"a": {"region": "a\x00b"}}, []string{`2: the value of region holds a control character`},
		},
		{
			"nested line without =", "botocore reads nothing",
			"[profile a]\ns3 =\n  a = b\n\n  # c\n  nonsense\n", nil,
			[]string{`!6: the line below the empty key "s3" is not "key = value"`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := parse(tc.in)
			var problems []string
			for _, p := range c.AllProblems() {
				problems = append(problems, fmt.Sprintf("%d: %s", p.Line, p.Text))
			}
			for _, p := range c.ConfigFile().Fatal() {
				problems = append(problems, fmt.Sprintf("!%d: %s", p.Line, p.Text))
			}
			if !slices.EqualFunc(problems, tc.problems, strings.HasPrefix) {
				t.Errorf("problems\n%s\nwant\n%s", strings.Join(problems, "\n"), strings.Join(tc.problems, "\n"))
			}
			if refused := tc.want == nil; refused != (c.Err() != nil) {
				t.Fatalf("Err is %v", c.Err())
			}
			if tc.want == nil {
				return
			}
			r, _ := ours(pair{config: []byte(tc.in)})
			if diff := cmp.Diff(tc.want, r.Profiles); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is wrong with a file may be a secret in the wrong place. Of such a line a
// problem shows the names that clients know, and names of sections with a type.
func TestProblemsShowNoSecret(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	for _, tc := range []struct{ name, config, credentials, want string }{
		{"a header without its end", "[" + secret + "\n", "", "config:1: the line is no section header"},
		{"a header before the end of a block", "[profile a]\ns3 =\n  [" + secret + "\n", "", `config:3: the line below the empty key "s3" is not "key = value"`},
		{"a section of no type, twice", "[" + secret + "]\n[" + secret + "]\n", "", "config:2: the section stands a second time, first in line 1"},
		{"a profile, twice", "[profile a]\n[profile a]\n", "", `config:2: section "profile a" stands a second time, first in line 1`},
		{"[default], twice", "[default]\n[default]\n", "", `config:2: section "default" stands a second time, first in line 1`},
		{"a profile in the credentials file, twice", "", "[" + secret + "]\n[" + secret + "]\n", "credentials:2: the section stands a second time, first in line 1"},
		{"[default] there, twice", "", "[default]\n[default]\n", `credentials:2: section "default" stands a second time, first in line 1`},
		{"a key, twice", "[profile a]\n" + secret + " =\n" + secret + " =\n", "", `config:3: a key stands a second time in section "profile a", first in line 2`},
		{"a key in the credentials file, twice", "", "[" + secret + "]\n" + secret + " = 1\n" + secret + " = 2\n", "credentials:3: a key stands a second time in the section, first in line 2"},
		{"a known key there, twice", "", "[a]\nAWS_Secret_Access_Key = " + secret + "\naws_secret_access_key = " + secret + "\n", `credentials:3: key "aws_secret_access_key" stands a second time in the section, first in line 2`},
		{"a block below an unknown key", "[profile a]\n" + secret + " =\n  b\n", "", `config:3: the line below an empty key is not "key = value"`},
		{"a line before all sections", secret + " = 1\n", "", "config:1: the line stands before the first section"},
		{"a line without =", "[profile a]\n" + secret + "\n", "", `config:2: the line is neither a section header nor "key = value"`},
		{"a header without its end, before all sections", "[" + secret + " = 1\n", "", "config:1: the line is no section header"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := awsconfig.Merge(
				awsconfig.Parse("config", awsconfig.ConfigFile, []byte(tc.config)),
				awsconfig.Parse("credentials", awsconfig.CredentialsFile, []byte(tc.credentials)))
			err := c.Err()
			if err == nil || err.Error() != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
			if got := strings.ToLower(fmt.Sprint(err, fault.HintOf(err), c.AllProblems())); strings.Contains(got, strings.ToLower(secret)) {
				t.Errorf("it shows the secret: %s", got)
			}
		})
	}
}

// A command is not what it was without the quotes of its first and its last word.
func TestQuotesOfACommand(t *testing.T) {
	const (
		remove = "config:2: the value of credential_process has its quotes in the AWS CLI, and none in the Go SDK; remove the quotes"
		other  = "config:2: the Go SDK drops the first and the last quote of credential_process, the AWS CLI does not; begin or end the command with a word without quotes"
	)
	for value, want := range map[string]string{
		`"/usr/bin/cred"`:                     remove,
		`'cred'`:                              remove,
		`"C:\\x y\\a.exe" --role "b c"`:       other,
		`'/opt/a b/cred' --role 'c'`:          other,
		`"/opt/a b/cred"`:                     other,
		`"C:\\x\\a.exe"`:                      other,
		`"C:\\x y\\a.exe" --role "b c" --now`: "",
		`"a" 'b'`:                             "",
	} {
		got := ""
		for _, p := range parse("[profile a]\ncredential_process = " + value + "\n").AllProblems() {
			got += p.String()
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", value, got, want)
		}
	}
}

// TestErr says what a person sees of a file that botocore cannot read.
func TestErr(t *testing.T) {
	c := parse("[profile a]\nregion = r\n[profile a]\nstray\n")
	err := c.Err()
	if got, want := err.Error(), `config:3: section "profile a" stands a second time, first in line 1 (the first of 2 such problems)`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if fault.KindOf(err) != fault.Config || fault.HintOf(err) != "make the two sections one" {
		t.Errorf("kind %v, hint %q", fault.KindOf(err), fault.HintOf(err))
	}
}

// TestMerge lays a credentials file over a config file, key by key, as
// botocore does. (The Go SDK does so for the keys that it knows.)
func TestMerge(t *testing.T) {
	config := awsconfig.Parse("config", awsconfig.ConfigFile, []byte(
		"[default]\nregion = r1\noutput = json\n[profile a]\nregion = r2\nservices = s\n[sso-session s]\n[services s]\n"))
	credentials := awsconfig.Parse("credentials", awsconfig.CredentialsFile, []byte(
		"[b]\naws_access_key_id = B\n[default]\nregion = r3\naws_access_key_id = D\n[profile a]\nregion = r4\n[sso-session s]\nx = y\n"))
	c := awsconfig.Merge(config, credentials)
	var names []string
	for _, p := range c.Profiles() {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"default", "a", "b", "profile a", "sso-session s"}, names); diff != "" {
		t.Error(diff)
	}
	p, ok := c.Profile("default")
	if !ok || !p.InConfig() || !p.InCredentials() {
		t.Fatalf("default: %+v", p)
	}
	if diff := cmp.Diff([]string{"region", "output", "aws_access_key_id"}, p.Keys()); diff != "" {
		t.Error(diff)
	}
	for _, tc := range []struct {
		key, value, path string
		line             int
	}{
		{"region", "r3", "credentials", 4},
		{"output", "json", "config", 3},
		{"aws_access_key_id", "D", "credentials", 5},
		{"", "", "config", 1},
		{"nothing", "", "", 0},
	} {
		path, line := p.Pos(tc.key)
		if value := p.Get(tc.key); value != tc.value || path != tc.path || line != tc.line {
			t.Errorf("%q is %q in %s:%d, want %q in %s:%d", tc.key, value, path, line, tc.value, tc.path, tc.line)
		}
	}
	if p, _ := c.Profile("b"); p.InConfig() || !p.InCredentials() {
		t.Error("b is in the credentials file alone")
	} else if path, line := p.Pos(""); path != "credentials" || line != 1 {
		t.Errorf("b stands in %s:%d", path, line)
	}
	if _, ok := c.Profile("Default"); ok {
		t.Error("names are compared letter by letter")
	}
	if len(c.Sessions()) != 1 || len(c.Services()) != 1 {
		t.Error("sessions and services are read from the config file alone")
	}
}

func TestSession(t *testing.T) {
	c := parse("[sso-session a]\nsso_start_url = https://x.awsapps.com/start/#/\nsso_region = eu-west-1\nsso_registration_scopes = sso:account:access, , x \n" +
		"[sso-session b]\nsso_registration_scopes =\n[sso-session c]\n")
	a, _ := c.Session("a")
	if a.StartURL != "https://x.awsapps.com/start/#/" || a.Region != "eu-west-1" {
		t.Errorf("%+v", a)
	}
	if _, line := a.Pos("sso_region"); line != 3 {
		t.Errorf("sso_region stands in line %d", line)
	}
	for name, want := range map[string][]string{"a": {"sso:account:access", "x"}, "b": {}, "c": nil} {
		s, ok := c.Session(name)
		if diff := cmp.Diff(want, s.Scopes); !ok || diff != "" {
			t.Errorf("scopes of %s: %s", name, diff)
		}
	}
	if _, ok := c.Session("d"); ok {
		t.Error("there is no session d")
	}
}

func TestService(t *testing.T) {
	c := parse("[services s]\nsso =\n  other = x\n  endpoint_url = http://127.0.0.1:1\nsts = flat\n")
	s, ok := c.Service("s")
	if !ok {
		t.Fatal("there is a services section s")
	}
	for id, want := range map[string]string{"sso": "http://127.0.0.1:1", "sts": "", "sso_oidc": ""} {
		if got := s.EndpointURL(id); got != want {
			t.Errorf("endpoint of %s is %q, want %q", id, got, want)
		}
	}
	if _, ok := c.Service("t"); ok {
		t.Error("there is no services section t")
	}
}

// TestProblemsOfTheWhole are the problems that show in no file alone.
// TestProblems: only what the named profiles are made of is looked at.
func TestProblems(t *testing.T) {
	config := awsconfig.Parse("config", awsconfig.ConfigFile, []byte(`[sso-session s]
sso_start_url = https://x/start
sso_region = eu-west-1
sso_role_name = R
[services local]
sts =
  endpoint_url = "http://localhost"
[profile other]
region = "other"
[profile gone]
sso_session = nowhere
aws_access_key_id = A
[profile keys]
sso_session = s
sso_account_id = 123456789012
sso_role_name = R
aws_access_key_id = A
[profile chain]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = middle
[profile middle]
source_profile = chain
region = "middle"
services = local
[profile ends]
region = r1
x = 1
[profile 'shadow']
region = r
[ profile  shadow ]
region = q
`))
	credentials := awsconfig.Parse("credentials", awsconfig.CredentialsFile, []byte("[ends]\nregion = r2\nx = 2\n[profile x]\nregion = r\n"))
	c := awsconfig.Merge(config, credentials)
	for _, tc := range []struct {
		profiles []string
		want     []string
	}{
		{nil, nil},
		{[]string{"nobody"}, nil},
		{[]string{"gone"}, []string{`config:11: profile "gone" names the sso-session "nowhere", which does not exist: an error to the Go SDK`}},
		{[]string{"keys", "keys"}, []string{
			"config:4: sso_role_name in an sso-session is read by the AWS CLI alone; put it into the profiles",
			`config:17: profile "keys" has keys of its own beside Identity Center: the Go SDK uses the keys, the AWS CLI does not; give the two a profile each`,
		}},
		{[]string{"chain"}, []string{
			"config:6: a value below the key sts has its quotes in the AWS CLI, and none in the Go SDK; remove the quotes",
			"config:23: the value of region has its quotes in the AWS CLI, and none in the Go SDK; remove the quotes",
		}},
		{[]string{"ends"}, []string{
			`config:26: the key region of profile "ends" is overridden in credentials:2`,
			`config:27: a key of profile "ends" is overridden in credentials:3`,
		}},
		{[]string{"profile x"}, []string{
			`credentials:4: in the credentials file this is a profile named "profile x" to the AWS CLI, and none to the Go SDK; write "[x]"`,
		}},
		{[]string{"shadow"}, []string{
			`config:28: profile "shadow" of the AWS CLI is profile "'shadow'" to the Go SDK; give it a name without spaces and quotes`,
			`config:30: the section is profile "shadow" to the Go SDK, though not to the AWS CLI; correct or remove the section`,
		}},
	} {
		var got []string
		for _, p := range c.Problems(tc.profiles) {
			got = append(got, p.String())
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%q: %s", tc.profiles, diff)
		}
	}
}

// TestProblemsHoldNoSecret: wherever a secret was pasted, no message shows it.
func TestProblemsHoldNoSecret(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	for _, text := range []string{
		"aws_secret_access_key = S # old", "aws_secret_access_key = 'S'", "aws_secret_access_key =\n  S", "aws_session_token = x\n  S==",
		"aws_session_token = x\n  [S]", "region = x\n  S", "region = x\n  S: y", "region =\n  S = y\n  z = 1 # c", "S =\n  region = x", "  S =\n  region = x",
		"s3 =\n  k = 'S'", "s3 =\n  S = 'x'", "s3 =\n  S:x = y", "note = S # c", "credential_process = p --key S # c", "endpoint_url = http://u:S@h # c",
		"S", "S==", "=S", "S:", "  S", "s3 =\n  S", "s3 =\n  S:x", "aws_secret_access_key = S\nAWS_SECRET_ACCESS_KEY: S",
		"external_id : \"S\"", "AWS_SECRET_ACCESS_KEY : S", "aws_secret_access_key\u00a0= S\r", "sso_session = nowhere\naws_access_key_id = S",
	} {
		src := strings.ReplaceAll("[profile a]\nregion = x\n[profile b]\n"+text+"\n", "S", secret)
		c := awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, []byte(src)),
			awsconfig.Parse("credentials", awsconfig.CredentialsFile, []byte(strings.ReplaceAll("[b]\naws_secret_access_key = S # x\nS = 2\n", "S", secret))))
		said := fmt.Sprint(c.AllProblems(), c.ConfigFile().Fatal(), c.Err())
		if strings.Contains(strings.ToLower(said), strings.ToLower(secret[:12])) {
			t.Errorf("%q: %s", text, said)
		}
	}
}

// A config may be a device: /dev/null is an empty one, and one without an end
// is refused before memory is full.
func TestLoadDevice(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("there is no /dev/zero here")
	}
	if c, err := awsconfig.Load(t.Context(), "/dev/null", "/dev/null"); err != nil || len(c.Profiles()) != 0 {
		t.Errorf("/dev/null: %v", err)
	}
	_, err := awsconfig.Load(t.Context(), "/dev/zero", "")
	if fault.KindOf(err) != fault.File || err.Error() != `cannot read "/dev/zero": more than 128 MiB are no config` {
		t.Errorf("/dev/zero: %v", err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	config, credentials := filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	c, err := awsconfig.Load(t.Context(), config, credentials)
	if err != nil || len(c.Profiles()) != 0 || c.Err() != nil {
		t.Errorf("missing files are empty ones: %v, %v", c, err)
	}
	if err := os.WriteFile(config, []byte("[default]\nstray\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err = awsconfig.Load(t.Context(), config, "")
	if err != nil {
		t.Fatalf("what stands in a file is no error of Load: %v", err)
	}
	if err := c.Err(); err == nil || !strings.HasPrefix(err.Error(), config+":2: ") {
		t.Errorf("Err is %v", err)
	}
	if err := os.Mkdir(credentials, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := awsconfig.Load(t.Context(), config, credentials); fault.KindOf(err) != fault.File || strings.Count(err.Error(), "credentials") != 1 {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

// TestConcurrentReaders is for the race detector.
func TestConcurrentReaders(t *testing.T) {
	c := awsconfig.Merge(awsconfig.Parse("config", awsconfig.ConfigFile, sections(200)), nil)
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for _, p := range c.Profiles() {
				if p.Get("region") != "eu-central-1" {
					t.Error("region is lost")
				}
			}
			if len(c.AllProblems()) > 0 {
				t.Error("nothing is wrong")
			}
		})
	}
	readers.Wait()
}

// TestLargeFiles are inputs at which an algorithm that is not linear, or a
// buffer of a fixed size, shows.
func TestLargeFiles(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	manyKeys := strings.Builder{}
	for i := range 100_000 {
		fmt.Fprintf(&manyKeys, "key%d = %d\n", i, i)
	}
	spellings := strings.Builder{} // one profile name, each time in another spelling
	for i := range 2_000 {
		fmt.Fprintf(&spellings, "[profile a%s]\n", strings.Repeat("''", i))
	}
	for name, in := range map[string]string{
		"a line of 1 MiB":             "[profile a]\nregion = " + long + "\noutput = json\n",
		"a header of 1 MiB":           "[profile " + long + "]\nregion = r\n",
		"a comment of 1 MiB":          "# " + long + "\n[profile a]\n",
		"100,000 blank lines":         "[profile a]\nregion = r" + strings.Repeat("\n", 100_000) + "output = json\n",
		"100,000 carriage returns":    "[profile a]\rregion = r" + strings.Repeat("\r", 100_000) + "output = json\r",
		"100,000 comments":            "[profile a]\n" + strings.Repeat("# c\n", 100_000),
		"100,000 nested lines":        "[profile a]\ns3 =\n" + strings.Repeat(" a = b\n", 100_000),
		"100,000 keys in one section": "[profile a]\n" + manyKeys.String(),
		"100,000 stray lines":         "[profile a]\n" + strings.Repeat("stray\n", 100_000),
		"2,000 spellings of one name": spellings.String(),
	} {
		t.Run(name, func(t *testing.T) { checkParse(t, awsconfig.ConfigFile, []byte(in)) })
	}
	e := edit("[profile a]\n" + manyKeys.String())
	if err := cmpOr(e.SetProfile("a", kv("key5", "x", "new", "y")...), e.UnsetProfile("a", "key99999")); err != nil {
		t.Fatal(err)
	}
	if out, err := e.Bytes(); err != nil || !strings.HasSuffix(string(out), "key99998 = 99998\nnew = y\n") {
		t.Errorf("edit of a large section: %v", err)
	}
	c := parse("[profile a]\n" + manyKeys.String())
	if p, _ := c.Profile("a"); p.Get("key99999") != "99999" || len(p.Keys()) != 100_000 {
		t.Error("keys of a large section are lost")
	}
	if err := parse("[profile a]\n" + manyKeys.String() + "KEY5 = x\n").Err(); err == nil {
		t.Error("a key that stands twice in a large section is not found")
	}
}

func TestOwn(t *testing.T) {
	config := awsconfig.Merge(
		awsconfig.Parse("config", awsconfig.ConfigFile, []byte("[DEFAULT]\nregion = r\noutput = json\n[profile a]\nregion = r\n")),
		awsconfig.Parse("credentials", awsconfig.CredentialsFile, []byte("[a]\ncli_pager = x\n[b]\noutput = json\n")))
	for _, tt := range []struct {
		profile, key string
		want         bool
	}{
		{"a", "region", true},
		{"a", "output", false},
		{"a", "cli_pager", false},
		{"a", "nothing", false},
		{"b", "output", false},
	} {
		p, ok := config.Profile(tt.profile)
		if !ok || p.Own(tt.key) != tt.want {
			t.Errorf("%s of %s: %v", tt.key, tt.profile, !tt.want)
		}
	}
}
