package tokencache

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"

	"aws-sso-plugins/pkg/safefile"
)

// python runs a script with the real thing, if it is here.
func python(t *testing.T, module, script string, stdin []byte, args ...string) string {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import "+module).CombinedOutput(); err != nil {
		t.Skipf("no python3 with %s here (%v, %d bytes of complaint)", module, err, len(out))
	}
	cmd := exec.Command("python3", append([]string{"-c", script}, args...)...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		var stderr []byte
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			stderr = exit.Stderr
		}
		t.Fatalf("%v: %s", err, stderr)
	}
	return string(out)
}

var oracle = Token{
	StartURL: "https://dév.awsapps.com/start/#/", Region: "eu-west-1", AccessToken: "a<é>\U0001F600\"\\\n\x7f",
	ClientID: "client", ClientSecret: "secret", RefreshToken: "refresh",
}

func oracleCache(t *testing.T) (*Cache, Token) {
	t.Helper()
	home := t.TempDir()
	token := oracle
	token.ExpiresAt = time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	token.RegistrationExpiresAt = token.ExpiresAt.Add(time.Hour)
	return &Cache{Dir: filepath.Join(home, "cache"), Store: &safefile.Store{LockDir: filepath.Join(home, "lock")}}, token
}

// botocore finds our files under its names, reads them, and would have written
// the same bytes.
func TestBotocoreReadsOurs(t *testing.T) {
	c, token := oracleCache(t)
	ctx := context.Background()
	for _, k := range []Key{SessionKey("dév"), LegacyKey(token.StartURL)} {
		if err := c.PutToken(ctx, k, token); err != nil {
			t.Fatal(err)
		}
	}
	const script = `
import json, sys
from botocore.utils import JSONFileCache, SSOTokenLoader
from botocore.credentials import SSOCredentialFetcher
import dateutil.parser
url, session = sys.argv[2:4]
cache = JSONFileCache(sys.argv[1])
load = SSOTokenLoader(cache)
token = load(url, session)
assert token == load(url), 'the two files differ'
dateutil.parser.parse(token['expiresAt']).utcoffset().total_seconds()
cache['theirs'] = token
def role(session):
    return SSOCredentialFetcher(url, 'eu-west-1', 'Rôle', '111111111111', None, sso_session_name=session)._create_cache_key()
print(json.dumps([token, open(sys.argv[1] + '/theirs.json').read(), role(session), role(None)]))
`
	out := python(t, "botocore.utils, dateutil", script, nil, c.Dir, token.StartURL, "dév")
	var got []json.RawMessage
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	read, err := parseToken(got[0])
	if err != nil || read != token {
		t.Errorf("botocore reads another token, %v", err)
	}
	text := func(i int) (s string) {
		if err := json.Unmarshal(got[i], &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	ours, err := os.ReadFile(filepath.Join(c.Dir, SessionKey("dév").File()))
	if err != nil || text(1) != string(ours) {
		t.Errorf("botocore would write %q, we wrote %q, %v", text(1), ours, err)
	}
	for i, k := range []Key{SessionKey("dév"), LegacyKey(token.StartURL)} {
		if want := text(2+i) + ".json"; k.RoleFile("111111111111", "Rôle") != want {
			t.Errorf("role file %s, botocore's is %s", k.RoleFile("111111111111", "Rôle"), want)
		}
	}
}

// json.dumps of Python says the same of anything that a file can hold.
func TestDumpsAsPython(t *testing.T) {
	var all strings.Builder
	for r := rune(0); r < 0x3000; r++ {
		all.WriteRune(r)
	}
	all.WriteString("\ue000\ufffd\uffff\U00010000\U0001F600\U0010FFFF")
	chars, err := json.Marshal(all.String())
	if err != nil {
		t.Fatal(err)
	}
	values := []string{
		string(chars), `{}`, `[]`, `null`, `true`, `[[], {}, [[]], {"a": {}}]`, "{\n \"b\" : [1,2.5,-3e-05 ,{\"a\":null}] ,\"a\":\"\\/\"}",
		`[1]`, `[{"a":1,"b":2},{"c":[{"d":[]}]},false]`, `"\ud83d\ude00"`,
	}
	list := "[" + strings.Join(values, ",") + "]"
	for _, tc := range []struct {
		d          dialect
		separators string
	}{{spaced, "None"}, {compact, "(',', ':')"}} {
		script := "import json, sys; sys.stdout.write(json.dumps(json.loads(sys.stdin.buffer.read().decode()), separators=" + tc.separators + "))"
		want := python(t, "json", script, []byte(list))
		if got := string(tc.d.raw(nil, json.RawMessage(list))); got != want {
			t.Errorf("ours differs from python's:\n%.300s\n%.300s", got, want)
		}
	}
}

// The Go SDK reads our files too.
func TestGoSDKReadsOurs(t *testing.T) {
	c, token := oracleCache(t)
	if err := c.PutToken(context.Background(), SessionKey("okta"), token); err != nil {
		t.Fatal(err)
	}
	got, err := ssocreds.NewSSOTokenProvider(nil, filepath.Join(c.Dir, SessionKey("okta").File())).RetrieveBearerToken(context.Background())
	if err != nil || got.Value != token.AccessToken || !got.Expires.Equal(token.ExpiresAt) {
		t.Errorf("expires %v, error %v", got.Expires, err)
	}
}
