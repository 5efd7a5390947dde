package idctest

import (
	"bytes"
	"fmt"
	"html"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const stsVersion = "2011-06-15"

// stsParameters are the parameters of each action, as the service's model has them. A # stands for the number of a
// list's member.
var stsParameters = map[Op][]string{
	GetCallerIdentity: {},
	AssumeRole: {
		"RoleArn", "RoleSessionName", "PolicyArns.member.#.arn", "Policy", "DurationSeconds", "Tags.member.#.Key",
		"Tags.member.#.Value", "TransitiveTagKeys.member.#", "ExternalId", "SerialNumber", "TokenCode", "SourceIdentity",
		"ProvidedContexts.member.#.ProviderArn", "ProvidedContexts.member.#.ContextAssertion", "MinimumSessionTokenSize",
	},
	AssumeRoleWithSAML: {
		"RoleArn", "PrincipalArn", "SAMLAssertion", "PolicyArns.member.#.arn", "Policy", "DurationSeconds",
		"MinimumSessionTokenSize",
	},
	AssumeRoleWithWebIdentity: {
		"RoleArn", "RoleSessionName", "WebIdentityToken", "ProviderId", "PolicyArns.member.#.arn", "Policy",
		"DurationSeconds", "MinimumSessionTokenSize",
	},
	GetSessionToken: {"DurationSeconds", "SerialNumber", "TokenCode", "MinimumSessionTokenSize"},
	GetFederationToken: {
		"Name", "Policy", "PolicyArns.member.#.arn", "DurationSeconds", "Tags.member.#.Key", "Tags.member.#.Value",
		"MinimumSessionTokenSize",
	},
	GetAccessKeyInfo:           {"AccessKeyId"},
	AssumeRoot:                 {"TargetPrincipal", "TaskPolicyArn.arn", "DurationSeconds", "MinimumSessionTokenSize"},
	DecodeAuthorizationMessage: {"EncodedMessage"},
	GetDelegatedAccessToken:    {"TradeInToken"},
	GetScopedCredentials:       {"Policy", "DurationSeconds", "MinimumSessionTokenSize", "ScopedSessionDescription"},
	GetWebIdentityToken: {
		"Audience.member.#", "DurationSeconds", "SigningAlgorithm", "Scope", "SubjectMode", "Tags.member.#.Key",
		"Tags.member.#.Value",
	},
}

// Botocore writes an empty list as the bare name of the list.
var (
	memberNumber = regexp.MustCompile(`\.member\.[1-9]\d{0,3}(\.|$)`)
	emptyList    = []string{"PolicyArns", "Tags", "TransitiveTagKeys", "ProvidedContexts", "Audience"}
)

// unsignedOps prove who calls by a token of an identity provider.
var unsignedOps = []Op{AssumeRoleWithSAML, AssumeRoleWithWebIdentity}

// fillRequestID puts the request id into an XML document in place of the zeros that it was made with.
func fillRequestID(body []byte, id string) []byte {
	return bytes.Replace(body, []byte(requestIDHole), []byte(id), 1)
}

// findSTSSubject finds the action of an STS call, and the role that the call is about: the one to be assumed, or else the
// caller's, as the access key says.
func (c *call) findSTSSubject() {
	// The query of a presigned request holds the parameters, the body of any other.
	c.params = url.Values{}
	if c.r.Method == http.MethodGet || len(c.body) == 0 {
		for name, values := range c.query {
			if !strings.HasPrefix(name, "X-Amz-") {
				c.params[name] = slices.Clone(values)
			}
		}
	}
	if c.isForm() {
		form, err := url.ParseQuery(string(c.body))
		c.badForm = err != nil
		for name, values := range form {
			c.params[name] = append(c.params[name], values...)
		}
	}
	if action := Op(c.params.Get("Action")); slices.Contains(stsOps, action) {
		c.op = action
	}
	if m := roleARN.FindStringSubmatch(c.params.Get("RoleArn")); m != nil {
		c.account, c.role = m[2], m[3]
		return
	}
	_, rest, _ := strings.Cut(c.r.Header.Get("Authorization"), "Credential=")
	if rest == "" {
		rest = c.query.Get("X-Amz-Credential")
	}
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

func (c *call) isForm() bool {
	mt, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	return mt == "application/x-www-form-urlencoded"
}

// refuseSTS is a refusal that only a broken client meets.
func (c *call) refuseSTS(rule Rule, detail, code, message string) reply {
	c.s.violate(c, rule, "%s", detail)
	return stsError(code, message)
}

func (c *call) sts() reply {
	form := c.params
	switch {
	case c.r.Method == http.MethodGet && form.Get("Action") == "" && c.r.Header.Get("Authorization") == "":
		// Who opens the endpoint in a browser is sent to the product's page.
		return reply{status: 302, location: "https://aws.amazon.com/iam"}
	case c.r.Method == http.MethodPost && len(c.body) > 0 && !c.isForm():
		return c.refuseSTS(WrongContentType, "content type "+strconv.Quote(c.r.Header.Get("Content-Type"))+
			", want application/x-www-form-urlencoded", "MalformedInput", "")
	case c.badForm:
		return c.refuseSTS(MalformedRequest, "the body is no form", "MalformedInput", "")
	}
	var k *credential
	if slices.Contains(unsignedOps, c.op) && c.inDisabledRegion() {
		return stsError("RegionDisabledException", "STS is not activated in this region for account:"+c.account)
	}
	if !slices.Contains(unsignedOps, c.op) {
		var rep reply
		var ok bool
		if k, rep, ok = c.verifySignature("sts"); !ok {
			return rep
		}
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
		if name == "Action" || name == "Version" || slices.Contains(emptyList, name) && form.Get(name) == "" {
			continue
		}
		if !slices.Contains(stsParameters[c.op], memberNumber.ReplaceAllString(name, ".member.#$1")) {
			return c.refuseSTS(UnknownField, "the action has no parameter "+strconv.Quote(name), "ValidationError", "")
		}
	}
	if text := form.Get("MinimumSessionTokenSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxSessionToken {
			return stsError("ValidationError", "MinimumSessionTokenSize is not within 0 and "+strconv.Itoa(maxSessionToken))
		}
		c.tokenSize = n
	}
	switch c.op {
	case GetCallerIdentity:
		return c.getCallerIdentity(k)
	case AssumeRole:
		return c.assumeRole(k)
	case AssumeRoleWithSAML:
		return c.assumeRoleWithSAML()
	case AssumeRoleWithWebIdentity:
		return c.assumeRoleWithWebIdentity()
	case GetSessionToken:
		return c.getSessionToken(k)
	case GetFederationToken:
		return c.getFederationToken(k)
	case GetAccessKeyInfo:
		return c.getAccessKeyInfo()
	}
	arn, _ := c.s.identity(k)
	return stsError("AccessDenied", "User: "+arn+" is not authorized to perform: sts:"+action)
}

func (c *call) inDisabledRegion() bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return slices.Contains(c.s.cfg.DisabledRegions, c.aws.region)
}

