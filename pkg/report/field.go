package report

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
	"unicode/utf8"
)

// Field is a key of an object in JSON, and its value: Value, or what Open reads,
// which may be of any size. That is a string or, if it is not UTF-8, base64 under
// a key with Base64 at its end.
type Field struct {
	Key   string
	Value any
	Open  func() io.Reader // it is called twice
}

// AddFields writes an object to a report in JSON or JSON lines, as [Writer.Add]
// writes a record.
func (w *Writer) AddFields(fields []Field) error {
	out := bufio.NewWriterSize(w.out, chunkSize)
	_, _ = out.WriteString(w.next())
	for i, f := range fields {
		_ = out.WriteByte("{,"[min(i, 1)])
		if err := writeField(out, f); err != nil {
			return err
		}
	}
	_ = out.WriteByte('}')
	if w.format == JSONL {
		_ = out.WriteByte('\n')
	}
	return out.Flush()
}

func writeField(out *bufio.Writer, f Field) error {
	if f.Open == nil {
		value, err := marshal(f.Value)
		_, _ = out.WriteString(`"` + f.Key + `":`)
		_, _ = out.Write(value)
		return err
	}
	text := true
	err := chunks(f.Open(), func(chunk []byte) error {
		text = text && utf8.Valid(chunk)
		return nil
	})
	if err != nil {
		return err
	}
	if text {
		_, _ = out.WriteString(`"` + f.Key + `":"`)
		err = chunks(f.Open(), func(chunk []byte) error {
			quoted, err := marshal(string(chunk))
			if err == nil {
				_, err = out.Write(quoted[1 : len(quoted)-1])
			}
			return err
		})
	} else {
		_, _ = out.WriteString(`"` + f.Key + `Base64":"`)
		encoder := base64.NewEncoder(base64.StdEncoding, out)
		_, err = io.Copy(encoder, f.Open())
		err = errors.Join(err, encoder.Close())
	}
	_ = out.WriteByte('"')
	return err
}

// chunks hands out what r has, without splitting a character of UTF-8, or a
// carriage return from its newline.
func chunks(r io.Reader, take func([]byte) error) error {
	buffer := make([]byte, chunkSize)
	kept := 0
	for {
		n, err := r.Read(buffer[kept:])
		n += kept
		end := n
		if err == nil {
			end = n - unfinished(buffer[:n])
		}
		if end > 0 {
			if err := take(buffer[:end]); err != nil {
				return err
			}
		}
		kept = copy(buffer, buffer[end:n])
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}
