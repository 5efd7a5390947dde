package safefile

import "golang.org/x/sys/windows"

var lockless = []error{windows.ERROR_INVALID_FUNCTION, windows.ERROR_NOT_SUPPORTED, windows.ERROR_WRITE_PROTECT}
