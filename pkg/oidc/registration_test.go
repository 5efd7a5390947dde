package oidc_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/idctest"
	"aws-sso-plugins/pkg/oidc"
	"aws-sso-plugins/pkg/tokencache"
	"aws-sso-plugins/pkg/wire"
)

func TestRegister(t *testing.T) {
	srv, client := start(t, idctest.Config{})
	browser, err := client.RegisterBrowser(t.Context(), "a name", srv.StartURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	device, err := client.RegisterDevice(t.Context(), "a name", []string{"sso:account:access"})
	if err != nil {
		t.Fatal(err)
	}
	if browser.Flow() != tokencache.AuthorizationCode || device.Flow() != tokencache.DeviceCode {
		t.Error("the flows are mixed up")
	}
	if !reflect.DeepEqual(browser.Scopes, []string{oidc.DefaultScope}) || !reflect.DeepEqual(browser.GrantTypes, []string{"authorization_code", "refresh_token"}) {
		t.Errorf("scopes %q, grant types %q", browser.Scopes, browser.GrantTypes)
	}
	if len(device.GrantTypes) != 0 {
		t.Errorf("grant types %q: both kinds in one registration are refused", device.GrantTypes)
	}
	for _, r := range []tokencache.Registration{browser, device} {
		if r.ClientID == "" || r.ClientSecret == "" || time.Until(r.ExpiresAt) < 89*24*time.Hour {
			t.Errorf("incomplete: %v", r)
		}
	}
	sent := srv.Requests(idctest.RegisterClient)[0].Params
	for name, want := range map[string]string{
		"clientName": "a name", "clientType": "public", "issuerUrl": srv.StartURL,
		"redirectUris": "http://127.0.0.1/oauth/callback", // without a port: RFC 8252 7.3
	} {
		if sent.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, sent.Get(name), want)
		}
	}
}

func TestRegisterClientRefused(t *testing.T) {
	for _, tc := range []struct {
		fault idctest.FaultKind
		kind  fault.Kind
		word  string
	}{
		{"InvalidClientMetadataException", fault.Login, "register"},
		{"InvalidScopeException", fault.Login, "scope"},
		{"InvalidRequestException", fault.Login, "does not accept"},
		{"InvalidRedirectUriException", fault.Login, "browser"},
		{"SlowDownException", fault.Login, "slow down"},
		{"InternalServerException", fault.Reply, "500"},
		{idctest.Empty, fault.Reply, "empty"},
		{idctest.Hollow, fault.Reply, "without a client id"},
		{idctest.Nulls, fault.Reply, "without a client id"},
		{idctest.HTML, fault.Reply, "not from AWS"},
	} {
		t.Run(string(tc.fault), func(t *testing.T) {
			srv, client := start(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.RegisterClient, Kind: tc.fault}}})
			r, err := client.RegisterDevice(t.Context(), "a name", nil)
			wantFault(t, srv, err, tc.kind)
			if r.ClientID != "" || !strings.Contains(err.Error(), tc.word) {
				t.Errorf("%v, %v", r, err)
			}
		})
	}
}

// Each exception of the OIDC API is told apart, and its words, which the SDK
// leaves out, are in the fault.
func TestRefusals(t *testing.T) {
	for name, want := range map[idctest.FaultKind]error{
		"AccessDeniedException": oidc.ErrDenied, "ExpiredTokenException": oidc.ErrExpired, "InvalidGrantException": oidc.ErrInvalidGrant,
		"InvalidClientException": oidc.ErrInvalidClient, "UnauthorizedClientException": oidc.ErrInvalidClient,
		"SlowDownException": oidc.ErrSlowDown, "UnsupportedGrantTypeException": nil, "InvalidRequestException": nil,
	} {
		t.Run(string(name), func(t *testing.T) {
			srv, client := start(t, idctest.Config{Faults: []idctest.Fault{{Op: idctest.CreateToken, Kind: name}}})
			_, err := client.Refresh(t.Context(), tokencache.Registration{ClientID: "a", ClientSecret: "b"}, "c")
			wantFault(t, srv, err, fault.Login)
			for _, sentinel := range []error{
				oidc.ErrDenied, oidc.ErrExpired, oidc.ErrInvalidGrant, oidc.ErrInvalidClient, oidc.ErrSlowDown, oidc.ErrNoToken,
			} {
				if errors.Is(err, sentinel) != (sentinel == want) {
					t.Errorf("is %v: %v", sentinel, errors.Is(err, sentinel))
				}
			}
			if !strings.Contains(err.Error(), "AWS says") || strings.Contains(err.Error(), "operation error") {
				t.Errorf("not in words for a person: %v", err)
			}
		})
	}
}

