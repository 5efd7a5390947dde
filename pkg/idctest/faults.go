package idctest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind is what goes wrong. Besides the constants here, any error of the operation's service is a kind, by its name:
// the reply is then that error, as in FaultKind("InvalidGrantException") for CreateToken or FaultKind("ExpiredToken")
// for GetCallerIdentity.
type FaultKind string

// Faults of the network and of what stands in it.
const (
	Reset       FaultKind = "reset"    // the connection is reset, nothing is sent
	ServerError FaultKind = "500"      // status 500 with an HTML body
	BadGateway  FaultKind = "502"      // status 502 with an HTML body
	Unavailable FaultKind = "503"      // status 503 without a body
	Cut         FaultKind = "cut"      // the connection ends before Content-Length is reached
	Truncated   FaultKind = "truncate" // a whole HTTP message whose document ends half way
	Empty       FaultKind = "empty"    // status 200 without a body
	Hollow      FaultKind = "hollow"   // status 200 and a document without members: {}
	Nulls       FaultKind = "nulls"    // status 200 and every member null
	HTML        FaultKind = "html"     // status 200 and an HTML page, as a captive portal sends it
	Hang        FaultKind = "hang"     // no reply until the client leaves
	Huge        FaultKind = "huge"     // a valid document of 64 MiB
	Slow        FaultKind = "slow"     // the right reply, Fault.Delay later
)

// Faults of paging: for ListAccounts and ListAccountRoles.
const (
	RepeatToken FaultKind = "repeat-token" // every page names itself as the next
	CycleTokens FaultKind = "cycle-tokens" // page A names B as the next, B names A
	EmptyPage   FaultKind = "empty-page"   // a page without entries, but with a next one that has them; legal
)

// Refusals and wrong answers.
const (
	Forbidden    FaultKind = "ForbiddenException"        // portal: the role is not assigned, status 403
	NotFound     FaultKind = "ResourceNotFoundException" // portal: the assignment was deleted, status 404
	Unauthorized FaultKind = "UnauthorizedException"     // portal: the access token is no longer good, status 401
	Throttled    FaultKind = "TooManyRequestsException"  // portal: status 429
	AccessDenied FaultKind = "AccessDenied"              // STS: status 403
	WrongAccount FaultKind = "wrong-account"             // GetCallerIdentity tells another account
	WrongRole    FaultKind = "wrong-role"                // GetCallerIdentity tells another role
	ShellKeys    FaultKind = "shell-keys"                // GetRoleCredentials: a secret that a shell would interpret
	ControlKeys  FaultKind = "control-keys"              // GetRoleCredentials: a secret with a line break in it
)

// Refusals by OIDC because of the key with which the administrator encrypts the instance. The error is
// AccessDeniedException for the first and InvalidRequestException for the others; the member reason tells them apart.
const (
	KMSAccessDenied    FaultKind = "KMS_AccessDeniedException"
	KMSNotFound        FaultKind = "KMS_NotFoundException"
	KMSInvalidKeyUsage FaultKind = "KMS_InvalidKeyUsageException"
	KMSInvalidState    FaultKind = "KMS_InvalidStateException"
	KMSDisabled        FaultKind = "KMS_DisabledException"
)

// Fault makes calls go wrong. The first fault of [Config.Faults] that matches a call is used. A call that ends in a fault
// changes nothing at the server: a refresh token whose reply was cut can be used again.
type Fault struct {
	Op      Op     // the operation; empty is every operation, the pages aside
	Account string // only calls about this account id; empty is any
	Role    string // only calls about this role; empty is any
	Kind    FaultKind

	// Prob is how likely a call is hit, 0 to 1; 0 is always. Whether the n-th call of the same operation, account,
	// role and page is hit depends on Config.Seed alone, not on the order in which concurrent calls arrive.
	Prob float64

	Times int           // how many calls are hit before the fault is gone; 0 is no end
	Delay time.Duration // for Slow
}

// ParseFault reads a fault from its text form
//
//	OP[@ACCOUNT[/ROLE]]=KIND[:OPTION]...
//
// where OP is an operation or *, and an OPTION is a probability (0.1 or 10%), a number of times (x3) or, for slow, a
// duration (200ms): "ListAccountRoles=reset:10%", "GetRoleCredentials@111111111111/Billing=ForbiddenException".
func ParseFault(text string) (Fault, error) {
	var f Fault
	// Role names may hold '=', '@' and ':' is in none: cut the kind off at the last '='.
	i := strings.LastIndexByte(text, '=')
	if i < 0 {
		return f, fmt.Errorf("fault %q: want OP=KIND", text)
	}
	target, kind := text[:i], text[i+1:]
	op, at, _ := strings.Cut(target, "@")
	if op != "*" {
		f.Op = Op(op)
	}
	f.Account, f.Role, _ = strings.Cut(at, "/")
	options := strings.Split(kind, ":")
	f.Kind = FaultKind(options[0])
	for _, o := range options[1:] {
		if err := f.option(o); err != nil {
			return f, fmt.Errorf("fault %q: %w", text, err)
		}
	}
	if err := f.check(); err != nil {
		return f, fmt.Errorf("fault %q: %w", text, err)
	}
	return f, nil
}

