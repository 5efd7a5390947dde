package safefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"aws-sso-plugins/pkg/fault"
)

// failed returns the fault of a file operation.
func failed(verb, path string, err error) *fault.Error {
	return (&fault.Error{Kind: fault.File, What: fmt.Sprintf("cannot %s %s", verb, fault.Path(path)), Why: fault.Reason(err), Err: err}).
		WithHint("%s", failureHint(path, err))
}

// cannotMake returns the fault of a folder, or of something in it, that cannot
// be created.
func cannotMake(what, dir string, err error) *fault.Error {
	f := failed("make "+what, dir, err)
	if f.Hint == "" && errors.Is(err, fs.ErrPermission) {
		return f.WithHint("%s", homeHint(dir))
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
	return fault.Wrap(kind, err, "cannot %s %s", verb, fault.Path(name))
}

// homeHint returns what to do where a folder below the home folder cannot be
// created: in many a container HOME is /.
func homeHint(dir string) string {
	for dir = filepath.Dir(dir); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return fmt.Sprintf("set %s to a folder that you may write to; you may not write to %s", homeVariable, fault.Word(dir))
		}
	}
}

// isErrno reports whether err is one of the system's error numbers.
func isErrno(err error, numbers ...syscall.Errno) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	return slices.Contains(numbers, errno)
}
