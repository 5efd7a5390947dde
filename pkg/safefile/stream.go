package safefile

import (
	"context"
	"os"
)

// ReadStream returns what is in a file of any kind, a pipe or a device too, of
// which at most max bytes. It ends with ctx: a pipe that nobody writes into
// blocks its reader, and a signal must end that. The errors are those of package
// os, one that wraps [ErrTooLarge], and a fault of kind Canceled or Timeout once
// ctx has ended.
func ReadStream(ctx context.Context, path string, max int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		return readStream(path, max)
	}
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // which stays behind if ctx ends first
		data, err := readStream(path, max)
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, stopped(ctx, "read", path)
	}
}

func readStream(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readUpTo(f, max)
}