func (f *Fault) option(o string) error {
	if n, ok := strings.CutPrefix(o, "x"); ok {
		times, err := strconv.Atoi(n)
		if err != nil || times < 1 {
			return fmt.Errorf("%q is not a number of times", o)
		}
		f.Times = times
		return nil
	}
	if p, ok := strings.CutSuffix(o, "%"); ok {
		percent, err := strconv.ParseFloat(p, 64)
		if err != nil || !(percent > 0 && percent <= 100) {
			return fmt.Errorf("%q is not a probability", o)
		}
		f.Prob = percent / 100
		return nil
	}
	if p, err := strconv.ParseFloat(o, 64); err == nil {
		if !(p > 0 && p <= 1) {
			return fmt.Errorf("%q is not a probability: above 0, up to 1", o)
		}
		f.Prob = p
		return nil
	}
	d, err := time.ParseDuration(o)
	if err != nil {
		return fmt.Errorf("%q is no probability (0.1, 10%%), number of times (x3) or duration (200ms)", o)
	}
	f.Delay = d
	return nil
}

// String returns the text form that [ParseFault] reads.
func (f Fault) String() string {
	var b strings.Builder
	if f.Op == "" {
		b.WriteByte('*')
	}
	b.WriteString(string(f.Op))
	if f.Account != "" || f.Role != "" {
		b.WriteString("@" + f.Account)
	}
	if f.Role != "" {
		b.WriteString("/" + f.Role)
	}
	b.WriteString("=" + string(f.Kind))
	if f.Prob > 0 {
		b.WriteString(":" + strconv.FormatFloat(f.Prob, 'g', -1, 64))
	}
	if f.Times > 0 {
		b.WriteString(":x" + strconv.Itoa(f.Times))
	}
	if f.Delay > 0 {
		b.WriteString(":" + f.Delay.String())
	}
	return b.String()
}

func (f Fault) check() error {
	if f.Op != "" && !slices.Contains(allOps, f.Op) {
		return fmt.Errorf("no operation %q", f.Op)
	}
	if !(f.Prob >= 0 && f.Prob <= 1) {
		return fmt.Errorf("probability %v is not within 0 and 1", f.Prob)
	}
	if f.Delay != 0 && f.Kind != Slow {
		return fmt.Errorf("a duration goes with %s only", Slow)
	}
	if f.Kind == Slow && f.Delay <= 0 {
		return fmt.Errorf("%s needs a duration", Slow)
	}
	ops := []Op{f.Op}
	if f.Op == "" {
		ops = slices.Concat(oidcOps, portalOps, stsOps)
	}
	for _, op := range ops {
		if !kindFits(f.Kind, op) {
			return fmt.Errorf("%q is not a fault of %s", f.Kind, op)
		}
	}
	return nil
}

func kindFits(kind FaultKind, op Op) bool {
	switch kind {
	case Reset, ServerError, BadGateway, Unavailable, Cut, Truncated, Empty, HTML, Hang, Huge, Slow:
		return true
	case Hollow, Nulls:
		return !slices.Contains(pageOps, op)
	case RepeatToken, CycleTokens, EmptyPage:
		return op == ListAccounts || op == ListAccountRoles
	case WrongAccount, WrongRole:
		return op == GetCallerIdentity
	case ShellKeys, ControlKeys:
		return op == GetRoleCredentials
	}
	_, ok := serviceError(op, string(kind))
	return ok
}

// pickFault returns the fault that applies to a call, if one does. The caller holds s.mu.
func (s *Server) pickFault(c *call) (Fault, bool) {
	var nth string
	for i := range s.cfg.Faults {
		f := &s.cfg.Faults[i]
		switch {
		case f.Op == "" && slices.Contains(pageOps, c.op), f.Op != "" && f.Op != c.op, c.op == "":
			continue
		case f.Account != "" && f.Account != c.account, f.Role != "" && f.Role != c.role:
			continue
		}
		if f.Prob > 0 && f.Prob < 1 {
			if nth == "" {
				key := strings.Join([]string{string(c.op), c.account, c.role, c.page}, "\x00")
				s.seen[key]++
				nth = key + "\x00" + strconv.Itoa(s.seen[key])
			}
			same := *f
			same.Times = 0 // its draws do not depend on how often it has hit, nor on its place in the list
			draw := stableHash(strconv.FormatUint(s.cfg.Seed, 10), same.String(), nth)
			if float64(draw>>11)/(1<<53) >= f.Prob {
				continue
			}
		}
		hit := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.cfg.Faults = slices.Delete(s.cfg.Faults, i, i+1)
			}
		}
		return hit, true
	}
	return Fault{}, false
}

