//go:build !windows

package fanout

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheFirstWritesAsItPrints: what follows waits for what was read.
func TestTheFirstWritesAsItPrints(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	r := shell(t, "printf half; while ! [ -e "+seen+" ]; do sleep 0.01; done; echo line")
	r.Ordered = true
	var got strings.Builder
	r.Lines = func(_ int, _ Stream, output io.Reader) {
		if _, err := io.Copy(&got, output); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(seen, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	for result := range r.Run(t.Context(), 2) {
		result.Close()
	}
	if got.String() != "halfline\nhalfline\n" {
		t.Errorf("%q", got.String())
	}
}

// TestAPausedCommandLosesNothing has commands end long before anybody reads what
// is left in their pipes.
func TestAPausedCommandLosesNothing(t *testing.T) {
	text := strings.Repeat("0123456789\n", 5000)
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ordered := range []bool{true, false} {
		t.Run(fmt.Sprint("ordered ", ordered), func(t *testing.T) {
			t.Parallel()
			r := shell(t, "[ $N != 0 ] || sleep 0.5; cat "+file)
			r.Ordered = ordered
			r.limits.memory, r.limits.disk, r.limits.held = 1<<10, 0, 16*time.Millisecond
			var got [3]strings.Builder
			r.Lines = func(index int, _ Stream, output io.Reader) {
				if !ordered {
					time.Sleep(50 * time.Millisecond) // the reader is slow
				}
				if _, err := io.Copy(&got[index], output); err != nil {
					t.Error(err)
				}
			}
			for result := range r.Run(t.Context(), len(got)) {
				if !result.OK() || got[result.Index].String() != text {
					t.Errorf("job %d: %d of %d bytes, %v", result.Index, got[result.Index].Len(), len(text), result.Err)
				}
				result.Close()
			}
		})
	}
}

// TestPausedCommandsEnd has commands that print for ever, and a loop that wants no
// more, or a run that is cancelled.
func TestPausedCommandsEnd(t *testing.T) {
	for _, how := range []string{"break", "cancel"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := shell(t, "[ $N = 0 ] || exec yes; sleep 0.3")
			r.Ordered = true
			r.limits.memory, r.limits.disk = 100<<10, 4*blockSize
			r.Lines = func(_ int, _ Stream, output io.Reader) { _, _ = io.Copy(io.Discard, output) }
			for result := range r.Run(ctx, 8) {
				result.Close()
				if how == "break" {
					break
				}
				cancel()
			}
			if len(r.running) > 0 || r.paused.Load() != 0 || r.spool.end > 4*blockSize {
				t.Errorf("%d are running, %d wait, %d bytes are spilled", len(r.running), r.paused.Load(), r.spool.end)
			}
		})
	}
}

// TestKeptOutputIsBounded: what has no room is told, and one that prints much
// leaves room for the others.
func TestKeptOutputIsBounded(t *testing.T) {
	full := filepath.Join(t.TempDir(), "full")
	r := shell(t, `if [ $N = 0 ]; then head -c 3000000 /dev/zero; : >`+full+`; else
		while ! [ -e `+full+` ]; do sleep 0.01; done; head -c 100000 /dev/zero; fi`)
	r.limits.memory, r.limits.disk = 8<<10, 8*blockSize
	var results []Result
	for result := range r.Run(t.Context(), 2) {
		results = append(results, result)
	}
	for _, e := range results {
		const want = "some of what the command printed is missing: output that waits may take no more of the disk"
		size := e.Output[Stdout].Size()
		switch {
		case e.State != Exited || e.ExitCode != 0:
			t.Errorf("job %d: %v %d", e.Index, e.State, e.ExitCode)
		case e.Index == 0 && (e.Err == nil || e.Err.Error() != want || size < 4*blockSize || size > 5*blockSize):
			t.Errorf("%d bytes, %v", size, e.Err)
		case e.Index == 1 && (e.Err != nil || size != 100000):
			t.Errorf("%d bytes, %v", size, e.Err)
		}
		e.Close()
	}
	if r.spool.end > 8*blockSize {
		t.Errorf("%d bytes are spilled", r.spool.end)
	}
}

func TestDiscard(t *testing.T) {
	r := shell(t, "head -c 300000 /dev/zero; exit 3")
	r.Discard, r.limits.memory, r.TempDir = true, 0, filepath.Join(t.TempDir(), "none")
	for _, e := range all(t, r, 3) {
		if e.Err != nil || e.ExitCode != 3 || e.out != "" {
			t.Errorf("%d: %q, %v", e.ExitCode, e.out, e.Err)
		}
	}
}
