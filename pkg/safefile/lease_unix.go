//go:build unix

package safefile

import (
	"os"
	"syscall"
)

// deniesWriters says that a guard also keeps the file from being replaced, and
// keepsOld that the file which is replaced can be kept.
const (
	deniesWriters = false
	keepsOld      = true
)

// isBusy reports whether a file could not be opened without waiting, because
// another program has an exclusive lease on it.
func isBusy(err error) bool { return isErrno(err, syscall.EAGAIN) }

// openGuarded opens a file for reading. flags are further flags of open(2).
func openGuarded(path string, flags int) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|nonBlocking|flags, 0)
}
