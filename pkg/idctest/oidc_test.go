package idctest_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"

	"aws-sso-plugins/pkg/idctest"
)

func TestDeviceFlowWithSDK(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Now: clock()})
	ctx, client := t.Context(), oidcClient(srv)
	reg, err := client.RegisterClient(ctx, &ssooidc.RegisterClientInput{
		ClientName: aws.String("test"), ClientType: aws.String("public"), Scopes: []string{"sso:account:access"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := time.Unix(reg.ClientSecretExpiresAt, 0), srv.Now().Add(90*24*time.Hour); !got.Equal(want) {
		t.Errorf("registration expires %v, want %v", got, want)
	}
	dev, err := client.StartDeviceAuthorization(ctx, &ssooidc.StartDeviceAuthorizationInput{
		ClientId: reg.ClientId, ClientSecret: reg.ClientSecret, StartUrl: &srv.StartURL,
	})
	if err != nil {
		t.Fatal(err)
	}
	if dev.Interval != 1 || dev.ExpiresIn != 600 || len(*dev.UserCode) != 9 {
		t.Errorf("interval %d, expiresIn %d, userCode %q", dev.Interval, dev.ExpiresIn, *dev.UserCode)
	}
	poll := func() (*ssooidc.CreateTokenOutput, error) {
		return client.CreateToken(ctx, &ssooidc.CreateTokenInput{
			ClientId: reg.ClientId, ClientSecret: reg.ClientSecret, GrantType: aws.String(deviceGrant),
			DeviceCode: dev.DeviceCode,
		})
	}
	_, err = poll()
	pending, ok := errors.AsType[*types.AuthorizationPendingException](err)
	if !ok || *pending.Error_ != "authorization_pending" {
		t.Fatalf("before approval: %v", err)
	}
	if err := srv.Browse(ctx, *dev.VerificationUriComplete); err != nil {
		t.Fatal(err)
	}
	srv.Advance(time.Second)
	token, err := poll()
	if err != nil {
		t.Fatal(err)
	}
	if *token.TokenType != "Bearer" || token.ExpiresIn != 3600 || token.RefreshToken == nil {
		t.Errorf("token type %q, expiresIn %d, refresh token %v", *token.TokenType, token.ExpiresIn, token.RefreshToken)
	}
	srv.Advance(time.Second)
	if _, err := poll(); err == nil {
		t.Error("a device code was good twice")
	}
	wantViolations(t, srv, idctest.SpentCode)
}

func TestCodeFlowWithSDK(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	ctx, client := t.Context(), oidcClient(srv)
	reg, err := client.RegisterClient(ctx, &ssooidc.RegisterClientInput{
		ClientName: aws.String("test"), ClientType: aws.String("public"), Scopes: []string{"sso:account:access"},
		GrantTypes: []string{codeGrant, refreshGrant}, RedirectUris: []string{callback}, IssuerUrl: &srv.StartURL,
	})
	if err != nil {
		t.Fatal(err)
	}
	redirect, got := callbackServer(t)
	if err := srv.Browse(ctx, authorizeURL(srv, *reg.ClientId, redirect).String()); err != nil {
		t.Fatal(err)
	}
	query := <-got
	if query.Get("state") != "the state" {
		t.Errorf("state came back as %q", query.Get("state"))
	}
	token, err := client.CreateToken(ctx, &ssooidc.CreateTokenInput{
		ClientId: reg.ClientId, ClientSecret: reg.ClientSecret, GrantType: aws.String(codeGrant),
		Code: aws.String(query.Get("code")), RedirectUri: &redirect, CodeVerifier: aws.String(verifier),
	})
	if err != nil {
		t.Fatal(err)
	}
	refreshed, err := client.CreateToken(ctx, &ssooidc.CreateTokenInput{
		ClientId: reg.ClientId, ClientSecret: reg.ClientSecret, GrantType: aws.String(refreshGrant),
		RefreshToken: token.RefreshToken,
	})
	if err != nil {
		t.Fatal(err)
	}
	if *refreshed.AccessToken == *token.AccessToken || *refreshed.RefreshToken == *token.RefreshToken {
		t.Error("a refresh gave what was there before")
	}
}

func TestRegisterClientRefusals(t *testing.T) {
	good := codeRegistration(idctest.New(t, idctest.Config{}))
	for name, tt := range map[string]struct {
		body members
		want string
		rule idctest.Rule
	}{
		"no name":             {good.with("clientName", nil), "InvalidRequestException", idctest.MissingParameter},
		"no type":             {good.with("clientType", nil), "InvalidRequestException", idctest.MissingParameter},
		"confidential":        {good.with("clientType", "confidential"), "InvalidClientMetadataException", idctest.BadClientType},
		"joined scopes":       {good.with("scopes", []string{"a:b,c:d"}), "InvalidScopeException", idctest.BadScope},
		"unknown grant":       {good.with("grantTypes", []string{"password"}), "UnsupportedGrantTypeException", idctest.BadGrantType},
		"both flows":          {good.with("grantTypes", []string{codeGrant, deviceGrant}), "InvalidScopeException", idctest.MixedGrants},
		"localhost":           {good.with("redirectUris", []string{"http://localhost/x"}), "InvalidRedirectUriException", idctest.BadRedirect},
		"IPv6":                {good.with("redirectUris", []string{"http://[::1]/x"}), "InvalidRedirectUriException", idctest.BadRedirect},
		"https":               {good.with("redirectUris", []string{"https://127.0.0.1/x"}), "InvalidRedirectUriException", idctest.BadRedirect},
		"userinfo":            {good.with("redirectUris", []string{"http://a@127.0.0.1/x"}), "InvalidRedirectUriException", idctest.BadRedirect},
		"no redirect":         {good.with("redirectUris", nil), "InvalidRequestException", idctest.MissingParameter},
		"no issuer":           {good.with("issuerUrl", nil), "InvalidRequestException", idctest.MissingParameter},
		"OAuth spelling":      {good.with("redirect_uris", []string{callback}), "InvalidRequestException", idctest.UnknownField},
		"wrong type":          {good.with("scopes", "sso:account:access"), "InvalidRequestException", idctest.MalformedRequest},
		"start URL not known": {good.with("issuerUrl", "https://elsewhere.awsapps.com/start"), "InvalidRequestException", ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{})
			post(t, srv, "/client/register", tt.body).wantError(400, tt.want)
			if tt.rule != "" {
				wantViolations(t, srv, tt.rule)
			}
		})
	}
}

