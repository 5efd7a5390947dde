package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"aws-sso-plugins/pkg/fault"
)

// Fault turns what a client of the SDK returned into a [fault.Error]: its kind
// by status and code, never by text; its reason in words for a person, with
// the host named where there was no answer. The format says what failed. A
// fault inside err keeps its kind, reason and hint. nil stays nil.
//
//	401                                  Login
//	403                                  Denied
//	429, codes such as Throttling        Throttled
//	5xx, and a 2xx that cannot be read   Reply
//	every other status                   Request
//	a useless reply                      Reply
//	no answer in time, a deadline        Timeout
//	no connection, or a broken one       Unreachable
//	a cancelled context                  Canceled
func Fault(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return fault.Annotate(err, format, args...)
	}
	f := &fault.Error{What: fmt.Sprintf(format, args...), Err: err}
	f.Kind, f.Why, f.Hint = classify(err)
	return f
}

func classify(err error) (kind fault.Kind, why, hint string) {
	var (
		reply   *replyError
		timeout *timeoutError
		broken  *connectionError
	)
	switch {
	case errors.As(err, &timeout):
		return fault.Timeout, timeout.Error(), ""
	case errors.As(err, &reply):
		return fault.Reply, reply.Error(), hintOfEndpoint(err)
	case errors.As(err, &broken):
		if why, hint = broken.explain(); hint == "" {
			hint = hintOfEndpoint(err)
		}
		return fault.Unreachable, why, hint
	case errors.Is(err, context.Canceled):
		return fault.Canceled, "stopped", ""
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Timeout, "the time is up", ""
	case throttled(err):
		return fault.Throttled, said(err), ""
	}
	if !fromAWS(err) {
		hint = hintOfEndpoint(err)
	}
	switch code := status(err); {
	case code == 0:
		return fault.Unknown, reasonOf(err), ""
	case code == 401:
		return fault.Login, said(err), hint
	case code == 403:
		return fault.Denied, said(err), hint
	case code >= 500:
		return fault.Reply, said(err), hint
	case code >= 300:
		return fault.Request, said(err), hint
	default:
		return fault.Reply, fmt.Sprintf("the reply (status %d) makes no sense", code), ""
	}
}

// fromAWS reports whether an answer names an error as AWS does: somebody else at
// an endpoint of the user's own answers with a status alone.
func fromAWS(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() != "" && api.ErrorCode() != "UnknownError"
}

// hintOfEndpoint names the setting that led to an endpoint that is not AWS's own.
func hintOfEndpoint(err error) string {
	var moved *movedError
	if !errors.As(err, &moved) {
		return ""
	}
	return moved.host + " is the endpoint that " + moved.setting + " sets"
}

// said returns what AWS answered.
func said(err error) string {
	text := fmt.Sprintf("AWS answered %d", status(err))
	var api smithy.APIError
	if !errors.As(err, &api) {
		return text
	}
	// UnknownError is the SDK's own word for a body without a code.
	if code := api.ErrorCode(); code != "" && code != "UnknownError" {
		text += " " + printable(code)
	}
	if message := api.ErrorMessage(); message != "" && message != "UnknownError" {
		text += ": " + printable(message)
	}
	return text
}

// printable returns a server's text in one line, at most 200 bytes of it, without
// anything that a terminal would act on.
func printable(s string) string {
	const limit = 200
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	quoted := fmt.Sprintf("%q", s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
