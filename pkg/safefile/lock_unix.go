//go:build unix

package safefile

import (
	"syscall"

	"aws-sso-plugins/pkg/fault"
)

// noLocks reports whether a lock failed because the file system has none: NFS without
// a lock server, FUSE file systems, a home that is read-only as a whole.
func noLocks(err error) bool {
	return isErrno(err, syscall.ENOLCK, syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS,
		syscall.EBADF, syscall.EINVAL, syscall.EROFS)
}

// holderHint returns a command that shows who has a file open.
func holderHint(path string) string { return "run: lsof " + fault.Word(path) }