func TestBodyForms(t *testing.T) {
	for name, tt := range map[string]struct {
		contentType, body string
		rule              idctest.Rule
	}{
		"form":     {"application/x-www-form-urlencoded", "clientName=x&clientType=public", idctest.WrongContentType},
		"no type":  {"", `{"clientName":"x","clientType":"public"}`, idctest.WrongContentType},
		"empty":    {"application/json", "", idctest.MalformedRequest},
		"cut":      {"application/json", `{"clientName":"x"`, idctest.MalformedRequest},
		"trailing": {"application/json", `{"clientName":"x","clientType":"public"}{}`, idctest.MalformedRequest},
	} {
		t.Run(name, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{})
			a := send(t, request(t, "POST", srv.URL+"/client/register", tt.contentType, tt.body))
			a.wantError(400, "InvalidRequestException")
			wantViolations(t, srv, tt.rule)
		})
	}
	srv := idctest.New(t, idctest.Config{})
	a := send(t, request(t, "POST", srv.URL+"/client/register", "application/json; charset=utf-8",
		`{"clientName":"x","clientType":"public","scopes":null}`))
	if a.status != 200 {
		t.Errorf("a parameter of the content type and a null member: %d %s", a.status, a.body)
	}
}

func TestOIDCErrorForm(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := register(t, srv, deviceRegistration)
	a := post(t, srv, "/device_authorization", client.with("startUrl", "https://elsewhere.awsapps.com/start"))
	if got := a.header.Get("X-Amzn-Errortype"); got != "InvalidRequestException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/" {
		t.Errorf("x-amzn-ErrorType %q", got)
	}
	if a.status != 400 || a.body != `{"error":"invalid_request","error_description":"Invalid request"}` ||
		a.header.Get("Content-Type") != "application/json" || len(a.header.Get("X-Amzn-Requestid")) != 36 {
		t.Errorf("%d %s %v", a.status, a.body, a.header)
	}
}

