//go:build unix

package safefile

import "syscall"

// noLocks says whether a lock failed because there are none here: NFS without
// a lock server, FUSE file systems, a home that is read-only as a whole.
func noLocks(err error) bool {
	return isErrno(err, syscall.ENOLCK, syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS,
		syscall.EBADF, syscall.EINVAL, syscall.EROFS)
}

// holderHint is a command that shows who holds a lock.
func holderHint(path string) string { return "run: lsof " + shellWord(path) }
