//go:build unix

package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"aws-sso-plugins/pkg/fault"
)

// Flags of open: a pipe must not make us wait, a link that appeared since we
// looked must not lead us away.
const (
	nonBlocking = syscall.O_NONBLOCK
	noFollow    = syscall.O_NOFOLLOW
)

// owner returns whom a file belongs to; ok is false where files have no owner.
func owner(info fs.FileInfo) (uid, gid int, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(st.Uid), int(st.Gid), true
}

// userName returns how messages name a user.
func userName(uid int) string {
	if uid == 0 {
		return "root"
	}
	return fmt.Sprintf("another user (uid %d)", uid)
}

// CheckPrivate returns an error if another user can decide what a file with
// secrets holds: the folder may be written by others or belongs to another user
// than us or root, or the file belongs to another user than us or the folder's
// owner. For root the folder may be anybody's, because sudo works in the home of
// a user. A group of our own, as many Linux systems make for each user, is nobody
// else. The hint is the command that mends it. What does not exist is no error.
// On Windows access lists decide, and nothing is checked.
func CheckPrivate(path string) error {
	dir := filepath.Dir(path)
	folder, err := os.Stat(dir)
	if err != nil {
		return nil // whoever opens the file reports it
	}
	owns, group, _ := owner(folder)
	me := os.Geteuid()
	if owns != me && owns != 0 && me != 0 {
		return fault.New(fault.File, "cannot trust the files in "+fault.Path(dir), "the folder belongs to "+userName(owns)).
			WithHint("%s", takeHint(dir))
	}
	mode := folder.Mode().Perm()
	if mode&0o002 != 0 || mode&0o020 != 0 && !(group == me && isOwnGroup("/etc", group)) {
		return fault.New(fault.File, "cannot trust the files in "+fault.Path(dir), fmt.Sprintf("other users may write to the folder (mode %o)", mode)).
			WithHint("run: chmod go-w %s", fault.Word(dir))
	}
	file, err := os.Stat(path)
	if err != nil {
		return nil
	}
	if uid, _, _ := owner(file); uid != me && uid != owns {
		return fault.New(fault.File, "cannot trust "+fault.Path(path), "the file belongs to "+userName(uid)).
			WithHint("%s", takeHint(path))
	}
	return nil
}

// isOwnGroup reports whether the only member of a group is the user whose number
// it shares, by the files passwd and group in dir. Where that is so, pam_umask sets
// a umask of 002, with which the AWS CLI makes folders that the group may write to.
// Root's group has others in it: users of containers, for example.
func isOwnGroup(dir string, gid int) bool {
	if gid == 0 {
		return false
	}
	number, known := strconv.Itoa(gid), false
	// group(5): name, password, number, members
	ok := eachEntry(filepath.Join(dir, "group"), 4, func(group []string) bool {
		if group[2] != number {
			return true
		}
		known = true
		return group[3] == "" || group[3] == group[0]
	})
	// passwd(5): name, password, number, number of the group, and more
	return ok && known && eachEntry(filepath.Join(dir, "passwd"), 7, func(user []string) bool {
		return user[3] != number || user[2] == number
	})
}

// eachEntry reports whether holds is true of the fields of each line of a file.
// Lines with another number of fields are passed over.
func eachEntry(file string, fields int, holds func([]string) bool) bool {
	data, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		entry := strings.Split(strings.TrimSpace(line), ":")
		if len(entry) == fields && !holds(entry) {
			return false
		}
	}
	return true
}

// homeVariable is where the home folder comes from.
const homeVariable = "HOME"

// failureHint returns what to do about a file operation that failed; it may be
// empty.
func failureHint(path string, err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return chownHint(path)
	}
	return ""
}

// writableHint returns the command that ends the write protection of a file.
func writableHint(path string) string { return "run: chmod u+w " + fault.Word(path) }

// takeHint returns the command that makes a file or folder the user's own.
func takeHint(path string) string {
	if hint := chownHint(path); hint != "" {
		return hint
	}
	return fmt.Sprintf(`run: sudo chown -R "$(id -un)" %s`, fault.Word(path))
}

// hardLinked reports whether a file has several names; a rename replaces one.
func hardLinked(info fs.FileInfo) bool {
	if info == nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink > 1
}

// sharedWithOthers reports whether others than the owner have any right to a file
// or folder.
func sharedWithOthers(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// apply gives a new file the owner, mode and attributes of the one that it
// replaces, or, if there is none, the owner of its folder.
func (d attributes) apply(f *os.File, target string) error {
	mode, like, kept := d.mode, d.like, true
	if like == nil && os.Geteuid() == 0 {
		// Under sudo with the user's HOME the user's next run must be able to
		// read what this one made.
		info, err := os.Stat(filepath.Dir(target))
		if err != nil {
			return err
		}
		like = info
	}
	if like != nil {
		var err error
		if kept, err = chownLike(f, like); err != nil {
			return err
		}
		if !kept {
			// The rights of the old group must not go to another one.
			mode = mode&^0o070 | mode&0o007<<3
		}
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if d.like != nil && kept && !d.bare {
		copyAttributes(f, target)
	}
	return nil
}

// chownLike gives f the owner of another file, which must succeed, and its group,
// which may fail where one is no member.
func chownLike(f *os.File, like fs.FileInfo) (group bool, err error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	uid, gid, _ := owner(like)
	haveUID, haveGID, _ := owner(info)
	if uid != haveUID {
		if err := f.Chown(uid, gid); err != nil {
			return false, fmt.Errorf("it belongs to %s and that cannot be kept: %w", userName(uid), err)
		}
		return true, nil
	}
	if gid == haveGID {
		return true, nil
	}
	return f.Chown(-1, gid) == nil, nil
}

// giveToOwnerOf gives a folder that root made to the owner of the folder around it.
func giveToOwnerOf(dir, parent string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	like, err := os.Stat(parent)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(dir, os.O_RDONLY|noFollow|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = chownLike(f, like)
	return err
}

// giveLockToOwner makes the lock file for root in a folder that is not root's:
// one of root's own, 0600, would lock that user out for ever.
func giveLockToOwner(path string, dir fs.FileInfo) error {
	if uid, _, _ := owner(dir); uid == 0 || os.Geteuid() != 0 {
		return nil
	}
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = chownLike(f, dir)
	return err
}

// chownHint returns the command that gives back to the user what a forgotten
// sudo left to root: the outermost file or folder on the way to path that is
// inside a folder of the user's and not the user's. It returns "" where there
// is none.
func chownHint(path string) string {
	theirs := ""
	for at := filepath.Clean(path); ; at = filepath.Dir(at) {
		info, err := os.Lstat(at)
		if err == nil {
			if uid, _, ok := owner(info); ok && uid == os.Geteuid() {
				break
			}
			theirs = at
		}
		if at == filepath.Dir(at) {
			return "" // not within anything of ours
		}
	}
	if theirs == "" {
		return ""
	}
	recursive := ""
	if info, err := os.Lstat(theirs); err == nil && info.IsDir() {
		recursive = "-R "
	}
	return fmt.Sprintf(`run: sudo chown %s"$(id -un)" %s`, recursive, fault.Word(theirs))
}

// checkLockOwner returns an error if the folder of the locks belongs to another
// user: that one could hold a lock for ever.
func checkLockOwner(dir string, info fs.FileInfo) error {
	uid, _, _ := owner(info)
	if me := os.Geteuid(); uid == me || me == 0 {
		return nil
	}
	return fault.New(fault.File, "cannot make a lock in "+fault.Path(dir), "the folder belongs to "+userName(uid)).
		WithHint("%s", takeHint(dir))
}
