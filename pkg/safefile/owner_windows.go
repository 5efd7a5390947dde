package safefile

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"

	"aws-sso-plugins/pkg/fault"
)

// Flags of open that Windows has no use for: there are no pipes in folders,
// and a link cannot be opened as such by these means.
const (
	nonBlocking = 0
	noFollow    = 0
)

// owner returns no owner: on Windows a file of the user's profile is protected
// by the access list that it inherits from there, and so is one that replaces
// it.
func owner(fs.FileInfo) (uid, gid int, ok bool) { return 0, 0, false }

func userName(int) string { return "another user" }

// sharedWithOthers returns false: on Windows the mode of a file says nothing of
// others.
func sharedWithOthers(fs.FileInfo) bool { return false }

func hardLinked(fs.FileInfo) bool { return false }

func (d attributes) apply(*os.File, string) error { return nil }

func giveToOwnerOf(string, string) error { return nil }

func giveLockToOwner(string, fs.FileInfo) error { return nil }

func chownHint(string) string { return "" }

// homeVariable is where the home folder comes from.
const homeVariable = "USERPROFILE"

// failureHint returns what to do about a file operation that failed; it may be
// empty. Access is denied, too, where a file would replace one that is open.
func failureHint(path string, err error) string {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	switch {
	case isErrno(err, windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION):
		return "another program has the file open: close it there, then run this again"
	case isHeldOpen(err):
		return "if another program has the file open, close it there, then run this again"
	}
	return ""
}

// writableHint returns the command that ends the write protection of a file.
func writableHint(path string) string { return "run: attrib -r " + fault.Word(path) }

// CheckPrivate returns nil: access lists decide here.
func CheckPrivate(string) error { return nil }

// checkLockOwner returns nil: access lists decide here.
func checkLockOwner(string, fs.FileInfo) error { return nil }
