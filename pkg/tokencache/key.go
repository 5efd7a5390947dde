package tokencache

import (
	"crypto/sha1" //nolint:gosec // the AWS CLI's choice; it protects nothing
	"encoding/hex"
)

// Key says whose token a file holds. The zero Key is nobody's.
type Key struct {
	text   string
	legacy bool
}

// SessionKey returns the key of an [sso-session]. The name alone counts: a
// session that is given another start URL keeps its file.
func SessionKey(name string) Key { return Key{text: name} }

// LegacyKey returns the key of a profile that has sso_start_url and no session.
// The URL counts as it is written: with and without a slash at its end are two
// keys.
func LegacyKey(startURL string) Key { return Key{text: startURL, legacy: true} }

// File returns the name of the token file in [Cache.Dir], where every AWS
// client looks for it: the SHA-1 of the session name or start URL in hex, and
// .json.
func (k Key) File() string { return hashed([]byte(k.text)) }

// RoleFile returns the name of the file in [Cache.RoleDir] in which the AWS CLI
// keeps the credentials of a role of this session or start URL.
func (k Key) RoleFile(accountID, roleName string) string {
	from := member{"sessionName", k.text}
	if k.legacy {
		from.key = "startUrl"
	}
	return hashed(compact.object([]member{{"accountId", accountID}, {"roleName", roleName}, from}))
}

// hashed returns a file name as the AWS CLI makes them. SHA-1 is its choice and
// protects nothing here.
func hashed(text []byte) string {
	sum := sha1.Sum(text) //nolint:gosec // see above
	return hex.EncodeToString(sum[:]) + ".json"
}
