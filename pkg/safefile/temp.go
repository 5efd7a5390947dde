package safefile

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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

// stale is the age at which a temporary file cannot be in use any more.
const stale = time.Hour

func tempName(target string) string {
	sum := sha256.Sum256([]byte(filepath.Base(target)))
	return tempPrefix + hex.EncodeToString(sum[:8]) + "-"
}

// dress is what a new file should look like.
type dress struct {
	like fs.FileInfo // the file it replaces; nil: none
	mode fs.FileMode
	bare bool // without the extended attributes of the file it replaces
}

// writeTemp makes a synced file beside target and returns its path. With an
// error there is none. Until it is complete nobody else may read it.
func writeTemp(target string, content []byte, d dress) (string, error) {
	name := filepath.Join(filepath.Dir(target), tempName(target)+rand.Text()+tempSuffix)
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

func fill(f *os.File, target string, content []byte, d dress) error {
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := d.wear(f, target); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// backup keeps the old content where the target wants that, and returns where.
func (t Target) backup(ctx context.Context, was snapshot, content []byte) (string, error) {
	if t.Backup == nil || was.info == nil {
		return "", nil
	}
	suffix := t.Backup(was.data, content)
	if suffix == "" {
		return "", nil
	}
	for i := range len(suffix) {
		if os.IsPathSeparator(suffix[i]) {
			return "", fault.New(fault.File, fmt.Sprintf("cannot keep a backup of %q", t.Path), fmt.Sprintf("%q names another folder", suffix))
		}
	}
	path := t.Path + suffix
	return path, keep(ctx, path, was)
}

// keep writes an old content to path, for its owner alone. A link there is
// replaced, not followed.
func keep(ctx context.Context, path string, was snapshot) error {
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return failed("keep a backup in", path, isFolder())
	}
	temp, err := writeTemp(path, was.data, dress{like: was.info, mode: 0o600, bare: true})
	if err == nil {
		if err = patiently(ctx, func() error { return os.Rename(temp, path) }); err != nil {
			_ = os.Remove(temp)
		}
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return failed("keep a backup in", path, err)
	}
	return nil
}

// sweep removes the temporary files that earlier runs left in the folder when
// they were killed.
func (s *Store) sweep(at place) {
	if n := removeTemps(at.dir, tempPrefix, stale); n > 0 {
		s.notice("removed %d leftover temporary file%s of an earlier run from %q", n, plural(n), at.dir)
	}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// removeTemps removes our own temporary files of a name and an age. That some
// stay, or all, is no failure: the next run tries again.
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

// syncFolder makes what was made and renamed in a folder survive a power cut.
// File systems that cannot do that, or need no such call, are content.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	if err := f.Sync(); err != nil && diskFailed(err) {
		return err
	}
	return nil
}

// exists says whether there is anything at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
