package idctest

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Canary is part of every secret that a server hands out, so that one search finds any leak.
const Canary = "canary"

// state is what the server has issued. All of it is guarded by Server.mu.
type state struct {
	clients map[string]*client       // by client id
	devices map[string]*deviceGrant  // by device code
	users   map[string]*deviceGrant  // the same by user code
	codes   map[string]*authGrant    // by authorization code
	access  map[string]*accessToken  // by access token
	refresh map[string]*refreshToken // by refresh token
	keys    map[string]*credential   // by access key id
	foreign map[string]bool          // secrets received that are none of the above

	contexts map[string]bool // identity contexts handed out by CreateTokenWithIAM
}

func newState() state {
	return state{
		clients: map[string]*client{}, devices: map[string]*deviceGrant{}, users: map[string]*deviceGrant{},
		codes: map[string]*authGrant{}, access: map[string]*accessToken{}, refresh: map[string]*refreshToken{},
		keys: map[string]*credential{}, foreign: map[string]bool{},
		contexts: map[string]bool{},
	}
}

type client struct {
	id, secret string
	scopes     []string
	grants     []string // empty is device code and refresh, as AWS takes it
	redirects  []string
	instance   string // of issuerUrl, trimmed
	expires    time.Time
	revoked    bool
}

// session is one sign-in of a person. Tokens come and go with refreshes, the session ends once.
type session struct {
	instance string // start URL, trimmed
	expires  time.Time
	ended    bool
}

type deviceGrant struct {
	code, userCode string
	client         *client
	instance       string
	expires        time.Time
	interval       time.Duration
	polled         time.Time // the last poll; zero before the first
	polls          int
	slowDowns      int // still to be answered
	approved       bool
	declined       bool
	spent          bool
	over           bool // the client has been told that it ended
}

type authGrant struct {
	code, redirect, challenge string
	client                    *client
	scopes                    []string
	expires                   time.Time
	spent                     bool
}

type accessToken struct {
	session *session
	scopes  []string
	expires time.Time
	revoked bool
}

type refreshToken struct {
	session *session
	client  *client
	scopes  []string
	spent   bool
	revoked bool
}

type credential struct {
	accessKey, secret, token string
	account, role            string // role as GetCallerIdentity tells it, AWSReservedSSO_ included
	permissionSet            string // role as the portal lists it; empty for an assumed role
	sessionName              string
	user, federated          string // the IAM user, or the federated user, whose key it is; then there is no role
	sourceIdentity           string
	transitive               []string  // keys of the tags that a role chain inherits, in lower case
	expires                  time.Time // zero for the key of an IAM user
	revoked                  bool

	// The last signing key derived, as AWS documents that keys may be kept for the day, region and service.
	signingScope string
	signingKey   []byte
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

func randomText(alphabet string, n int) string {
	b := make([]byte, n)
	var pool uint64
	for i := range b {
		if i%12 == 0 {
			pool = rand.Uint64()
		}
		b[i] = alphabet[pool%uint64(len(alphabet))]
		pool /= uint64(len(alphabet))
	}
	return string(b)
}

const hexDigits = "0123456789abcdef"

// newSecret is readable in a failing test's output: it tells what it is.
func newSecret(what string) string { return Canary + "-" + what + "-" + randomText(hexDigits, 32) }

// Secrets returns every secret that the server has issued or received so far: client secrets, device and authorization
// codes, code verifiers, access and refresh tokens, secret access keys and session tokens. No program may show one in a
// log, a message or the arguments of a process.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.state.clients {
		out = append(out, c.secret)
	}
	for code := range s.state.devices {
		out = append(out, code)
	}
	for code := range s.state.codes {
		out = append(out, code)
	}
	for token := range s.state.access {
		out = append(out, token)
	}
	for token := range s.state.refresh {
		out = append(out, token)
	}
	out = append(out, s.roleKeys()...)
	for identityContext := range s.state.contexts {
		out = append(out, identityContext)
	}
	for secret := range s.state.foreign {
		out = append(out, secret)
	}
	return out
}

// RoleKeys returns those of [Server.Secrets] that are keys of roles: secret access keys and session tokens. A program may
// keep them where the AWS CLI does, and hand them to a command.
func (s *Server) RoleKeys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roleKeys()
}

