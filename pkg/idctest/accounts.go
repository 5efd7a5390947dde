package idctest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Account is an AWS account, with the roles (permission sets) that the user is assigned in it.
// Its JSON has the portal's own names.
type Account struct {
	ID    string   `json:"accountId"`              // 12 digits
	Name  string   `json:"accountName,omitempty"`  // left out of replies if empty, as the portal may do
	Email string   `json:"emailAddress,omitempty"` // left out of replies if empty
	Roles []string `json:"roles"`                  // permission set names, listed in this order
}

// Accounts makes accounts from texts of the form
//
//	ID/ROLE[,ROLE...][=NAME]
//
// as in Accounts("111111111111/Admin,Dev=Production", "222222222222/Dev"). It panics at a text of another form, which is a
// mistake in the test.
func Accounts(texts ...string) []Account {
	accounts := []Account{}
	for _, text := range texts {
		a, err := parseAccount(text)
		if err != nil {
			panic(fmt.Sprintf("idctest: Accounts: %q: %v", text, err))
		}
		accounts = append(accounts, a)
	}
	return accounts
}

// ReadAccounts reads accounts from JSON: a list of accounts for the default instance,
//
//	[{"accountId": "111111111111", "accountName": "Production", "emailAddress": "aws@example.com", "roles": ["Admin"]}]
//
// or an object of such lists by start URL. An error says where the document is wrong. The lists of an object are returned
// by start URL, and a list alone under an empty one.
func ReadAccounts(r io.Reader) (map[string][]Account, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var byURL map[string][]Account
	decode := func(into any) error {
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			return err
		}
		if _, err := d.Token(); err != io.EOF {
			return errors.New("there is more after the JSON document")
		}
		return nil
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		var list []Account
		err = decode(&list)
		byURL = map[string][]Account{"": list}
	} else {
		err = decode(&byURL)
	}
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	for startURL, list := range byURL {
		if list == nil {
			byURL[startURL] = []Account{}
		}
		seen := map[string]bool{}
		for _, a := range list {
			if !accountIDForm.MatchString(a.ID) || seen[a.ID] {
				return nil, fmt.Errorf("accounts: accountId %q is not 12 digits, or is there twice", a.ID)
			}
			seen[a.ID] = true
			if slices.Contains(a.Roles, "") {
				return nil, fmt.Errorf("accounts: account %s has a role without a name", a.ID)
			}
		}
	}
	return byURL, nil
}

// addAccounts puts what [ReadAccounts] returned in the place of what the instances have.
func (c *Config) addAccounts(byURL map[string][]Account) {
	for startURL, list := range byURL {
		if startURL == "" || c.StartURL != "" && trimStartURL(startURL) == trimStartURL(c.StartURL) {
			c.Accounts = list
			continue
		}
		instances := map[string][]Account{}
		for u, old := range c.Instances {
			if trimStartURL(u) != trimStartURL(startURL) {
				instances[u] = old
			}
		}
		instances[startURL] = list
		c.Instances = instances
	}
}

var (
	teams = []string{
		"Platform", "Payments", "Data", "Security", "Web", "Mobile", "Search", "Billing", "Identity", "Logistics",
		"Analytics", "Support", "Marketing", "Research", "Orders", "Catalog", "Media", "Network", "Audit", "Finance",
	}
	stages    = []string{"Production", "Staging", "Development", "Sandbox", "Test"}
	roleNames = []string{
		"AdministratorAccess", "ReadOnlyAccess", "PowerUserAccess", "Billing", "ViewOnlyAccess", "SecurityAudit",
		"DatabaseAdministrator", "NetworkAdministrator", "SupportUser", "SystemAdministrator", "DataScientist",
	}
)

// MakeAccounts returns n accounts with the same m roles each. Ids are distinct, the first nine are 111111111111 to
// 999999999999; names read like "Platform Production" and are distinct too. The outcome depends on n and m alone, and a
// larger n only adds accounts at the end.
func MakeAccounts(n, m int) []Account {
	roles := make([]string, m)
	for i := range roles {
		if i < len(roleNames) {
			roles[i] = roleNames[i]
		} else {
			roles[i] = "CustomRole" + strconv.Itoa(i+1)
		}
	}
	accounts := make([]Account, n)
	for i := range accounts {
		name := teams[i/len(stages)%len(teams)] + " " + stages[i%len(stages)]
		if round := i / (len(teams) * len(stages)); round > 0 {
			name += " " + strconv.Itoa(round+1)
		}
		accounts[i] = Account{
			ID:    accountID(i),
			Name:  name,
			Email: "aws+" + strings.ToLower(strings.ReplaceAll(name, " ", "-")) + "@example.com",
			Roles: slices.Clone(roles),
		}
	}
	return accounts
}

