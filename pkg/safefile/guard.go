package safefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"aws-sso-plugins/pkg/fault"
)

// errWriter says that another program has a file open for writing.
var errWriter = errors.New("another program has it open for writing")

// guard is a file that nobody had open for writing when it was read. Where the
// system can do that, whoever opens it for writing waits until release. Nil is
// the guard of no file.
type guard struct {
	file   *os.File // nil: released, or not held
	leased bool     // the system told that nobody writes
}

// interrupted reports whether somebody waits to open the file for writing.
func (g *guard) interrupted() bool { return g.file != nil && g.leased && !leaseHolds(g.file) }

// readAgain returns the file at a location as it is now. If it is still the one
// under the guard that takes no further descriptor, of which there may be none.
func (g *guard) readAgain(at location) (snapshot, error) {
	if g.file != nil {
		info, err := os.Lstat(at.path)
		held, herr := g.file.Stat()
		if err == nil && herr == nil && os.SameFile(info, held) {
			if _, err := g.file.Seek(0, io.SeekStart); err == nil {
				return snapshotOf(g.file, at)
			}
		}
	}
	return readSnapshot(at)
}

// release lets others write again. Calling it twice is harmless.
func (g *guard) release() {
	if g.file == nil {
		return
	}
	if g.leased {
		dropLease(g.file)
	}
	_ = g.file.Close()
	g.file = nil
}

// tryGuarded reads the file at a location under a guard, or returns errWriter.
// There is no file to guard where there is none to read.
func tryGuarded(at location) (snapshot, *guard, error) {
	f, err := openRegular(at, func(path string) (*os.File, error) { return openGuarded(path, noFollow) })
	if f == nil || err != nil {
		return snapshot{}, &guard{}, err
	}
	leased, err := takeLease(f)
	if err != nil {
		_ = f.Close()
		return snapshot{}, nil, err
	}
	g := &guard{file: f, leased: leased}
	was, err := snapshotOf(f, at)
	if err != nil {
		g.release()
		return snapshot{}, nil, err
	}
	return was, g, nil
}

// readGuarded does what tryGuarded does, and waits for a writer, for
// [writerPatience] at most.
func (s *Store) readGuarded(ctx context.Context, at location) (snapshot, *guard, error) {
	for start := time.Now(); ; {
		was, g, err := tryGuarded(at)
		if !errors.Is(err, errWriter) {
			return was, g, err
		}
		if !leasesWork(at.dir) {
			was, err := readSnapshot(at)
			return was, &guard{}, err
		}
		if time.Since(start) >= writerPatience {
			return snapshot{}, nil, stillOpen("write", at.path)
		}
		if pause(ctx, writerPoll) != nil {
			return snapshot{}, nil, stopped(ctx, "write", at.path)
		}
	}
}

// stillOpen returns the fault of a file that another program does not close.
func stillOpen(verb, path string) *fault.Error {
	return fault.New(fault.File, fmt.Sprintf("cannot %s %s", verb, fault.Path(path)),
		fmt.Sprintf("another program has had it open for writing for more than %v, the file is as it was", writerPatience)).
		WithHint("%s", holderHint(path))
}

// leasesWork reports whether a file that nobody has open gets a lease in a
// folder. Some network file systems always say that somebody writes.
func leasesWork(dir string) bool {
	name, err := writeTemp(filepath.Join(dir, "lease"), nil, attributes{mode: 0o600, bare: true})
	if err != nil {
		return true
	}
	defer os.Remove(name)
	f, err := os.Open(name)
	if err != nil {
		return true
	}
	defer f.Close()
	_, err = takeLease(f)
	return err == nil
}

// changesSoon reports whether a file that was read without a lease, and makes
// no sense, changes before it is a second old: a program is writing it.
func changesSoon(ctx context.Context, at location, was snapshot) bool {
	if was.info == nil || !fresh(was.info) {
		return false
	}
	if pause(ctx, freshAge-time.Since(was.info.ModTime())) != nil {
		return false
	}
	now, err := readSnapshot(at)
	return err == nil && !now.equal(was)
}

func fresh(info fs.FileInfo) bool {
	age := time.Since(info.ModTime())
	return age >= 0 && age < freshAge
}
