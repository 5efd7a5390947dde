package idctest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	signAlgorithm = "AWS4-HMAC-SHA256"
	signTime      = "20060102T150405Z"
	maxSkew       = 15 * time.Minute // either way, as STS allows
)

// signing is what a request says of its signature, in headers or, presigned, in its query.
type signing struct {
	algorithm, credential, signedHeaders, signature, date, token string
	presigned                                                    bool
	expires                                                      string // only where presigned
}

func (c *call) signing() (signing, bool) {
	if q := c.query; q.Has("X-Amz-Signature") || q.Has("X-Amz-Algorithm") {
		return signing{
			algorithm: q.Get("X-Amz-Algorithm"), credential: q.Get("X-Amz-Credential"),
			signedHeaders: q.Get("X-Amz-SignedHeaders"), signature: q.Get("X-Amz-Signature"), date: q.Get("X-Amz-Date"),
			token: q.Get("X-Amz-Security-Token"), presigned: true, expires: q.Get("X-Amz-Expires"),
		}, true
	}
	header := c.r.Header
	auth := header.Get("Authorization")
	algorithm, parts, _ := strings.Cut(auth, " ")
	fields := map[string]string{}
	for f := range strings.SplitSeq(parts, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(f), "=")
		fields[name] = value
	}
	return signing{
		algorithm: algorithm, credential: fields["Credential"], signedHeaders: fields["SignedHeaders"],
		signature: fields["Signature"], date: header.Get("X-Amz-Date"), token: header.Get("X-Amz-Security-Token"),
	}, auth != ""
}

// maxPresigned is how long a presigned request may be good at most; STS itself takes none older than maxSkew.
const maxPresigned = 7 * 24 * 60 * 60

