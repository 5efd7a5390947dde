package tokencache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"syscall"

	"aws-sso-plugins/pkg/fault"
)

// RemoveRoles removes the credentials that the AWS CLI keeps of roles of one
// session or start URL, and says how many there were. The CLI uses them until
// they expire, without a look at the token. Their files do not say whose they
// are, only their names do, so the caller names the accounts (ids) and roles
// that there may be; what has no file costs nothing. It goes on past a file
// that cannot be removed and ends early only with ctx; the error names the
// first such file.
//
// It takes no lock. A program that fetches credentials meanwhile looks at the
// token again after it has written them, see [Cache.RoleCredentials]; so the
// caller changes the token first.
func (c *Cache) RemoveRoles(ctx context.Context, k Key, accountsAndRoles iter.Seq2[string, string]) (removed int, err error) {
	if !filepath.IsAbs(c.RoleDir) {
		return 0, fault.New(fault.File, "cannot remove cached role credentials in "+fault.Path(c.RoleDir), "the path is not absolute")
	}
	var failures int
	var first error
	for accountID, roleName := range accountsAndRoles {
		if ctx.Err() != nil {
			return removed, fault.Wrap(fault.Canceled, ctx.Err(), "cannot remove all cached role credentials")
		}
		path := filepath.Join(c.RoleDir, k.RoleFile(accountID, roleName))
		switch err := os.Remove(path); {
		case err == nil:
			removed++
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
			failures++
			if first == nil {
				first = err
			}
		}
	}
	if first != nil {
		what := "cannot remove the cached role credentials"
		if failures > 1 {
			what = fmt.Sprintf("cannot remove %d cached role credentials", failures)
		}
		return removed, fault.Annotate(first, "%s", what).OrKind(fault.File)
	}
	return removed, nil
}
