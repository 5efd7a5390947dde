package safefile

import (
	"errors"
	"io/fs"
	"os"
)

// Rehearse returns the error that [Store.Update] would end with if it wrote
// size bytes to path now: it writes them beside the file, syncs and removes
// them. It is for content that cannot be had a second time, before it is asked
// for. It cannot know what happens until then.
func Rehearse(path string, size int) error {
	at, err := resolve(path)
	if err != nil {
		return err
	}
	var was snapshot
	if was.info, err = os.Lstat(at.path); err == nil {
		err = checkRegular(was.info)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("write", path, err)
	}
	if err := was.checkReplaceable(at); err != nil {
		return err
	}
	if err := makeFolder(at.dir); err != nil {
		return cannotMake("the folder", at.dir, err)
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
