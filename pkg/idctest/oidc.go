package idctest

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The grant types of CreateToken.
const (
	grantCode    = "authorization_code"
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	grantRefresh = "refresh_token"

	accountScope = "sso:account:access"
	portalScope  = "sso-portal:*" // what granted registers
)

// mayUse reports whether the client may use the grant type. One that registered none has those of the device flow, and
// one that registered refresh_token alone, as aws-sso-cli does, still has the device flow.
func (c *client) mayUse(grant string) bool {
	switch {
	case grant == grantDevice && !slices.Contains(c.grants, grantCode):
		return true
	case len(c.grants) == 0:
		return grant == grantRefresh
	}
	return slices.Contains(c.grants, grant)
}

// decode reads the JSON body of an OIDC call.
func (c *call) decode(into any) (reply, bool) {
	if mt, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); mt != jsonType {
		c.s.violate(c, WrongContentType, "content type %q, want %s", c.r.Header.Get("Content-Type"), jsonType)
		return oidcError("InvalidRequestException", ""), false
	}
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return reply{}, true
		}
		c.s.violate(c, MalformedRequest, "the body goes on after its JSON document")
		return oidcError("InvalidRequestException", ""), false
	}
	rule := MalformedRequest
	if strings.Contains(err.Error(), "unknown field") {
		rule = UnknownField
	}
	c.s.violate(c, rule, "body: %v", err)
	return oidcError("InvalidRequestException", ""), false
}

// require refuses a call that lacks one of the fields, given as name and value in turn.
func (c *call) require(fields ...string) (reply, bool) {
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] == "" {
			c.s.violate(c, MissingParameter, "no %s", fields[i])
			return oidcError("InvalidRequestException", "Missing required parameter: "+fields[i]), false
		}
	}
	return reply{}, true
}

// refuse is a refusal that only a broken client meets.
func (c *call) refuse(rule Rule, detail, errorName string) reply {
	c.s.violate(c, rule, "%s", detail)
	return oidcError(errorName, "")
}

