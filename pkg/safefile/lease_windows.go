package safefile

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// openGuarded opens a file for reading so that nobody can open it for writing
// until it is closed. The error is errWriter if somebody has it open for
// writing already.
func openGuarded(path string, _ int) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE, nil,
		windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, windows.ERROR_SHARING_VIOLATION):
		return nil, errWriter
	case err != nil:
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// takeLease returns true for a file that openGuarded opened: the system denies
// writers while it is open.
func takeLease(*os.File) (leased bool, err error) { return true, nil }

func takeExclusiveLease(*os.File) bool { return true }

func leaseHolds(*os.File) bool { return true }

func dropLease(*os.File) {}

// deniesWriters says that a guard also keeps the file from being replaced, and
// keepsOld that the file which is replaced can be kept.
const (
	deniesWriters = true
	keepsOld      = false
)

func isBusy(error) bool { return false }
