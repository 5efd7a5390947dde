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

// verifySignature checks the Signature Version 4 of an STS call as AWS documents it, and returns whose it is.
func (c *call) verifySignature() (*credential, reply, bool) {
	refuse := func(detail, code, message string) (*credential, reply, bool) {
		return nil, c.refuseSTS(BadSignature, detail, code, message), false
	}
	header := c.r.Header
	auth := header.Get("Authorization")
	if auth == "" {
		return refuse("no Authorization header", "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	parts, ok := strings.CutPrefix(auth, signAlgorithm+" ")
	fields := map[string]string{}
	for f := range strings.SplitSeq(parts, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(f), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	signed := strings.Split(fields["SignedHeaders"], ";")
	date := header.Get("X-Amz-Date")
	at, err := time.Parse(signTime, date)
	if !ok || len(scope) != 5 || fields["SignedHeaders"] == "" || len(fields["Signature"]) != 64 || err != nil {
		return refuse("the Authorization header or X-Amz-Date is not of the form of "+signAlgorithm,
			"IncompleteSignature", "Authorization header requires 'Credential', 'Signature', 'SignedHeaders' and X-Amz-Date")
	}

	s := c.s
	const invalidToken = "The security token included in the request is invalid."
	token := header.Get("X-Amz-Security-Token")
	s.mu.Lock()
	k := s.state.keys[scope[0]]
	if k == nil || k.token != token {
		s.received(token)
	}
	dead := k != nil && k.revoked
	s.mu.Unlock()
	switch {
	case k == nil:
		return nil, c.refuseSTS(UnknownKey, "an access key id that was never issued", "InvalidClientTokenId", invalidToken), false
	case k.token != token:
		return nil, c.refuseSTS(UnknownKey, "not the session token of the access key id", "InvalidClientTokenId",
			invalidToken), false
	case dead:
		return nil, stsError("InvalidClientTokenId", invalidToken), false
	}

	// A wrong clock is the machine's fault. The Date header of the reply tells the client how far it is off.
	if early := c.now.Add(-maxSkew); at.Before(early.Truncate(time.Second)) {
		return nil, stsError("SignatureDoesNotMatch", fmt.Sprintf(
			"Signature expired: %s is now earlier than %s (%s - 15 min.)",
			date, early.UTC().Format(signTime), c.now.UTC().Format(signTime))), false
	}
	if late := c.now.Add(maxSkew); at.After(late) {
		return nil, stsError("SignatureDoesNotMatch", fmt.Sprintf(
			"Signature not yet current: %s is still later than %s (%s + 15 min.)",
			date, late.UTC().Format(signTime), c.now.UTC().Format(signTime))), false
	}
	switch {
	case scope[1] != date[:8]:
		return refuse("the scope's date is not that of X-Amz-Date", "SignatureDoesNotMatch",
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
	case !regionPattern.MatchString(scope[2]):
		return refuse("the scope's region is none", "SignatureDoesNotMatch", "Credential should be scoped to a valid region.")
	case scope[3] != "sts":
		return refuse("the scope's service is not sts", "SignatureDoesNotMatch",
			"Credential should be scoped to correct service: 'sts'.")
	case scope[4] != "aws4_request":
		return refuse("the scope does not end in aws4_request", "SignatureDoesNotMatch",
			"Credential should be scoped with a valid terminator: 'aws4_request'.")
	}
	for name := range header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !slices.Contains(signed, lower) {
			return refuse("header "+lower+" is not signed", "SignatureDoesNotMatch",
				"'"+lower+"' must be a 'SignedHeader' in the AWS Authorization.")
		}
	}
	if !slices.Contains(signed, "host") {
		return refuse("header host is not signed", "SignatureDoesNotMatch",
			"'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	if !hmac.Equal([]byte(c.signature(k, scope, signed, date)), []byte(fields["Signature"])) {
		return refuse("the signature is not the one of this request", "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided.")
	}
	// Only now: to whom the signature proves nothing, nothing is told about the credentials.
	if !c.now.Before(k.expires) {
		return nil, stsError("ExpiredToken", "The security token included in the request is expired"), false
	}
	return k, reply{}, true
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

// canonicalQuery is sorted by name and value, with %20 for a space.
func canonicalQuery(q url.Values) string {
	if len(q) == 0 {
		return ""
	}
	for _, values := range q {
		slices.Sort(values)
	}
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}
