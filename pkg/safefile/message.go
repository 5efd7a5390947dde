package safefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"aws-sso-plugins/pkg/fault"
)

// failed is the fault of a file operation.
func failed(verb, path string, err error) *fault.Error {
	f := &fault.Error{Kind: fault.File, What: fmt.Sprintf("cannot %s %q", verb, path), Why: reason(err), Err: err}
	if errors.Is(err, fs.ErrPermission) {
		f.Hint = chownHint(path)
	}
	return f
}

// unchanged is the fault of a write that failed before it touched the file.
func unchanged(path string, err error) *fault.Error {
	f := failed("write", path, err)
	if exists(path) {
		f.Why += ", the file is as it was"
	}
	return f
}

// reason is an error without the call and the paths that Go puts before it,
// which may be of files that nobody knows.
func reason(err error) string {
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	case errors.As(err, &call):
		err = call.Err
	}
	return err.Error()
}

// stopped is the fault of work that was called off, or nil.
func stopped(ctx context.Context, verb, name string) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	kind := fault.Canceled
	if errors.Is(err, context.DeadlineExceeded) {
		kind = fault.Timeout
	}
	return fault.Wrap(kind, err, "cannot %s %q", verb, name)
}

// shellWord is a text as a word of a POSIX shell, for commands in hints.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+@%:=,", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// isErrno says whether err is one of the system's error numbers.
func isErrno(err error, numbers ...syscall.Errno) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	return slices.Contains(numbers, errno)
}
