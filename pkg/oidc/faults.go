package oidc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

// What AWS or the person may answer to a login. Each stands, for errors.Is, in
// a *fault.Error of kind Login that says in words what happened.
var (
	// ErrDenied is a login that a person, or a policy, refused.
	ErrDenied = errors.New("the login was refused")
	// ErrExpired is a login that nobody finished in time: the device code ran
	// out, or no answer came from the browser.
	ErrExpired = errors.New("the login was not finished in time")
	// ErrInvalidGrant is a code or a refresh token that is spent, revoked or
	// over. For a refresh token it means, as a rule, that the session is over.
	ErrInvalidGrant = errors.New("the grant is no longer valid")
	// ErrInvalidClient is a client registration that AWS does not know, or not
	// for this flow. Another one helps.
	ErrInvalidClient = errors.New("the client registration is no longer valid")
	// errSlowDown is AWS asking for fewer questions. In the device code flow it
	// shows only beside ErrExpired, where it came so often that the clocks on
	// both sides must run at different speeds.
	errSlowDown = errors.New("AWS asks to slow down")
	// ErrNoToken is an answer of AWS without a token that can be used.
	ErrNoToken = errors.New("AWS gave no usable token")
	// errNoise is a callback port that met too many requests which were not the
	// browser's answer.
	errNoise = errors.New("too many foreign requests")
	// ErrPort is a callback port that cannot be listened on.
	ErrPort = errors.New("the port cannot be used")
)

// errPending is the answer to all polls but the last.
var errPending = errors.New("not approved yet")

// refusal is what AWS answered: an exception of the OIDC API.
type refusal struct {
	sentinel error  // nil: none of those that code asks for
	why      string // in words
	hint     string // what to do about it, if anything
	said     string // error_description, as the service gave it
	denied   bool   // nobody can log in, whatever they do: kind Denied and not Login
}

// explain turns an error of the SDK into a fault that says what failed. The OIDC
// service names what is wrong by the type of its exception and keeps its words in
// a field of its own, error_description, which the SDK leaves out of the message.
func explain(err error, what string) error {
	r, ok := refusalOf(err)
	if !ok {
		return wire.Fault(err, "%s", what)
	}
	f := &fault.Error{Kind: fault.Login, What: what, Why: r.why, Hint: r.hint, Err: err}
	if r.denied {
		f.Kind = fault.Denied
	}
	if r.said != "" {
		f.Why += fmt.Sprintf(" (AWS says %.200q)", r.said)
	}
	if r.sentinel != nil {
		f.Err = fmt.Errorf("%w: %w", r.sentinel, err)
	}
	return f
}

// givenUp returns the fault of a caller whose ctx is done, nil while it is not.
func givenUp(caller context.Context) error {
	switch err := caller.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return &fault.Error{Kind: fault.Timeout, Why: "the time for the login is up", Err: err}
	default:
		return &fault.Error{Kind: fault.Canceled, Why: "the login was given up", Err: err}
	}
}

func refusalOf(err error) (refusal, bool) {
	of := func(sentinel error, said *string) (refusal, bool) {
		return refusal{sentinel: sentinel, why: sentinel.Error(), said: aws.ToString(said)}, true
	}
	if e, ok := errors.AsType[*types.AuthorizationPendingException](err); ok {
		return of(errPending, e.Error_description)
	}
	if e, ok := errors.AsType[*types.SlowDownException](err); ok {
		return of(errSlowDown, e.Error_description)
	}
	if e, ok := errors.AsType[*types.ExpiredTokenException](err); ok {
		return of(ErrExpired, e.Error_description)
	}
	if e, ok := errors.AsType[*types.AccessDeniedException](err); ok {
		if isKMS(string(e.Reason)) {
			return keyUnusable(aws.ToString(e.Error_description), string(e.Reason)), true
		}
		r, _ := of(ErrDenied, e.Error_description)
		r.said += reason(string(e.Reason))
		return r, true
	}
	if e, ok := errors.AsType[*types.InvalidGrantException](err); ok {
		return of(ErrInvalidGrant, e.Error_description)
	}
	if e, ok := errors.AsType[*types.InvalidClientException](err); ok {
		return of(ErrInvalidClient, e.Error_description)
	}
	if e, ok := errors.AsType[*types.UnauthorizedClientException](err); ok {
		return of(ErrInvalidClient, e.Error_description)
	}
	return badRequestOf(err)
}

// badRequestOf knows the exceptions that no other attempt would mend.
func badRequestOf(err error) (refusal, bool) {
	if e, ok := errors.AsType[*types.InvalidRequestException](err); ok {
		if isKMS(string(e.Reason)) {
			return keyUnusable(aws.ToString(e.Error_description), string(e.Reason)), true
		}
		return refusal{
			why:  "AWS does not accept the request",
			hint: "check the start URL, and that the region is the one of its Identity Center instance",
			said: aws.ToString(e.Error_description) + reason(string(e.Reason)),
		}, true
	}
	if e, ok := errors.AsType[*types.InvalidRequestRegionException](err); ok {
		return refusal{why: "AWS serves this from another region: " + fmt.Sprintf("%.40q", aws.ToString(e.Region)), said: aws.ToString(e.Error_description)}, true
	}
	if e, ok := errors.AsType[*types.InvalidScopeException](err); ok {
		return refusal{why: "AWS does not know one of the scopes", said: aws.ToString(e.Error_description)}, true
	}
	if e, ok := errors.AsType[*types.InvalidClientMetadataException](err); ok {
		return refusal{why: "AWS does not register such a client", said: aws.ToString(e.Error_description)}, true
	}
	if e, ok := errors.AsType[*types.InvalidRedirectUriException](err); ok {
		return refusal{why: "AWS does not send the browser back to this address", said: aws.ToString(e.Error_description)}, true
	}
	if e, ok := errors.AsType[*types.UnsupportedGrantTypeException](err); ok {
		return refusal{why: "AWS does not offer this kind of login", said: aws.ToString(e.Error_description)}, true
	}
	return refusal{}, false
}

// isKMS reports whether an exception is about the key of AWS KMS with which the
// Identity Center instance is encrypted, where that is the customer's own.
func isKMS(reason string) bool { return strings.HasPrefix(reason, "KMS_") }

func keyUnusable(said, reason string) refusal {
	return refusal{
		why:    "AWS cannot use the KMS key with which your organisation has encrypted IAM Identity Center (" + reason + ")",
		hint:   "only an administrator of IAM Identity Center can mend that: the key is disabled, deleted, or its policy does not allow this",
		said:   said,
		denied: true,
	}
}

func reason(s string) string {
	if s == "" {
		return ""
	}
	return " [" + s + "]"
}
