package safefile

import "golang.org/x/sys/windows"

// noLocks says whether a lock failed because there are none here, as on some
// network drives.
func noLocks(err error) bool {
	return isErrno(err, windows.ERROR_INVALID_FUNCTION, windows.ERROR_NOT_SUPPORTED,
		windows.ERROR_CALL_NOT_IMPLEMENTED, windows.ERROR_WRITE_PROTECT)
}

// holderHint says what to do about a lock that somebody keeps.
func holderHint(string) string { return "end the other command, then run this again" }
