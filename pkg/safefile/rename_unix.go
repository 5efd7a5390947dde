//go:build unix

package safefile

import "syscall"

// mounted says whether a file could not be renamed over or removed because it
// is a mount point.
func mounted(err error) bool { return isErrno(err, syscall.EBUSY, syscall.EXDEV) }

// heldOpen says whether an operation failed because a program has the file
// open, which on Unix is no reason to.
func heldOpen(error) bool { return false }

// diskFailed tells a failed fsync of a folder from one that the file system
// does not offer.
func diskFailed(err error) bool { return isErrno(err, syscall.EIO, syscall.ENOSPC, syscall.EDQUOT) }
