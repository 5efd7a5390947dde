package safefile

import (
	"errors"
	"io/fs"
	"os"
)

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
	temp, err := writeTemp(at.path, make([]byte, size), attributes{mode: 0o600, bare: true})
	if err != nil {
		return unchanged(at.path, err)
	}
	if err := os.Remove(temp); err != nil {
		return unchanged(at.path, err)
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
		if err := checkRegular(info); err != nil {
			return failed("write", path, err)
		}
		was.info = info
	case !errors.Is(err, fs.ErrNotExist):
		return failed("write", path, err)
	}
	if err := was.checkReplaceable(at); err != nil {
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