// scopePattern is one scope. A list that was joined into one string does not fit.
var scopePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.*-]+)*$`)

func (c *call) registerClient() reply {
	var in struct {
		ClientName             string   `json:"clientName"`
		ClientType             string   `json:"clientType"`
		Scopes                 []string `json:"scopes"`
		RedirectURIs           []string `json:"redirectUris"`
		GrantTypes             []string `json:"grantTypes"`
		IssuerURL              string   `json:"issuerUrl"`
		EntitledApplicationARN string   `json:"entitledApplicationArn"`
	}
	if rep, ok := c.decode(&in); !ok {
		return rep
	}
	if rep, ok := c.require("clientName", in.ClientName, "clientType", in.ClientType); !ok {
		return rep
	}
	if in.ClientType != "public" {
		return c.refuse(BadClientType, "clientType is not public", "InvalidClientMetadataException")
	}
	for _, scope := range in.Scopes {
		if !scopePattern.MatchString(scope) {
			return c.refuse(BadScope, "a scope is one word", "InvalidScopeException")
		}
	}
	for _, grant := range in.GrantTypes {
		if grant != grantCode && grant != grantDevice && grant != grantRefresh {
			return c.refuse(BadGrantType, "a public client has no such grant type", "UnsupportedGrantTypeException")
		}
	}
	withCode := slices.Contains(in.GrantTypes, grantCode)
	if withCode && slices.Contains(in.GrantTypes, grantDevice) {
		// The service says it this way, whatever the scopes are.
		return c.refuse(MixedGrants, "authorization_code and device_code together", "InvalidScopeException")
	}
	for _, u := range in.RedirectURIs {
		if loopbackRedirect(u) == nil {
			return c.refuse(BadRedirect, "a redirect URI of a public client is http://127.0.0.1/...",
				"InvalidRedirectUriException")
		}
	}
	if withCode && len(in.RedirectURIs) == 0 {
		return c.refuse(MissingParameter, "authorization_code needs redirectUris", "InvalidRequestException")
	}
	if withCode && in.IssuerURL == "" {
		return c.refuse(MissingParameter, "authorization_code needs issuerUrl", "InvalidRequestException")
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	instance := ""
	if in.IssuerURL != "" {
		if instance = trimStartURL(in.IssuerURL); c.s.dirs[instance] == nil || c.elsewhere() {
			return oidcError("InvalidRequestException", "") // a start URL mistyped, or of another region
		}
	}
	cl := c.s.newClient(c.now, in.Scopes, in.GrantTypes, in.RedirectURIs, instance)
	return jsonReply(struct {
		ClientID              string  `json:"clientId"`
		ClientSecret          string  `json:"clientSecret"`
		ClientIDIssuedAt      int64   `json:"clientIdIssuedAt"`
		ClientSecretExpiresAt int64   `json:"clientSecretExpiresAt"`
		AuthorizationEndpoint *string `json:"authorizationEndpoint"` // null, as the service sends them
		TokenEndpoint         *string `json:"tokenEndpoint"`
	}{ClientID: cl.id, ClientSecret: cl.secret, ClientIDIssuedAt: c.now.Unix(), ClientSecretExpiresAt: cl.expires.Unix()})
}

// loopbackRedirect parses a redirect URI that Identity Center lets a public client have: RFC 8252 section 7.3, but
// neither the name localhost nor IPv6.
func loopbackRedirect(u string) *url.URL {
	parsed, err := url.Parse(u)
	if err != nil || parsed.Scheme != "http" || parsed.Hostname() != "127.0.0.1" || parsed.Fragment != "" ||
		parsed.User != nil {
		return nil
	}
	return parsed
}

// allowsRedirect reports whether a redirect URI is a registered one but for its port: RFC 8252 section 7.3.
func (c *client) allowsRedirect(u string) bool {
	got := loopbackRedirect(u)
	return got != nil && slices.ContainsFunc(c.redirects, func(registered string) bool {
		want := loopbackRedirect(registered)
		return want != nil && got.Path == want.Path && got.RawQuery == want.RawQuery
	})
}

// knownClient returns the client of the id and secret, or the refusal. The caller does not hold s.mu.
func (c *call) knownClient(id, secret string) (*client, reply, bool) {
	s := c.s
	s.mu.Lock()
	cl := s.state.clients[id]
	if cl == nil || subtle.ConstantTimeCompare([]byte(cl.secret), []byte(secret)) != 1 {
		s.received(secret)
	}
	s.mu.Unlock()
	switch {
	case cl == nil:
		return nil, c.refuse(UnknownClient, "a client id that was never issued", "InvalidClientException"), false
	case cl.secret != secret:
		return nil, c.refuse(WrongClientSecret, "not the secret of the client id", "InvalidClientException"), false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cl.revoked || !c.now.Before(cl.expires) {
		return nil, oidcError("InvalidClientException", ""), false
	}
	return cl, reply{}, true
}

func (c *call) startDeviceAuthorization() reply {
	var in struct {
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
		StartURL     string `json:"startUrl"`
	}
	if rep, ok := c.decode(&in); !ok {
		return rep
	}
	if rep, ok := c.require("clientId", in.ClientID, "clientSecret", in.ClientSecret, "startUrl", in.StartURL); !ok {
		return rep
	}
	cl, rep, ok := c.knownClient(in.ClientID, in.ClientSecret)
	if !ok {
		return rep
	}
	if !cl.mayUse(grantDevice) {
		return c.refuse(UnregisteredGrant, "the client registered other grant types than device_code",
			"UnauthorizedClientException")
	}
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	instance := trimStartURL(in.StartURL)
	if s.dirs[instance] == nil || c.elsewhere() {
		return oidcError("InvalidRequestException", "")
	}
	g := &deviceGrant{
		code: newSecret("device-code"), userCode: newUserCode(), client: cl,
		instance: instance,
		expires:  c.now.Add(s.cfg.DeviceLifetime), interval: s.cfg.Interval, slowDowns: s.cfg.SlowDowns,
	}
	out := struct {
		DeviceCode              string `json:"deviceCode"`
		UserCode                string `json:"userCode"`
		VerificationURI         string `json:"verificationUri"`
		VerificationURIComplete string `json:"verificationUriComplete"`
		ExpiresIn               int64  `json:"expiresIn"`
		Interval                *int64 `json:"interval,omitempty"`
	}{
		DeviceCode: g.code, UserCode: g.userCode, VerificationURI: s.URL + "/device",
		VerificationURIComplete: s.URL + "/device?user_code=" + g.userCode,
		ExpiresIn:               int64(s.cfg.DeviceLifetime / time.Second),
	}
	switch {
	case g.interval == NoInterval:
		g.interval, out.Interval = 0, new(int64)
	case g.interval < 0:
		g.interval = 5 * time.Second // what RFC 8628 section 3.2 has clients assume
	default:
		out.Interval = new(int64((g.interval + time.Second - 1) / time.Second))
	}
	s.state.devices[g.code] = g
	s.state.users[g.userCode] = g
	return jsonReply(out)
}

// newUserCode is of consonants only, so that it spells no word: RFC 8628 section 6.1.
func newUserCode() string {
	code := randomText("BCDFGHJKLMNPQRSTVWXZ", 8)
	return code[:4] + "-" + code[4:]
}

func (c *call) createToken() reply {
	var in struct {
		ClientID     string   `json:"clientId"`
		ClientSecret string   `json:"clientSecret"`
		GrantType    string   `json:"grantType"`
		DeviceCode   string   `json:"deviceCode"`
		Code         string   `json:"code"`
		RedirectURI  string   `json:"redirectUri"`
		CodeVerifier string   `json:"codeVerifier"`
		RefreshToken string   `json:"refreshToken"`
		Scope        []string `json:"scope"` // the service does not look at it
	}
	if rep, ok := c.decode(&in); !ok {
		return rep
	}
	if rep, ok := c.require("clientId", in.ClientID, "clientSecret", in.ClientSecret, "grantType", in.GrantType); !ok {
		return rep
	}
	cl, rep, ok := c.knownClient(in.ClientID, in.ClientSecret)
	if !ok {
		return rep
	}
	c.s.mu.Lock()
	c.s.received(in.CodeVerifier)
	c.s.mu.Unlock()
	switch in.GrantType {
	case grantDevice, grantCode, grantRefresh:
	default:
		return c.refuse(BadGrantType, "a public client has no such grant type", "UnsupportedGrantTypeException")
	}
	if !cl.mayUse(in.GrantType) {
		return c.refuse(UnregisteredGrant, "the client did not register "+in.GrantType, "UnauthorizedClientException")
	}
	switch in.GrantType {
	case grantDevice:
		if rep, ok := c.require("deviceCode", in.DeviceCode); !ok {
			return rep
		}
		return c.deviceGrant(cl, in.DeviceCode)
	case grantCode:
		if rep, ok := c.require("code", in.Code, "redirectUri", in.RedirectURI, "codeVerifier", in.CodeVerifier); !ok {
			return rep
		}
		return c.codeGrant(cl, in.Code, in.RedirectURI, in.CodeVerifier)
	default:
		if rep, ok := c.require("refreshToken", in.RefreshToken); !ok {
			return rep
		}
		return c.refreshGrant(cl, in.RefreshToken)
	}
}

// slowDownStep is what a client adds to its interval when told to slow down: RFC 8628 section 3.5.
const slowDownStep = 5 * time.Second

// decide runs decision, which decides a call under s.mu, and records the violation that it finds, if it names a rule.
func (c *call) decide(decision func() (reply, Rule, string)) reply {
	c.s.mu.Lock()
	rep, rule, detail := decision()
	c.s.mu.Unlock()
	if rule != "" {
		c.s.violate(c, rule, "%s", detail)
	}
	return rep
}

func (c *call) deviceGrant(cl *client, code string) reply {
	s := c.s
	return c.decide(func() (reply, Rule, string) {
		g := s.state.devices[code]
		if g == nil {
			s.received(code)
			return oidcError("InvalidGrantException", ""), UnknownCode, "a device code that was never issued"
		}
		return s.poll(c.now, g, cl)
	})
}

// poll answers one poll of a device code. The caller holds s.mu.
func (s *Server) poll(now time.Time, g *deviceGrant, cl *client) (rep reply, rule Rule, detail string) {
	last, second := g.polled, g.polls == 1
	g.polled = now
	g.polls++
	switch {
	case g.client != cl:
		return oidcError("InvalidGrantException", ""), WrongClient, "a device code of another client"
	case g.spent:
		return oidcError("InvalidGrantException", ""), SpentCode, "a device code that has been turned into a token"
	case g.over:
		name := "ExpiredTokenException"
		if g.declined {
			name = "AccessDeniedException"
		}
		return oidcError(name, ""), PolledAfterEnd, "a device code that was refused for good"
	case second && now.Sub(last) < g.interval:
		// The AWS CLI asks once before it shows the code and again at once.
	case !last.IsZero() && now.Sub(last) < g.interval:
		g.interval += slowDownStep
		return oidcError("SlowDownException", ""), PolledTooFast,
			"polled after " + now.Sub(last).String() + ", the interval is " + (g.interval - slowDownStep).String()
	}
	if g.slowDowns > 0 {
		g.slowDowns--
		g.interval += slowDownStep
		return oidcError("SlowDownException", ""), "", ""
	}
	if s.cfg.Approval == Declined {
		g.declined = true
	}
	switch {
	case s.cfg.Approval == TooLate || !now.Before(g.expires):
		g.over = true
		return oidcError("ExpiredTokenException", ""), "", ""
	case g.declined:
		g.over = true
		return oidcError("AccessDeniedException", ""), "", ""
	case !g.approved && s.cfg.Approval != Unattended:
		return oidcError("AuthorizationPendingException", ""), "", ""
	}
	g.spent = true
	rep = s.signIn(now, cl, cl.scopes, g.instance).reply(now)
	rep.undo = s.undo(&g.spent)
	return rep, "", ""
}

// undo returns the function that takes back the spending of a grant whose reply is not going to arrive.
func (s *Server) undo(spent *bool) func() {
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		*spent = false
	}
}

func (c *call) codeGrant(cl *client, code, redirect, verifier string) reply {
	s := c.s
	invalid := oidcError("InvalidGrantException", "")
	return c.decide(func() (reply, Rule, string) {
		g := s.state.codes[code]
		switch {
		case g == nil:
			s.received(code)
			return invalid, UnknownCode, "an authorization code that was never issued"
		case g.client != cl:
			return invalid, WrongClient, "an authorization code of another client"
		case g.spent:
			return invalid, SpentCode, "an authorization code that has been turned into a token"
		case g.redirect != redirect:
			return invalid, BadRedirect, "redirectUri differs from the one at /authorize"
		case !verifierPattern.MatchString(verifier):
			return oidcError("InvalidRequestException", ""), BadVerifier,
				"codeVerifier is not 43 to 128 unreserved characters"
		case challengeOf(verifier) != g.challenge:
			return invalid, BadVerifier, "codeVerifier does not fit the challenge"
		case !c.now.Before(g.expires):
			return invalid, "", ""
		}
		g.spent = true
		rep := s.signIn(c.now, cl, g.scopes, cl.instance).reply(c.now)
		rep.undo = s.undo(&g.spent)
		return rep, "", ""
	})
}

// verifierPattern is RFC 7636 section 4.1.
var verifierPattern = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// challengeOf is RFC 7636 section 4.2, S256.
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (c *call) refreshGrant(cl *client, token string) reply {
	s := c.s
	invalid := oidcError("InvalidGrantException", "")
	return c.decide(func() (reply, Rule, string) {
		r := s.state.refresh[token]
		switch {
		case r == nil:
			s.received(token)
			return invalid, UnknownRefresh, "a refresh token that was never issued"
		case r.client != cl:
			return invalid, WrongClient, "a refresh token of another client"
		case r.spent:
			return invalid, SpentRefresh, "a refresh token that has been used"
		case r.revoked, r.session.ended, !c.now.Before(r.session.expires):
			return invalid, "", ""
		}
		out := s.newAccess(c.now, r.session, r.scopes)
		if !s.cfg.KeepRefreshToken {
			r.spent = true
			if !s.cfg.NoRefresh {
				out.refresh = s.newRefresh(r.session, cl, r.scopes)
			}
		}
		rep := out.reply(c.now)
		rep.undo = s.undo(&r.spent)
		return rep, "", ""
	})
}

// issued is what CreateToken hands out.
type issued struct {
	access, refresh string // refresh is empty where there is none
	expires         time.Time
}

func (i issued) reply(now time.Time) reply {
	out := struct {
		AccessToken  string  `json:"accessToken"`
		TokenType    string  `json:"tokenType"`
		ExpiresIn    int64   `json:"expiresIn"`
		RefreshToken *string `json:"refreshToken"` // null where there is none, as the service sends it
		IDToken      *string `json:"idToken"`
	}{AccessToken: i.access, TokenType: "Bearer", ExpiresIn: int64(i.expires.Sub(now) / time.Second)}
	if i.refresh != "" {
		out.RefreshToken = &i.refresh
	}
	return jsonReply(out)
}
