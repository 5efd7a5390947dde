//go:build !windows

package fanout

import "os"

// createAndUnlink opens a new file, mode 0600, and removes its name.
func createAndUnlink(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "sso-exec-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
