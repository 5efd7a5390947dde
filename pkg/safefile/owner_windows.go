package safefile

import (
	"io/fs"
	"os"
)

// Flags of open that Windows has no use for: there are no pipes in folders,
// and a link cannot be opened as such by these means.
const (
	nonBlocking = 0
	noFollow    = 0
)

// owner is unknown: on Windows a file of the user's profile is protected by
// the access list that it inherits from there, and so is one that replaces it.
func owner(fs.FileInfo) (uid, gid int, ok bool) { return 0, 0, false }

func userName(int) string { return "another user" }

// sharedWithOthers is false, since the mode of a file says nothing of others.
func sharedWithOthers(fs.FileInfo) bool { return false }

func hardLinked(fs.FileInfo) bool { return false }

func (d attributes) apply(*os.File, string) error { return nil }

func giveToOwnerOf(string, string) error { return nil }

func giveLockToOwner(string, fs.FileInfo) error { return nil }

func chownHint(string) string { return "" }

// CheckPrivate returns nil: access lists decide here.
func CheckPrivate(string) error { return nil }

// checkLockOwner returns nil: access lists decide here.
func checkLockOwner(string, fs.FileInfo) error { return nil }

func homeHint(string) string { return "" }
