package idctest_test

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"aws-sso-plugins/pkg/idctest"
)

// proxied is an HTTP client in the environment of a server that intercepts.
func proxied(t *testing.T, srv *idctest.Server) *http.Client {
	t.Helper()
	data, err := os.ReadFile(srv.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		t.Fatalf("no certificate in %s", data)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig.RootCAs = roots
	transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(srv.ProxyURL) }
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func fetch(t *testing.T, client *http.Client, method, address string) answer {
	t.Helper()
	resp, err := client.Do(request(t, method, address, "", ""))
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

// SDKs that are told of no endpoint, in every partition, with FIPS and dual-stack hosts.
func TestInterceptedSDKs(t *testing.T) {
	for _, tt := range []struct {
		region    string
		fips      aws.FIPSEndpointState
		dualStack aws.DualStackEndpointState
		host      string // of the portal
	}{
		{"eu-central-1", 0, 0, "portal.sso.eu-central-1.amazonaws.com"},
		{"us-east-1", aws.FIPSEndpointStateEnabled, 0, "portal.sso-fips.us-east-1.amazonaws.com"},
		{"us-east-1", 0, aws.DualStackEndpointStateEnabled, "portal.sso.us-east-1.api.aws"},
		{"us-east-1", aws.FIPSEndpointStateEnabled, aws.DualStackEndpointStateEnabled, "portal.sso-fips.us-east-1.api.aws"},
		{"us-gov-west-1", aws.FIPSEndpointStateEnabled, 0, "portal.sso.us-gov-west-1.amazonaws.com"},
		{"cn-north-1", 0, 0, "portal.sso.cn-north-1.amazonaws.com.cn"},
		{"cn-north-1", 0, aws.DualStackEndpointStateEnabled, "portal.sso.cn-north-1.api.amazonwebservices.com.cn"},
		{"eusc-de-east-1", 0, 0, "portal.sso.eusc-de-east-1.amazonaws.eu"},
		{"us-iso-east-1", 0, 0, "portal.sso.us-iso-east-1.c2s.ic.gov"},
		{"us-isob-east-1", 0, 0, "portal.sso.us-isob-east-1.sc2s.sgov.gov"},
	} {
		t.Run(tt.host, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{Intercept: true, Region: tt.region})
			httpClient := proxied(t, srv)
			ctx := t.Context()
			oidc := ssooidc.New(ssooidc.Options{
				Region: tt.region, HTTPClient: httpClient,
				EndpointOptions: ssooidc.EndpointResolverOptions{UseFIPSEndpoint: tt.fips, UseDualStackEndpoint: tt.dualStack},
			})
			if _, err := oidc.RegisterClient(ctx, &ssooidc.RegisterClientInput{ClientName: aws.String("x"), ClientType: aws.String("public")}); err != nil {
				t.Fatal(err)
			}
			portalClient := sso.New(sso.Options{
				Region: tt.region, HTTPClient: httpClient,
				EndpointOptions: sso.EndpointResolverOptions{UseFIPSEndpoint: tt.fips, UseDualStackEndpoint: tt.dualStack},
			})
			token := srv.IssueToken("").AccessToken
			if _, err := portalClient.ListAccounts(ctx, &sso.ListAccountsInput{AccessToken: &token}); err != nil {
				t.Fatal(err)
			}
			if got := srv.Requests(idctest.ListAccounts)[0].Host; got != tt.host {
				t.Errorf("host %s, want %s", got, tt.host)
			}
			who, err := stsClient(srv, srv.IssueCredentials(account, role), func(o *sts.Options) {
				o.BaseEndpoint, o.HTTPClient, o.Region = nil, httpClient, tt.region
				o.EndpointOptions = sts.EndpointResolverOptions{UseFIPSEndpoint: tt.fips, UseDualStackEndpoint: tt.dualStack}
			}).GetCallerIdentity(ctx, nil)
			if err != nil || *who.Account != account {
				t.Errorf("%+v %v", who, err)
			}
		})
	}
}