func TestStartDeviceAuthorizationRefusals(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := register(t, srv, deviceRegistration)
	post(t, srv, "/device_authorization", client).wantError(400, "InvalidRequestException")
	wantViolations(t, srv, idctest.MissingParameter)
	post(t, srv, "/device_authorization", client.with("start_url", srv.StartURL)).wantError(400, "InvalidRequestException")
	wantViolations(t, srv, idctest.UnknownField)
}

func TestClientAuthentication(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := register(t, srv, deviceRegistration).with("startUrl", srv.StartURL)
	post(t, srv, "/device_authorization", client.with("clientId", "other")).wantError(401, "InvalidClientException")
	post(t, srv, "/device_authorization", client.with("clientSecret", "other")).wantError(401, "InvalidClientException")
	wantViolations(t, srv, idctest.UnknownClient, idctest.WrongClientSecret)

	// What ends by itself or by an administrator is nobody's violation.
	if !srv.Revoke(client["clientId"].(string)) {
		t.Fatal("a client id could not be revoked")
	}
	post(t, srv, "/device_authorization", client).wantError(401, "InvalidClientException")
	late := register(t, srv, deviceRegistration).with("startUrl", srv.StartURL)
	srv.Advance(90 * 24 * time.Hour)
	post(t, srv, "/device_authorization", late).wantError(401, "InvalidClientException")
}

func TestDeviceOutcomes(t *testing.T) {
	for name, tt := range map[string]struct {
		approval idctest.Approval
		visit    bool
		want     string // error, or empty for a token
	}{
		"approved by visit": {idctest.OnVisit, true, ""},
		"not visited":       {idctest.OnVisit, false, "AuthorizationPendingException"},
		"unattended":        {idctest.Unattended, false, ""},
		"declined":          {idctest.Declined, true, "AccessDeniedException"},
		"declined unseen":   {idctest.Declined, false, "AccessDeniedException"},
		"never":             {idctest.Never, true, "AuthorizationPendingException"},
		"too late":          {idctest.TooLate, false, "ExpiredTokenException"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{Approval: tt.approval})
			call, a := startDevice(t, srv)
			if tt.visit {
				if err := srv.Browse(t.Context(), a.str("verificationUriComplete")); err != nil {
					t.Fatal(err)
				}
			}
			a = post(t, srv, "/token", call)
			if tt.want != "" {
				a.wantError(400, tt.want)
			} else if a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

func TestDeviceCodeExpires(t *testing.T) {
	srv := idctest.New(t, idctest.Config{DeviceLifetime: time.Minute, Now: clock()})
	call, a := startDevice(t, srv)
	if got := a.doc()["expiresIn"]; got != 60.0 {
		t.Errorf("expiresIn %v", got)
	}
	srv.Advance(time.Minute)
	if err := srv.Browse(t.Context(), a.str("verificationUriComplete")); err == nil {
		t.Error("the page took an expired user code")
	}
	post(t, srv, "/token", call).wantError(400, "ExpiredTokenException")
	srv.Advance(time.Second)
	post(t, srv, "/token", call).wantError(400, "ExpiredTokenException")
	wantViolations(t, srv, idctest.PolledAfterEnd)
}

func TestDevicePacing(t *testing.T) {
	srv := idctest.New(t, idctest.Config{SlowDowns: 1, Interval: 2 * time.Second, Now: clock()})
	call, a := startDevice(t, srv)
	if got := a.doc()["interval"]; got != 2.0 {
		t.Errorf("interval %v", got)
	}
	post(t, srv, "/token", call).wantError(400, "SlowDownException") // told to, once: legal
	srv.Advance(7 * time.Second)
	post(t, srv, "/token", call).wantError(400, "AuthorizationPendingException")
	wantViolations(t, srv)
	srv.Advance(7*time.Second - time.Millisecond)
	post(t, srv, "/token", call).wantError(400, "SlowDownException") // 5 s more since the first
	wantViolations(t, srv, idctest.PolledTooFast)
	srv.Advance(12 * time.Second)
	post(t, srv, "/token", call).wantError(400, "AuthorizationPendingException")
}

func TestDeviceIntervalLeftOut(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Interval: -1, Now: clock()})
	call, a := startDevice(t, srv)
	if got, ok := a.doc()["interval"]; ok {
		t.Errorf("interval %v", got)
	}
	post(t, srv, "/token", call).wantError(400, "AuthorizationPendingException")
	srv.Advance(5 * time.Second)
	post(t, srv, "/token", call).wantError(400, "AuthorizationPendingException")
	srv.Advance(4 * time.Second)
	post(t, srv, "/token", call).wantError(400, "SlowDownException")
	wantViolations(t, srv, idctest.PolledTooFast)
}

