//go:build !windows

package cli

import "os"

// takesSequences reports whether a terminal acts on escape sequences, for colour
// and for the progress line.
func takesSequences(*os.File) bool { return true }
