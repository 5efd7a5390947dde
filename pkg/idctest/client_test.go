package idctest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"aws-sso-plugins/pkg/idctest"
)

const (
	codeGrant    = "authorization_code"
	deviceGrant  = "urn:ietf:params:oauth:grant-type:device_code"
	refreshGrant = "refresh_token"
	callback     = "http://127.0.0.1/oauth/callback"
)

// answer is a reply as plain HTTP has it.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// doc is the reply's JSON.
func (a answer) doc() map[string]any {
	a.t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		a.t.Fatalf("reply is not JSON: %v\n%s", err, a.body)
	}
	return m
}

// str is a member of the reply's JSON that is a string.
func (a answer) str(name string) string {
	a.t.Helper()
	s, ok := a.doc()[name].(string)
	if !ok {
		a.t.Fatalf("no string %s in the reply:\n%s", name, a.body)
	}
	return s
}

// wantError checks that the reply is the error of that name, its header included.
func (a answer) wantError(status int, name string) {
	a.t.Helper()
	got, _, _ := strings.Cut(a.header.Get("X-Amzn-Errortype"), ":")
	if a.status != status || got != name {
		a.t.Errorf("reply is %d %q, want %d %q\n%s", a.status, got, status, name, a.body)
	}
}

func send(t *testing.T, req *http.Request) answer {
	t.Helper()
	client := &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{t, resp.StatusCode, resp.Header, string(body)}
}

func request(t *testing.T, method, address, contentType, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

// post makes an OIDC call; the body is what v is in JSON.
func post(t *testing.T, srv *idctest.Server, path string, v any) answer {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, request(t, "POST", srv.URL+path, "application/json", string(body)))
}

// portal makes a portal call with the token.
func portal(t *testing.T, srv *idctest.Server, method, pathAndQuery, token string) answer {
	t.Helper()
	req := request(t, method, srv.URL+pathAndQuery, "", "")
	if token != "" {
		req.Header.Set("x-amz-sso_bearer_token", token)
	}
	return send(t, req)
}

// members is the body of an OIDC call.
type members map[string]any

// with returns a copy with members changed; a nil value removes one.
func (m members) with(pairs ...any) members {
	out := members{}
	maps.Copy(out, m)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(out, pairs[i].(string))
		} else {
			out[pairs[i].(string)] = pairs[i+1]
		}
	}
	return out
}

var deviceRegistration = members{"clientName": "test", "clientType": "public", "scopes": []string{"sso:account:access"}}

func codeRegistration(srv *idctest.Server) members {
	return deviceRegistration.with("grantTypes", []string{codeGrant, refreshGrant}, "redirectUris", []string{callback},
		"issuerUrl", srv.StartURL)
}

// register registers a client and returns the members that every later call of it has.
func register(t *testing.T, srv *idctest.Server, registration members) members {
	t.Helper()
	a := post(t, srv, "/client/register", registration)
	if a.status != 200 {
		t.Fatalf("RegisterClient: %d %s", a.status, a.body)
	}
	return members{"clientId": a.str("clientId"), "clientSecret": a.str("clientSecret")}
}

// startDevice registers a client, begins the device flow and returns the CreateToken call to poll with, and the reply.
func startDevice(t *testing.T, srv *idctest.Server) (members, answer) {
	t.Helper()
	client := register(t, srv, deviceRegistration)
	a := post(t, srv, "/device_authorization", client.with("startUrl", srv.StartURL))
	if a.status != 200 {
		t.Fatalf("StartDeviceAuthorization: %d %s", a.status, a.body)
	}
	return client.with("grantType", deviceGrant, "deviceCode", a.str("deviceCode")), a
}

const verifier = "the-code-verifier-of-this-test.0123456789_~"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// authorizeURL is what a client opens in the browser.
func authorizeURL(srv *idctest.Server, clientID, redirect string) *url.URL {
	u, _ := url.Parse(srv.URL + "/authorize")
	u.RawQuery = url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirect}, "state": {"the state"},
		"code_challenge_method": {"S256"}, "code_challenge": {challenge()}, "scopes": {"sso:account:access"},
	}.Encode()
	return u
}

// startCode registers a client, visits /authorize and returns the CreateToken call that comes next.
func startCode(t *testing.T, srv *idctest.Server) members {
	t.Helper()
	client := register(t, srv, codeRegistration(srv))
	redirect := "http://127.0.0.1:54321/oauth/callback"
	a := send(t, request(t, "GET", authorizeURL(srv, client["clientId"].(string), redirect).String(), "", ""))
	to, err := url.Parse(a.header.Get("Location"))
	if a.status != 302 || err != nil || to.Query().Get("code") == "" {
		t.Fatalf("authorize: %d %q %s", a.status, a.header.Get("Location"), a.body)
	}
	return client.with("grantType", codeGrant, "code", to.Query().Get("code"), "redirectUri", redirect,
		"codeVerifier", verifier)
}

// wantViolations checks that the server saw exactly these violations, in any order, and tolerates them.
func wantViolations(t *testing.T, srv *idctest.Server, want ...idctest.Rule) {
	t.Helper()
	var got []idctest.Rule
	for _, v := range srv.Violations() {
		got = append(got, v.Rule)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("violations %v, want %v", srv.Violations(), want)
	}
	srv.Tolerate(got...)
}

// recorder is a test that may fail.
type recorder struct {
	cleanups []func()
	errors   []string
	logs     []string
	fatal    bool
}

func (r *recorder) Helper()                   {}
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Logf(f string, _ ...any)   { r.logs = append(r.logs, f) }
func (r *recorder) Errorf(f string, _ ...any) { r.errors = append(r.errors, f) }
func (r *recorder) Fatalf(string, ...any)     { r.fatal = true }

// callbackServer is the loopback listener of a client in the authorization code flow.
func callbackServer(t *testing.T) (redirect string, got <-chan url.Values) {
	t.Helper()
	c := make(chan url.Values, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/callback" {
			c <- r.URL.Query()
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/oauth/callback", c
}

func oidcClient(srv *idctest.Server) *ssooidc.Client {
	return ssooidc.New(ssooidc.Options{Region: srv.Region, BaseEndpoint: &srv.URL})
}

func ssoClient(srv *idctest.Server) *sso.Client {
	return sso.New(sso.Options{Region: srv.Region, BaseEndpoint: &srv.URL, Retryer: aws.NopRetryer{}})
}

func stsClient(srv *idctest.Server, c idctest.Credentials, options ...func(*sts.Options)) *sts.Client {
	return sts.New(sts.Options{
		Region: "us-east-1", BaseEndpoint: &srv.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
			}, nil
		}),
	}, options...)
}

// clock is a time that a test sets by hand.
func clock() (now func() time.Time) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	return func() time.Time { return at }
}

func mustContain(t *testing.T, text []byte, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !bytes.Contains(text, []byte(p)) {
			t.Errorf("no %q in:\n%s", p, text)
		}
	}
}

func sha256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func newHTTPServer(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}
