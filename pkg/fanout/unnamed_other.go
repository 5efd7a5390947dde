//go:build !windows && !linux

package fanout

import (
	"cmp"
	"os"
)

func createUnnamed(dir string) (*os.File, error) { return createAndUnlink(cmp.Or(dir, os.TempDir())) }