func TestUserCodeSpelling(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	call, a := startDevice(t, srv)
	typed := strings.ToLower(strings.ReplaceAll(a.str("userCode"), "-", ""))
	if err := srv.Browse(t.Context(), a.str("verificationUri")); err != nil {
		t.Errorf("the page without a code: %v", err)
	}
	if err := srv.Browse(t.Context(), a.str("verificationUri")+"?user_code="+typed); err != nil {
		t.Errorf("the code as a person types it: %v", err)
	}
	if a := post(t, srv, "/token", call); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := srv.Browse(t.Context(), a.str("verificationUri")+"?user_code=BCDF-GHJK"); err == nil {
		t.Error("the page took a code that was never issued")
	}
}

func TestCreateTokenRefusals(t *testing.T) {
	type call = members
	for name, tt := range map[string]struct {
		code   bool // of the authorization code flow, else of the device flow
		change func(call) call
		status int
		want   string
		rule   idctest.Rule
	}{
		"no grant type":         {false, func(c call) call { return c.with("grantType", nil) }, 400, "InvalidRequestException", idctest.MissingParameter},
		"no client id":          {false, func(c call) call { return c.with("clientId", nil) }, 400, "InvalidRequestException", idctest.MissingParameter},
		"no device code":        {false, func(c call) call { return c.with("deviceCode", nil) }, 400, "InvalidRequestException", idctest.MissingParameter},
		"unknown device code":   {false, func(c call) call { return c.with("deviceCode", "x") }, 400, "InvalidGrantException", idctest.UnknownCode},
		"grant type of nobody":  {false, func(c call) call { return c.with("grantType", "password") }, 400, "UnsupportedGrantTypeException", idctest.BadGrantType},
		"short device grant":    {false, func(c call) call { return c.with("grantType", "device_code") }, 400, "UnsupportedGrantTypeException", idctest.BadGrantType},
		"code grant of device":  {false, func(c call) call { return c.with("grantType", codeGrant) }, 400, "UnauthorizedClientException", idctest.UnregisteredGrant},
		"device grant of code":  {true, func(c call) call { return c.with("grantType", deviceGrant) }, 400, "UnauthorizedClientException", idctest.UnregisteredGrant},
		"unknown refresh token": {true, func(c call) call { return c.with("grantType", refreshGrant, "refreshToken", "x") }, 400, "InvalidGrantException", idctest.UnknownRefresh},
		"no refresh token":      {true, func(c call) call { return c.with("grantType", refreshGrant) }, 400, "InvalidRequestException", idctest.MissingParameter},
		"unknown code":          {true, func(c call) call { return c.with("code", "x") }, 400, "InvalidGrantException", idctest.UnknownCode},
		"no redirect":           {true, func(c call) call { return c.with("redirectUri", nil) }, 400, "InvalidRequestException", idctest.MissingParameter},
		"redirect without port": {true, func(c call) call { return c.with("redirectUri", callback) }, 400, "InvalidGrantException", idctest.BadRedirect},
		"other port":            {true, func(c call) call { return c.with("redirectUri", "http://127.0.0.1:1/oauth/callback") }, 400, "InvalidGrantException", idctest.BadRedirect},
		"no verifier":           {true, func(c call) call { return c.with("codeVerifier", nil) }, 400, "InvalidRequestException", idctest.MissingParameter},
		"short verifier":        {true, func(c call) call { return c.with("codeVerifier", "short") }, 400, "InvalidRequestException", idctest.BadVerifier},
		"other verifier":        {true, func(c call) call { return c.with("codeVerifier", verifier+"x") }, 400, "InvalidGrantException", idctest.BadVerifier},
		"snake case":            {true, func(c call) call { return c.with("code_verifier", verifier) }, 400, "InvalidRequestException", idctest.UnknownField},
	} {
		t.Run(name, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{Approval: idctest.Unattended})
			var c call
			if tt.code {
				c = startCode(t, srv)
			} else {
				c, _ = startDevice(t, srv)
			}
			post(t, srv, "/token", tt.change(c)).wantError(tt.status, tt.want)
			wantViolations(t, srv, tt.rule)
			// The refusal has not spent the code.
			if a := post(t, srv, "/token", c); a.status != 200 {
				t.Errorf("the right call afterwards: %d %s", a.status, a.body)
			}
		})
	}
}

