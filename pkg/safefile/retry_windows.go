package safefile

import "golang.org/x/sys/windows"

// isMountPoint reports whether a file could not be renamed over because it is a mount
// point. On Windows no file is one.
func isMountPoint(error) bool { return false }

// isHeldOpen reports whether an operation failed because a program has the file
// open. Windows calls that access denied as often as a sharing violation.
func isHeldOpen(err error) bool {
	return isErrno(err, windows.ERROR_ACCESS_DENIED, windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION)
}

// isDiskFailure reports whether the sync of a folder failed. Windows has none: a
// rename is in the journal of NTFS.
func isDiskFailure(error) bool { return false }
