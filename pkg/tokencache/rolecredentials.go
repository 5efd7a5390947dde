package tokencache

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

// Role names a role in an account, and the session that it is assigned in.
type Role struct {
	Session Key
	// StartURL and Region are those that the config gives the session now. The
	// key of a session knows neither.
	StartURL, Region string
	AccountID        string // 12 digits
	Name             string // of the permission set
}

func (r Role) file() string { return r.Session.RoleFile(r.AccountID, r.Name) }

// roleCredentials is an entry of the role cache.
type roleCredentials struct {
	aws.Credentials
	writtenAt time.Time
}

// RoleCredentials returns the credentials of a role: those in the role cache if
// they are good for at least validFor, else those that fetch returns, which it
// writes to the cache. Of all goroutines and processes that need the same role
// at once, one calls fetch and the others take what it wrote.
//
// fetch also returns the access token that the portal answered to. The error of
// fetch is returned as it is. Credentials without an expiry are not cached.
//
// An entry of the cache counts only if the session has a token, of the start
// URL and region that the config says, and if the entry is not older than the
// token's file: names of entries know no user, and another person may have
// logged in. Its AccountId must be the role's. An entry that does not count is
// replaced, because the AWS CLI would use it.
//
// An entry is written only while the token that it came from is the session's.
// A failed write is no error; [Cache.Note] gets it. A file of another owner is
// an error of kind File, as in [Cache.Token].
func (c *Cache) RoleCredentials(
	ctx context.Context, r Role, validFor time.Duration,
	fetch func(context.Context) (credentials aws.Credentials, accessToken string, err error),
) (aws.Credentials, error) {
	before, found, err := c.roleCredentials(ctx, r)
	if err != nil || found && before.goodFor(validFor) {
		return before.Credentials, err
	}
	release, err := c.Store.Lock(ctx, roleLock(r))
	switch {
	case ctx.Err() != nil:
		return aws.Credentials{}, err
	case err != nil: // whoever holds the lock is stuck; better one call too many than none
		c.note(err.Error())
	default:
		defer release()
		now, found, err := c.roleCredentials(ctx, r)
		if err != nil {
			return aws.Credentials{}, err
		}
		// What another process fetched meanwhile lives as long as it can.
		if found && (now.goodFor(validFor) || now.goodFor(0) && now != before) {
			return now.Credentials, nil
		}
	}
	credentials, accessToken, err := fetch(ctx)
	if err == nil && credentials.CanExpire {
		if err := c.putRoleCredentials(ctx, r, credentials, accessToken); err != nil {
			c.note(err.Error())
		}
	}
	return credentials, err
}

// roleLock spreads all roles over 4,096 locks: no lock file is ever removed,
// and a lock for each of 10,000 roles would leave 10,000.
func roleLock(r Role) string { return "role credentials " + r.file()[:3] }

func (c roleCredentials) goodFor(d time.Duration) bool { return time.Until(c.Expires) > d }

// roleCredentials reads the entry of a role. It is not found where there is
// none that counts.
func (c *Cache) roleCredentials(ctx context.Context, r Role) (roleCredentials, bool, error) {
	token, found, err := c.unchangedToken(ctx, r.Session)
	if err != nil || !found || !token.BelongsTo(r.StartURL, r.Region) {
		return roleCredentials{}, false, err
	}
	path := filepath.Join(c.RoleDir, r.file())
	// The time is read before the content: if the file is replaced in between,
	// the new content is taken for older than it is.
	info, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return roleCredentials{}, false, nil
		}
		return roleCredentials{}, false, fault.Annotate(err, "cannot read the cached role credentials").OrKind(fault.File)
	}
	entry, found, err := load(ctx, c, path, parseRoleCredentials)
	entry.writtenAt = info.ModTime()
	if err != nil || !found {
		return roleCredentials{}, false, err
	}
	if entry.writtenAt.Before(token.LoginAt) || entry.AccountID != r.AccountID {
		return roleCredentials{}, false, nil
	}
	return entry, true, nil
}