func TestGrantOfAnotherClient(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Approval: idctest.Unattended})
	device, _ := startDevice(t, srv)
	thief, _ := startDevice(t, srv)
	post(t, srv, "/token", thief.with("deviceCode", device["deviceCode"])).wantError(400, "InvalidGrantException")
	code := startCode(t, srv)
	otherCode := register(t, srv, codeRegistration(srv))
	post(t, srv, "/token", code.with("clientId", otherCode["clientId"], "clientSecret", otherCode["clientSecret"])).
		wantError(400, "InvalidGrantException")
	refresh := post(t, srv, "/token", code).str("refreshToken")
	post(t, srv, "/token", otherCode.with("grantType", refreshGrant, "refreshToken", refresh)).
		wantError(400, "InvalidGrantException")
	wantViolations(t, srv, idctest.WrongClient, idctest.WrongClient, idctest.WrongClient)
}

func TestCodeIsSpentOnce(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	call := startCode(t, srv)
	var wg sync.WaitGroup
	statuses := make(chan int, 8)
	for range cap(statuses) {
		wg.Go(func() { statuses <- post(t, srv, "/token", call).status })
	}
	wg.Wait()
	close(statuses)
	good := 0
	for status := range statuses {
		if status == 200 {
			good++
		}
	}
	if good != 1 || len(srv.Violations()) != 7 {
		t.Errorf("%d of 8 exchanges of one code went well, %d violations", good, len(srv.Violations()))
	}
	srv.Tolerate(idctest.SpentCode)
}

func TestCodeExpires(t *testing.T) {
	srv := idctest.New(t, idctest.Config{DeviceLifetime: time.Minute})
	call := startCode(t, srv)
	srv.Advance(2 * time.Minute)
	post(t, srv, "/token", call).wantError(400, "InvalidGrantException")
	srv.Update(func(c *idctest.Config) { c.Approval = idctest.TooLate })
	post(t, srv, "/token", startCode(t, srv)).wantError(400, "InvalidGrantException")
}