func TestInterceptedHosts(t *testing.T) {
	srv := idctest.New(t, idctest.Config{
		Intercept: true, Hosts: []string{"sso.internal.example"},
		Vanity: map[string]string{"aws.acme.example": "https://d-1234567890.awsapps.com/start", "odd.acme.example": "https://elsewhere.example/"},
	})
	client := proxied(t, srv)
	for _, tt := range []struct {
		method, url string
		status      int
		want        string // the Location, or a part of the body
	}{
		{"HEAD", "https://aws.acme.example/", 302, "https://d-1234567890.awsapps.com/start"},
		{"GET", "https://aws.acme.example/any/path", 302, "https://d-1234567890.awsapps.com/start"},
		{"HEAD", "https://odd.acme.example/", 302, "https://elsewhere.example/"},
		{"GET", "https://d-1234567890.awsapps.com/start", 200, `<meta name="region" content="eu-central-1">`},
		{"GET", "https://ssoins-1.portal.eu-central-1.app.aws/", 200, `content="eu-central-1"`},
		{"GET", "https://identitycenter.amazonaws.com/ssoins-1", 200, "access portal"},
		{"GET", "https://device.sso.eu-central-1.amazonaws.com/", 200, "user_code"},
		{"GET", "https://sts.amazonaws.com/", 302, "https://aws.amazon.com/iam"},
		{"GET", "https://s3.eu-central-1.amazonaws.com/bucket", 501, "s3.eu-central-1.amazonaws.com"},
		{"GET", "https://sso.internal.example/device", 200, "user_code"},
	} {
		a := fetch(t, client, tt.method, tt.url)
		if a.status != tt.status || !strings.Contains(a.header.Get("Location")+a.body, tt.want) {
			t.Errorf("%s %s: %d %s %s", tt.method, tt.url, a.status, a.header.Get("Location"), a.body)
		}
	}
	// The control paths are not for whoever asks AWS, nor has one service another's operations.
	for _, u := range []string{"https://oidc.eu-central-1.amazonaws.com/_idc/secrets", "https://oidc.eu-central-1.amazonaws.com/assignment/accounts"} {
		if a := fetch(t, client, "GET", u); a.status != 404 {
			t.Errorf("%s: %d", u, a.status)
		}
	}
	wantViolations(t, srv, idctest.UnknownPath, idctest.UnknownPath)
}

func TestProxyRefuses(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Intercept: true, Vanity: map[string]string{"aws.acme.example": "https://a.awsapps.com/start"}})
	client := proxied(t, srv)
	for _, u := range []string{
		"https://example.com/", "https://acme.example/", "https://amazonaws.com/", "https://amazonaws.com.example/",
		"https://notamazonaws.com/", "https://127.0.0.1/", "https://sts.eu-west-1.amazonaws.com:8443/",
	} {
		if resp, err := client.Do(request(t, "GET", u, "", "")); err == nil {
			resp.Body.Close()
			t.Errorf("%s: %s", u, resp.Status)
		}
	}
	if a := fetch(t, client, "GET", "http://sts.eu-west-1.amazonaws.com/"); a.status != 403 || !strings.Contains(a.body, "https alone") {
		t.Errorf("%d %s", a.status, a.body)
	}
	var refused []string
	for _, r := range srv.Requests() {
		if r.Status == 403 {
			refused = append(refused, r.Host)
		}
	}
	if len(refused) != 8 || refused[0] != "example.com:443" {
		t.Errorf("the log has %q", refused)
	}
}

