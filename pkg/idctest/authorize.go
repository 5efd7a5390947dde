package idctest

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// challengePattern is an S256 challenge, 32 bytes in base64url without padding: RFC 7636 section 4.2.
var challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorize is the page that the authorization code flow opens: RFC 6749 section 4.1. Nothing is sent to a redirect URI
// before that and the client have been checked, as section 4.1.2.1 demands.
func (c *call) authorize() reply {
	s, q := c.s, c.query
	stay := func(rule Rule, detail string) reply {
		s.violate(c, rule, "%s", detail)
		return page(400, "Invalid request", detail)
	}
	for _, name := range []string{"client_id", "redirect_uri"} {
		if q.Get(name) == "" {
			return stay(MissingParameter, "no "+name)
		}
	}
	s.mu.Lock()
	cl := s.state.clients[q.Get("client_id")]
	gone := cl != nil && (cl.revoked || !c.now.Before(cl.expires))
	approval := s.cfg.Approval
	s.mu.Unlock()
	redirect := q.Get("redirect_uri")
	switch {
	case cl == nil:
		return stay(UnknownClient, "a client id that was never issued")
	case gone:
		return page(400, "Invalid client", "The client registration has expired.")
	case !cl.mayUse(grantCode):
		return stay(UnregisteredGrant, "the client did not register authorization_code")
	case !cl.allowsRedirect(redirect):
		return stay(BadRedirect, "redirect_uri is not the registered one on 127.0.0.1")
	case q.Get("state") == "":
		return stay(MissingParameter, "no state")
	}

	back := func(params ...string) reply {
		to, _ := url.Parse(redirect) // allowsRedirect has parsed it
		values := to.Query()
		for i := 0; i < len(params); i += 2 {
			values.Set(params[i], params[i+1])
		}
		values.Set("state", q.Get("state"))
		to.RawQuery = values.Encode()
		return reply{status: 302, ctype: htmlType, location: to.String()}
	}
	refuse := func(rule Rule, code, detail string) reply {
		s.violate(c, rule, "%s", detail)
		return back("error", code, "error_description", detail)
	}
	// The parameter is scopes for the AWS CLI and scope for aws-sso-cli; the AWS Toolkit for VS Code joins with commas.
	// Without it those that the client registered hold.
	scopes := strings.FieldsFunc(q.Get("scopes")+" "+q.Get("scope"), func(r rune) bool { return r == ' ' || r == ',' })
	if len(scopes) == 0 {
		scopes = cl.scopes
	}
	switch {
	case q.Get("response_type") != "code":
		return refuse(MissingParameter, "unsupported_response_type", "response_type is not code")
	case slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(cl.scopes, scope) }):
		return refuse(BadScope, "invalid_scope", "a scope that the client did not register")
	case q.Get("code_challenge_method") != "S256":
		return refuse(BadChallenge, "invalid_request", "code_challenge_method is not S256")
	case !challengePattern.MatchString(q.Get("code_challenge")):
		return refuse(BadChallenge, "invalid_request", "code_challenge is not 43 characters of base64url")
	case approval == Declined:
		return back("error", "access_denied", "error_description", "The request was declined.")
	case approval == Never:
		return page(200, "Sign in", "Waiting for a person who does not come.")
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	g := &authGrant{
		code: newSecret("authorization-code"), redirect: redirect, challenge: q.Get("code_challenge"),
		client: cl, scopes: scopes, expires: c.now.Add(s.cfg.DeviceLifetime),
	}
	if approval == TooLate {
		g.expires = c.now
	}
	s.state.codes[g.code] = g
	return back("code", g.code)
}

// verifyDevice is the page on which a person enters the user code: RFC 8628 section 3.3. To open it with a code is to
// approve.
func (c *call) verifyDevice() reply {
	// Case and dash do not matter: RFC 8628 section 6.1.
	code := strings.ToUpper(strings.ReplaceAll(c.query.Get("user_code"), "-", ""))
	if code == "" {
		return reply{status: 200, ctype: htmlType, body: []byte("<!DOCTYPE html>\n<html lang=\"en\"><head>" +
			"<meta charset=\"utf-8\"><title>Authorize a device</title></head>\n<body><h1>Authorize a device</h1>" +
			"<form><label>Code <input name=\"user_code\" autofocus></label> <button>Approve</button></form>" +
			"</body></html>\n")}
	}
	if len(code) == 8 {
		code = code[:4] + "-" + code[4:]
	}
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.state.users[code]
	switch {
	case g == nil || g.spent || !c.now.Before(g.expires) || s.cfg.Approval == TooLate:
		return page(400, "Invalid code", "The code is unknown, used or has expired.")
	case s.cfg.Approval == Declined:
		g.declined = true
		return page(200, "Declined", "The request was declined.")
	case s.cfg.Approval == Never:
		return page(200, "Authorize a device", "Waiting for a person who does not come.")
	}
	g.approved = true
	return page(200, "Approved", "You may close this tab.")
}
