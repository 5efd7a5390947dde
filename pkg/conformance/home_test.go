//go:build conformance

package conformance

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/cmd/built"
	"aws-sso-plugins/pkg/idctest"
)

// home is a person's home folder, with an Identity Center of its own and no way
// to anywhere else.
type home struct {
	t   *testing.T
	dir string
	idc *idctest.Server
	env []string
}

// newHome is an empty home folder for one client. The test fails if anybody
// breaks the protocol.
func newHome(t *testing.T, c *client, cfg idctest.Config) *home {
	t.Helper()
	h := &home{t: t, dir: t.TempDir(), idc: idctest.New(t, cfg)}
	h.env = append(built.SealedEnv(binaries, h.dir), h.idc.Env()...)
	h.env = append(h.env, "BROWSER="+filepath.Join(binaries, "browser"), "AWS_PAGER=")
	h.env = append(h.env, c.env...)
	if c.ignoresEndpointVariables && !cfg.NoEndpoints {
		if err := h.idc.WriteModels(h.path(".aws/models")); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *home) path(name string) string { return filepath.Join(h.dir, filepath.FromSlash(name)) }

func (h *home) read(name string) string {
	h.t.Helper()
	data, err := os.ReadFile(h.path(name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(data)
}

func (h *home) write(name, text string) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// outcome is how a command ended.
type outcome struct {
	stdout, stderr string
	status         int
}

func (h *home) run(argv ...string) outcome {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.find(argv[0]), argv[1:]...)
	cmd.Dir, cmd.Env = h.dir, h.env
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatalf("%s: %v\n%s%s", strings.Join(argv, " "), err, &stdout, &stderr)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// find finds a program on the PATH of the home folder, not on that of the test.
func (h *home) find(name string) string {
	if strings.ContainsRune(name, os.PathSeparator) {
		return name
	}
	path := ""
	for _, pair := range h.env {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			path = value
		}
	}
	for _, dir := range filepath.SplitList(path) {
		if full, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return full
		}
	}
	h.t.Fatalf("%s is not on the PATH", name)
	return ""
}

// must runs a command that has to succeed and returns its standard output.
func (h *home) must(argv ...string) string {
	h.t.Helper()
	got := h.run(argv...)
	if got.status != 0 {
		h.t.Fatalf("%s: exit status %d\n%s%s", strings.Join(argv, " "), got.status, got.stdout, got.stderr)
	}
	return got.stdout
}

// exits runs a command that has to end with this status.
func (h *home) exits(status int, argv ...string) outcome {
	h.t.Helper()
	got := h.run(argv...)
	if got.status != status {
		h.t.Fatalf("%s: exit status %d, want %d\n%s%s", strings.Join(argv, " "), got.status, status, got.stdout, got.stderr)
	}
	return got
}

// identity is who STS says that one is.
type identity struct{ account, arn string }

// who asks a client who each profile is.
func (h *home) who(c *client, profiles ...string) map[string]identity {
	h.t.Helper()
	told := map[string]identity{}
	if !c.isCLI {
		for line := range strings.Lines(h.must(c.with(profiles...)...)) {
			fields := strings.Split(strings.TrimSpace(line), "\t")
			if len(fields) != 3 {
				h.t.Fatalf("%s says %q", c, line)
			}
			told[fields[0]] = identity{fields[1], fields[2]}
		}
		return told
	}
	for _, profile := range profiles {
		out := h.must(c.with("--profile", profile, "sts", "get-caller-identity", "--query", "[Account,Arn]", "--output", "text")...)
		fields := strings.Fields(out)
		if len(fields) != 2 {
			h.t.Fatalf("%s says %q", c, out)
		}
		told[profile] = identity{fields[0], fields[1]}
	}
	return told
}

// answers holds what a client says of a profile against the account and role
// that it stands for.
func (h *home) answers(c *client, profile, account, role string) {
	h.t.Helper()
	h.isOne(h.who(c, profile)[profile], profile, account, role)
}

func (h *home) isOne(got identity, profile, account, role string) {
	h.t.Helper()
	arn := "arn:aws:sts::" + account + ":assumed-role/AWSReservedSSO_" + role + "_"
	if got.account != account || !strings.HasPrefix(got.arn, arn) {
		h.t.Errorf("profile %q is %+v, want role %s of %s", profile, got, role, account)
	}
}

var oidcOps = []idctest.Op{
	idctest.RegisterClient, idctest.StartDeviceAuthorization, idctest.Authorize, idctest.VerifyDevice, idctest.CreateToken,
}

// without holds that nobody asked for a token while do ran.
func (h *home) without(what string, do func()) {
	h.t.Helper()
	h.idc.ResetLog()
	do()
	if n := h.idc.Count(oidcOps...); n > 0 {
		h.t.Errorf("%s: %d calls of OIDC, want none: %v", what, n, h.idc.Stats().Calls)
	}
}

// oneRefresh holds that the token was refreshed once while do ran, and that
// nothing else was asked of OIDC.
func (h *home) oneRefresh(what string, do func()) {
	h.t.Helper()
	h.idc.ResetLog()
	do()
	requests := h.idc.Requests(oidcOps...)
	if len(requests) != 1 || requests[0].Params.Get("grantType") != "refresh_token" {
		h.t.Errorf("%s: OIDC was asked for %v, want one refresh", what, requests)
	}
}

// tokenFile is where every client looks for the token of a session, or of a
// start URL.
func tokenFile(key string) string {
	sum := sha1.Sum([]byte(key))
	return ".aws/sso/cache/" + hex.EncodeToString(sum[:]) + ".json"
}

// token is the token file of a session as any reader of JSON sees it.
func (h *home) token(key string) map[string]any {
	h.t.Helper()
	var token map[string]any
	if err := json.Unmarshal([]byte(h.read(tokenFile(key))), &token); err != nil {
		h.t.Fatal(err)
	}
	return token
}

// expire puts the token past its time, and takes away the role credentials with
// which the AWS CLI would do without it.
func (h *home) expire(key string) {
	h.t.Helper()
	token := h.token(key)
	token["expiresAt"] = time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	data, err := json.Marshal(token)
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(tokenFile(key), string(data))
	if err := os.RemoveAll(h.path(".aws/cli/cache")); err != nil {
		h.t.Fatal(err)
	}
}

const (
	startURL = "https://d-1234567890.awsapps.com/start"
	region   = "eu-central-1"
)

// login logs in to a session with sso-login, and defines it where it is new.
func (h *home) login(session string) {
	h.t.Helper()
	h.must("sso-login", session, "--sso-start-url", startURL, "--sso-region", region)
}
