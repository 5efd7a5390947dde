//go:build conformance

package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"aws-sso-plugins/pkg/idctest"
)

// peer is a program of another project that logs in to Identity Center. It runs
// as its registry serves it, against an idctest that answers for AWS's hosts:
// some of them cannot be told of another endpoint.
type peer struct {
	id, title string
	from      string // its registry and name there
	install   func(context.Context, installer) (program, error)
	steps     map[string]func(*home, program)

	noEndpoints bool // it is told of no endpoint even where it could be

	program
	absent string
	result map[string]string
}

// peerSteps are what each peer is driven through, in order. One that has no such
// command passes over the step.
var peerSteps = []string{"login", "listing", "credentials"}

// awsCLISteps drive the AWS CLI with AWS's own hosts alone, and a browser as the
// flag -browser of idctest names it.
var awsCLISteps = map[string]func(*home, program){
	"login": func(h *home, p program) {
		h.write(".aws/config", "[sso-session okta]\nsso_start_url = "+startURL+"\nsso_region = "+region+
			"\nsso_registration_scopes = sso:account:access\n[profile dev]\nsso_session = okta\n"+
			"sso_account_id = 111111111111\nsso_role_name = ReadOnlyAccess\nregion = "+region+"\n")
		h.env = append(h.env, "BROWSER="+filepath.Join(binaries, "idc")+" browse %s &")
		h.must(p.with("sso", "login", "--sso-session", "okta")...)
	},
	"listing": func(h *home, p program) {
		token := h.token("okta")["accessToken"].(string)
		listing := ""
		for account := range strings.FieldsSeq(h.must(p.with("sso", "list-accounts", "--access-token", token, "--region", region,
			"--query", "accountList[].accountId", "--output", "text")...)) {
			listing += h.must(p.with("sso", "list-account-roles", "--access-token", token, "--region", region, "--account-id",
				account, "--query", "roleList[].[accountId,roleName]", "--output", "text")...)
		}
		h.listsAll(listing)
	},
	"credentials": func(h *home, p program) {
		h.answers(&client{program: program{argv: p.argv, isCLI: true}}, "dev", "111111111111", "ReadOnlyAccess")
	},
}

