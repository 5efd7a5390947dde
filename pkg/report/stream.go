package report

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

const chunkSize = 32 << 10

// Lines writes what r has to w as a [LineWriter] does, to the end.
func Lines(w io.Writer, prefix string, r io.Reader, visible bool) error {
	l := NewLineWriter(w, prefix, visible)
	_, err := l.ReadFrom(r)
	if err != nil {
		return err
	}
	return l.End()
}

// LineWriter writes lines, each after a prefix, to a writer that others write to
// as well: only a line of more than 32 KiB is written in pieces.
type LineWriter struct {
	out     *bufio.Writer
	prefix  string
	visible bool

	buffer []byte
	kept   int  // bytes of the buffer: the line that has not ended
	inLine bool // a piece of it has been written
}

// NewLineWriter returns a LineWriter to w. With visible, what a terminal might act
// on is shown as escapes, TAB aside, and a carriage return before a newline is left
// out; without it nothing is changed.
func NewLineWriter(w io.Writer, prefix string, visible bool) *LineWriter {
	return &LineWriter{out: bufio.NewWriterSize(w, chunkSize), prefix: prefix, visible: visible}
}

// ReadFrom writes the lines that r has, to its end, and keeps what follows the last
// newline for the next call.
func (l *LineWriter) ReadFrom(r io.Reader) (int64, error) {
	if l.buffer == nil {
		l.buffer = make([]byte, chunkSize)
	}
	var read int64
	for {
		n, err := r.Read(l.buffer[l.kept:])
		read += int64(n)
		n += l.kept
		end := bytes.LastIndexByte(l.buffer[:n], '\n') + 1
		if end == 0 && n == len(l.buffer) {
			end = n - unfinished(l.buffer)
		}
		l.write(l.buffer[:end])
		failed := l.out.Flush()
		l.kept = copy(l.buffer, l.buffer[end:n])
		switch {
		case failed != nil:
			return read, failed
		case errors.Is(err, io.EOF):
			return read, nil
		case err != nil:
			return read, err
		}
	}
}

// End writes what is kept, and a newline if the last line has none.
func (l *LineWriter) End() error {
	l.write(l.buffer[:l.kept])
	l.kept = 0
	if l.inLine {
		l.inLine = false
		_ = l.out.WriteByte('\n')
	}
	return l.out.Flush()
}

func (l *LineWriter) write(p []byte) {
	for line := range bytes.Lines(p) {
		if !l.inLine {
			_, _ = l.out.WriteString(l.prefix)
		}
		l.inLine = line[len(line)-1] != '\n'
		if l.visible {
			_, _ = l.out.WriteString(visibleLine(string(line)))
		} else {
			_, _ = l.out.Write(line)
		}
	}
}

// visibleLine does what [Visible] does for a line, or a piece of one.
func visibleLine(line string) string {
	text, whole := strings.CutSuffix(line, "\n")
	if whole {
		text = strings.TrimSuffix(text, "\r")
	}
	cells := strings.Split(text, "\t")
	for i, c := range cells {
		cells[i] = Visible(c)
	}
	text = strings.Join(cells, "\t")
	if whole {
		text += "\n"
	}
	return text
}

// unfinished returns how many bytes at the end wait for those that follow.
func unfinished(b []byte) int {
	if len(b) > 0 && b[len(b)-1] == '\r' {
		return 1
	}
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
				return i
			}
			break
		}
	}
	return 0
}
