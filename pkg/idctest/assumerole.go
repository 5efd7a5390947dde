package idctest

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

var (
	roleARN         = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]{1,64})$`)
	sessionNameForm = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	sourceForm      = regexp.MustCompile(`^[\w+=,.@-]{2,256}$`)
	externalIDForm  = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`) // and 1,224 at most, which is more than a pattern may count
	serialForm      = regexp.MustCompile(`^[\w+=/:,.@-]{9,256}$`)
	tokenCodeForm   = regexp.MustCompile(`^\d{6}$`)
	policyARNForm   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+$`)
)

// chainLimit is how long a role lasts that was assumed with temporary credentials.
const chainLimit = time.Hour

// assumeRole lets any live credentials assume any role: trust policies are not modelled, a [Fault] stands for them.
func (c *call) assumeRole(caller *credential) reply {
	form := c.params
	m := roleARN.FindStringSubmatch(form.Get("RoleArn"))
	if m == nil {
		return stsError("ValidationError", form.Get("RoleArn")+" is invalid") // as a user may have written it
	}
	if id := form.Get("ExternalId"); form.Has("ExternalId") && (len(id) > 1224 || !externalIDForm.MatchString(id)) {
		return stsError("ValidationError", "ExternalId is not 2 to 1224 characters of an external id") // likewise
	}
	name := form.Get("RoleSessionName")
	if !sessionNameForm.MatchString(name) {
		return c.refuseSTS(MalformedRequest, "RoleSessionName is not 2 to 64 characters of a name", "ValidationError",
			"RoleSessionName is not valid")
	}
	if rep, ok := c.checkMFA(); !ok {
		return rep
	}
	source := form.Get("SourceIdentity")
	switch {
	case form.Has("SourceIdentity") && (!sourceForm.MatchString(source) || strings.HasPrefix(source, "aws:")):
		return stsError("ValidationError", "SourceIdentity is not 2 to 256 characters of a name")
	case caller.sourceIdentity == "":
	case source == "":
		source = caller.sourceIdentity // a role chain keeps it
	case source != caller.sourceIdentity:
		return stsError("AccessDenied", "The source identity of a session cannot be changed")
	}
	packed, rep, ok := c.packedPolicySize()
	if !ok {
		return rep
	}
	transitive, rep, ok := c.transitiveTags(caller)
	if !ok {
		return rep
	}
	if rep, ok := c.checkContexts(); !ok {
		return rep
	}
	life, rep, ok := c.duration(43200, time.Hour)
	if !ok {
		return rep
	}
	if caller.token != "" && life > chainLimit {
		return stsError("ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	return c.stsReply(c.assumedRole(m, name, source, transitive, life, packed))
}

// assumedRole issues the credentials of a role, as [roleARN] found it in its ARN, and returns the result of the call.
func (c *call) assumedRole(role []string, sessionName, source string, transitive []string, life time.Duration, packed int) string {
	s := c.s
	s.mu.Lock()
	k := c.newSessionKey(role[2], role[3], sessionName, life)
	k.sourceIdentity, k.transitive = source, transitive
	s.mu.Unlock()
	arn, user := s.identity(k)
	result := "\n    <AssumedRoleUser>" + element("AssumedRoleId", user) + element("Arn", arn) + "\n    </AssumedRoleUser>" +
		k.element()
	if packed > 0 {
		result += element("PackedPolicySize", strconv.Itoa(packed))
	}
	if source != "" {
		result += element("SourceIdentity", source)
	}
	return result
}

// leastDuration is the shortest session in seconds.
const leastDuration = 900

// duration reads DurationSeconds, which is most at most. Without it a configured lifetime that is shorter than fallback
// holds, so that a test can have credentials that are about to expire.
func (c *call) duration(most int, fallback time.Duration) (time.Duration, reply, bool) {
	text := c.params.Get("DurationSeconds")
	if text == "" {
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		return min(fallback, c.s.cfg.CredentialLifetime), reply{}, true
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < leastDuration || seconds > most {
		return 0, stsError("ValidationError", "DurationSeconds is not within "+strconv.Itoa(leastDuration)+" and "+strconv.Itoa(most)), false
	}
	return time.Duration(seconds) * time.Second, reply{}, true
}

// checkMFA takes any code of six digits: the devices are not modelled.
func (c *call) checkMFA() (reply, bool) {
	serial, code := c.params.Get("SerialNumber"), c.params.Get("TokenCode")
	switch {
	case serial == "" && code == "":
		return reply{}, true
	case serial == "" || code == "":
		return stsError("AccessDenied", "MultiFactorAuthentication failed, must provide both MFA serial number and one "+
			"time pass code."), false
	case !serialForm.MatchString(serial) || !tokenCodeForm.MatchString(code):
		return stsError("ValidationError", "SerialNumber or TokenCode is not of the form of one"), false
	}
	return reply{}, true
}

// policyLimit is how many characters the policies and tags of a session may have in all, and what AWS packs them into.
const policyLimit = 2048

// packedPolicySize returns which part of their limit the session's policies and tags take, in percent; 0 is that there
// are none.
func (c *call) packedPolicySize() (int, reply, bool) {
	form := c.params
	policy := form.Get("Policy")
	size := len(policy)
	if form.Has("Policy") {
		var document map[string]any
		if json.Unmarshal([]byte(policy), &document) != nil || document["Statement"] == nil {
			return 0, stsError("MalformedPolicyDocument", "The policy is not in the valid JSON format."), false
		}
	}
	arns := listOf(form, "PolicyArns", "arn")
	if len(arns) > 10 {
		return 0, stsError("ValidationError", "PolicyArns has more than 10 members"), false
	}
	for _, arn := range arns {
		if !policyARNForm.MatchString(arn) {
			return 0, stsError("ValidationError", "PolicyArns has a member that is no ARN of a policy"), false
		}
		size += len(arn)
	}
	if size > policyLimit {
		return 0, stsError("PackedPolicyTooLarge", "The policies of the session are too long"), false
	}
	for _, part := range []string{"Key", "Value"} {
		for _, text := range listOf(form, "Tags", part) {
			size += len(text)
		}
	}
	percent := (size*100 + policyLimit - 1) / policyLimit
	if percent > 100 {
		return 0, stsError("PackedPolicyTooLarge", "Packed size of session tags consumes "+strconv.Itoa(percent)+
			"% of allotted space."), false
	}
	return percent, reply{}, true
}

// listOf returns the members of a list, or one field of each, in order.
func listOf(form url.Values, list, field string) []string {
	var out []string
	for i := 1; ; i++ {
		name := list + ".member." + strconv.Itoa(i)
		if field != "" {
			name += "." + field
		}
		if !form.Has(name) {
			return out
		}
		out = append(out, form.Get(name))
	}
}

// isTagText reports whether s holds the characters of a tag's key or value alone.
func isTagText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r)
	})
}

// transitiveTags checks the session's tags and returns the keys of those that the next role in a chain inherits, in
// lower case: keys are compared without it.
func (c *call) transitiveTags(caller *credential) ([]string, reply, bool) {
	keys, values := listOf(c.params, "Tags", "Key"), listOf(c.params, "Tags", "Value")
	if len(keys) != len(values) || len(keys) > 50 {
		return nil, stsError("ValidationError", "Tags has a member without Key or Value, or more than 50"), false
	}
	var seen []string
	for i, key := range keys {
		lower := strings.ToLower(key)
		switch n := len([]rune(key)); {
		case n < 1 || n > 128 || len([]rune(values[i])) > 256 || !isTagText(key+values[i]) || strings.HasPrefix(lower, "aws:"):
			return nil, stsError("ValidationError", "Tags has a member that is no tag"), false
		case slices.Contains(seen, lower):
			return nil, stsError("InvalidParameterValue",
				"Duplicate tag keys found. Please note that Tag keys are case insensitive."), false
		case slices.Contains(caller.transitive, lower):
			return nil, stsError("InvalidParameterValue",
				"One of the specified tag keys is a transitive tag key of the calling session"), false
		}
		seen = append(seen, lower)
	}
	transitive := slices.Clone(caller.transitive)
	for _, key := range listOf(c.params, "TransitiveTagKeys", "") {
		if !slices.Contains(seen, strings.ToLower(key)) {
			return nil, stsError("InvalidParameterValue",
				"The specified transitive tag key must be included in the requested tags."), false
		}
		transitive = append(transitive, strings.ToLower(key))
	}
	return transitive, reply{}, true
}

// checkContexts takes the identity contexts that this server handed out with CreateTokenWithIAM.
func (c *call) checkContexts() (reply, bool) {
	providers := listOf(c.params, "ProvidedContexts", "ProviderArn")
	assertions := listOf(c.params, "ProvidedContexts", "ContextAssertion")
	if len(providers) != len(assertions) || len(providers) > 5 {
		return stsError("ValidationError", "ProvidedContexts has a member without ProviderArn or ContextAssertion, or more "+
			"than 5"), false
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	for i, provider := range providers {
		if provider != "arn:"+partition(c.s.Region)+":iam::aws:contextProvider/IdentityCenter" {
			return stsError("ValidationError", "The context provider is unknown"), false
		}
		if !c.s.state.contexts[assertions[i]] {
			c.s.received(assertions[i])
			return stsError("InvalidContextAssertion", "The context assertion is not valid"), false
		}
	}
	return reply{}, true
}

// getSessionToken gives an IAM user temporary credentials.
func (c *call) getSessionToken(caller *credential) reply {
	if caller.token != "" {
		return stsError("AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	if rep, ok := c.checkMFA(); !ok {
		return rep
	}
	life, rep, ok := c.duration(129600, 12*time.Hour)
	if !ok {
		return rep
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	k := c.newSessionKey(caller.account, "", "", life)
	k.user = caller.user
	return c.stsReply(k.element())
}

// federatedNameForm is the name of a federated user.
var federatedNameForm = regexp.MustCompile(`^[\w+=,.@-]{2,32}$`)

func (c *call) getFederationToken(caller *credential) reply {
	if caller.token != "" {
		return stsError("AccessDenied", "Cannot call GetFederationToken with session credentials")
	}
	name := c.params.Get("Name")
	if !federatedNameForm.MatchString(name) {
		return stsError("ValidationError", "Name is not 2 to 32 characters of a name")
	}
	packed, rep, ok := c.packedPolicySize()
	if !ok {
		return rep
	}
	if _, rep, ok = c.transitiveTags(caller); !ok {
		return rep
	}
	life, rep, ok := c.duration(129600, 12*time.Hour)
	if !ok {
		return rep
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	k := c.newSessionKey(caller.account, "", "", life)
	k.federated = name
	arn, user := c.s.identity(k)
	result := "\n    <FederatedUser>" + element("FederatedUserId", user) + element("Arn", arn) + "\n    </FederatedUser>" + k.element()
	if packed > 0 {
		result += element("PackedPolicySize", strconv.Itoa(packed))
	}
	return c.stsReply(result)
}