func TestAuthorize(t *testing.T) {
	const redirect = "http://127.0.0.1:54321/oauth/callback"
	for name, tt := range map[string]struct {
		change   func(url.Values)
		approval idctest.Approval
		status   int
		err      string // that the redirect tells
		rule     idctest.Rule
	}{
		"good":                 {status: 302},
		"unknown client":       {change: func(q url.Values) { q.Set("client_id", "x") }, status: 400, rule: idctest.UnknownClient},
		"no client":            {change: func(q url.Values) { q.Del("client_id") }, status: 400, rule: idctest.MissingParameter},
		"no redirect":          {change: func(q url.Values) { q.Del("redirect_uri") }, status: 400, rule: idctest.MissingParameter},
		"localhost":            {change: func(q url.Values) { q.Set("redirect_uri", "http://localhost:1/oauth/callback") }, status: 400, rule: idctest.BadRedirect},
		"other path":           {change: func(q url.Values) { q.Set("redirect_uri", "http://127.0.0.1:1/") }, status: 400, rule: idctest.BadRedirect},
		"other query":          {change: func(q url.Values) { q.Set("redirect_uri", redirect+"?x=1") }, status: 400, rule: idctest.BadRedirect},
		"https":                {change: func(q url.Values) { q.Set("redirect_uri", "https://127.0.0.1:1/oauth/callback") }, status: 400, rule: idctest.BadRedirect},
		"no state":             {change: func(q url.Values) { q.Del("state") }, status: 400, rule: idctest.MissingParameter},
		"response type":        {change: func(q url.Values) { q.Set("response_type", "token") }, status: 302, err: "unsupported_response_type", rule: idctest.MissingParameter},
		"scope":                {change: func(q url.Values) { q.Set("scope", q.Get("scopes")); q.Del("scopes") }, status: 302},
		"joined by commas":     {change: func(q url.Values) { q.Set("scopes", "sso:account:access,sso:account:access") }, status: 302},
		"no scopes":            {change: func(q url.Values) { q.Del("scopes") }, status: 302},
		"scope not registered": {change: func(q url.Values) { q.Set("scopes", "sso:account:access other") }, status: 302, err: "invalid_scope", rule: idctest.BadScope},
		"plain challenge":      {change: func(q url.Values) { q.Set("code_challenge_method", "plain") }, status: 302, err: "invalid_request", rule: idctest.BadChallenge},
		"no method":            {change: func(q url.Values) { q.Del("code_challenge_method") }, status: 302, err: "invalid_request", rule: idctest.BadChallenge},
		"padded challenge":     {change: func(q url.Values) { q.Set("code_challenge", challenge()+"=") }, status: 302, err: "invalid_request", rule: idctest.BadChallenge},
		"declined":             {approval: idctest.Declined, status: 302, err: "access_denied"},
		"never":                {approval: idctest.Never, status: 200},
	} {
		t.Run(name, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{Approval: tt.approval})
			client := register(t, srv, codeRegistration(srv))
			u := authorizeURL(srv, client["clientId"].(string), redirect)
			if tt.change != nil {
				q := u.Query()
				tt.change(q)
				u.RawQuery = q.Encode()
			}
			a := send(t, request(t, "GET", u.String(), "", ""))
			if tt.rule != "" {
				wantViolations(t, srv, tt.rule)
			}
			if a.status != tt.status {
				t.Fatalf("status %d, want %d\n%s", a.status, tt.status, a.body)
			}
			to, err := url.Parse(a.header.Get("Location"))
			if err != nil {
				t.Fatal(err)
			}
			if (to.Host != "") != (tt.status == 302) {
				t.Errorf("Location %q with status %d", to, tt.status)
			}
			if tt.status == 302 {
				q := to.Query()
				if q.Get("error") != tt.err || q.Get("state") != "the state" || q.Has("code") == (tt.err != "") {
					t.Errorf("Location %q", to)
				}
			}
		})
	}
}

