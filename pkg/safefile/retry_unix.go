//go:build unix

package safefile

import "syscall"

// isMountPoint reports whether a file could not be renamed over or removed because it
// is a mount point.
func isMountPoint(err error) bool { return isErrno(err, syscall.EBUSY, syscall.EXDEV) }

// isHeldOpen reports whether an operation failed because a program has the file
// open, which on Unix is no reason to.
func isHeldOpen(error) bool { return false }

// isDiskFailure reports whether the fsync of a folder failed. It returns false
// where the file system does not offer it.
func isDiskFailure(err error) bool { return isErrno(err, syscall.EIO, syscall.ENOSPC, syscall.EDQUOT) }