var peers = []*peer{
	{id: "aws-v2", title: "AWS CLI v2", from: "Debian: awscli", install: debianCLI, steps: awsCLISteps, noEndpoints: true},
	{id: "aws-v2-trixie", title: "AWS CLI v2", from: "Debian trixie: awscli", install: trixieCLI, steps: awsCLISteps, noEndpoints: true},
	{
		id: "aws-sso-cli", title: "aws-sso-cli", from: "Go modules: github.com/synfinatic/aws-sso-cli",
		install: goPeer("github.com/synfinatic/aws-sso-cli", "v1.17.0", "./cmd/aws-sso"),
		steps: map[string]func(*home, program){
			"login": func(h *home, p program) {
				h.write(".config/aws-sso/config.yaml", `SSOConfig:
  Default:
    SSORegion: `+region+`
    StartUrl: `+startURL+`
DefaultSSO: Default
SecureStore: json
UrlAction: exec
UrlExecCommand: [`+filepath.Join(binaries, "idc")+`, browse, "%s"]
AutoConfigCheck: false
`)
				h.must(p.with("cache")...)
			},
			"listing": func(h *home, p program) {
				h.listsAll(h.must(p.with("list", "--csv", "AccountId", "RoleName")...))
			},
			"credentials": func(h *home, p program) {
				h.isReadOnly(h.must(p.with("process", "-A", "111111111111", "-R", "ReadOnlyAccess")...))
			},
		},
	},
	{
		id: "aws-sso-util", title: "aws-sso-util", from: "PyPI: aws-sso-util",
		install: pythonPeer("aws-sso-util", "4.33.0"),
		steps: map[string]func(*home, program){
			"login": func(h *home, p program) { h.must(p.with("login", startURL, region)...) },
			"listing": func(h *home, p program) {
				h.listsAll(h.must(p.with("roles", "-u", startURL, "--sso-region", region)...))
			},
			"credentials": func(h *home, p program) {
				h.isReadOnly(h.must(p.with("credential-process", "--sso-start-url", startURL, "--sso-region", region,
					"--account-id", "111111111111", "--role-name", "ReadOnlyAccess")...))
			},
		},
	},
	{
		id: "aws-vault", title: "aws-vault", from: "Go modules: github.com/99designs/aws-vault/v7",
		install: goPeer("github.com/99designs/aws-vault/v7", "v7.2.0", "."),
		steps: map[string]func(*home, program){
			// It logs in when it is asked for credentials, and lists no accounts.
			"credentials": func(h *home, p program) {
				h.write(".aws/config", "[sso-session okta]\nsso_start_url = "+startURL+"\nsso_region = "+region+
					"\n[profile dev]\nsso_session = okta\nsso_account_id = 111111111111\nsso_role_name = ReadOnlyAccess\n")
				h.program("xdg-open", `exec "`+filepath.Join(binaries, "idc")+`" browse "$1"`)
				h.env = append(h.env, "PATH="+h.path("bin")+string(filepath.ListSeparator)+os.Getenv("PATH"),
					"AWS_VAULT_BACKEND=file", "AWS_VAULT_FILE_PASSPHRASE=x")
				h.isReadOnly(h.must(p.with("export", "--format=json", "dev")...))
			},
		},
	},
	{id: "granted", title: "granted", from: "Go modules: github.com/fwdcloudsec/granted", install: goPeer("github.com/fwdcloudsec/granted", "latest", "./cmd/granted")},
	{id: "aws-vault-byteness", title: "aws-vault (ByteNess)", from: "Go modules: github.com/ByteNess/aws-vault/v7", install: goPeer("github.com/ByteNess/aws-vault/v7", "latest", ".")},
	{id: "aws-sso-creds", title: "aws-sso-creds", from: "Go modules: github.com/jaxxstorm/aws-sso-creds", install: goPeer("github.com/jaxxstorm/aws-sso-creds", "latest", "./cmd/aws-sso-creds")},
	{id: "go-aws-sso", title: "go-aws-sso", from: "Go modules: github.com/theurichde/go-aws-sso", install: goPeer("github.com/theurichde/go-aws-sso", "latest", "./cmd/go-aws-sso")},
	{id: "aws-sso", title: "aws-sso (webdestroya)", from: "Go modules: github.com/webdestroya/aws-sso", install: goPeer("github.com/webdestroya/aws-sso", "latest", ".")},
	{id: "aws-sso-profiles", title: "aws-sso-profiles", from: "Go modules: github.com/hacker65536/aws-sso-profile-generator", install: goPeer("github.com/hacker65536/aws-sso-profile-generator", "latest", ".")},
}

// goPeer builds a program in its own module, with the versions that its go.sum
// names: nothing of it is changed.
func goPeer(module, version, command string) func(context.Context, installer) (program, error) {
	return func(ctx context.Context, w installer) (program, error) {
		dir := filepath.Join(w.dir, "peers")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return program{}, err
		}
		out, err := commandJSON(ctx, dir, "go", "mod", "download", "-json", module+"@"+version)
		var told struct{ Dir, Version, Error string }
		if json.Unmarshal(out, &told) != nil || told.Error != "" || err != nil {
			why := told.Error
			if why == "" {
				why = lastLine(out, err)
			}
			return program{}, absence("the Go module proxy did not serve it: " + lastLine([]byte(why), nil))
		}
		binary := filepath.Join(dir, strings.NewReplacer("/", "-").Replace(module)+"-"+told.Version)
		if _, err := os.Stat(binary); err != nil {
			flags := []string{"CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off"}
			if err := build(ctx, told.Dir, flags, "go", "build", "-trimpath", "-o", binary, command); err != nil {
				return program{}, err
			}
		}
		return program{version: strings.TrimPrefix(told.Version, "v"), argv: []string{binary}}, nil
	}
}

// commandJSON runs a command and returns the JSON document that it prints.
func commandJSON(ctx context.Context, dir string, argv ...string) ([]byte, error) {
	out, err := command(ctx, fetchPatience, dir, nil, argv...)
	// Progress precedes the JSON document.
	if i := bytes.IndexByte(out, '{'); i > 0 {
		out = out[i:]
	}
	return out, err
}

