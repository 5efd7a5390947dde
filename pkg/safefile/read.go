package safefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrNotRegular is in the error of a folder, pipe or device where a file
// should be.
var ErrNotRegular = errors.New("not a regular file")

// ErrTooLarge is in the error of [Read] when the file is larger than allowed.
var ErrTooLarge = errors.New("too large")

// Read returns the content of a file, at most max bytes. The path is absolute,
// and links are followed. The error is one for a person, with a hint where the
// file belongs to somebody else. errors.Is tells [fs.ErrNotExist],
// [fs.ErrPermission], [ErrTooLarge] and [ErrNotRegular] apart; the last is found
// without opening the file, since opening a pipe may hang.
//
// A file that another program has open for writing is waited for, two seconds
// at most, where the system tells of it (Linux, and Windows). Elsewhere, on
// network drives, and for an empty file, complete decides: a file for which it
// is false, and which was written less than a second ago, is read again until it
// is a second old. nil takes every content for complete. A file that is written
// for longer than two seconds is an error, unless it is complete as it is. The
// waiting ends with ctx, by a fault of kind Canceled or Timeout.
func Read(ctx context.Context, path string, max int64, complete func(data []byte) bool) ([]byte, error) {
	if err := checkAbsolute("read", path); err != nil {
		return nil, err
	}
	for start, wait := time.Now(), firstPoll; ; wait = min(2*wait, longerPoll) {
		last := time.Since(start) >= writerPatience
		data, settled, err := readOnce(path, max, last)
		busy := errors.Is(err, errWriter)
		switch {
		case err != nil && !busy:
			return nil, failed("read", path, err)
		case settled, data != nil && (complete == nil || complete(data)), last && !busy:
			return data, nil
		case last:
			return nil, stillOpen("read", path)
		case busy:
			wait = writerPoll // who writes again and again leaves short gaps
		}
		if pause(ctx, wait) != nil {
			return nil, stopped(ctx, "read", path)
		}
	}
}

// readOnce reads a file, and reports whether nobody is writing it. The error is
// errWriter if somebody is; then there is data only if it should read anyway.
func readOnce(path string, max int64, anyway bool) (data []byte, settled bool, err error) {
	info, err := os.Stat(path)
	if err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		return nil, false, err
	}
	f, err := openGuarded(path, 0)
	busy := isBusy(err) || errors.Is(err, errWriter)
	if busy && anyway {
		f, err = os.Open(path)
	} else if busy {
		err = errWriter
	}
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	leased, writer := takeLease(f)
	if leased {
		defer dropLease(f)
	}
	if busy {
		writer = errWriter
	}
	if writer != nil && !anyway {
		return nil, false, writer
	}
	if data, err = readUpTo(f, max); err != nil {
		return nil, false, err
	}
	// Some programs truncate a file, close it, and open it again to write.
	settled = writer == nil && (leased && len(data) > 0 || !fresh(info))
	return data, settled, writer
}

// readUpTo returns what is in a file, not nil where that is nothing. More than
// max bytes are an error that wraps [ErrTooLarge].
func readUpTo(f *os.File, max int64) ([]byte, error) {
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() < max {
		b.Grow(int(info.Size()) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(f, max))
	if err != nil {
		return nil, err
	}
	if n == max {
		if more, _ := f.Read(make([]byte, 1)); more > 0 {
			return nil, fmt.Errorf("%w, more than %d bytes", ErrTooLarge, max)
		}
	}
	return b.Bytes()[:n:n], nil
}

func checkRegular(info fs.FileInfo) error {
	switch {
	case info.Mode().IsRegular():
		return nil
	case info.IsDir():
		return errIsFolder()
	default:
		return ErrNotRegular
	}
}

func errIsFolder() error { return fmt.Errorf("it is a folder, %w", ErrNotRegular) }
