package idctest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// tokenHeader carries the access token of portal calls, which are not signed.
const tokenHeader = "X-Amz-Sso_bearer_token"

// refusePortal is a refusal that only a broken client meets.
func (c *call) refusePortal(rule Rule, detail, errorName, message string) reply {
	c.s.violate(c, rule, "%s", detail)
	return portalError(errorName, message)
}

// authenticate checks the parameters and the access token of a portal call, and finds the assignments of its user.
func (c *call) authenticate(parameters ...string) (reply, bool) {
	for name := range c.query {
		if !slices.Contains(parameters, name) {
			return c.refusePortal(UnknownField, "the operation has no parameter "+strconv.Quote(name),
				"InvalidRequestException", "Invalid request"), false
		}
	}
	token := c.r.Header.Get(tokenHeader)
	if token == "" {
		return c.refusePortal(MissingParameter, "no header x-amz-sso_bearer_token", string(Unauthorized), ""), false
	}
	s := c.s
	s.mu.Lock()
	a := s.state.access[token]
	if a == nil {
		s.received(token)
		s.mu.Unlock()
		return c.refusePortal(UnknownToken, "an access token that was never issued", string(Unauthorized), ""), false
	}
	good := !a.revoked && !a.session.ended && c.now.Before(a.expires)
	// Others of a client's scopes are for other services.
	allowed := len(a.scopes) == 0 || slices.Contains(a.scopes, accountScope) || slices.Contains(a.scopes, portalScope)
	c.dir = s.dirs[a.session.instance]
	s.mu.Unlock()
	switch {
	case !good || c.dir == nil || c.elsewhere():
		return portalError(string(Unauthorized), ""), false
	case !allowed:
		return portalError(string(Forbidden), ""), false
	}
	return reply{}, true
}

func (c *call) listAccounts() reply {
	if rep, ok := c.authenticate("max_result", "next_token"); !ok {
		return rep
	}
	return c.list("accountList", c.dir.items)
}

func (c *call) listAccountRoles() reply {
	if rep, ok := c.authenticate("account_id", "max_result", "next_token"); !ok {
		return rep
	}
	if c.account == "" {
		return c.refusePortal(MissingParameter, "no account_id", "InvalidRequestException",
			"AccountId must be supplied in the queryString params")
	}
	as := c.dir.accounts[c.account]
	if as == nil {
		return c.notAssigned()
	}
	return c.list("roleList", as.items)
}

// list sends one page of a listing.
func (c *call) list(member string, items [][]byte) reply {
	c.s.mu.Lock()
	limit := c.s.cfg.PageSize
	c.s.mu.Unlock()
	if c.query.Has("max_result") {
		n, err := strconv.Atoi(c.query.Get("max_result"))
		// The model says 100 at most. The service takes more, since aws-sso-cli asks for 1000 and lists, and sends no more.
		if err != nil || n < 1 {
			return c.refusePortal(BadMaxResult, "max_result is not a number above 0", "InvalidRequestException",
				"max_result must be between 1 and 100")
		}
		limit = min(limit, n)
	} else {
		limit = min(limit, 20)
	}
	from, mark := 0, ""
	if c.page != "" {
		var ok bool
		if from, mark, ok = readPageToken(c.page); !ok || from > len(items) {
			return c.refusePortal(BadPageToken, "next_token is none that was sent", "InvalidRequestException",
				"Invalid next_token")
		}
	}
	to := min(from+limit, len(items))
	next := ""
	if to < len(items) {
		next = pageToken(to, "")
	}
	switch c.fault {
	case EmptyPage:
		if mark != "after-empty" {
			to, next = from, pageToken(from, "after-empty")
		}
	case RepeatToken:
		if next = c.page; next == "" {
			next = pageToken(from, "repeat")
		}
	case CycleTokens:
		if next = pageToken(from, "a"); mark == "a" {
			next = pageToken(from, "b")
		}
	}
	b := append(append([]byte(`{"`), member...), `":[`...)
	for i, item := range items[from:to] {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, item...)
	}
	b = append(b, `],"nextToken":`...)
	if next == "" {
		b = append(b, "null"...)
	} else {
		b = appendJSON(b, next)
	}
	return reply{status: 200, ctype: jsonType, body: append(b, '}')}
}

// notAssigned refuses what the user is not assigned: with 404 what was once and no longer is, with 403 all else.
func (c *call) notAssigned() reply {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.dir.deleted[assignment{c.account, c.role}] {
		return portalError(string(NotFound), "")
	}
	return portalError(string(Forbidden), "")
}

// pageToken is opaque to clients and, as real ones, full of what has to be escaped in a query.
func pageToken(from int, mark string) string {
	return base64.StdEncoding.EncodeToString([]byte("page?>"+strconv.Itoa(from)+">"+mark+">")) + "+/="
}

func readPageToken(token string) (from int, mark string, ok bool) {
	text, ok := strings.CutSuffix(token, "+/=")
	if !ok {
		return 0, "", false
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	parts := strings.Split(string(raw), ">")
	if err != nil || len(parts) != 4 || parts[0] != "page?" {
		return 0, "", false
	}
	from, err = strconv.Atoi(parts[1])
	return from, parts[2], err == nil && from >= 0
}

func (c *call) getRoleCredentials() reply {
	if rep, ok := c.authenticate("account_id", "role_name"); !ok {
		return rep
	}
	if c.role == "" {
		return c.refusePortal(MissingParameter, "no role_name", "InvalidRequestException",
			"RoleName must be supplied in the queryString params")
	}
	if c.account == "" {
		return c.refusePortal(MissingParameter, "no account_id", "InvalidRequestException",
			"AccountId must be supplied in the queryString params")
	}
	as := c.dir.accounts[c.account]
	if as == nil || !as.roles[c.role] {
		return c.notAssigned()
	}
	s := c.s
	role := reservedRole(c.account, c.role)
	s.mu.Lock()
	k := s.newKey(c.now, c.account, role, s.cfg.User)
	k.permissionSet = c.role
	s.mu.Unlock()
	secret := k.secret
	switch c.fault {
	case ShellKeys: // as JSON
		secret = "$(touch$IFS'pwned');touch${IFS}pwned;`touch${IFS}pwned`%PATH%&echo\\\"'"
	case ControlKeys:
		secret += "\\ntouch pwned\\n"
	}
	b := make([]byte, 0, 400)
	b = append(append(b, `{"roleCredentials":{"accessKeyId":"`...), k.accessKey...)
	b = append(append(b, `","secretAccessKey":"`...), secret...)
	b = append(append(b, `","sessionToken":"`...), k.token...)
	b = strconv.AppendInt(append(b, `","expiration":`...), k.expires.UnixMilli(), 10)
	return reply{status: 200, ctype: jsonType, body: append(b, '}', '}')}
}

// logout ends the session, refresh token included. Role credentials live on.
func (c *call) logout() reply {
	if rep, ok := c.authenticate(); !ok {
		return rep
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	se := c.s.state.access[c.r.Header.Get(tokenHeader)].session
	se.ended = true
	return reply{status: 200, undo: func() {
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		se.ended = false
	}}
}
