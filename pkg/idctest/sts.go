package idctest

import (
	"bytes"
	"fmt"
	"html"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const stsVersion = "2011-06-15"

// fillRequestID puts the request id into an XML document in place of the zeros that it was made with.
func fillRequestID(body []byte, id string) []byte {
	return bytes.Replace(body, []byte(requestIDHole), []byte(id), 1)
}

// stsSubject finds the role that an STS call is about before it is judged: for GetCallerIdentity the caller's, as the
// access key tells; for AssumeRole the one to be assumed.
func (c *call) stsSubject() {
	form, err := url.ParseQuery(string(c.body))
	if err == nil && form.Get("Action") == string(AssumeRole) {
		c.op = AssumeRole
		if m := roleARN.FindStringSubmatch(form.Get("RoleArn")); m != nil {
			c.account, c.role = m[2], m[3]
		}
		return
	}
	auth := c.r.Header.Get("Authorization")
	_, rest, _ := strings.Cut(auth, "Credential=")
	id, _, _ := strings.Cut(rest, "/")
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if k := c.s.state.keys[id]; k != nil {
		c.account, c.role = k.account, k.permissionSet
		if c.role == "" {
			c.role = k.role
		}
	}
}

// refuseSTS is a refusal that only a broken client meets.
func (c *call) refuseSTS(rule Rule, detail, code, message string) reply {
	c.s.violate(c, rule, "%s", detail)
	return stsError(code, message)
}

func (c *call) sts() reply {
	mt, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if mt != "application/x-www-form-urlencoded" {
		return c.refuseSTS(WrongContentType, "content type "+strconv.Quote(c.r.Header.Get("Content-Type"))+
			", want application/x-www-form-urlencoded", "MalformedInput", "")
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return c.refuseSTS(MalformedRequest, "the body is no form", "MalformedInput", "")
	}
	k, rep, ok := c.verifySignature()
	if !ok {
		return rep
	}
	known := []string{"Action", "Version"}
	if c.op == AssumeRole {
		known = append(known, "RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId", "SerialNumber", "TokenCode",
			"Policy", "SourceIdentity")
	}
	action := form.Get("Action")
	switch {
	case action == "":
		return c.refuseSTS(MissingParameter, "no Action", "MissingParameter", "Missing Action")
	case action != string(c.op) || form.Get("Version") != stsVersion:
		return c.refuseSTS(UnknownPath, "no action "+strconv.Quote(action)+" of version "+
			strconv.Quote(form.Get("Version")), "InvalidAction", "Could not find operation "+action+" for version "+
			form.Get("Version"))
	}
	for name := range form {
		if !slices.Contains(known, name) {
			return c.refuseSTS(UnknownField, "the action has no parameter "+strconv.Quote(name), "ValidationError", "")
		}
	}
	if c.op == AssumeRole {
		return c.assumeRole(k, form)
	}
	account, role := k.account, k.role
	switch c.fault {
	case WrongAccount:
		if account = "123123123123"; account == k.account {
			account = "321321321321"
		}
	case WrongRole:
		role = reservedRole(account, "SomebodyElse")
	}
	arn, user := c.s.identity(account, role, k.sessionName)
	return reply{status: 200, ctype: xmlType, body: fmt.Appendf(nil, "<GetCallerIdentityResponse xmlns=\"%s\">\n"+
		"  <GetCallerIdentityResult>\n    <Arn>%s</Arn>\n    <UserId>%s</UserId>\n    <Account>%s</Account>\n"+
		"  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    <RequestId>%s</RequestId>\n  </ResponseMetadata>\n"+
		"</GetCallerIdentityResponse>\n",
		stsNamespace, html.EscapeString(arn), html.EscapeString(user), account, requestIDHole)}
}

// identity is how a session of a role is told: its ARN and its user id.
func (s *Server) identity(account, role, sessionName string) (arn, user string) {
	arn = "arn:" + partition(s.Region) + ":sts::" + account + ":assumed-role/" + role + "/" + sessionName
	x, y := stableHash("id", account, role), stableHash("more", account, role)
	id := []byte("AROA")
	for range 17 { // 21 characters in all
		id = append(id, base32[x&31])
		x = x>>5 | y<<59
		y >>= 5
	}
	return arn, string(id) + ":" + sessionName
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

var (
	roleARN         = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]{1,64})$`)
	sessionNameForm = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	externalIDForm  = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`) // and 1,224 at most, which is more than a pattern may count
)

// assumeRole lets any live credentials assume any role: trust policies are not modelled, a [Fault] stands for them.
func (c *call) assumeRole(_ *credential, form url.Values) reply {
	m := roleARN.FindStringSubmatch(form.Get("RoleArn"))
	if m == nil {
		return stsError("ValidationError", "RoleArn is no ARN of a role") // as a user may have written it
	}
	if id := form.Get("ExternalId"); form.Has("ExternalId") && (len(id) > 1224 || !externalIDForm.MatchString(id)) {
		return stsError("ValidationError", "ExternalId is not 2 to 1224 characters of an external id") // likewise
	}
	name := form.Get("RoleSessionName")
	if !sessionNameForm.MatchString(name) {
		return c.refuseSTS(MalformedRequest, "RoleSessionName is not 2 to 64 characters of a name", "ValidationError",
			"RoleSessionName is not valid")
	}
	s := c.s
	s.mu.Lock()
	k := s.newKey(c.now, m[2], m[3], name)
	if d := form.Get("DurationSeconds"); d != "" {
		seconds, err := strconv.Atoi(d)
		if err != nil || seconds < 900 || seconds > 43200 {
			delete(s.state.keys, k.accessKey)
			s.mu.Unlock()
			return stsError("ValidationError", "DurationSeconds is not within 900 and 43200")
		}
		k.expires = c.now.Add(time.Duration(seconds) * time.Second)
	}
	s.mu.Unlock()
	arn, user := s.identity(m[2], m[3], name)
	return reply{status: 200, ctype: xmlType, body: fmt.Appendf(nil, "<AssumeRoleResponse xmlns=\"%s\">\n"+
		"  <AssumeRoleResult>\n    <AssumedRoleUser>\n      <AssumedRoleId>%s</AssumedRoleId>\n      <Arn>%s</Arn>\n"+
		"    </AssumedRoleUser>\n    <Credentials>\n      <AccessKeyId>%s</AccessKeyId>\n"+
		"      <SecretAccessKey>%s</SecretAccessKey>\n      <SessionToken>%s</SessionToken>\n"+
		"      <Expiration>%s</Expiration>\n    </Credentials>\n  </AssumeRoleResult>\n  <ResponseMetadata>\n"+
		"    <RequestId>%s</RequestId>\n  </ResponseMetadata>\n</AssumeRoleResponse>\n",
		stsNamespace, html.EscapeString(user), html.EscapeString(arn), k.accessKey, k.secret, k.token,
		k.expires.UTC().Format(time.RFC3339), requestIDHole)}
}
