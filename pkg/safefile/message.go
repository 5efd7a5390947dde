package safefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"aws-sso-plugins/pkg/fault"
)

// failed returns the fault of a file operation.
func failed(verb, path string, err error) *fault.Error {
	f := &fault.Error{Kind: fault.File, What: fmt.Sprintf("cannot %s %q", verb, path), Why: reason(err), Err: err}
	if errors.Is(err, fs.ErrPermission) {
		f.Hint = chownHint(path)
	}
	return f
}

// unchanged returns the fault of a write that failed before it changed the file.
func unchanged(path string, err error) *fault.Error {
	f := failed("write", path, err)
	if exists(path) {
		f.Why += ", the file is as it was"
	}
	return f
}

// reason returns the text of an error without the call and the paths that Go puts
// before it, which may be of temporary files.
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

// stopped returns the fault of work whose context has ended, or nil.
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

// isErrno reports whether err is one of the system's error numbers.
func isErrno(err error, numbers ...syscall.Errno) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	return slices.Contains(numbers, errno)
}