func (c *call) getCallerIdentity(k *credential) reply {
	c.s.mu.Lock() // another request may be keeping its signing key
	told := *k
	c.s.mu.Unlock()
	switch c.fault {
	case WrongAccount:
		if told.account = "123123123123"; told.account == k.account {
			told.account = "321321321321"
		}
	case WrongRole:
		told.role = reservedRole(told.account, "SomebodyElse")
	}
	arn, user := c.s.identity(&told)
	return c.stsReply(element("Arn", arn) + element("UserId", user) + element("Account", told.account))
}

func (c *call) getAccessKeyInfo() reply {
	id := c.params.Get("AccessKeyId")
	if len(id) < 16 || len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool { return !isWord(r) }) {
		return stsError("ValidationError", "AccessKeyId is not 16 to 128 letters and digits")
	}
	c.s.mu.Lock()
	k := c.s.state.keys[id]
	c.s.mu.Unlock()
	if k == nil {
		return stsError("ValidationError", "The access key id is of no account")
	}
	return c.stsReply(element("Account", k.account))
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

// stsReply wraps the result of an action as STS does.
func (c *call) stsReply(result string) reply {
	return reply{status: 200, ctype: xmlType, body: fmt.Appendf(nil, "<%[1]sResponse xmlns=\"%[2]s\">\n"+
		"  <%[1]sResult>%[3]s\n  </%[1]sResult>\n  <ResponseMetadata>\n    <RequestId>%[4]s</RequestId>\n"+
		"  </ResponseMetadata>\n</%[1]sResponse>\n", c.op, stsNamespace, result, requestIDHole)}
}

func element(name, text string) string {
	return "\n    <" + name + ">" + html.EscapeString(text) + "</" + name + ">"
}

// maxSessionToken is the most characters that a session token has.
const maxSessionToken = 4096

// newSessionKey issues the credentials of a session that lasts life, for a role or, if that is empty, for nobody yet. The
// caller holds s.mu.
func (c *call) newSessionKey(account, role, sessionName string, life time.Duration) *credential {
	k := c.s.newKey(c.now, account, role, sessionName)
	k.expires = c.now.Add(life)
	if more := c.tokenSize - len(k.token); more > 0 {
		k.token += strings.Repeat("A", more)
	}
	return k
}

func (k *credential) element() string {
	return element("SessionTokenSize", strconv.Itoa(len(k.token))) +
		element("SessionTokenUtilization", strconv.Itoa((len(k.token)*100+maxSessionToken-1)/maxSessionToken)) +
		"\n    <Credentials>" + element("AccessKeyId", k.accessKey) + element("SecretAccessKey", k.secret) +
		element("SessionToken", k.token) + element("Expiration", k.expires.UTC().Format(time.RFC3339)) +
		"\n    </Credentials>"
}

// identity returns the ARN and the user id of the caller whose key it is.
func (s *Server) identity(k *credential) (arn, user string) {
	sts, iam := "arn:"+partition(s.Region)+":sts::"+k.account+":", "arn:"+partition(s.Region)+":iam::"+k.account+":"
	switch {
	case k.federated != "":
		return sts + "federated-user/" + k.federated, k.account + ":" + k.federated
	case k.user != "":
		return iam + "user/" + k.user, uniqueID("AIDA", k.account, k.user)
	}
	return sts + "assumed-role/" + k.role + "/" + k.sessionName, uniqueID("AROA", k.account, k.role) + ":" + k.sessionName
}

// uniqueID is the id that IAM gives a user or role, of 21 characters.
func uniqueID(prefix, account, name string) string {
	x, y := stableHash("id", account, name), stableHash("more", account, name)
	id := []byte(prefix)
	for range 17 {
		id = append(id, base32[x&31])
		x = x>>5 | y<<59
		y >>= 5
	}
	return string(id)
}

// partitions are those whose regions have a prefix of their own.
var partitions = []struct{ prefix, name string }{
	{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"eusc-", "aws-eusc"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"},
	{"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"},
}

func partition(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p.name
		}
	}
	return "aws"
}
