package idctest

import "fmt"

// Rule names what a client got wrong in a [Violation]. Its text is what the flag -tolerate takes.
type Rule string

// The rules, each with the requirement that it stands for.
const (
	UnknownPath      Rule = "unknown-path"       // a path that is no operation of the three services
	WrongMethod      Rule = "wrong-method"       // an HTTP method that the operation does not have
	WrongContentType Rule = "wrong-content-type" // application/json for OIDC, a form for STS
	MalformedRequest Rule = "malformed-request"  // a body or query that cannot be read
	UnknownField     Rule = "unknown-field"      // a field or parameter that the operation does not have
	MissingParameter Rule = "missing-parameter"  // a required field, parameter or header is not there
	BadMaxResult     Rule = "bad-max-result"     // max_result is a number above 0
	BadPageToken     Rule = "bad-page-token"     // next_token is one that a page carried

	BadClientType     Rule = "bad-client-type"     // clientType is "public"
	BadScope          Rule = "bad-scope"           // one scope an item; at /authorize `scopes`, within the registered ones
	BadGrantType      Rule = "bad-grant-type"      // a grant type that Identity Center does not have
	MixedGrants       Rule = "mixed-grants"        // authorization_code and device_code are not registered together
	BadRedirect       Rule = "bad-redirect"        // the registered loopback redirect, any port: RFC 8252 section 7.3
	BadChallenge      Rule = "bad-challenge"       // an S256 challenge: RFC 7636 section 4.3
	BadVerifier       Rule = "bad-verifier"        // the verifier of the challenge: RFC 7636 sections 4.1 and 4.6
	UnknownClient     Rule = "unknown-client"      // a client id that was never issued
	WrongClientSecret Rule = "wrong-client-secret" // not the secret issued with the client id
	WrongClient       Rule = "wrong-client"        // a code or refresh token issued to another client
	UnregisteredGrant Rule = "unregistered-grant"  // a grant type that the client did not register
	UnknownCode       Rule = "unknown-code"        // a device or authorization code that was never issued
	SpentCode         Rule = "spent-code"          // a device or authorization code used twice
	UnknownRefresh    Rule = "unknown-refresh"     // a refresh token that was never issued
	SpentRefresh      Rule = "spent-refresh"       // a refresh token used twice
	PolledTooFast     Rule = "polled-too-fast"     // the interval, 5 s more after each slow_down: RFC 8628 section 3.5
	PolledAfterEnd    Rule = "polled-after-end"    // no poll after access_denied or expired_token: RFC 8628 section 3.5

	UnknownToken Rule = "unknown-token" // an access token that was never issued
	UnknownKey   Rule = "unknown-key"   // an access key id or session token that was never issued
	BadSignature Rule = "bad-signature" // Signature Version 4: its parts, its scope or the signature itself
)

var rules = []Rule{
	UnknownPath, WrongMethod, WrongContentType, MalformedRequest, UnknownField, MissingParameter, BadMaxResult,
	BadPageToken, BadClientType, BadScope, BadGrantType, MixedGrants, BadRedirect, BadChallenge, BadVerifier,
	UnknownClient, WrongClientSecret, WrongClient, UnregisteredGrant, UnknownCode, SpentCode, UnknownRefresh,
	SpentRefresh, PolledTooFast, PolledAfterEnd, UnknownToken, UnknownKey, BadSignature,
}

// Violation is a request that no correct client makes.
type Violation struct {
	Rule      Rule
	Op        Op
	Detail    string // what was wrong; holds no secret
	RequestID string // as in the reply's x-amzn-RequestId
}

func (v Violation) String() string { return fmt.Sprintf("%s: %s: %s", v.Op, v.Rule, v.Detail) }