const (
	errorPage  = "<html>\n<head><title>%[1]s</title></head>\n<body><center><h1>%[1]s</h1></center></body>\n</html>\n"
	portalPage = "<!DOCTYPE html><html><head><title>Welcome to the guest network</title></head>" +
		"<body>Accept the terms of use to go on.</body></html>\n"
)

// faultReply returns the reply that a kind puts in place of the operation's own, if it does.
func (c *call) faultReply(kind FaultKind) (reply, bool) {
	switch kind {
	case ServerError:
		return reply{status: 500, ctype: "text/html", body: fmt.Appendf(nil, errorPage, "500 Internal Server Error")}, true
	case BadGateway:
		return reply{status: 502, ctype: "text/html", body: fmt.Appendf(nil, errorPage, "502 Bad Gateway")}, true
	case Unavailable:
		return reply{status: 503}, true
	case Empty:
		return reply{status: 200, ctype: c.op.contentType()}, true
	case HTML:
		return reply{status: 200, ctype: "text/html", body: []byte(portalPage)}, true
	case Hollow, Nulls:
		return reply{status: 200, ctype: c.op.contentType(), body: []byte(oddDocument(kind, c.op))}, true
	}
	if e, ok := serviceError(c.op, string(kind)); ok {
		return e, true
	}
	return reply{}, false
}

// oddDocument is valid JSON or XML without what the operation's reply is for.
func oddDocument(kind FaultKind, op Op) string {
	switch {
	case slices.Contains(stsOps, op) && kind == Hollow:
		return fmt.Sprintf(`<%[1]sResponse xmlns="%[2]s"></%[1]sResponse>`, op, stsNamespace)
	case slices.Contains(stsOps, op):
		return fmt.Sprintf(`<%[1]sResponse xmlns="%[2]s"><%[1]sResult/></%[1]sResponse>`, op, stsNamespace)
	case kind == Hollow:
		return "{}"
	}
	switch op {
	case RegisterClient:
		return `{"clientId":null,"clientSecret":null,"clientIdIssuedAt":null,"clientSecretExpiresAt":null,` +
			`"authorizationEndpoint":null,"tokenEndpoint":null}`
	case StartDeviceAuthorization:
		return `{"deviceCode":null,"userCode":null,"verificationUri":null,"verificationUriComplete":null,` +
			`"expiresIn":null,"interval":null}`
	case CreateToken, CreateTokenWithIAM:
		return `{"accessToken":null,"tokenType":null,"expiresIn":null,"refreshToken":null,"idToken":null}`
	case ListAccounts:
		return `{"accountList":[null,{"accountId":null,"accountName":null,"emailAddress":null}],"nextToken":null}`
	case ListAccountRoles:
		return `{"roleList":[null,{"roleName":null,"accountId":null}],"nextToken":null}`
	case GetRoleCredentials:
		return `{"roleCredentials":{"accessKeyId":null,"secretAccessKey":null,"sessionToken":null,"expiration":null}}`
	}
	return "{}"
}

// reset ends the connection with a TCP reset, which a client sees as an error of the network and not as an end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := tcpConn(conn); ok {
		_ = tcp.SetLinger(0)
		_ = tcp.Close() // not through TLS, which would say goodbye
		return
	}
	_ = conn.Close()
}

// sendCut announces the whole body and sends half of it.
func sendCut(w http.ResponseWriter, rep reply) {
	w.Header().Set("Content-Length", strconv.Itoa(max(len(rep.body), 2)))
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body[:len(rep.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// sendHuge sends a document that is too large to read, until it ends or the client leaves.
func sendHuge(w http.ResponseWriter, ctype string) {
	w.Header().Set("Content-Type", ctype)
	open, end := `{"padding":"`, `"}`
	if ctype != jsonType {
		open, end = "<padding>", "</padding>"
	}
	chunk := []byte(strings.Repeat("x", 64<<10))
	_, _ = io.WriteString(w, open)
	for range 64 << 20 / len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
	_, _ = io.WriteString(w, end)
}
