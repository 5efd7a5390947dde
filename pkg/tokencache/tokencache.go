// Package tokencache reads and writes what the AWS clients keep of a login:
// tokens and client registrations in ~/.aws/sso/cache, and the credentials of
// roles in ~/.aws/cli/cache, which only the AWS CLI and this suite use.
//
// It writes as the AWS CLI v2 does, to the byte, because that is the one form
// that the CLI, botocore and the SDKs for Go, JavaScript and Java all read: one
// JSON object in a line, times as YYYY-MM-DDTHH:MM:SSZ, what is unknown left
// out and never null (which the Go SDK refuses). It reads whatever any of them
// may have left: bytes after the object (two writers at once), times with
// fractions, offsets or the old UTC suffix, keys of other tools. A file that
// cannot be understood counts as absent and is replaced by the next write, for
// the AWS CLI would die of it at every call and never heal it.
//
// File names are hashes of a session's name or URL, so nothing in a config can
// make them lead elsewhere. Tokens and registrations hide their secrets
// wherever they are printed, logged or encoded.
//
// The package knows no environment and no home folder. Faults are
// *fault.Error, as of pkg/safefile.
package tokencache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/safefile"
)

// Cache is the caches of one user. Its methods may be used by several
// goroutines and processes at once.
type Cache struct {
	// Dir is the folder of tokens and registrations, ~/.aws/sso/cache. No
	// client lets the environment move it. It is made when first needed.
	Dir string

	// RoleDir is the folder of role credentials, ~/.aws/cli/cache, as the AWS
	// CLI has it. It is made when first needed.
	RoleDir string

	// Store writes and locks the files. A caller may hold any lock of its own
	// while it calls a method that writes; see [safefile.Store.Lock].
	Store *safefile.Store

	// Note is called with which file was passed over and why, one line without
	// any of its content. It is for -v: nothing needs to be done. It may be nil.
	Note func(string)

	seen seenToken
}

// maxFile is more than any client's token; what is larger is no token.
const maxFile = 1 << 20

// load reads a file of the cache and parses it. It is not found where the file
// is missing or makes no sense; the error is of one that cannot be read, or that
// another user may have written. The AWS CLI and some SDKs write in place, so a
// file that makes no sense may be half written and is read again.
func load[T any](ctx context.Context, c *Cache, path string, parse func([]byte) (T, error)) (value T, found bool, err error) {
	if err := safefile.CheckPrivate(path); err != nil {
		return value, false, err
	}
	data, err := safefile.Read(ctx, path, maxFile, func(data []byte) bool {
		_, err := parse(data)
		return err == nil
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return value, false, nil
	case errors.Is(err, safefile.ErrTooLarge), errors.Is(err, safefile.ErrNotRegular):
		c.note(err.Error())
		return value, false, nil
	case err != nil:
		return value, false, err
	}
	if value, err = parse(data); err != nil {
		c.note(fmt.Sprintf("ignored %s: %v", fault.Path(path), err))
		var none T
		return none, false, nil
	}
	return value, true, nil
}

func (c *Cache) note(text string) {
	if c.Note != nil {
		c.Note(text)
	}
}

// refuse returns the fault of a value that must not become a file.
func refuse(what, why string) error {
	return fault.New(fault.Reply, "cannot keep the "+what, why)
}
