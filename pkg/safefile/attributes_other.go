//go:build unix && !linux

package safefile

import "os"

// copyAttributes does nothing where attributes have no common interface.
func copyAttributes(*os.File, string) {}
