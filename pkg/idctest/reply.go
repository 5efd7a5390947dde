package idctest

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"
)

const (
	jsonType = "application/json"
	xmlType  = "text/xml"
	htmlType = "text/html; charset=utf-8"

	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// reply is an HTTP response before it is sent.
type reply struct {
	status    int
	ctype     string
	errorType string // the header x-amzn-ErrorType
	location  string // the header Location
	body      []byte
	undo      func() // takes back what the reply told the client, for a reply that will not arrive
}

func (op Op) contentType() string {
	switch {
	case slices.Contains(stsOps, op):
		return xmlType
	case slices.Contains(pageOps, op):
		return htmlType
	}
	return jsonType
}

func jsonReply(v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // only structs of strings and numbers come here
	}
	return reply{status: 200, ctype: jsonType, body: body}
}

// oidcErrors maps the service's error names to the `error` member of RFC 6749 and RFC 8628, and to a description.
var oidcErrors = map[string][2]string{
	"AccessDeniedException":          {"access_denied", "The request was declined"},
	"AuthorizationPendingException":  {"authorization_pending", "Authorization is pending"},
	"ExpiredTokenException":          {"expired_token", "The code has expired"},
	"InternalServerException":        {"server_error", "Internal error"},
	"InvalidClientException":         {"invalid_client", "Invalid client"},
	"InvalidClientMetadataException": {"invalid_client_metadata", "Invalid client metadata"},
	"InvalidGrantException":          {"invalid_grant", "Invalid grant"},
	"InvalidRedirectUriException":    {"invalid_redirect_uri", "Invalid redirect URI"},
	"InvalidRequestException":        {"invalid_request", "Invalid request"},
	"InvalidRequestRegionException":  {"invalid_request", "The application is in another region"},
	"InvalidScopeException":          {"invalid_scope", "Invalid scope"},
	"SlowDownException":              {"slow_down", "Polling is too fast"},
	"UnauthorizedClientException":    {"unauthorized_client", "The client may not use this grant type"},
	"UnsupportedGrantTypeException":  {"unsupported_grant_type", "Unsupported grant type"},
}

// kmsErrors maps the reasons of the service's model to the error that carries them.
var kmsErrors = map[FaultKind]string{
	KMSAccessDenied:    "AccessDeniedException",
	KMSNotFound:        "InvalidRequestException",
	KMSInvalidKeyUsage: "InvalidRequestException",
	KMSInvalidState:    "InvalidRequestException",
	KMSDisabled:        "InvalidRequestException",
}

func oidcError(name, description string) reply {
	var reason string
	if e, ok := kmsErrors[FaultKind(name)]; ok {
		name, reason = e, name
		if description == "" {
			description = "The KMS key of the instance cannot be used"
		}
	}
	status := 400
	switch name {
	case "InvalidClientException":
		status = 401
	case "InternalServerException":
		status = 500
	}
	if description == "" {
		description = oidcErrors[name][1]
	}
	b := appendJSON([]byte(`{"error":`), oidcErrors[name][0])
	b = appendJSON(append(b, `,"error_description":`...), description)
	if reason != "" {
		b = appendJSON(append(b, `,"reason":`...), reason)
	}
	return reply{
		status: status, ctype: jsonType, body: append(b, '}'),
		errorType: name + ":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/",
	}
}

// ForbiddenException and InternalServerException are sent by the portal although its model does not have them.
var portalStatus = map[string]int{
	"InvalidRequestException":   400,
	"UnauthorizedException":     401,
	"ForbiddenException":        403,
	"ResourceNotFoundException": 404,
	"TooManyRequestsException":  429,
	"InternalServerException":   500,
}

var portalMessages = map[string]string{
	"UnauthorizedException":     "Session token not found or invalid",
	"ForbiddenException":        "No access",
	"ResourceNotFoundException": "The specified resource doesn't exist.",
	"TooManyRequestsException":  "HTTP 429 Unknown Code",
}

func portalError(name, message string) reply {
	if message == "" {
		message = portalMessages[name]
	}
	b := appendJSON([]byte(`{"message":`), message)
	b = appendJSON(append(b, `,"__type":`...), "com.amazonaws.switchboard.portal#"+name)
	return reply{status: portalStatus[name], ctype: jsonType, body: append(b, '}'), errorType: name}
}

var stsStatus = map[string]int{
	"AccessDenied":                         403,
	"ExpiredToken":                         403,
	"ExpiredTokenException":                400,
	"IDPCommunicationError":                400,
	"IDPRejectedClaim":                     403,
	"IncompleteSignature":                  400,
	"InvalidAuthorizationMessageException": 400,
	"InvalidContextAssertion":              400,
	"InvalidIdentityToken":                 400,
	"MalformedPolicyDocument":              400,
	"PackedPolicyTooLarge":                 400,
	"InternalFailure":                      500,
	"InvalidAction":                        400,
	"InvalidClientTokenId":                 403,
	"InvalidParameterValue":                400,
	"MalformedInput":                       400,
	"MissingAuthenticationToken":           403,
	"MissingParameter":                     400,
	"OptInRequired":                        403,
	"RegionDisabledException":              403,
	"RequestExpired":                       400,
	"RequestTimeTooSkewed":                 403,
	"ServiceUnavailable":                   503,
	"SignatureDoesNotMatch":                403,
	"Throttling":                           400,
	"ValidationError":                      400,
}

func stsError(code, message string) reply {
	status, kind := stsStatus[code], "Sender"
	if status >= 500 {
		kind = "Receiver"
	}
	if message == "" {
		message = "The request was refused: " + code
	}
	// The request id is filled in when the reply is sent.
	return reply{status: status, ctype: xmlType, body: fmt.Appendf(nil, "<ErrorResponse xmlns=\"%s\">\n  <Error>\n"+
		"    <Type>%s</Type>\n    <Code>%s</Code>\n    <Message>%s</Message>\n  </Error>\n"+
		"  <RequestId>%s</RequestId>\n</ErrorResponse>\n",
		stsNamespace, kind, code, html.EscapeString(message), requestIDHole)}
}

// requestIDHole stands in XML documents where the request id goes; it is as long as one.
const requestIDHole = "00000000-0000-0000-0000-000000000000"

// serviceError returns the error of that name of the operation's service, if it has it.
func serviceError(op Op, name string) (reply, bool) {
	switch {
	case slices.Contains(oidcOps, op):
		if _, ok := oidcErrors[name]; ok || kmsErrors[FaultKind(name)] != "" {
			return oidcError(name, ""), true
		}
	case slices.Contains(portalOps, op):
		if _, ok := portalStatus[name]; ok {
			return portalError(name, ""), true
		}
	case slices.Contains(stsOps, op):
		if _, ok := stsStatus[name]; ok {
			return stsError(name, ""), true
		}
	}
	return reply{}, false
}

func page(status int, title, text string) reply {
	return reply{status: status, ctype: htmlType, body: []byte(strings.Join([]string{
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", html.EscapeString(title),
		"</title></head>\n<body><h1>", html.EscapeString(title), "</h1><p>", html.EscapeString(text),
		"</p></body></html>\n",
	}, ""))}
}
