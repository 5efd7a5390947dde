package safefile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// backup is where the old content of a file is kept.
type backup struct {
	path string // empty: nowhere
	made bool   // it is a copy, and is there already
}

// prepareBackup does what must be done before the file is replaced. As a rule
// that is nothing: the old file itself becomes the backup, so that a program
// that still writes to it writes to the backup. Where the old file cannot be
// renamed, or has other names, the backup is a copy.
func prepareBackup(ctx context.Context, t Target, at location, was snapshot) (backup, error) {
	if t.Backup == "" || was.info == nil {
		return backup{}, nil
	}
	for i := range len(t.Backup) {
		if os.IsPathSeparator(t.Backup[i]) {
			return backup{}, fault.New(fault.File, "cannot keep a backup of "+fault.Path(t.Path), fmt.Sprintf("%q names another folder", t.Backup))
		}
	}
	b := backup{path: t.Path + t.Backup}
	if info, err := os.Lstat(b.path); err == nil && info.IsDir() {
		return backup{}, failed("keep a backup in", b.path, errIsFolder())
	}
	if dir, err := canonical(filepath.Dir(b.path)); err != nil || dir != at.dir || hardLinked(was.info) || !keepsOld {
		return b, b.copy(ctx, was)
	}
	return b, nil
}

// copy writes the old content to the backup, for its owner alone. A link there
// is replaced, not followed.
func (b *backup) copy(ctx context.Context, was snapshot) error {
	temp, err := writeTemp(b.path, was.data, attributes{like: was.info, mode: 0o600, bare: true})
	if err == nil {
		b.mark(temp)
		if err = retryWhileOpen(ctx, func() error { return os.Rename(temp, b.path) }); err != nil {
			_ = os.Remove(temp)
		}
	}
	if err == nil {
		err = syncFolder(filepath.Dir(b.path))
	}
	if err != nil {
		return failed("keep a backup in", b.path, err)
	}
	b.made = true
	return nil
}

// mark gives a file that becomes a backup a modification time of whole seconds.
// One with a fraction was written to later: see writtenTo.
func (b *backup) mark(path string) {
	if b.path == "" {
		return
	}
	if info, err := os.Lstat(path); err == nil {
		at := info.ModTime().Truncate(time.Second)
		_ = os.Chtimes(path, at, at)
	}
}

// keepBackup makes old, the file that was replaced, the backup. An older backup
// to which another program wrote is not overwritten.
func (s *Store) keepBackup(ctx context.Context, b backup, old string, was snapshot) error {
	if b.path == "" || b.made {
		return nil
	}
	if late, ok := writtenTo(b.path); ok {
		kept := freeName(b.path + "." + late.UTC().Format("20060102T150405"))
		if err := os.Rename(b.path, kept); err != nil {
			return failed("keep the changed backup in", kept, err)
		}
		s.notice("another program wrote to the backup %s, it is %s now", fault.Path(b.path), fault.Path(kept))
	}
	if old != "" {
		if err := errors.Join(os.Chmod(old, 0o600), os.Rename(old, b.path)); err == nil {
			return nil
		}
	}
	return b.copy(ctx, was)
}

// writtenTo reports whether another program wrote to a backup after it was
// made, or has it open for that, and when it last did.
func writtenTo(path string) (at time.Time, late bool) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return time.Time{}, false
	}
	if info.ModTime().Nanosecond() != 0 {
		return info.ModTime(), true
	}
	f, err := openGuarded(path, noFollow)
	if err != nil {
		return info.ModTime(), errors.Is(err, errWriter)
	}
	defer f.Close()
	leased, err := takeLease(f)
	if leased {
		dropLease(f)
	}
	return info.ModTime(), errors.Is(err, errWriter)
}

// freeName returns a name that nothing has: path, or path with a number.
func freeName(path string) string {
	name := path
	for n := 2; exists(name); n++ {
		name = fmt.Sprintf("%s-%d", path, n)
	}
	return name
}
