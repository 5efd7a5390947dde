package fanout

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
)

// This binary is the command of the tests, too: TestMain plays what the variable
// PLAY says.
func TestMain(m *testing.M) {
	if play := os.Getenv("PLAY"); play != "" {
		os.Exit(perform(play))
	}
	os.Exit(m.Run())
}

// perform prints, byte for byte, what seed stands for on both streams.
func perform(play string) int {
	seed, err := strconv.Atoi(play)
	if err != nil {
		return 99
	}
	for s, f := range []*os.File{os.Stdout, os.Stderr} {
		if _, err := f.Write(script(seed, Stream(s))); err != nil {
			return 98
		}
	}
	return seed % 7
}

// script is what a command with the seed prints: lines, half lines, NUL and
// invalid UTF-8, up to 200 KiB.
func script(seed int, stream Stream) []byte {
	random := rand.New(rand.NewPCG(uint64(seed), uint64(stream)))
	out := make([]byte, random.IntN(200<<10))
	for i := range out {
		out[i] = byte(random.IntN(256))
		if random.IntN(60) == 0 {
			out[i] = '\n'
		}
	}
	return out
}

// ended is a Result with its output read.
type ended struct {
	Result
	out, err string
}

func take(t *testing.T, r Result) ended {
	t.Helper()
	e := ended{Result: r}
	for s, to := range []*string{&e.out, &e.err} {
		var b bytes.Buffer
		if _, err := r.Output[s].WriteTo(&b); err != nil {
			t.Error(err)
		}
		*to = b.String()
	}
	r.Close()
	return e
}

// all runs the jobs and returns the results by index.
func all(t *testing.T, r *Runner, jobs int) []ended {
	t.Helper()
	results := make([]ended, jobs)
	seen := 0
	for result := range r.Run(t.Context(), jobs) {
		results[result.Index] = take(t, result)
		seen++
	}
	if seen != jobs {
		t.Fatalf("%d results, want %d", seen, jobs)
	}
	if r.spool.memory != 0 || int64(len(r.spool.free))*blockSize != r.spool.end {
		t.Errorf("of the output %d bytes of memory and %d of %d blocks are still in use", r.spool.memory,
			r.spool.end/blockSize-int64(len(r.spool.free)), r.spool.end/blockSize)
	}
	return results
}

// TestOutputIsExact has commands print anything, with room in memory for all,
// some and none of it.
func TestOutputIsExact(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, memory := range []int64{1, 700 << 10, 16 << 20} {
		t.Run(fmt.Sprint(memory), func(t *testing.T) {
			r := &Runner{
				Path: self, Name: "self", Concurrency: 8, TempDir: t.TempDir(), limits: defaultLimits,
				Prepare: func(_ context.Context, i int) (Job, error) {
					return Job{Env: append(os.Environ(), "PLAY="+strconv.Itoa(i+1))}, nil
				},
			}
			r.limits.memory = memory
			for i, e := range all(t, r, 40) {
				if e.Err != nil || e.State != Exited || e.ExitCode != (i+1)%7 {
					t.Errorf("job %d: %v %d %v", i, e.State, e.ExitCode, e.Err)
				}
				if e.out != string(script(i+1, Stdout)) || e.err != string(script(i+1, Stderr)) {
					t.Errorf("job %d printed something else", i)
				}
			}
		})
	}
}

// TestLinesAreWholeAndExact puts the chunks together again.
func TestLinesAreWholeAndExact(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const jobs = 20
	var got [jobs][2]bytes.Buffer
	var half [jobs][2]bool
	var inside atomic.Int32
	r := &Runner{
		Path: self, Name: "self", Concurrency: 8, TempDir: t.TempDir(), limits: defaultLimits,
		Prepare: func(_ context.Context, i int) (Job, error) {
			return Job{Env: append(os.Environ(), "PLAY="+strconv.Itoa(i+1))}, nil
		},
		Lines: func(index int, stream Stream, lines io.Reader) {
			if inside.Add(1) != 1 {
				t.Error("two calls at once")
			}
			defer inside.Add(-1)
			if half[index][stream] {
				t.Errorf("something follows half a line of job %d", index)
			}
			before := got[index][stream].Len()
			if _, err := got[index][stream].ReadFrom(lines); err != nil {
				t.Error(err)
			}
			chunk := got[index][stream].Bytes()[before:]
			half[index][stream] = len(chunk) == 0 || chunk[len(chunk)-1] != '\n'
		},
	}
	for i, e := range all(t, r, jobs) {
		if e.out != "" || e.err != "" || e.Err != nil {
			t.Errorf("job %d: %q %q %v", i, e.out, e.err, e.Err)
		}
		for s := range got[i] {
			if !bytes.Equal(got[i][s].Bytes(), script(i+1, Stream(s))) {
				t.Errorf("job %d: stream %d is something else", i, s)
			}
		}
	}
}

// TestOrderedOutputIsExact has commands print anything, with room for all, some
// and none of what has to wait, and in no room that is larger.
func TestOrderedOutputIsExact(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const jobs = 40
	for _, room := range []struct{ memory, disk int64 }{{0, 0}, {1, blockSize}, {100 << 10, 10 * blockSize}, {16 << 20, 4 << 30}} {
		t.Run(fmt.Sprint(room), func(t *testing.T) {
			t.Parallel()
			var got [jobs][2]bytes.Buffer
			turn := 0
			r := &Runner{
				Path: self, Name: "self", Concurrency: 8, TempDir: t.TempDir(), limits: defaultLimits, Ordered: true,
				Prepare: func(_ context.Context, i int) (Job, error) {
					return Job{Env: append(os.Environ(), "PLAY="+strconv.Itoa(i+1))}, nil
				},
				Lines: func(index int, stream Stream, output io.Reader) {
					if index != turn {
						t.Errorf("output of job %d in the turn of %d", index, turn)
					}
					if _, err := got[index][stream].ReadFrom(output); err != nil {
						t.Error(err)
					}
				},
			}
			r.limits.memory, r.limits.disk = room.memory, room.disk
			for result := range r.Run(t.Context(), jobs) {
				if result.Index != turn || result.Err != nil || result.State != Exited || result.ExitCode != (turn+1)%7 {
					t.Errorf("result %d in the turn of %d: %v %d %v", result.Index, turn, result.State, result.ExitCode, result.Err)
				}
				for s, o := range result.Output {
					if o.Size() > 0 || !bytes.Equal(got[turn][s].Bytes(), script(turn+1, Stream(s))) {
						t.Errorf("job %d, stream %d: %d bytes have come, %d are left", turn, s, got[turn][s].Len(), o.Size())
					}
				}
				result.Close()
				turn++
			}
			if turn != jobs {
				t.Errorf("%d results", turn)
			}
			if r.spool.end > room.disk || r.spool.memory != 0 {
				t.Errorf("the file has %d bytes, %d bytes of memory are in use", r.spool.end, r.spool.memory)
			}
		})
	}
}

// TestUnnamed holds that what is spilled has no name.
func TestUnnamed(t *testing.T) {
	dir := t.TempDir()
	f, err := createUnnamed(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); runtime.GOOS != "windows" && (err != nil || len(entries) > 0) {
		t.Errorf("%v %v", entries, err)
	}
	if _, err := f.WriteAt([]byte("x"), 10); err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(io.NewSectionReader(f, 10, 5)); err != nil || string(got) != "x" {
		t.Errorf("%q %v", got, err)
	}
}
