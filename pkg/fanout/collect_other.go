//go:build !linux

package fanout

import "os"

func pipe() (read, write *os.File, err error) { return os.Pipe() }

func (r *Runner) collect(c *child, f *feed) (lost [2]error) { return r.collectConcurrently(c, f) }