func TestAuthorizeByDeviceClient(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	client := register(t, srv, deviceRegistration)
	a := send(t, request(t, "GET", authorizeURL(srv, client["clientId"].(string), callback).String(), "", ""))
	if a.status != 400 {
		t.Errorf("status %d", a.status)
	}
	wantViolations(t, srv, idctest.UnregisteredGrant)

	client = register(t, srv, codeRegistration(srv))
	post(t, srv, "/device_authorization", client.with("startUrl", srv.StartURL)).
		wantError(400, "UnauthorizedClientException")
	wantViolations(t, srv)
	srv.Revoke(client["clientId"].(string))
	if a := send(t, request(t, "GET", authorizeURL(srv, client["clientId"].(string), callback).String(), "", "")); a.status != 400 {
		t.Errorf("a revoked client: status %d", a.status)
	}
}

func refreshCall(token idctest.Token) members {
	return members{
		"clientId": token.ClientID, "clientSecret": token.ClientSecret, "grantType": refreshGrant,
		"refreshToken": token.RefreshToken,
	}
}

func TestRefresh(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	call := refreshCall(srv.IssueToken(""))
	a := post(t, srv, "/token", call)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	post(t, srv, "/token", call).wantError(400, "InvalidGrantException")
	wantViolations(t, srv, idctest.SpentRefresh)
	if a := post(t, srv, "/token", call.with("refreshToken", a.str("refreshToken"))); a.status != 200 {
		t.Errorf("the new refresh token: %d %s", a.status, a.body)
	}
}

func TestRefreshTokenKept(t *testing.T) {
	srv := idctest.New(t, idctest.Config{KeepRefreshToken: true})
	call := refreshCall(srv.IssueToken(""))
	for range 2 {
		a := post(t, srv, "/token", call)
		if a.status != 200 || a.doc()["refreshToken"] != nil {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

func TestRefreshEnds(t *testing.T) {
	for name, end := range map[string]func(*idctest.Server, idctest.Token){
		"session ended":         func(s *idctest.Server, _ idctest.Token) { s.EndSession("") },
		"session of start URL":  func(s *idctest.Server, _ idctest.Token) { s.EndSession(s.StartURL) },
		"session has expired":   func(s *idctest.Server, _ idctest.Token) { s.Advance(8 * time.Hour) },
		"refresh token revoked": func(s *idctest.Server, tok idctest.Token) { s.Revoke(tok.RefreshToken) },
	} {
		t.Run(name, func(t *testing.T) {
			srv := idctest.New(t, idctest.Config{})
			token := srv.IssueToken("")
			end(srv, token)
			post(t, srv, "/token", refreshCall(token)).wantError(400, "InvalidGrantException")
		})
	}
}

func TestTokenLifetimes(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    idctest.Config
		scopes []string
		want   float64
		fresh  bool // a refresh token comes along
	}{
		"scoped":            {scopes: []string{"sso:account:access"}, want: 3600, fresh: true},
		"legacy":            {want: 8 * 3600},
		"short":             {cfg: idctest.Config{TokenLifetime: time.Minute}, want: 60},
		"ends with session": {cfg: idctest.Config{SessionLifetime: time.Minute}, scopes: []string{"sso:account:access"}, want: 60, fresh: true},
		"negative":          {cfg: idctest.Config{TokenLifetime: -5 * time.Second}, want: -5},
		"zero":              {cfg: idctest.Config{TokenLifetime: time.Millisecond}, want: 0},
		"no refresh":        {cfg: idctest.Config{NoRefresh: true}, scopes: []string{"sso:account:access"}, want: 3600},
	} {
		t.Run(name, func(t *testing.T) {
			tt.cfg.Approval = idctest.Unattended
			srv := idctest.New(t, tt.cfg)
			client := register(t, srv, deviceRegistration.with("scopes", tt.scopes))
			code := post(t, srv, "/device_authorization", client.with("startUrl", srv.StartURL)).str("deviceCode")
			a := post(t, srv, "/token", client.with("grantType", deviceGrant, "deviceCode", code))
			if got := a.doc()["expiresIn"]; got != tt.want || (a.doc()["refreshToken"] != nil) != tt.fresh {
				t.Errorf("%s", a.body)
			}
		})
	}
}

func TestStartURLSpellings(t *testing.T) {
	const other = "https://other.awsapps.com/start"
	srv := idctest.New(t, idctest.Config{Instances: map[string][]idctest.Account{other: idctest.MakeAccounts(1, 1)}})
	client := register(t, srv, deviceRegistration)
	for _, u := range []string{srv.StartURL, srv.StartURL + "/", srv.StartURL + "#/", srv.StartURL + "/#/", other} {
		if a := post(t, srv, "/device_authorization", client.with("startUrl", u)); a.status != 200 {
			t.Errorf("%s: %d %s", u, a.status, a.body)
		}
	}
}

func TestSecondPollMayComeAtOnce(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Now: clock()})
	call, _ := startDevice(t, srv)
	post(t, srv, "/token", call).wantError(400, "AuthorizationPendingException")
	post(t, srv, "/token", call).wantError(400, "AuthorizationPendingException")
	wantViolations(t, srv)
	post(t, srv, "/token", call).wantError(400, "SlowDownException")
	wantViolations(t, srv, idctest.PolledTooFast)
}

