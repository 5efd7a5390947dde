package fanout

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"aws-sso-plugins/pkg/fault"
)

// buffers are what pipes are read with, each of half a pipe of Linux.
var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

const bufferSize = 32 << 10

// feed takes what the command of a job prints, and passes it on to Lines or keeps
// it.
type feed struct {
	runner *Runner
	index  int
	kept   *[2]*Output

	mu      sync.Mutex
	changed sync.Cond // of passing and dropped
	passing bool      // output is passed on as it comes
	dropped bool      // nobody wants it
	waiting int       // streams that are not read before the turn of the job

	// For whoever waits for the end of the streams: how many are being passed on
	// or kept just now, and how often something has come.
	busy, reads atomic.Int64

	last atomic.Bool // all that belongs to the command has ended
	rest [2]int      // how much of each stream is read after that
}

// pipeSize is how much a pipe can hold at most, unless root made it larger.
const pipeSize = 1 << 20

func (r *Runner) newFeed(index int, kept *[2]*Output) *feed {
	f := &feed{runner: r, index: index, kept: kept, rest: [2]int{pipeSize, pipeSize}}
	f.changed.L = &f.mu
	f.dropped = r.Discard
	f.passing = r.Lines != nil && !r.Ordered
	if !r.inTurn() {
		return f
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	f.dropped = f.dropped || r.gone
	f.passing = index == r.first
	r.feeds[index] = f
	return f
}

// inTurn reports whether Lines gets the output of one job after the other.
func (r *Runner) inTurn() bool { return r.Ordered && r.Lines != nil }

// takeTurn writes what the job at the head of the order has printed so far, and
// lets the rest follow as it comes.
func (r *Runner) takeTurn(index int) {
	if !r.inTurn() {
		return
	}
	r.turn.Lock()
	delete(r.feeds, index-1)
	r.first = index
	f := r.feeds[index]
	r.turn.Unlock()
	if f == nil {
		return // it has not begun
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for s, kept := range f.kept {
		if kept.size > 0 && !f.dropped {
			r.pass(index, Stream(s), kept.Reader())
			kept.Close()
		}
	}
	f.passing = true
	f.changed.Broadcast()
}

// drop lets nobody wait with output that nobody wants any more.
func (r *Runner) drop() {
	r.turn.Lock()
	r.gone = true
	feeds := r.feeds
	r.feeds = map[int]*feed{}
	r.turn.Unlock()
	for _, f := range feeds {
		f.mu.Lock()
		f.dropped = true
		f.changed.Broadcast()
		f.mu.Unlock()
	}
}

// readAll takes all that the command prints on a stream. An error says that some
// had to be dropped.
func (f *feed) readAll(stream Stream, pipe io.Reader) (lost error) {
	buffer := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buffer)
	for more := true; more; {
		var failed error
		more, failed = f.read(stream, pipe, buffer[:])
		if lost == nil {
			lost = failed
		}
	}
	return lost
}

// read takes what a stream has now, and reports whether more may come.
func (f *feed) read(stream Stream, pipe io.Reader, buffer []byte) (more bool, lost error) {
	n, err := pipe.Read(buffer)
	f.reads.Add(1)
	f.busy.Add(1)
	defer f.busy.Add(-1)
	if f.last.Load() {
		f.rest[stream] -= n
	}
	more = err == nil && f.rest[stream] > 0 // an error is the end, or the pipe was closed here
	return more, f.take(stream, buffer[:n], !more)
}

// take passes on or keeps what has come. last says that no more comes.
func (f *feed) take(stream Stream, p []byte, last bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := f.kept[stream]
	switch {
	case f.dropped:
		return nil
	case f.passing && f.runner.Ordered:
		f.pass(stream, p)
		return nil
	case f.passing:
		if end := bytes.LastIndexByte(p, '\n') + 1; end > 0 {
			f.runner.pass(f.index, stream, io.MultiReader(kept.Reader(), bytes.NewReader(p[:end])))
			kept.Close()
			p = p[end:]
		}
		err := kept.write(p)
		if last && kept.size > 0 {
			f.runner.pass(f.index, stream, kept.Reader())
			kept.Close()
		}
		return missing(err)
	case f.runner.Lines == nil:
		return missing(kept.write(p))
	}
	n, err := kept.fit(p)
	if err == nil {
		return nil
	}
	f.wait()
	if !f.dropped {
		f.pass(stream, p[n:])
	}
	return nil
}

// wait waits for the turn of the job. It needs the lock.
func (f *feed) wait() {
	if f.waiting++; f.waiting == 1 {
		f.runner.paused.Add(1)
	}
	for !f.passing && !f.dropped {
		f.changed.Wait()
	}
	if f.waiting--; f.waiting == 0 {
		f.runner.paused.Add(-1)
	}
}

func (f *feed) pass(stream Stream, p []byte) {
	if len(p) > 0 {
		f.runner.pass(f.index, stream, bytes.NewReader(p))
	}
}

func (r *Runner) pass(index int, stream Stream, output io.Reader) {
	r.linesMu.Lock()
	defer r.linesMu.Unlock()
	r.Lines(index, stream, output)
}

func missing(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.File, fault.Cause(err), "some of what the command printed is missing")
}

var errNoRoom = errors.New("output that waits may take no more of the disk")
