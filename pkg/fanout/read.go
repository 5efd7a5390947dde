package fanout

import (
	"bytes"
	"io"
	"sync"

	"aws-sso-plugins/pkg/fault"
)

// buffers are what pipes are read with, each of half a pipe of Linux.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// read takes all that a command prints on a stream: into out, or to Lines. An
// error says that some had to be dropped. The command is never held up by that.
func (r *Runner) read(index int, stream Stream, pipe io.Reader, out *Output) error {
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	var lost error
	keep := func(p []byte) {
		if _, err := out.write(p); err != nil && lost == nil {
			lost = fault.Wrap(fault.File, fault.Cause(err), "some of what the command printed is missing")
		}
	}
	for {
		n, err := pipe.Read(buffer[:])
		p := buffer[:n]
		if end := bytes.LastIndexByte(p, '\n') + 1; r.Lines != nil && end > 0 {
			keep(p[:end])
			r.pass(index, stream, out)
			p = p[end:]
		}
		keep(p)
		if err != nil { // the end, or the pipe was closed here
			if r.Lines != nil {
				r.pass(index, stream, out)
			}
			return lost
		}
	}
}

// pass hands lines on and forgets them.
func (r *Runner) pass(index int, stream Stream, lines *Output) {
	if lines.size == 0 {
		return
	}
	r.linesMu.Lock()
	defer r.linesMu.Unlock()
	r.Lines(index, stream, lines)
	lines.Close()
}
