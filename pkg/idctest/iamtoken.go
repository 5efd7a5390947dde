package idctest

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"time"
)

// The grant types and token types of CreateTokenWithIAM beyond those of CreateToken.
const (
	grantJWT      = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

	accessTokenType  = "urn:ietf:params:oauth:token-type:access_token"
	refreshTokenType = "urn:ietf:params:oauth:token-type:refresh_token"
)

// applicationScopes are what an application gets that asks for none.
var applicationScopes = []string{"openid", "aws", "sts:identity_context"}

var applicationARN = regexp.MustCompile(`^arn:aws[a-z-]*:sso::\d{12}:application/ssoins-[\w-]+/apl-[\w-]+$`)

// signatureError is the refusal of a signed OIDC call, before the service sees it.
func signatureError(code, message string) reply {
	b := appendJSON([]byte(`{"message":`), message)
	name := code + "Exception"
	return reply{status: 403, ctype: jsonType, body: append(b, '}'), errorType: name}
}

// iamTokenRequest is the body of CreateTokenWithIAM.
type iamTokenRequest struct {
	ClientID           string   `json:"clientId"`
	GrantType          string   `json:"grantType"`
	Code               string   `json:"code"`
	RefreshToken       string   `json:"refreshToken"`
	Assertion          string   `json:"assertion"`
	Scope              []string `json:"scope"`
	RedirectURI        string   `json:"redirectUri"`
	SubjectToken       string   `json:"subjectToken"`
	SubjectTokenType   string   `json:"subjectTokenType"`
	RequestedTokenType string   `json:"requestedTokenType"`
	CodeVerifier       string   `json:"codeVerifier"`
}

