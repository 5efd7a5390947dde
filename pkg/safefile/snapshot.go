package safefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"aws-sso-plugins/pkg/fault"
)

// ErrNotRegular is in the error of a folder, pipe or device where a file
// should be.
var ErrNotRegular = errors.New("not a regular file")

// ErrTooLarge is in the error of [Read] when the file is larger than allowed.
var ErrTooLarge = errors.New("too large")

// Read is the content of a file, at most max bytes. The path is absolute, and
// links are followed. The error is one for a person, with a hint where the file
// belongs to somebody else, and can be told apart: [fs.ErrNotExist],
// [fs.ErrPermission], [ErrTooLarge] and [ErrNotRegular], which is found out
// without opening, since a pipe would hang.
func Read(path string, max int64) ([]byte, error) {
	if err := absolute("read", path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err == nil {
		err = regular(info)
	}
	if err != nil {
		return nil, failed("read", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, failed("read", path, err)
	}
	defer f.Close()
	data, err := slurp(f, max)
	if err != nil {
		return nil, failed("read", path, err)
	}
	return data, nil
}

func slurp(f *os.File, max int64) ([]byte, error) {
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() < max {
		b.Grow(int(info.Size()) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(f, max))
	if err != nil {
		return nil, err
	}
	if n == max {
		if more, _ := f.Read(make([]byte, 1)); more > 0 {
			return nil, fmt.Errorf("%w, more than %d bytes", ErrTooLarge, max)
		}
	}
	return b.Bytes()[:n:n], nil
}

func regular(info fs.FileInfo) error {
	switch {
	case info.Mode().IsRegular():
		return nil
	case info.IsDir():
		return isFolder()
	default:
		return ErrNotRegular
	}
}

func isFolder() error { return fmt.Errorf("it is a folder, %w", ErrNotRegular) }

// snapshot is what a file was at one moment.
type snapshot struct {
	data []byte      // nil: there is no file
	info fs.FileInfo // nil: there is no file
}

// take reads the file at a place as it is now.
func take(at place) (snapshot, error) {
	info, err := os.Lstat(at.path)
	if errors.Is(err, fs.ErrNotExist) {
		return snapshot{}, nil
	}
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return snapshot{}, errChanged
	}
	if err == nil {
		err = regular(info)
	}
	if err != nil {
		return snapshot{}, failed("use", at.path, err)
	}
	f, err := os.OpenFile(at.path, os.O_RDONLY|nonBlocking|noFollow, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return snapshot{}, errChanged
		}
		return snapshot{}, failed("read", at.path, err)
	}
	defer f.Close()
	return read(f, at)
}

func read(f *os.File, at place) (snapshot, error) {
	info, err := f.Stat()
	if err == nil {
		err = regular(info)
	}
	if err != nil {
		return snapshot{}, failed("use", at.path, err)
	}
	data, err := slurp(f, maxInt)
	if err != nil {
		return snapshot{}, failed("read", at.path, err)
	}
	if data == nil {
		data = []byte{}
	}
	return snapshot{data: data, info: info}, nil
}

const maxInt = int64(^uint(0) >> 1)

// equal says whether two snapshots are of the same content, mode and owner.
// The modification time says too little: it is coarse, and a program that
// writes the same bytes again does not matter.
func (s snapshot) equal(o snapshot) bool {
	if s.info == nil || o.info == nil {
		return s.info == nil && o.info == nil
	}
	suid, sgid, _ := owner(s.info)
	ouid, ogid, _ := owner(o.info)
	return s.info.Mode() == o.info.Mode() && suid == ouid && sgid == ogid && bytes.Equal(s.data, o.data)
}

// replaceable is the error of a file that must not be replaced.
func (s snapshot) replaceable(at place) error {
	if err := at.mine(); err != nil {
		return err
	}
	if s.info == nil {
		return nil
	}
	// Not access(2): a rename asks the folder alone, and root may always.
	if s.info.Mode()&0o200 == 0 {
		return fault.New(fault.File, fmt.Sprintf("cannot write %q", at.path), "the file is read-only").
			WithHint("run: chmod u+w %s", shellWord(at.path))
	}
	// The new file would be ours, and the old owner locked out of it.
	if uid, _, ok := owner(s.info); ok && os.Geteuid() != 0 && uid != os.Geteuid() {
		return fault.New(fault.File, fmt.Sprintf("cannot write %q", at.path), fmt.Sprintf("the file belongs to %s", user(uid))).
			WithHint("%s", chownHint(at.path))
	}
	return nil
}

// writable is the error that [Store.Update] would end with because of what
// the file and its folder are: read-only, not ours, not a file. It is for a
// tool that wants to know before it does an hour's work; nothing is touched.
func writable(path string) error {
	at, err := resolve(path)
	if err != nil {
		return err
	}
	info, err := os.Lstat(at.path)
	var was snapshot
	switch {
	case err == nil:
		if err := regular(info); err != nil {
			return failed("write", path, err)
		}
		was.info = info
	case !errors.Is(err, fs.ErrNotExist):
		return failed("write", path, err)
	}
	if err := was.replaceable(at); err != nil {
		return err
	}
	dir := at.dir
	for {
		err := writableFolder(dir)
		parent, _ := split(trimSeparators(dir))
		if parent = trimSeparators(parent); !errors.Is(err, fs.ErrNotExist) || parent == dir {
			if err != nil {
				return failed("write", path, err)
			}
			return nil
		}
		dir = parent
	}
}

// Rehearse is the error that [Store.Update] would end with if it wrote size
// bytes to path now: it writes them beside the file, syncs and removes them. It
// is for content that cannot be had a second time, before it is asked for. What
// it cannot know is what happens until then.
func Rehearse(path string, size int) error {
	if err := writable(path); err != nil {
		return err
	}
	at, err := resolve(path)
	if err != nil {
		return err
	}
	if err := makeFolder(at.dir); err != nil {
		return failed("make the folder", at.dir, err)
	}
	temp, err := writeTemp(at.path, make([]byte, size), dress{mode: 0o600, bare: true})
	if err != nil {
		return unchanged(at.path, err)
	}
	if err := os.Remove(temp); err != nil {
		return unchanged(at.path, err)
	}
	return nil
}

// tighten takes the rights of others from a secret that is not rewritten.
func tighten(t Target, at place, was snapshot) error {
	if !t.Secret || was.info == nil || !wide(was.info) {
		return nil
	}
	if err := was.replaceable(at); err != nil {
		return err
	}
	f, err := os.OpenFile(at.path, os.O_RDONLY|nonBlocking|noFollow, 0)
	if err != nil {
		return failed("write", at.path, err)
	}
	defer f.Close()
	if err := f.Chmod(0o600); err != nil {
		return failed("change the mode of", at.path, err)
	}
	return nil
}
