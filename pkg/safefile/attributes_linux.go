package safefile

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// copyAttributes gives f the extended attributes of the file that it is to
// replace: above all its access list, without which the group bits of the mode
// would mean more than they did, and its security label. What the file system
// or the kernel will not let us set is left out.
func copyAttributes(f *os.File, from string) {
	for _, name := range attributeNames(from) {
		size, err := unix.Lgetxattr(from, name, nil)
		if err != nil {
			continue
		}
		value := make([]byte, size)
		if size > 0 {
			if size, err = unix.Lgetxattr(from, name, value); err != nil {
				continue
			}
		}
		_ = unix.Fsetxattr(int(f.Fd()), name, value[:size], 0)
	}
}

func attributeNames(path string) []string {
	size, err := unix.Llistxattr(path, nil)
	if err != nil || size == 0 {
		return nil
	}
	list := make([]byte, size)
	if size, err = unix.Llistxattr(path, list); err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(list[:size]), "\x00"), "\x00")
}