// Another region than the instance's: it has neither the instance nor the token.
func TestInterceptedRegions(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Intercept: true, DisabledRegions: []string{"af-south-1"}})
	httpClient := proxied(t, srv)
	token := srv.IssueToken("").AccessToken
	_, err := sso.New(sso.Options{Region: "us-east-1", HTTPClient: httpClient}).ListAccounts(t.Context(), &sso.ListAccountsInput{AccessToken: &token})
	wantCode(t, err, "UnauthorizedException")
	oidc := ssooidc.New(ssooidc.Options{Region: "us-east-1", HTTPClient: httpClient})
	reg, err := oidc.RegisterClient(t.Context(), &ssooidc.RegisterClientInput{ClientName: aws.String("x"), ClientType: aws.String("public")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = oidc.StartDeviceAuthorization(t.Context(), &ssooidc.StartDeviceAuthorizationInput{
		ClientId: reg.ClientId, ClientSecret: reg.ClientSecret, StartUrl: &srv.StartURL,
	})
	wantCode(t, err, "InvalidRequestException")
	identity := jwt(map[string]any{"iss": "i", "sub": "s", "aud": "a"})
	_, err = sts.New(sts.Options{Region: "af-south-1", HTTPClient: httpClient}).AssumeRoleWithWebIdentity(t.Context(),
		&sts.AssumeRoleWithWebIdentityInput{RoleArn: aws.String(deployRole), RoleSessionName: aws.String("joe"), WebIdentityToken: &identity})
	wantCode(t, err, "RegionDisabledException")
}

func TestInterceptedFaults(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Intercept: true})
	client := proxied(t, srv)
	for _, kind := range []idctest.FaultKind{idctest.Reset, idctest.Cut, idctest.Truncated} {
		srv.Inject(idctest.Fault{Op: idctest.VerifyDevice, Kind: kind, Times: 1})
		resp, err := client.Do(request(t, "GET", "https://device.sso.eu-central-1.amazonaws.com/", "", ""))
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if (err == nil) != (kind == idctest.Truncated) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// The page of the authorization code flow, which the client puts together from AWS's host.
func TestBrowseThroughProxy(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Intercept: true})
	for name, browse := range map[string]func(context.Context, string) error{"Server": srv.Browse, "environment": idctest.Browse} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HTTPS_PROXY", srv.ProxyURL)
			t.Setenv("AWS_CA_BUNDLE", srv.CAFile)
			client := register(t, srv, codeRegistration(srv))
			redirect, got := callbackServer(t)
			page := authorizeURL(srv, client["clientId"].(string), redirect)
			page.Scheme, page.Host = "https", "oidc.eu-central-1.amazonaws.com"
			if err := browse(t.Context(), page.String()); err != nil {
				t.Fatal(err)
			}
			if q := <-got; q.Get("code") == "" {
				t.Errorf("%v", q)
			}
			if err := browse(t.Context(), "https://example.com/"); err == nil {
				t.Error("a foreign page was visited")
			}
		})
	}
	t.Setenv("HTTPS_PROXY", "http://192.0.2.1:8080")
	if err := idctest.Browse(t.Context(), "https://oidc.eu-central-1.amazonaws.com/authorize"); err == nil {
		t.Error("a page was visited through another proxy")
	}
}

func TestInterceptEnv(t *testing.T) {
	dir := t.TempDir()
	srv := idctest.New(t, idctest.Config{Intercept: true, CADir: dir})
	if srv.CAFile != filepath.Join(dir, "idctest-ca.pem") {
		t.Errorf("CA in %s", srv.CAFile)
	}
	env := srv.Env()
	for _, want := range []string{
		"HTTPS_PROXY=" + srv.ProxyURL, "https_proxy=" + srv.ProxyURL, "AWS_CA_BUNDLE=" + srv.CAFile, "SSL_CERT_FILE=" + srv.CAFile,
		"NODE_EXTRA_CA_CERTS=" + srv.CAFile, "REQUESTS_CA_BUNDLE=" + srv.CAFile, "AWS_ENDPOINT_URL_STS=" + srv.URL,
	} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %q", want, env)
		}
	}
	srv.Close()
	if _, err := os.Stat(srv.CAFile); err != nil {
		t.Errorf("the file in a directory of the caller's: %v", err)
	}

	srv = idctest.New(t, idctest.Config{Intercept: true, NoEndpoints: true})
	for _, pair := range srv.Env() {
		if strings.HasPrefix(pair, "AWS_ENDPOINT_URL") {
			t.Error(pair)
		}
	}
	if !slices.Contains(srv.Env(), "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true") {
		t.Errorf("%q", srv.Env())
	}
	srv.Close()
	if _, err := os.Stat(filepath.Dir(srv.CAFile)); !os.IsNotExist(err) {
		t.Errorf("the directory of the CA is left: %v", err)
	}
}
