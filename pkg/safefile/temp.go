package safefile

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// The names of temporary files: hidden, ours, not *.json, which other tools
// read, then a hash that tells the target, then something random.
const (
	tempPrefix = ".aws-sso-plugins-"
	tempSuffix = ".tmp"
)

// stale is the age at which a temporary file is no longer in use.
const stale = time.Hour

// tempPath returns the path of a new temporary file for a target.
func tempPath(target string) string {
	return filepath.Join(filepath.Dir(target), tempName(target)+rand.Text()+tempSuffix)
}

// tempName returns how the names of a target's temporary files begin.
func tempName(target string) string {
	sum := sha256.Sum256([]byte(filepath.Base(target)))
	return tempPrefix + hex.EncodeToString(sum[:8]) + "-"
}

// attributes are the owner, mode and extended attributes of a new file.
type attributes struct {
	like fs.FileInfo // the file it replaces; nil: none
	mode fs.FileMode
	bare bool // without the extended attributes of the file it replaces
}

// writeTemp creates a synced file beside target and returns its path. With an
// error there is none. Until it is complete nobody else may read it.
func writeTemp(target string, content []byte, d attributes) (string, error) {
	name := tempPath(target)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
	if err != nil {
		return "", err
	}
	if err := fill(f, target, content, d); err != nil {
		_ = f.Close()
		_ = os.Remove(name)
		return "", err
	}
	return name, nil
}

func fill(f *os.File, target string, content []byte, d attributes) error {
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := d.apply(f, target); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// sweep removes the temporary files that earlier runs left in the folder when
// they were killed. A Store looks once: 10,000 writes into a folder of 10,000
// files would read 100 million names.
func (s *Store) sweep(at location) {
	s.mu.Lock()
	done := s.swept[at.dir]
	if s.swept == nil {
		s.swept = map[string]bool{}
	}
	s.swept[at.dir] = true
	s.mu.Unlock()
	if done {
		return
	}
	if n := removeTemps(at.dir, tempPrefix, stale); n > 0 {
		s.notice("removed %d leftover temporary file%s of an earlier run from %s", n, plural(n), fault.Path(at.dir))
	}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// removeTemps removes our own temporary files with a prefix that are older than
// age. A file that cannot be removed is no error: the next run tries again.
func removeTemps(dir, prefix string, age time.Duration) (removed int) {
	f, err := os.Open(dir)
	if err != nil {
		return 0
	}
	defer f.Close()
	names, _ := f.Readdirnames(-1)
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) || !strings.HasSuffix(name, tempSuffix) {
			continue
		}
		path := filepath.Join(dir, name)
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < age {
			continue
		}
		if uid, _, ok := owner(info); ok && uid != os.Geteuid() {
			continue
		}
		if os.Remove(path) == nil {
			removed++
		}
	}
	return removed
}

// syncFolder makes new and renamed files of a folder survive a power cut. It is
// no error where the file system has no such call.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	if err := f.Sync(); err != nil && isDiskFailure(err) {
		return err
	}
	return nil
}

// exists reports whether there is anything at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
