package awsconfig_test

import (
	"bytes"
	"math/rand/v2"

	"aws-sso-plugins/pkg/awsconfig"
)

// corpus are config files with one peculiarity each.
var corpus = []string{
	"",
	"\n\n",
	"# only a comment\n",
	"[default]\nregion = eu-west-1\n",
	"[profile a]\nregion=r1\n\n[profile b]\nregion\t=\tr2\n",
	"\ufeff[default]\nregion = r\n",
	"\ufeff",
	"\ufeff\n",
	"[default]\r\nregion = r\r\n[profile a]\r\nregion = q\r\n",
	"[default]\rregion = r\r[profile a]\rregion = q\r",
	"[default]\r\nregion = r\n[profile a]\rregion = q",
	"[profile a]\nregion = r\n[profile a]\nregion = q\n",
	"[profile a]\nregion = r\nRegion = q\n",
	"[default]\nregion = 1\n[profile default]\nregion = 2\noutput = json\n",
	"[profile default]\nregion = 2\noutput = json\n[default]\nregion = 1\n",
	"[DEFAULT]\nregion = leak\n[profile a]\noutput = json\n[DEFAULT]\noutput = text\n",
	"[DEFAULT]\nregion = leak\n[DEFAULT]\nregion = again\n",
	"[DEFAULT]\ns3 =\n  nonsense\n",
	"[DEFAULT]\ns3 =\n  nonsense\n[profile a]\n",
	"[DEFAULT]\ns3 =\n  nonsense\n[profile a]\ns3 = own\n",
	"[profiles x]\nregion = r\n[profileX y]\nregion = q\n[services2 z]\na = b\n[sso-sessions s]\nsso_region = r\n",
	"[ profile x ]\nregion = r\n",
	"[profile  x]\nregion = r\n[profile\tx]\noutput = json\n[profile x]\nca_bundle = z\n",
	"[profile ]\nregion = r\n[profile]\nregion = r\n",
	"[profile 'my dev']\nregion = r\n[profile \"two words\"]\nregion = q\n[profile my dev]\nregion = s\n",
	"[profile a#b]\nregion = r\n[profile a;b]\nregion = q\n[profile a]b]\nregion = s\n",
	"[profile o'neil]\nregion = r\n[profile a\\b]\nregion = q\n[profile \"]\nregion = s\n[profile a\\]\nregion = t\n",
	"[profile \"a\\\"b\\\\c\\d\"]\nregion = r\n[profile \"\"]\nregion = q\n[profile a'b c'd]\nregion = s\n",
	"[profile a] ; comment\nregion = r\n[profile b] # see [c]\nregion = q\n[profile d] trailing\nregion = s\n",
	"[]\nregion = r\n",
	"[profile a]\n[]]\nregion = r\n",
	"[profile a\nregion = r\n",
	"[profile a]\n[profile b\n",
	"region = r\n[profile a]\n",
	"[profile a]\nstray\n",
	"[profile a]\n= value\n",
	"[profile a]\n: value\n",
	"[profile a]\nREGION: r1\nssourl : https://x/start#/\n",
	"[profile a]\nregion = r1 # c\noutput = json ; c\nx = a#b\n",
	"[profile a]\nregion = \"r1\"\noutput = 'json'\n",
	"[profile a]\nregion = r1\n  sso_account_id = 2\n\n  more\n# comment\n    even more\noutput = json\n",
	"[profile a]\n  region = r1\n  output = json\n[profile b]\n    region = r2\n  output = text\n",
	"  [profile a]\n  region = r1\n  [profile b]\n  region = r2\n",
	"[profile a]\nregion = r1\n  [profile b]\n  region = r2\n",
	"[profile a]\n  [profile b]\n    region = r\n",
	"[profile a]\ns3 =\n  max_concurrent_requests = 20\n\n  # comment\n  Key = V\n  Key = W\n  = x\nregion = r\n",
	"[profile a]\ns3 =\n  nonsense\nregion = r\n",
	"[profile a]\ns3 =\n\n\nregion = r\n",
	"[profile a]\ns3 =\n  a = b\n  nonsense\n",
	"[profile a]\ns3 =\n  a = b\x0cnonsense\n",
	"[profile a]\ns3 =\n  a = b\u2028c = d\u0085e=f\x1cg=h\n",
	"[profile a]\n\u00a0region = r\n\u3000\u3000output = json\n",
	"[profile a]\nregion =\u00a0r\u2003\n\x1foutput\x1c=\x1djson\x1e\n",
	"[profile a]\nregion = %(foo)s\n[preview]\nx = y\n[plugins]\nz = w\n",
	"[profile a]\nregion = caf\xe9\n",
	"[profile d\xc3\xa9v]\nr\u00c9gion = \u00c9\n\u0130d = x\n",
	"[profile a]\nregion = a\x00b\n\x00 = c\n",
	"[profile a]\n# region = r\n  ; output = json\n#[profile b]\n",
	"[profile a]\nregion = r",
	"[profile a]",
	"[profile a]\nregion = r\n\t\n \n",
	"[sso-session s]\nsso_start_url = https://x.awsapps.com/start/#/\nsso_region = eu-west-1\nsso_registration_scopes = sso:account:access, ,x\n",
	"[sso-session 's s']\nsso_region = r\n[sso-session s s]\nsso_region = q\n",
	"[services s]\nsso =\n  endpoint_url = http://127.0.0.1:1\nsso_oidc =\n  endpoint_url=http://127.0.0.1:2\nsts = flat\n[profile a]\nservices = s\n",
	"[profile a]\nx = 1\ny = 2\nx = 3\n",
	"[profile a]\nkey with spaces = v = w : x\n\"quoted\" = v\n[bracketed] = v\n",
	"[profile a]\n[x]y = v\nregion = r\n",
	"[profile a]\nregion = \\\noutput = a\\nb\n",
	"[profile a]\nregion = `x`\noutput = \"\"\"y\"\"\"\n",
}