func (s *Server) roleKeys() []string {
	var out []string
	for _, k := range s.state.keys {
		out = append(out, k.secret)
		if k.token != "" {
			out = append(out, k.token)
		}
	}
	return out
}

// received notes a secret that this server did not issue. The caller holds s.mu.
func (s *Server) received(secret string) {
	if secret != "" {
		s.state.foreign[secret] = true
	}
}

// Token is a login as clients keep it. Its JSON is what the AWS CLI and SDKs read from ~/.aws/sso/cache.
type Token struct {
	StartURL              string    `json:"startUrl"`
	Region                string    `json:"region"`
	AccessToken           string    `json:"accessToken"`
	ExpiresAt             time.Time `json:"expiresAt"`
	ClientID              string    `json:"clientId"`
	ClientSecret          string    `json:"clientSecret"`
	RegistrationExpiresAt time.Time `json:"registrationExpiresAt"`
	RefreshToken          string    `json:"refreshToken,omitempty"`
}

// WriteCache writes the token to .aws/sso/cache below the directory home, under the name that AWS clients look up for
// the sso-session of that name, or, for profiles without a session, for the start URL given as name. It returns the
// path of the file, mode 0600.
func (t Token) WriteCache(home, name string) (string, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(home, ".aws", "sso", "cache")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	sum := sha1.Sum([]byte(name))
	path := filepath.Join(dir, hex.EncodeToString(sum[:])+".json")
	return path, os.WriteFile(path, data, 0o600)
}

// IssueToken signs a person in without the ceremony, with the scope sso:account:access. The start URL is that of an
// instance of the configuration; empty is the default one. Lifetimes are those of the configuration; times are whole
// seconds. IssueToken panics if there is no such instance.
func (s *Server) IssueToken(startURL string) Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	if startURL == "" {
		startURL = s.StartURL
	}
	instance := trimStartURL(startURL)
	if s.dirs[instance] == nil {
		panic("idctest: IssueToken: no instance has the start URL " + strconv.Quote(startURL))
	}
	now := s.cfg.now()
	c := s.newClient(now, []string{accountScope}, nil, nil, instance)
	login := s.signIn(now, c, c.scopes, instance)
	return Token{
		StartURL: startURL, Region: s.Region,
		AccessToken: login.access, ExpiresAt: login.expires.UTC().Truncate(time.Second),
		ClientID: c.id, ClientSecret: c.secret, RegistrationExpiresAt: c.expires.UTC().Truncate(time.Second),
		RefreshToken: login.refresh,
	}
}

func (s *Server) newClient(now time.Time, scopes, grants, redirects []string, instance string) *client {
	c := &client{
		id: "client-" + randomText(hexDigits, 16), secret: newSecret("client-secret"),
		scopes: scopes, grants: grants, redirects: redirects, instance: instance,
		expires: now.Add(s.cfg.RegistrationLifetime),
	}
	s.state.clients[c.id] = c
	return c
}

// signIn begins a session and issues its first tokens. The caller holds s.mu.
func (s *Server) signIn(now time.Time, c *client, scopes []string, instance string) issued {
	se := &session{instance: instance, expires: now.Add(s.cfg.SessionLifetime)}
	out := s.newAccess(now, se, scopes)
	if !s.cfg.NoRefresh && refreshable(scopes) && c.mayUse(grantRefresh) {
		out.refresh = s.newRefresh(se, c, scopes)
	}
	return out
}

// refreshable reports whether a sign-in with these scopes gets a refresh token. One without scopes, or with the portal's
// own, gets none.
func refreshable(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(scope string) bool { return scope != portalScope })
}

// legacyTokenLifetime is how long a token is good that cannot be refreshed.
const legacyTokenLifetime = 8 * time.Hour

// newAccess issues an access token of a session. The caller holds s.mu.
func (s *Server) newAccess(now time.Time, se *session, scopes []string) issued {
	life := s.cfg.TokenLifetime
	if life == 0 {
		life = time.Hour
		if !refreshable(scopes) {
			life = legacyTokenLifetime
		}
	}
	expires := now.Add(life)
	// A token does not outlive the session that it belongs to.
	if expires.After(se.expires) {
		expires = se.expires
	}
	token := newSecret("access-token")
	s.state.access[token] = &accessToken{session: se, scopes: scopes, expires: expires}
	return issued{access: token, expires: expires}
}

