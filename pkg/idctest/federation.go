package idctest

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Federated sign-ins are unsigned requests: who calls is what the assertion or the token says. Neither's own signature
// is checked, since no identity provider is registered here.

const samlAttribute = "https://aws.amazon.com/SAML/Attributes/"

// samlResponse is what STS reads of a SAML response: SAML core sections 2.3 and 3.3.3.
type samlResponse struct {
	XMLName    xml.Name `xml:"Response"`
	Assertions []struct {
		Issuer  string
		Subject struct {
			NameID struct {
				Format string `xml:",attr"`
				Text   string `xml:",chardata"`
			}
			Confirmations []struct {
				Data struct {
					Recipient    string    `xml:",attr"`
					NotOnOrAfter time.Time `xml:",attr"`
				} `xml:"SubjectConfirmationData"`
			} `xml:"SubjectConfirmation"`
		}
		Attributes []struct {
			Name   string   `xml:",attr"`
			Values []string `xml:"AttributeValue"`
		} `xml:"AttributeStatement>Attribute"`
	} `xml:"Assertion"`
}

var samlProviderARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}):saml-provider/([\w._-]{1,128})$`)

func (c *call) assumeRoleWithSAML() reply {
	form := c.params
	if rep, ok := c.requireSTS("RoleArn", "PrincipalArn", "SAMLAssertion"); !ok {
		return rep
	}
	c.receivedSecret(form.Get("SAMLAssertion"))
	role, provider := roleARN.FindStringSubmatch(form.Get("RoleArn")), samlProviderARN.FindStringSubmatch(form.Get("PrincipalArn"))
	if role == nil || provider == nil {
		return stsError("ValidationError", "RoleArn or PrincipalArn is no ARN of a role or SAML provider")
	}
	document, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(form.Get("SAMLAssertion")), ""))
	if err != nil {
		return stsError("InvalidIdentityToken", "Invalid base64 SAMLResponse")
	}
	var saml samlResponse
	if xml.Unmarshal(document, &saml) != nil || len(saml.Assertions) != 1 || len(saml.Assertions[0].Subject.Confirmations) == 0 {
		return stsError("InvalidIdentityToken", "SAML Assertion is not valid: not a response with one assertion about a subject")
	}
	a := saml.Assertions[0]
	confirmed := a.Subject.Confirmations[0].Data
	attribute := func(name string) []string {
		var out []string
		for _, at := range a.Attributes {
			if at.Name == samlAttribute+name {
				for _, v := range at.Values {
					out = append(out, strings.TrimSpace(v))
				}
			}
		}
		return out
	}
	names := attribute("RoleSessionName")
	if len(names) != 1 || !sessionNameForm.MatchString(names[0]) {
		return stsError("InvalidIdentityToken", "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
	}
	if !confirmed.NotOnOrAfter.IsZero() && !c.now.Before(confirmed.NotOnOrAfter) {
		return stsError("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance")
	}
	// The two ARNs come in either order.
	if !slices.ContainsFunc(attribute("Role"), func(pair string) bool {
		parts := strings.Split(strings.ReplaceAll(pair, " ", ""), ",")
		return len(parts) == 2 && slices.Contains(parts, form.Get("RoleArn")) && slices.Contains(parts, form.Get("PrincipalArn"))
	}) {
		return stsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
	}
	packed, rep, ok := c.packedPolicySize()
	if !ok {
		return rep
	}
	life, rep, ok := c.duration(43200, time.Hour)
	if !ok {
		return rep
	}
	// The assertion bounds the session where it says how long one is.
	if durations := attribute("SessionDuration"); len(durations) == 1 {
		if seconds, err := strconv.Atoi(durations[0]); err == nil && form.Get("DurationSeconds") == "" {
			life = time.Duration(seconds) * time.Second
		} else if err == nil {
			life = min(life, time.Duration(seconds)*time.Second)
		}
	}
	kind := "other"
	switch a.Subject.NameID.Format {
	case "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent":
		kind = "persistent"
	case "urn:oasis:names:tc:SAML:2.0:nameid-format:transient":
		kind = "transient"
	}
	issuer := strings.TrimSpace(a.Issuer)
	// As the service's model documents it.
	qualifier := sha1.Sum([]byte(issuer + provider[1] + "/" + provider[2]))
	source := ""
	if sources := attribute("SourceIdentity"); len(sources) == 1 {
		source = sources[0]
	}
	result := c.assumedRole(role, names[0], source, nil, life, packed)
	result += element("Subject", strings.TrimSpace(a.Subject.NameID.Text)) + element("SubjectType", kind) +
		element("Issuer", issuer) + element("Audience", confirmed.Recipient) +
		element("NameQualifier", base64.StdEncoding.EncodeToString(qualifier[:]))
	return c.stsReply(result)
}

// claims are what STS reads of an OpenID Connect token: RFC 7519 section 4.1.
type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Expires  float64  `json:"exp"`
	Source   string   `json:"https://aws.amazon.com/source_identity"`
}

// audience is a string or a list of them: RFC 7519 section 4.1.3.
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// readClaims reads the claims of a JSON Web Token: RFC 7515 section 3.1.
func readClaims(token string) (claims, bool) {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	return c, err == nil && json.Unmarshal(payload, &c) == nil && c.Issuer != "" && c.Subject != "" && len(c.Audience) > 0
}

func (c *call) assumeRoleWithWebIdentity() reply {
	form := c.params
	if rep, ok := c.requireSTS("RoleArn", "RoleSessionName", "WebIdentityToken"); !ok {
		return rep
	}
	c.receivedSecret(form.Get("WebIdentityToken"))
	role := roleARN.FindStringSubmatch(form.Get("RoleArn"))
	if role == nil {
		return stsError("ValidationError", form.Get("RoleArn")+" is invalid")
	}
	name := form.Get("RoleSessionName")
	if !sessionNameForm.MatchString(name) {
		return c.refuseSTS(MalformedRequest, "RoleSessionName is not 2 to 64 characters of a name", "ValidationError",
			"RoleSessionName is not valid")
	}
	token, ok := readClaims(form.Get("WebIdentityToken"))
	if !ok {
		return stsError("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
	}
	if now := c.now.Unix(); token.Expires != 0 && float64(now) >= token.Expires {
		return stsError("ExpiredTokenException", "Token expired: current date/time "+strconv.FormatInt(now, 10)+
			" must be before the expiration date/time "+strconv.FormatInt(int64(token.Expires), 10))
	}
	packed, rep, ok := c.packedPolicySize()
	if !ok {
		return rep
	}
	life, rep, ok := c.duration(43200, time.Hour)
	if !ok {
		return rep
	}
	result := c.assumedRole(role, name, token.Source, nil, life, packed)
	result += element("SubjectFromWebIdentityToken", token.Subject) + element("Audience", token.Audience[0]) +
		element("Provider", strings.TrimPrefix(token.Issuer, "https://"))
	return c.stsReply(result)
}

// requireSTS refuses a call without one of the parameters, which no SDK sends.
func (c *call) requireSTS(names ...string) (reply, bool) {
	for _, name := range names {
		if c.params.Get(name) == "" {
			return c.refuseSTS(MissingParameter, "no "+name, "ValidationError", "Missing "+name), false
		}
	}
	return reply{}, true
}

func (c *call) receivedSecret(secret string) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.received(secret)
}