// pythonPeer installs a package of PyPI into an environment of its own.
func pythonPeer(name, version string) func(context.Context, installer) (program, error) {
	return func(ctx context.Context, w installer) (program, error) {
		if err := need("python3"); err != nil {
			return program{}, err
		}
		dir := filepath.Join(w.dir, "peers", name+"-"+version)
		binary := filepath.Join(dir, "bin", name)
		if _, err := os.Stat(binary); err != nil {
			if err := build(ctx, "", nil, "python3", "-m", "venv", "--clear", dir); err != nil {
				return program{}, absence("python3 has no venv")
			}
			if err := fetch(ctx, "PyPI", "", nil, filepath.Join(dir, "bin", "pip"), "install", "-q", "--disable-pip-version-check",
				name+"=="+version); err != nil {
				return program{}, err
			}
		}
		return program{version: version, argv: []string{binary}}, nil
	}
}

// installPeers installs what can be had. It reports whether one could have been
// had and is broken.
func installPeers(w installer) (broken bool) {
	for _, p := range peers {
		installed, err := p.install(context.Background(), w)
		var not absence
		switch {
		case err == nil:
			p.program = installed
			if p.steps == nil {
				p.absent = "it could be had, and is not driven yet"
			}
		case errors.As(err, &not):
			p.absent = err.Error()
		default:
			p.absent = "it could not be built"
			broken = true
			fmt.Printf("FAIL  %s: %v\n", p.title, err)
		}
	}
	return broken
}

// TestPeers drives each peer, as it is published, through login, listing and
// credentials. What it gets must be what idctest gave, and it must do nothing
// that AWS would refuse.
func TestPeers(t *testing.T) {
	if !*peersOnly {
		t.Skip("make peers runs it")
	}
	for _, p := range peers {
		if p.absent != "" {
			continue
		}
		p.result = map[string]string{}
		t.Run(p.id, func(t *testing.T) {
			h := newHome(t, &client{program: program{env: p.env}}, idctest.Config{Intercept: true, NoEndpoints: p.noEndpoints})
			for _, name := range peerSteps {
				step := p.steps[name]
				if step == nil {
					p.result[name] = "none"
					continue
				}
				p.result[name] = "FAIL"
				started := time.Now()
				step(h, p.program)
				if t.Failed() {
					return
				}
				p.result[name] = fmt.Sprintf("ok (%.1fs)", time.Since(started).Seconds())
			}
			if h.idc.Count(idctest.CreateToken) == 0 {
				t.Error("nobody logged in")
			} else if p.result["login"] == "none" {
				p.result["login"] = "ok, with credentials"
			}
			if v := h.idc.Violations(); len(v) > 0 {
				p.result["credentials"] = "FAIL"
			}
		})
	}
}

// listsAll holds a listing against what the server has.
func (h *home) listsAll(listing string) {
	h.t.Helper()
	for _, a := range idctest.MakeAccounts(3, 2) {
		for _, role := range a.Roles {
			if !slices.ContainsFunc(strings.Split(listing, "\n"), func(line string) bool {
				return strings.Contains(line, a.ID) && strings.Contains(line, role)
			}) {
				h.t.Errorf("role %s of account %s is not listed:\n%s", role, a.ID, listing)
			}
		}
	}
}

// isReadOnly asks STS whose the credentials are that a credential_process
// printed.
func (h *home) isReadOnly(document string) {
	h.t.Helper()
	var keys idctest.Credentials
	if err := json.Unmarshal([]byte(document), &keys); err != nil {
		h.t.Fatalf("%v:\n%s", err, document)
	}
	who, err := sts.New(sts.Options{
		Region: region, BaseEndpoint: &h.idc.URL,
		Credentials: credentials.NewStaticCredentialsProvider(keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken),
	}).GetCallerIdentity(h.t.Context(), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.isOne(identity{aws.ToString(who.Account), aws.ToString(who.Arn)}, "credentials", "111111111111", "ReadOnlyAccess")
}

// peerTable is a line for each peer, those that cannot be had last.
func peerTable() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-22s %-9s %-22s %-12s %s\n", "PEER", "VERSION", "LOGIN", "LISTING", "CREDENTIALS")
	for _, p := range peers {
		if p.absent == "" {
			fmt.Fprintf(&b, "%-22s %-9s %-22s %-12s %s\n", p.title, p.version, p.result["login"], p.result["listing"], p.result["credentials"])
		}
	}
	b.WriteString("\nNot here:\n")
	for _, p := range peers {
		if p.absent != "" {
			fmt.Fprintf(&b, "%-22s %s: %s\n", p.title, p.from, p.absent)
		}
	}
	return b.String()
}