func TestNoInterval(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Now: clock(), Interval: idctest.NoInterval})
	call, a := startDevice(t, srv)
	if got := a.doc()["interval"]; got != 0.0 {
		t.Errorf("interval %v", got)
	}
	for range 5 {
		post(t, srv, "/token", call).wantError(400, "AuthorizationPendingException")
	}
}

// aws-sso-cli registers refresh_token alone and uses the device flow.
func TestRefreshGrantAloneHasDeviceFlow(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Approval: idctest.Unattended})
	client := register(t, srv, members{"clientName": "aws-sso-cli", "clientType": "public", "grantTypes": []string{refreshGrant}})
	dev := post(t, srv, "/device_authorization", client.with("startUrl", srv.StartURL))
	a := post(t, srv, "/token", client.with("grantType", deviceGrant, "deviceCode", dev.str("deviceCode")))
	if a.status != 200 || a.doc()["refreshToken"] != nil {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// granted registers the portal's own scope.
func TestPortalScope(t *testing.T) {
	srv := idctest.New(t, idctest.Config{Approval: idctest.Unattended})
	client := register(t, srv, deviceRegistration.with("scopes", []string{"sso-portal:*"}))
	dev := post(t, srv, "/device_authorization", client.with("startUrl", srv.StartURL))
	a := post(t, srv, "/token", client.with("grantType", deviceGrant, "deviceCode", dev.str("deviceCode")))
	if a.status != 200 || a.doc()["refreshToken"] != nil || a.doc()["expiresIn"] != 28800.0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := portal(t, srv, "GET", "/assignment/accounts", a.str("accessToken")); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Without it, and without sso:account:access, the portal is closed.
	client = register(t, srv, deviceRegistration.with("scopes", []string{"codewhisperer:completions"}))
	dev = post(t, srv, "/device_authorization", client.with("startUrl", srv.StartURL))
	a = post(t, srv, "/token", client.with("grantType", deviceGrant, "deviceCode", dev.str("deviceCode")))
	portal(t, srv, "GET", "/assignment/accounts", a.str("accessToken")).wantError(403, "ForbiddenException")
}

func TestKMSErrors(t *testing.T) {
	for kind, want := range map[idctest.FaultKind]string{
		idctest.KMSAccessDenied: "AccessDeniedException", idctest.KMSNotFound: "InvalidRequestException",
		idctest.KMSInvalidKeyUsage: "InvalidRequestException", idctest.KMSInvalidState: "InvalidRequestException",
		idctest.KMSDisabled: "InvalidRequestException",
	} {
		srv := idctest.New(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: kind}}})
		call, _ := startDevice(t, srv)
		a := post(t, srv, "/token", call)
		a.wantError(400, want)
		if a.doc()["reason"] != string(kind) {
			t.Errorf("%s", a.body)
		}
	}
	if _, err := idctest.ParseFault("ListAccounts=KMS_DisabledException"); err == nil {
		t.Error("the portal has no errors of KMS")
	}
}
