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

// location is the file that a path leads to.
type location struct {
	path   string // the file itself, which may not exist; no part is a link
	dir    string // its folder, which may not exist
	linked bool   // a link leads here
}

// resolve follows the links of an absolute path to the file at its end. The file
// and its folder need not exist. A link of another user is an error.
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

// checkAbsolute returns an error for a relative path, which would lead elsewhere
// from another folder.
func checkAbsolute(verb, path string) error {
	if filepath.IsAbs(path) {
		return nil
	}
	return fault.New(fault.File, fmt.Sprintf("cannot %s %s", verb, fault.Path(path)), "the path is not absolute")
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

// rooted returns the path that a link to "to", found in dir, leads to.
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

// canonical returns the path of a folder with all links resolved. The part that
// does not exist stays as it is.
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

// checkLinks returns an error if we are root and a link of another user leads to
// the folder: sudo in the home of a user must not create, remove and tighten
// files wherever that user's links lead. For other users there is no such risk:
// they have no more rights than their own. The kernel refuses circles.
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

// checkOwner returns an error if a link leads to the location and another user
// could have prepared it: neither we nor root own the file, or its folder.
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

// checkOwned returns an error unless we or root own path.
func checkOwned(path string, info fs.FileInfo) error {
	uid, _, ok := owner(info)
	if !ok || uid == 0 || uid == os.Geteuid() {
		return nil
	}
	return fmt.Errorf("a symbolic link is or leads to %s, which belongs to %s", fault.Path(path), userName(uid))
}

// makeFolder creates a folder and those above it, 0700.
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
