package safefile

import "golang.org/x/sys/windows"

// noLocks reports whether a lock failed because the file system has none, as on
// some network drives.
func noLocks(err error) bool {
	return isErrno(err, windows.ERROR_INVALID_FUNCTION, windows.ERROR_NOT_SUPPORTED,
		windows.ERROR_CALL_NOT_IMPLEMENTED, windows.ERROR_WRITE_PROTECT)
}

// holderHint returns what to do about a file that another program keeps open.
func holderHint(string) string { return "close the file in the other program, then run this again" }