// verifySignature checks the Signature Version 4 of a call to the service of that signing name, as AWS documents it,
// and returns whose it is.
func (c *call) verifySignature(service string) (*credential, reply, bool) {
	refusal := func(code, message string) reply {
		if slices.Contains(stsOps, c.op) {
			return stsError(code, message)
		}
		return signatureError(code, message)
	}
	refuse := func(detail, code, message string) (*credential, reply, bool) {
		c.s.violate(c, BadSignature, "%s", detail)
		return nil, refusal(code, message), false
	}
	sig, ok := c.signing()
	if !ok {
		return refuse("the request is not signed", "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	scope := strings.Split(sig.credential, "/")
	signed := strings.Split(sig.signedHeaders, ";")
	date := sig.date
	at, err := time.Parse(signTime, date)
	if sig.algorithm != signAlgorithm || len(scope) != 5 || sig.signedHeaders == "" || len(sig.signature) != 64 || err != nil {
		return refuse("the signature or its date is not of the form of "+signAlgorithm,
			"IncompleteSignature", "Authorization header requires 'Credential', 'Signature', 'SignedHeaders' and X-Amz-Date")
	}
	if seconds, err := strconv.Atoi(sig.expires); sig.presigned && (err != nil || seconds < 1 || seconds > maxPresigned) {
		return refuse("X-Amz-Expires is not within 1 and "+strconv.Itoa(maxPresigned), "IncompleteSignature",
			"X-Amz-Expires must be a number of seconds, a week at most")
	}

	s := c.s
	const invalidToken = "The security token included in the request is invalid."
	token := sig.token
	s.mu.Lock()
	k := s.state.keys[scope[0]]
	if k == nil || k.token != token {
		s.received(token)
	}
	dead := k != nil && k.revoked
	s.mu.Unlock()
	switch {
	case k == nil:
		c.s.violate(c, UnknownKey, "an access key id that was never issued")
		return nil, refusal("InvalidClientTokenId", invalidToken), false
	case k.token != token:
		c.s.violate(c, UnknownKey, "not the session token of the access key id")
		return nil, refusal("InvalidClientTokenId", invalidToken), false
	case dead:
		return nil, refusal("InvalidClientTokenId", invalidToken), false
	}

	// A wrong clock is the machine's fault. The Date header of the reply tells the client how far it is off.
	if early := c.now.Add(-maxSkew); at.Before(early.Truncate(time.Second)) {
		return nil, refusal("SignatureDoesNotMatch", fmt.Sprintf(
			"Signature expired: %s is now earlier than %s (%s - 15 min.)",
			date, early.UTC().Format(signTime), c.now.UTC().Format(signTime))), false
	}
	if late := c.now.Add(maxSkew); at.After(late) {
		return nil, refusal("SignatureDoesNotMatch", fmt.Sprintf(
			"Signature not yet current: %s is still later than %s (%s + 15 min.)",
			date, late.UTC().Format(signTime), c.now.UTC().Format(signTime))), false
	}
	if detail, message := c.scopeFlaw(scope, date, service); detail != "" {
		return refuse(detail, "SignatureDoesNotMatch", message)
	}
	if detail, message := c.headersFlaw(signed); detail != "" {
		return refuse(detail, "SignatureDoesNotMatch", message)
	}
	if !hmac.Equal([]byte(c.signature(k, scope, signed, date)), []byte(sig.signature)) {
		return refuse("the signature is not the one of this request", "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided.")
	}
	// Only now: to whom the signature proves nothing, nothing is told about the credentials.
	if !k.expires.IsZero() && !c.now.Before(k.expires) {
		return nil, refusal("ExpiredToken", "The security token included in the request is expired"), false
	}
	// Credentials do not exist in a region that their account has not enabled, nor in another partition.
	s.mu.Lock()
	off := slices.Contains(s.cfg.DisabledRegions, scope[2])
	s.mu.Unlock()
	if off || partition(scope[2]) != partition(s.Region) {
		return nil, refusal("InvalidClientTokenId", invalidToken), false
	}
	return k, reply{}, true
}

// scopeFlaw returns what is wrong with the scope of a signature, and what AWS says of it; empty if nothing is.
func (c *call) scopeFlaw(scope []string, date, service string) (detail, message string) {
	switch {
	case scope[1] != date[:8]:
		return "the scope's date is not that of X-Amz-Date",
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"
	case !regionPattern.MatchString(scope[2]):
		return "the scope's region is none", "Credential should be scoped to a valid region."
	case c.aws.region != "" && scope[2] != c.aws.region, c.aws.service == stsService && c.aws.region == "" && scope[2] != "us-east-1":
		return "the scope's region is not that of the host", "Credential should be scoped to a valid region."
	case scope[3] != service:
		return "the scope's service is not " + service, "Credential should be scoped to correct service: '" + service + "'."
	case scope[4] != "aws4_request":
		return "the scope does not end in aws4_request", "Credential should be scoped with a valid terminator: 'aws4_request'."
	}
	return "", ""
}

// headersFlaw returns which header is not signed although it must be, and what AWS says of it; empty if none is.
func (c *call) headersFlaw(signed []string) (detail, message string) {
	for name := range c.r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !slices.Contains(signed, lower) {
			return "header " + lower + " is not signed", "'" + lower + "' must be a 'SignedHeader' in the AWS Authorization."
		}
	}
	if !slices.Contains(signed, "host") {
		return "header host is not signed", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
	}
	return "", ""
}

// signature is the one that the request should carry.
func (c *call) signature(k *credential, scope, signed []string, date string) string {
	payload := sha256.Sum256(c.body)
	b := make([]byte, 0, 1024)
	b = append(append(b, c.r.Method...), '\n')
	b = append(append(b, c.r.URL.EscapedPath()...), '\n')
	b = append(append(b, canonicalQuery(c.query)...), '\n')
	for _, name := range signed {
		b = append(append(b, name...), ':')
		switch name {
		case "host":
			b = append(b, c.r.Host...)
		case "content-length":
			b = strconv.AppendInt(b, c.r.ContentLength, 10)
		default:
			for i, v := range c.r.Header.Values(name) {
				if i > 0 {
					b = append(b, ',')
				}
				b = append(b, strings.Join(strings.Fields(v), " ")...)
			}
		}
		b = append(b, '\n')
	}
	b = append(append(append(b, '\n'), strings.Join(signed, ";")...), '\n')
	b = hex.AppendEncode(b, payload[:])
	request := sha256.Sum256(b)

	scopeText := strings.Join(scope[1:], "/")
	text := signAlgorithm + "\n" + date + "\n" + scopeText + "\n" + hex.EncodeToString(request[:])

	c.s.mu.Lock()
	key := k.signingKey
	if k.signingScope != scopeText {
		key = nil
	}
	c.s.mu.Unlock()
	if key == nil {
		key = []byte("AWS4" + k.secret)
		for _, part := range scope[1:] {
			key = mac(key, part)
		}
		c.s.mu.Lock()
		k.signingScope, k.signingKey = scopeText, key
		c.s.mu.Unlock()
	}
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// canonicalQuery is sorted by name and value, with %20 for a space, and without the signature itself.
func canonicalQuery(query url.Values) string {
	if len(query) == 0 {
		return ""
	}
	q := url.Values{}
	for name, values := range query {
		if name != "X-Amz-Signature" {
			q[name] = slices.Sorted(slices.Values(values))
		}
	}
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}