// corpusPairs are the corpus as config files, as credentials files, and laid
// over one another.
func corpusPairs() []pair {
	var pairs []pair
	for i, s := range corpus {
		pairs = append(pairs, pair{config: []byte(s)}, pair{credentials: []byte(s)},
			pair{config: []byte(s), credentials: []byte(corpus[(i+7)%len(corpus)])})
	}
	for _, s := range []string{
		"[a]\nregion = r2\n[default]\nregion = r3\n[profile a]\nregion = r4\n[DEFAULT]\noutput = leak\n",
		"[a]\ns3 =\n  x = y\n",
	} {
		for _, c := range corpus {
			pairs = append(pairs, pair{config: []byte(c), credentials: []byte(s)})
		}
	}
	return pairs
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// randomFile is a file of lines that are likely to matter, most of them well
// formed, so that botocore accepts about half of the files.
func randomFile(r *rand.Rand, kind awsconfig.Kind) []byte {
	var b bytes.Buffer
	eol := pick(r, "\n", "\n", "\n", "\r\n")
	odd := r.IntN(3) // how much of it is out of the ordinary
	if odd == 2 && r.IntN(20) == 0 {
		b.WriteString("\ufeff")
	}
	indent := pick(r, "", "", "", "", "  ")
	for range r.IntN(6) {
		for range r.IntN(3) {
			writeTrivia(&b, r, eol, odd)
		}
		b.WriteString(indent)
		writeHeader(&b, r, kind, odd)
		b.WriteString(eol)
		for range r.IntN(5) {
			b.WriteString(indent)
			writeKey(&b, r, eol, odd)
			if r.IntN(4) == 0 {
				writeTrivia(&b, r, eol, odd)
			}
		}
	}
	out := b.Bytes()
	if r.IntN(4) == 0 {
		out = bytes.TrimRight(out, "\r\n")
	}
	if odd == 2 && r.IntN(3) == 0 && len(out) > 0 {
		out = mutate(r, out)
	}
	return out
}

func writeTrivia(b *bytes.Buffer, r *rand.Rand, eol string, odd int) {
	b.WriteString(pick(r, "", "", " ", "# comment", "; comment", "  # indented", "#[profile a]", "# region = x", "\t"))
	if odd == 2 {
		b.WriteString(pick(r, "", "", "", "", "\r", "\u00a0", "\x0c", "stray", "  deep", "\x1c"))
	}
	b.WriteString(eol)
}

func writeHeader(b *bytes.Buffer, r *rand.Rand, kind awsconfig.Kind, odd int) {
	name := pick(r, "a", "b", "c", "d", "dev", "prod", "default", "x.y", "a/b", "A", "role-1@x", "e", "f", "g", "h", "k", "l", "m", "n")
	if odd > 0 {
		name = pick(r, name, name, "'my dev'", `"two words"`, "a b", `a\b`, "o'neil", "a#b", "a;b", "a]b", "a[b", "é", `""`, " a", "a ", "\ta", "DEFAULT", "\u00a0a", `'a'`, `"a\"b"`, `"a\b"`, `a\`, "a\x1cb")
	}
	typ := "profile "
	switch r.IntN(8) {
	case 0:
		typ = "sso-session "
	case 1:
		typ = "services "
	}
	if odd > 0 {
		typ = pick(r, typ, typ, typ, "profile  ", "profile\t", " profile ", "profiles ", "profile", "", "sso-sessions ", "sso-session", "services", `"profile" `, "Profile ")
	}
	text := typ + name
	if name == "default" && r.IntN(2) == 0 || kind == awsconfig.CredentialsFile && r.IntN(8) > 0 {
		text = name
	}
	if odd > 0 && r.IntN(10) == 0 {
		text = pick(r, "default", "DEFAULT", "preview", "", "]", "[")
	}
	b.WriteString("[" + text + "]")
	if odd > 0 {
		b.WriteString(pick(r, "", "", "", " ", " # c", " ; c", "# [c]", "x", "\t"))
	}
}

func writeKey(b *bytes.Buffer, r *rand.Rand, eol string, odd int) {
	key := pick(r, "region", "output", "sso_session", "sso_account_id", "sso_role_name", "sso_region", "sso_start_url", "source_profile", "services", "s3", "sso", "ca_bundle", "x", "y", "z", "managed_by")
	value := pick(r, "eu-west-1", "json", "s", "123456789012", "https://x.awsapps.com/start", "a b", "a=b", "a:b", "https://x/start#/", "x")
	delimiter := pick(r, " = ", " = ", "=", "= ", " =", "   = ", "\t=\t")
	if odd > 0 {
		key = pick(r, key, key, key, key, "Region", "REGION", "two words", "é", `"q"`, "-", "[k", "a]b", "")
		value = pick(r, value, value, value, "", "", "r # c", "r ; c", "r\t# c", `"r"`, "'r'", `"a" b`, "r\\", "`r`", `"""r`, "é", "%(x)s", "[x]", "#", "'")
		delimiter = pick(r, delimiter, delimiter, delimiter, ": ", ":", " : ", "", " ")
		b.WriteString(pick(r, "", "", "", "", "", "", " ", "  ", "\t", "\u00a0"))
	}
	b.WriteString(key + delimiter + value)
	b.WriteString(pick(r, "", "", "", " ", "\t"))
	b.WriteString(eol)
	if r.IntN(8) == 0 {
		for range 1 + r.IntN(3) {
			b.WriteString(pick(r, "  ", "    ", "\t", "      "))
			b.WriteString(pick(r, "a = b", "endpoint_url = http://127.0.0.1:1", "a=b", "# c", "", "c d = e = f"))
			if odd > 0 {
				b.WriteString(pick(r, "", "", "", "", "", " # c", "\x0c", "\u2028x = y", "[profile q]"))
			}
			b.WriteString(eol)
		}
	}
	if odd == 2 && r.IntN(10) == 0 {
		b.WriteString("   " + pick(r, "deep", "a = b", "[profile z]", "# c") + eol)
	}
}

// soup is tokens in any order: what nobody would write.
func soup(r *rand.Rand) []byte {
	var b bytes.Buffer
	if r.IntN(2) == 0 {
		b.WriteString("[profile a]\n")
	}
	for range r.IntN(30) {
		b.WriteString(pick(r, "\n", "\n", "\n", "\r", "\r\n", " ", " ", "\t", "[", "]", "=", "=", ":", "#", ";", "'", `"`, `\`,
			"a", "b", "profile ", "profile", "[profile b]", "[sso-session s]", "[default]", "[DEFAULT]", "[services s]", "k = v", "k=", "x : y",
			"\u00a0", "\u2028", "\x0b", "\x0c", "\x1c", "\u0085", "\x00", "é", "\u0130", "K", "%"))
	}
	return b.Bytes()
}

// mutate spoils one place of a file.
func mutate(r *rand.Rand, src []byte) []byte {
	at := r.IntN(len(src))
	switch r.IntN(4) {
	case 0:
		return append(bytes.Clone(src[:at]), src[at+1:]...)
	case 1:
		n := min(len(src), at+1+r.IntN(20))
		return append(bytes.Clone(src[:at]), src[n:]...)
	default:
		bits := pick(r, "\n", "\r", " ", "\t", "[", "]", "=", ":", "#", "'", `"`, `\`, "\x00", "\xff", "\u00a0", "\u2028", "\x0b", "\x1d", "\n  ", "\n[", "\ufeff", "\xed\xa0\x80")
		return append(append(bytes.Clone(src[:at]), bits...), src[at:]...)
	}
}