// createTokenWithIAM gives an application, which signs its calls, tokens for a person. Applications are not
// registered: any application ARN is one, and the signature alone proves who calls. Of a JWT the claims are read, not
// the signature.
func (c *call) createTokenWithIAM() reply {
	var in iamTokenRequest
	if rep, ok := c.decode(&in); !ok {
		return rep
	}
	c.s.mu.Lock()
	c.s.received(in.Assertion)
	c.s.mu.Unlock()
	if _, rep, ok := c.verifySignature("sso-oauth"); !ok {
		return rep
	}
	if rep, ok := c.require("clientId", in.ClientID, "grantType", in.GrantType); !ok {
		return rep
	}
	if !applicationARN.MatchString(in.ClientID) {
		return oidcError("InvalidClientException", "")
	}
	if in.RequestedTokenType != "" && in.RequestedTokenType != accessTokenType && in.RequestedTokenType != refreshTokenType {
		return oidcError("InvalidRequestException", "The requested token type is not supported")
	}
	scopes := in.Scope
	if len(scopes) == 0 {
		scopes = applicationScopes
	}
	s := c.s
	application := &client{id: in.ClientID, grants: []string{grantRefresh}, scopes: scopes}
	s.mu.Lock()
	if known := s.state.clients[in.ClientID]; known != nil {
		application = known
	}
	s.mu.Unlock()

	switch in.GrantType {
	case grantJWT:
		return c.jwtGrant(in, application, scopes)
	case grantExchange:
		return c.exchangeGrant(in, application, scopes)
	case grantRefresh:
		return c.applicationRefresh(in)
	case grantCode:
		// No page of this server hands a code to an application.
		if rep, ok := c.require("code", in.Code, "redirectUri", in.RedirectURI); !ok {
			return rep
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.received(in.Code)
		return oidcError("InvalidGrantException", "")
	}
	return c.refuse(BadGrantType, "an application has no such grant type", "UnsupportedGrantTypeException")
}

// jwtGrant signs in the person of whom a JSON Web Token speaks.
func (c *call) jwtGrant(in iamTokenRequest, application *client, scopes []string) reply {
	token, ok := readClaims(in.Assertion)
	if !ok || token.Expires != 0 && float64(c.now.Unix()) >= token.Expires {
		return oidcError("InvalidGrantException", "")
	}
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addApplication(application)
	return c.applicationTokens(application, s.signIn(c.now, application, scopes, trimStartURL(s.StartURL)), scopes,
		token.Subject, accessTokenType)
}

// exchangeGrant gives an application tokens of the session that an access token of this server belongs to.
func (c *call) exchangeGrant(in iamTokenRequest, application *client, scopes []string) reply {
	if rep, ok := c.require("subjectToken", in.SubjectToken, "subjectTokenType", in.SubjectTokenType); !ok {
		return rep
	}
	if in.SubjectTokenType != accessTokenType {
		return oidcError("InvalidRequestException", "The subject token type is not supported")
	}
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.state.access[in.SubjectToken]
	if a == nil || a.revoked || a.session.ended || !c.now.Before(a.expires) {
		if a == nil {
			s.received(in.SubjectToken)
		}
		return oidcError("InvalidGrantException", "")
	}
	s.addApplication(application)
	out := s.newAccess(c.now, a.session, scopes)
	kind := accessTokenType
	if in.RequestedTokenType == refreshTokenType {
		out.refresh, kind = s.newRefresh(a.session, application, scopes), refreshTokenType
	}
	return c.applicationTokens(application, out, scopes, s.cfg.User, kind)
}

// applicationRefresh trades a refresh token of an application.
func (c *call) applicationRefresh(in iamTokenRequest) reply {
	if rep, ok := c.require("refreshToken", in.RefreshToken); !ok {
		return rep
	}
	s := c.s
	return c.decide(func() (reply, Rule, string) {
		r := s.state.refresh[in.RefreshToken]
		switch {
		case r == nil:
			s.received(in.RefreshToken)
			return oidcError("InvalidGrantException", ""), UnknownRefresh, "a refresh token that was never issued"
		case r.client.id != in.ClientID:
			return oidcError("InvalidGrantException", ""), WrongClient, "a refresh token of another application"
		case r.spent:
			return oidcError("InvalidGrantException", ""), SpentRefresh, "a refresh token that has been used"
		case r.revoked, r.session.ended, !c.now.Before(r.session.expires):
			return oidcError("InvalidGrantException", ""), "", ""
		}
		out := s.newAccess(c.now, r.session, r.scopes)
		r.spent = true
		out.refresh = s.newRefresh(r.session, r.client, r.scopes)
		rep := c.applicationTokens(r.client, out, r.scopes, s.cfg.User, accessTokenType)
		rep.undo = s.undo(&r.spent)
		return rep, "", ""
	})
}

// addApplication notes an application as a client, so that its tokens can be told from others'. The caller holds s.mu.
func (s *Server) addApplication(application *client) {
	application.expires = s.cfg.now().Add(100 * 365 * 24 * time.Hour)
	s.state.clients[application.id] = application
}

// applicationTokens is the reply to an application. The caller holds s.mu.
func (c *call) applicationTokens(application *client, out issued, scopes []string, subject, kind string) reply {
	s := c.s
	identityContext := newSecret("identity-context")
	s.state.contexts[identityContext] = true
	id := unsignedToken(map[string]any{
		"iss": "https://identitycenter.amazonaws.com/ssoins-1234567890abcdef", "aud": application.id, "sub": subject,
		"iat": c.now.Unix(), "exp": out.expires.Unix(), "sts:identity_context": identityContext,
	})
	s.received(id)
	type details struct {
		IdentityContext string `json:"identityContext"`
	}
	rep := struct {
		AccessToken  string   `json:"accessToken"`
		TokenType    string   `json:"tokenType"`
		ExpiresIn    int64    `json:"expiresIn"`
		RefreshToken string   `json:"refreshToken,omitempty"`
		IDToken      string   `json:"idToken,omitempty"`
		IssuedType   string   `json:"issuedTokenType"`
		Scope        []string `json:"scope"`
		Details      *details `json:"awsAdditionalDetails,omitempty"`
	}{
		AccessToken: out.access, TokenType: "Bearer", ExpiresIn: int64(out.expires.Sub(c.now) / time.Second),
		RefreshToken: out.refresh, IssuedType: kind, Scope: scopes,
	}
	if slices.Contains(scopes, "openid") {
		rep.IDToken = id
	}
	if slices.Contains(scopes, "sts:identity_context") {
		rep.Details = &details{identityContext}
	}
	return jsonReply(rep)
}

// unsignedToken is a JSON Web Token that nobody signed: RFC 7519 section 6.
func unsignedToken(members map[string]any) string {
	payload, err := json.Marshal(members)
	if err != nil {
		panic(err) // strings and numbers alone come here
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + "." + encode([]byte(Canary))
}