// newRefresh issues a refresh token of a session. The caller holds s.mu.
func (s *Server) newRefresh(se *session, c *client, scopes []string) string {
	token := newSecret("refresh-token")
	s.state.refresh[token] = &refreshToken{session: se, client: c, scopes: scopes}
	return token
}

// EndSession ends every sign-in to the instance, as an administrator or the session's end would: access tokens get 401,
// refreshes InvalidGrantException. Role credentials stay good until they expire. An empty start URL ends all sign-ins of
// all instances.
func (s *Server) EndSession(startURL string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	instance := trimStartURL(startURL)
	for _, a := range s.state.access {
		if startURL == "" || a.session.instance == instance {
			a.session.ended = true
		}
	}
	for _, r := range s.state.refresh {
		if startURL == "" || r.session.instance == instance {
			r.session.ended = true
		}
	}
}

// Revoke makes one thing that the server issued invalid before its time, and reports whether it knows it: an access
// token, a refresh token, a client id or an access key id. A client that goes on using it meets a refusal, which is no
// violation.
func (s *Server) Revoke(issued string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch st := &s.state; {
	case st.access[issued] != nil:
		st.access[issued].revoked = true
	case st.refresh[issued] != nil:
		st.refresh[issued].revoked = true
	case st.clients[issued] != nil:
		st.clients[issued].revoked = true
	case st.keys[issued] != nil:
		st.keys[issued].revoked = true
	default:
		return false
	}
	return true
}

// Credentials are an access key, in JSON as a credential_process prints them. SessionToken and Expires are empty for the
// key of an IAM user.
type Credentials struct {
	AccessKeyID     string    `json:"AccessKeyId"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	SessionToken    string    `json:"SessionToken,omitempty"`
	Expires         time.Time `json:"Expiration,omitzero"`
}

// IssueCredentials makes role credentials without asking the portal, for tests that begin at STS. Neither the account
// nor the role needs to be assigned to anybody.
func (s *Server) IssueCredentials(account, role string) Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.newKey(s.cfg.now(), account, reservedRole(account, role), s.cfg.User)
	k.permissionSet = role
	return Credentials{k.accessKey, k.secret, k.token, k.expires}
}

// IssueUserKey makes the access key of an IAM user, which has no session token and does not expire. Tests of profiles
// that assume a role with such a key begin with it; GetSessionToken and GetFederationToken take no other.
func (s *Server) IssueUserKey(account, user string) Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.newKey(s.cfg.now(), account, "", "")
	delete(s.state.keys, k.accessKey)
	k.accessKey = "AKIA" + strings.TrimPrefix(k.accessKey, "ASIA")
	k.user, k.token, k.expires = user, "", time.Time{}
	s.state.keys[k.accessKey] = k
	return Credentials{AccessKeyID: k.accessKey, SecretAccessKey: k.secret}
}

// newKey issues temporary credentials for a session of a role. The caller holds s.mu.
func (s *Server) newKey(now time.Time, account, role, sessionName string) *credential {
	k := &credential{
		accessKey: "ASIA" + randomText(base32, 16),
		// 40 characters, as real ones have, and with the characters that break naive encoders.
		secret:  Canary + "/secret+key/" + randomText(base32, 21),
		token:   Canary + "-session-token/" + randomText(hexDigits, 128) + "+==",
		account: account, role: role, sessionName: sessionName,
		expires: now.Add(s.cfg.CredentialLifetime),
	}
	s.state.keys[k.accessKey] = k
	return k
}

// reservedRole is the name of the IAM role that Identity Center makes for a permission set.
func reservedRole(account, permissionSet string) string {
	return "AWSReservedSSO_" + permissionSet + "_" + hex16(stableHash("role", account, permissionSet))
}

func hex16(x uint64) string {
	h := strconv.FormatUint(x, 16)
	return strings.Repeat("0", 16-len(h)) + h
}
