package fanout

import (
	"io"
	"os"
	"sync"

	"aws-sso-plugins/pkg/fault"
)

// spool holds the output of a run: some of it in memory, the rest in blocks of
// one file without a name. Blocks that were freed are used again.
type spool struct {
	dir   string
	limit int64 // bytes of memory
	disk  int64 // bytes of the file; half of what was free at first if that is less

	mu     sync.Mutex
	memory int64 // bytes in use
	file   *os.File
	end    int64   // of the file
	free   []int64 // blocks of the file
}

const (
	blockSize   = 64 << 10
	leastMemory = 512
	// A quarter of the memory is for when the file takes no more: what a command
	// printed up to this size is then kept beside others that printed much.
	reserved = 16 << 10
)

// takeMemory returns memory for n bytes or more, nil if there is no room. Only
// where the file takes no more may all of it be used.
func (s *spool) takeMemory(n int, all bool) []byte {
	size := leastMemory
	for size < n && size < blockSize {
		size *= 2
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.limit
	if !all {
		limit -= limit / 4
	}
	if s.memory+int64(size) > limit {
		return nil
	}
	s.memory += int64(size)
	return make([]byte, 0, size)
}

// takeBlock returns the offset of a block of the file, for an output of a size.
// None takes more than it leaves to others.
func (s *spool) takeBlock(size int64) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		file, err := createUnnamed(s.dir)
		if err != nil {
			return 0, err
		}
		s.file = file
		if free, ok := freeSpace(file); ok {
			s.disk = min(s.disk, free/2)
		}
	}
	n := len(s.free)
	if used := s.end - int64(n)*blockSize; size+blockSize > s.disk-used {
		return 0, errNoRoom
	}
	if n > 0 {
		block := s.free[n-1]
		s.free = s.free[:n-1]
		return block, nil
	}
	s.end += blockSize
	return s.end - blockSize, nil
}

func (s *spool) release(segments []segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range segments {
		if seg.memory != nil {
			s.memory -= int64(cap(seg.memory))
		} else {
			s.free = append(s.free, seg.offset)
		}
	}
}

func (s *spool) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		_ = s.file.Close()
	}
}

// segment is a piece of an output, at most a block.
type segment struct {
	memory []byte // nil: it is in the file
	offset int64
	length int // in the file
}

// Output is what a command printed on one stream. It is not safe for concurrent
// use.
type Output struct {
	spool    *spool
	segments []segment
	size     int64
	err      error // some is missing
}

// Size returns the number of bytes.
func (o *Output) Size() int64 { return o.size }

// write appends. An error means that there is no room; from then on all that is
// written is lost, so that there is no gap.
func (o *Output) write(p []byte) error {
	if o.err == nil {
		_, o.err = o.fit(p)
	}
	return o.err
}

// fit appends what there is room for. An error means that it is not all.
func (o *Output) fit(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n, err := o.append(rest)
		if err != nil {
			return len(p) - len(rest), err
		}
		o.size += int64(n)
		rest = rest[n:]
	}
	return len(p), nil
}

// append adds some of p, at least a byte.
func (o *Output) append(p []byte) (int, error) {
	if last := len(o.segments) - 1; last >= 0 {
		switch seg := &o.segments[last]; {
		case len(seg.memory) < cap(seg.memory):
			n := min(len(p), cap(seg.memory)-len(seg.memory))
			seg.memory = append(seg.memory, p[:n]...)
			return n, nil
		case seg.memory == nil && seg.length < blockSize:
			return o.appendFile(seg, p)
		}
	}
	if memory := o.spool.takeMemory(max(len(p), min(int(o.size), blockSize)), false); memory != nil {
		return o.appendMemory(memory, p), nil
	}
	offset, err := o.spool.takeBlock(o.size)
	if err == nil {
		o.segments = append(o.segments, segment{offset: offset})
		var n int
		if n, err = o.appendFile(&o.segments[len(o.segments)-1], p); n > 0 {
			return n, nil
		}
	}
	if o.size+int64(len(p)) <= reserved {
		if memory := o.spool.takeMemory(len(p), true); memory != nil {
			return o.appendMemory(memory, p), nil
		}
	}
	return 0, err
}

func (o *Output) appendMemory(memory, p []byte) int {
	n := min(len(p), cap(memory))
	o.segments = append(o.segments, segment{memory: append(memory, p[:n]...)})
	return n
}

func (o *Output) appendFile(seg *segment, p []byte) (int, error) {
	n := min(len(p), blockSize-seg.length)
	n, err := o.spool.file.WriteAt(p[:n], seg.offset+int64(seg.length))
	seg.length += n
	if n > 0 {
		return n, nil // what is left fails by itself
	}
	return 0, err
}

// WriteTo writes all to w. The Output stays as it is.
func (o *Output) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, o.Reader())
}

// Reader returns a reader of all, from the beginning. It is good until Close.
func (o *Output) Reader() io.Reader { return &reader{output: o} }

// Close frees what is kept. The output is empty then.
func (o *Output) Close() {
	o.spool.release(o.segments)
	o.segments, o.size, o.err = nil, 0, nil
}

type reader struct {
	output  *Output
	segment int
	at      int // in the segment
}

func (r *reader) Read(p []byte) (int, error) {
	for r.segment < len(r.output.segments) {
		seg := &r.output.segments[r.segment]
		var n int
		if seg.memory != nil {
			n = copy(p, seg.memory[r.at:])
		} else if rest := seg.length - r.at; rest > 0 {
			var err error
			n, err = r.output.spool.file.ReadAt(p[:min(len(p), rest)], seg.offset+int64(r.at))
			if n == 0 && err != nil {
				return 0, fault.Wrap(fault.File, err, "cannot read back what a command printed")
			}
		}
		if n > 0 || len(p) == 0 {
			r.at += n
			return n, nil
		}
		r.segment, r.at = r.segment+1, 0
	}
	return 0, io.EOF
}
