//go:build !linux

package fanout

import "os"

func pipe() (read, write *os.File, err error) { return os.Pipe() }

// stayOnThread does nothing: only on Linux a command ends with the thread that
// started it.
func stayOnThread() {}

func (r *Runner) collect(c *child, f *feed) (lost [2]error) { return r.collectConcurrently(c, f) }
