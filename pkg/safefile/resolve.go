package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"aws-sso-plugins/pkg/fault"
)

// maxLinks is how many symbolic links in a row are followed, as on Linux.
const maxLinks = 40

// place is where a path leads to.
type location struct {
	path   string // the file itself, which may not exist; no part is a link
	dir    string // its folder, which may not exist
	linked bool   // a link leads here
}

// resolve follows the links of an absolute path to the file at its end. That
// a file or folder does not exist is no error: it can be made. Links of other
// users are.
func resolve(path string) (location, error) {
	if err := checkAbsolute("use", path); err != nil {
		return location{}, err
	}
	for at, n := path, 0; n <= maxLinks; n++ {
		dir, base := split(at)
		if base == "" || base == "." || base == ".." {
			return location{}, failed("use", path, errIsFolder())
		}
		if err := checkLinks(dir); err != nil {
			return location{}, failed("use", path, err)
		}
		dir, err := canonical(dir)
		if err != nil {
			return location{}, failed("use", path, err)
		}
		at = filepath.Join(dir, base)
		info, err := os.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist), err == nil && info.Mode()&fs.ModeSymlink == 0:
			return location{path: at, dir: dir, linked: at != filepath.Clean(path)}, nil
		case err != nil:
			return location{}, failed("use", path, err)
		}
		if err := checkOwned(at, info); err != nil {
			return location{}, failed("use", path, err)
		}
		to, err := os.Readlink(at)
		if err != nil {
			return location{}, failed("use", path, err)
		}
		at = rooted(dir, to)
	}
	return location{}, failed("use", path, fmt.Errorf("more than %d symbolic links in a row, or a circle of them", maxLinks))
}

// checkAbsolute is the error of a path that would lead elsewhere from another
// folder.
func checkAbsolute(verb, path string) error {
	if filepath.IsAbs(path) {
		return nil
	}
	return fault.New(fault.File, fmt.Sprintf("cannot %s %q", verb, path), "the path is not absolute")
}

// split cuts a path before its last element. Unlike [filepath.Dir] it does
// not clean: x/.. is another folder than . where x is a link.
func split(path string) (dir, base string) {
	i := len(path)
	for i > 0 && !os.IsPathSeparator(path[i-1]) {
		i--
	}
	return path[:i], path[i:]
}

// rooted is the path that a link to "to", found in dir, leads to.
func rooted(dir, to string) string {
	switch {
	case filepath.IsAbs(to):
		return to
	case to != "" && os.IsPathSeparator(to[0]): // on Windows: this drive
		return filepath.VolumeName(dir) + to
	default:
		return dir + string(filepath.Separator) + to
	}
}

// canonical is a folder's path without links in it. What of it does not exist
// is taken as it is.
func canonical(dir string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err == nil {
		return real, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		// Windows cannot resolve the folders of some drives that work.
		if info, serr := os.Stat(dir); serr == nil && info.IsDir() {
			return filepath.Clean(dir), nil
		}
		return "", err
	}
	parent, base := split(trimSeparators(dir))
	if base == "" || base == ".." {
		return "", err
	}
	if parent, err = canonical(parent); err != nil {
		return "", err
	}
	return filepath.Join(parent, base), nil
}

func trimSeparators(dir string) string {
	root := len(filepath.VolumeName(dir)) + 1
	for len(dir) > root && os.IsPathSeparator(dir[len(dir)-1]) {
		dir = dir[:len(dir)-1]
	}
	return dir
}

// checkLinks is the error of root in a folder on whose way there is a link of
// another user: sudo in the home of a user must not make, remove and tighten
// things wherever that user's links lead. Others gain nothing by a link that
// they could not gain without, and links in a row without end are the kernel's
// to refuse.
func checkLinks(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	seen := 0
	var walk func(dir string) error
	walk = func(dir string) error {
		for at := trimSeparators(dir); ; {
			info, err := os.Lstat(at)
			if err == nil && info.Mode()&fs.ModeSymlink != 0 {
				if err := checkOwned(at, info); err != nil {
					return err
				}
				to, err := os.Readlink(at)
				if seen++; err != nil || seen > maxLinks {
					return nil
				}
				parent, _ := split(at)
				if err := walk(rooted(parent, to)); err != nil {
					return err
				}
			}
			parent, _ := split(at)
			if parent = trimSeparators(parent); parent == "" || parent == at {
				return nil
			}
			at = parent
		}
	}
	return walk(dir)
}

// checkOwner is the error of a place that a link leads to and that another user
// could have prepared: the file or its folder belong to neither us nor root.
func (at location) checkOwner() error {
	if !at.linked {
		return nil
	}
	for _, path := range []string{at.path, at.dir} {
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return failed("use", at.path, err)
		}
		if err := checkOwned(path, info); err != nil {
			return failed("use", at.path, err)
		}
	}
	return nil
}

// checkOwned is the error of a thing that belongs to neither us nor root.
func checkOwned(path string, info fs.FileInfo) error {
	uid, _, ok := owner(info)
	if !ok || uid == 0 || uid == os.Geteuid() {
		return nil
	}
	return fmt.Errorf("a symbolic link is or leads to %q, which belongs to another user (uid %d)", path, uid)
}

// makeFolder makes a folder and those above it, 0700.
func makeFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		// Another run may have been faster.
		if info, serr := os.Stat(dir); serr == nil && info.IsDir() {
			return nil
		}
		return err
	}
	if err := giveToOwnerOf(dir, parent); err != nil {
		return err
	}
	return syncFolder(parent)
}