// putRoleCredentials writes the entry of a role, unless the session has
// another token by now.
//
// A login may come between the look at the token and the write. The look is
// repeated afterwards; a login that comes later still empties the cache by
// itself. The entry is dated to the first look, so that it does not count
// after such a login even if this process is killed in between.
func (c *Cache) putRoleCredentials(ctx context.Context, r Role, credentials aws.Credentials, accessToken string) error {
	looked := time.Now()
	if !c.holds(ctx, r, accessToken) {
		return nil
	}
	path := filepath.Join(c.RoleDir, r.file())
	target := safefile.Target{Path: path, Secret: true, Held: true, ModTime: looked}
	content := encodeRoleCredentials(credentials, r.AccountID)
	_, err := c.Store.Update(ctx, target, func([]byte) ([]byte, error) { return content, nil })
	if err == nil && !c.holds(ctx, r, accessToken) {
		if err = os.Remove(path); errors.Is(err, fs.ErrNotExist) {
			err = nil // the login that changed the token has removed it
		}
	}
	return err
}

// holds reports whether accessToken is the one in the file of the session.
func (c *Cache) holds(ctx context.Context, r Role, accessToken string) bool {
	token, found, err := c.Token(ctx, r.Session)
	return err == nil && found && token.AccessToken == accessToken
}

// providerType marks the entries of Identity Center: the folder also holds
// those of AssumeRole.
const providerType = "sso"

func encodeRoleCredentials(c aws.Credentials, accountID string) []byte {
	credentials := spaced.object([]member{
		{"AccessKeyId", c.AccessKeyID},
		{"SecretAccessKey", c.SecretAccessKey},
		{"SessionToken", c.SessionToken},
		{"Expiration", formatTime(c.Expires)},
		{"AccountId", accountID},
	})
	return spaced.object([]member{{"ProviderType", providerType}, {"Credentials", json.RawMessage(credentials)}})
}

func parseRoleCredentials(data []byte) (roleCredentials, error) {
	entry, err := parse(data)
	if err != nil {
		return roleCredentials{}, err
	}
	inner, err := parse(entry.raw("Credentials"))
	if err != nil {
		return roleCredentials{}, errors.New("it holds no credentials")
	}
	c := aws.Credentials{
		AccessKeyID:     inner.text("AccessKeyId"),
		SecretAccessKey: inner.text("SecretAccessKey"),
		SessionToken:    inner.text("SessionToken"),
		Expires:         ParseTime(inner.text("Expiration")),
		AccountID:       inner.text("AccountId"),
		CanExpire:       true,
		Source:          "the role cache",
	}
	switch {
	case c.AccessKeyID == "" || c.SecretAccessKey == "" || c.SessionToken == "":
		return roleCredentials{}, errors.New("its credentials are not whole")
	case strings.ContainsFunc(c.AccessKeyID+c.SecretAccessKey+c.SessionToken, notInHeader):
		return roleCredentials{}, errors.New("its credentials hold characters that no request can carry")
	case c.Expires.IsZero():
		return roleCredentials{}, errors.New("its Expiration is no time with a zone")
	}
	return roleCredentials{Credentials: c}, nil
}

// notInHeader reports whether HTTP cannot carry a character in a header.
func notInHeader(r rune) bool { return r <= ' ' || r > '~' }

// RoleAccounts returns the accounts (ids) that entries of the role cache name,
// each once. Older releases of the AWS CLI wrote entries that name none.
func (c *Cache) RoleAccounts(ctx context.Context) iter.Seq[string] {
	return func(yield func(accountID string) bool) {
		seen := map[string]bool{"": true}
		files, _ := os.ReadDir(c.RoleDir)
		for _, file := range files {
			if ctx.Err() != nil {
				return
			}
			if filepath.Ext(file.Name()) != ".json" {
				continue // session.db of the AWS CLI
			}
			data, err := safefile.Read(ctx, filepath.Join(c.RoleDir, file.Name()), maxFile, nil)
			if err != nil {
				continue
			}
			entry, err := parse(data)
			if err != nil {
				continue
			}
			inner, err := parse(entry.raw("Credentials"))
			if account := inner.text("AccountId"); err == nil && !seen[account] {
				seen[account] = true
				if !yield(account) {
					return
				}
			}
		}
	}
}