// accountID is one to one up to 9e11 accounts: the factor has no divisor in common with 9e11, so that i*factor repeats
// no remainder. None of the first 100,000 is an id of one digit (a test holds that).
func accountID(i int) string {
	if i < 9 {
		return strings.Repeat(strconv.Itoa(i+1), 12)
	}
	const factor, span = 618033988747, 900000000000
	// Product of two 40 bit numbers: split the factor to stay within 64 bits.
	const low = 1 << 20
	x := uint64(i) % span
	r := (x*(factor/low)%span*low%span + x*(factor%low)) % span
	return strconv.FormatUint(100000000000+r, 10)
}

// OddAccounts returns accounts as a careless or hostile administrator may make them: without a name, with the same
// name twice, with names that hold control characters, terminal escapes, text direction overrides, bytes that are not
// UTF-8, and what looks like sections and keys of a config file.
func OddAccounts() []Account {
	names := []string{
		"",
		"Twin", "Twin", "twin",
		"default",
		"Escape \x1b[31mred\x1b]0;title\x07",
		"Line\nbreak\r\n[profile injected]\naws_access_key_id = AKIAINJECTED",
		"Bracket ] [ = # ; \" ' \\",
		"Bidi \u202etxt.exe",
		"Bytes \xff\xfe",
		"Nul \x00",
		"../../etc/passwd",
		"{{.Secret}} %(x)s ${HOME} $(id) `id`",
		"Größe ✓ 名前",
		"-rf",
		"  spaces  ",
		strings.Repeat("long ", 60),
	}
	accounts := make([]Account, len(names))
	for i, name := range names {
		accounts[i] = Account{
			ID:    fmt.Sprintf("%012d", i), // leading zeros: an id is text, not a number
			Name:  name,
			Email: "odd+" + strconv.Itoa(i) + "@example.com",
			Roles: []string{"ReadOnlyAccess", "Role+=,.@-_"},
		}
	}
	accounts[0].Email = ""
	return accounts
}

// directory holds the accounts and roles of one instance's user. It is never changed once made.
type directory struct {
	items    [][]byte // the JSON object of each account
	accounts map[string]*accountRoles
	deleted  map[assignment]bool // assignments of earlier configurations that this one does not have
}

// assignment is a role of an account; an empty role is the account itself.
type assignment struct{ account, role string }

// forget records the assignments that before had and d does not have.
func (d *directory) forget(before *directory) {
	d.deleted = map[assignment]bool{}
	for a := range before.deleted {
		d.deleted[a] = true
	}
	for id, account := range before.accounts {
		d.deleted[assignment{id, ""}] = true
		for role := range account.roles {
			d.deleted[assignment{id, role}] = true
		}
	}
	for id, account := range d.accounts {
		delete(d.deleted, assignment{id, ""})
		for role := range account.roles {
			delete(d.deleted, assignment{id, role})
		}
	}
}

type accountRoles struct {
	items [][]byte // the JSON object of each role
	roles map[string]bool
}

func newDirectory(accounts []Account) *directory {
	d := &directory{accounts: make(map[string]*accountRoles, len(accounts))}
	for _, a := range accounts {
		b := appendJSON(append([]byte(nil), `{"accountId":`...), a.ID)
		if a.Name != "" {
			b = appendJSON(append(b, `,"accountName":`...), a.Name)
		}
		if a.Email != "" {
			b = appendJSON(append(b, `,"emailAddress":`...), a.Email)
		}
		d.items = append(d.items, append(b, '}'))
		as := &accountRoles{roles: make(map[string]bool, len(a.Roles))}
		for _, role := range a.Roles {
			b := appendJSON(append([]byte(nil), `{"roleName":`...), role)
			b = appendJSON(append(b, `,"accountId":`...), a.ID)
			as.items = append(as.items, append(b, '}'))
			as.roles[role] = true
		}
		d.accounts[a.ID] = as
	}
	return d
}

func cloneAccounts(accounts []Account) []Account {
	accounts = slices.Clone(accounts)
	for i := range accounts {
		accounts[i].Roles = slices.Clone(accounts[i].Roles)
	}
	return accounts
}

// appendJSON appends s as a JSON string. Unlike encoding/json it passes bytes that are not UTF-8 through, as a server
// may do that never looked at them.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// stableHash is the same for the same parts in every run.
func stableHash(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	// FNV's high bits hardly move for short input; the finaliser of SplitMix64 spreads them.
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