// What a server says goes to a terminal.
func TestTheServersWordsAreQuoted(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Errortype", "InvalidGrantException")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":"invalid_grant","error_description":"\u001b]0;x\u0007\r\n%s"}`, strings.Repeat("y", 5000))
	}))
	defer srv.Close()
	client := clientOf(t, wire.Settings{Endpoint: srv.URL}, "eu-central-1")
	_, err := client.Refresh(t.Context(), tokencache.Registration{ClientID: "a", ClientSecret: "b"}, "c")
	if !errors.Is(err, oidc.ErrInvalidGrant) || strings.ContainsAny(err.Error(), "\x1b\a\r\n") || len(err.Error()) > 400 {
		t.Errorf("%q", err)
	}
}

func TestRefresh(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  idctest.Config
		same bool
	}{
		{"another refresh token", idctest.Config{}, false},
		{"no refresh token: the old one stays good", idctest.Config{KeepRefreshToken: true}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv, client := start(t, tc.cfg)
			old := srv.IssueToken("")
			r := tokencache.Registration{ClientID: old.ClientID, ClientSecret: old.ClientSecret}
			g, err := client.Refresh(t.Context(), r, old.RefreshToken)
			if err != nil || g.AccessToken == "" || g.AccessToken == old.AccessToken {
				t.Fatalf("%v, %v", g, err)
			}
			if (g.RefreshToken == "") != tc.same {
				t.Errorf("a refresh token in the reply: %v", g.RefreshToken != "")
			}
			if tc.same {
				g.RefreshToken = old.RefreshToken
			}
			if _, err := client.Refresh(t.Context(), r, g.RefreshToken); err != nil {
				t.Errorf("the second refresh: %v", err)
			}
		})
	}
}

func TestARefreshAfterTheSessionsEnd(t *testing.T) {
	srv, client := start(t, idctest.Config{})
	old := srv.IssueToken("")
	srv.EndSession("")
	_, err := client.Refresh(t.Context(), tokencache.Registration{ClientID: old.ClientID, ClientSecret: old.ClientSecret}, old.RefreshToken)
	wantFault(t, srv, err, fault.Login, oidc.ErrInvalidGrant)
}

// A spent grant looks like one that never was good, so a request that AWS may
// have seen is not sent again; one that it cannot have seen is, once.
func TestAGrantIsSentAgainOnlyIfNoAnswerCame(t *testing.T) {
	for _, tc := range []struct {
		fault idctest.Fault
		calls int
		ok    bool
	}{
		{idctest.Fault{Op: idctest.CreateToken, Kind: idctest.Reset, Times: 1}, 2, true},
		{idctest.Fault{Op: idctest.CreateToken, Kind: idctest.Reset}, 2, false},
		{idctest.Fault{Op: idctest.CreateToken, Kind: idctest.Unavailable}, 1, false},
		{idctest.Fault{Op: idctest.CreateToken, Kind: idctest.Cut}, 1, false},
		{idctest.Fault{Op: idctest.CreateToken, Kind: idctest.Truncated}, 1, false},
		{idctest.Fault{Op: idctest.CreateToken, Kind: idctest.Empty}, 1, false},
	} {
		t.Run(tc.fault.String(), func(t *testing.T) {
			srv, client := start(t, idctest.Config{Faults: []idctest.Fault{tc.fault}})
			old := srv.IssueToken("")
			_, err := client.Refresh(t.Context(), tokencache.Registration{ClientID: old.ClientID, ClientSecret: old.ClientSecret}, old.RefreshToken)
			if (err == nil) != tc.ok {
				t.Error(err)
			}
			if n := srv.Count(idctest.CreateToken); n != tc.calls {
				t.Errorf("sent %d times, want %d", n, tc.calls)
			}
		})
	}
}

func TestTheServersClockCounts(t *testing.T) {
	for _, off := range []time.Duration{2 * time.Hour, -2 * time.Hour, 3 * time.Minute, time.Minute, 0} {
		t.Run(off.String(), func(t *testing.T) {
			// The registration was made by the server's clock too.
			srv, client := start(t, idctest.Config{Offset: off})
			old := srv.IssueToken("")
			g, err := client.Refresh(t.Context(), tokencache.Registration{ClientID: old.ClientID, ClientSecret: old.ClientSecret}, old.RefreshToken)
			if err != nil {
				t.Fatal(err)
			}
			wantSkew, base := time.Duration(0), time.Now()
			if off.Abs() > wire.MaxSkew {
				wantSkew, base = off, base.Add(off)
			}
			if (g.Skew - wantSkew).Abs() > 2*time.Second {
				t.Errorf("skew %v, want %v", g.Skew, wantSkew)
			}
			if d := g.ExpiresAt.Sub(base.Add(time.Hour)).Abs(); d > 5*time.Second {
				t.Errorf("the expiry is off by %v", d)
			}
			if g.Lifetime != time.Hour {
				t.Errorf("lifetime %v", g.Lifetime)
			}
		})
	}
}

// A clock that is given decides, not the machine's.
func TestNowIsTheClock(t *testing.T) {
	srv, client := start(t, idctest.Config{})
	old := srv.IssueToken("")
	client.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	g, err := client.Refresh(t.Context(), tokencache.Registration{ClientID: old.ClientID, ClientSecret: old.ClientSecret}, old.RefreshToken)
	if err != nil || (g.Skew-time.Hour).Abs() > 2*time.Second {
		t.Errorf("skew %v (%v)", g.Skew, err)
	}
}

func TestNoVerbShowsASecret(t *testing.T) {
	l := begin(t, idctest.Config{})
	l.finish()
	r, err := l.client.RegisterDevice(t.Context(), "a name", nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := l.client.StartDevice(t.Context(), r, l.srv.StartURL)
	if err != nil {
		t.Fatal(err)
	}
	secrets := append(l.srv.Secrets(), l.state(), d.UserCode)
	for _, v := range []any{l.grant, &l.grant, l.auth, r, &r, d, []any{l.grant, r, d, l.auth}, struct{ G oidc.Grant }{l.grant}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, v)
			for _, secret := range secrets {
				if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
					t.Errorf("%T with %s shows a secret", v, verb)
				}
			}
		}
	}
	if !strings.HasPrefix(l.grant.String(), "grant until ") || !strings.HasPrefix(r.String(), "device code client until ") ||
		!strings.HasPrefix(d.String(), "device code until ") || !strings.HasPrefix(l.auth.String(), "login until ") {
		t.Error("the values do not say what they are")
	}
}

func TestTheRequestLogHasNoSecret(t *testing.T) {
	srv := idctest.New(t, idctest.Config{})
	var lines []string
	client := clientOf(t, wire.Settings{Endpoint: srv.URL, Log: func(e wire.Exchange) {
		lines = append(lines, fmt.Sprintf("%+v", e))
	}}, srv.Region)
	l := &login{t: t, srv: srv, client: client}
	l.begin(t.Context())
	l.finish()
	if len(lines) < 2 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, secret := range append(srv.Secrets(), l.state()) {
		if strings.Contains(strings.Join(lines, "\n"), secret) {
			t.Error("the request log has a secret in it")
		}
	}
}
