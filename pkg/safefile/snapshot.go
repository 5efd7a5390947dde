package safefile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"

	"aws-sso-plugins/pkg/fault"
)

// snapshot is a file as it was at one moment.
type snapshot struct {
	data []byte      // nil: there is no file
	info fs.FileInfo // nil: there is no file
}

// readSnapshot reads the file at a location as it is now, without a guard.
func readSnapshot(at location) (snapshot, error) {
	f, err := openRegular(at, func(path string) (*os.File, error) {
		return os.OpenFile(path, os.O_RDONLY|nonBlocking|noFollow, 0)
	})
	if f == nil || err != nil {
		return snapshot{}, err
	}
	defer f.Close()
	return snapshotOf(f, at)
}

// openRegular opens a regular file by open. The file is nil where there is none.
func openRegular(at location, open func(path string) (*os.File, error)) (*os.File, error) {
	info, err := os.Lstat(at.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err == nil && info.Mode()&fs.ModeSymlink != 0:
		return nil, errChanged
	case err == nil:
		err = checkRegular(info)
	}
	if err != nil {
		return nil, failed("use", at.path, err)
	}
	f, err := open(at.path)
	switch {
	case err == nil, errors.Is(err, errWriter):
		return f, err
	case errors.Is(err, fs.ErrNotExist):
		return nil, errChanged
	case isBusy(err): // a run of ours writes it in place
		return nil, errWriter
	}
	return nil, failed("read", at.path, err)
}

// snapshotOf reads an open file.
func snapshotOf(f *os.File, at location) (snapshot, error) {
	info, err := f.Stat()
	if err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		return snapshot{}, failed("use", at.path, err)
	}
	data, err := readUpTo(f, math.MaxInt)
	if err != nil {
		return snapshot{}, failed("read", at.path, err)
	}
	return snapshot{data: data, info: info}, nil
}

// equal reports whether two snapshots have the same content, mode and owner.
// The modification time is not compared: it is coarse, and a program that
// writes the same bytes again does not matter.
func (s snapshot) equal(o snapshot) bool {
	if s.info == nil || o.info == nil {
		return s.info == nil && o.info == nil
	}
	suid, sgid, _ := owner(s.info)
	ouid, ogid, _ := owner(o.info)
	return s.info.Mode() == o.info.Mode() && suid == ouid && sgid == ogid && bytes.Equal(s.data, o.data)
}

// checkReplaceable returns an error if the file must not be replaced.
func (s snapshot) checkReplaceable(at location) error {
	if err := at.checkOwner(); err != nil {
		return err
	}
	if s.info == nil {
		return nil
	}
	// Not access(2): a rename asks the folder alone, and root may always.
	if s.info.Mode()&0o200 == 0 {
		return fault.New(fault.File, "cannot write "+fault.Path(at.path), "the file is read-only").
			WithHint("%s", writableHint(at.path))
	}
	// The new file would be ours, and the old owner locked out of it.
	if uid, _, ok := owner(s.info); ok && os.Geteuid() != 0 && uid != os.Geteuid() {
		return fault.New(fault.File, "cannot write "+fault.Path(at.path), fmt.Sprintf("the file belongs to %s", userName(uid))).
			WithHint("%s", chownHint(at.path))
	}
	return nil
}

// tighten removes the rights of others from a secret that is not rewritten.
func tighten(t Target, at location, was snapshot) error {
	if !t.Secret || was.info == nil || !sharedWithOthers(was.info) {
		return nil
	}
	if err := was.checkReplaceable(at); err != nil {
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
