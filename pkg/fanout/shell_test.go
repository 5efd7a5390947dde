//go:build !windows

package fanout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// shell is a runner of a shell script; $N is the index.
func shell(t *testing.T, text string) *Runner {
	t.Helper()
	return &Runner{
		Path: "/bin/sh", Name: "sh", Args: []string{"-c", text}, Concurrency: 4, TempDir: t.TempDir(), limits: defaultLimits,
		Prepare: func(_ context.Context, i int) (Job, error) {
			return Job{Env: append(os.Environ(), "N="+strconv.Itoa(i))}, nil
		},
	}
}

func TestStates(t *testing.T) {
	tests := map[string]struct {
		script string
		state  State
		code   int
		signal os.Signal
		out    string
	}{
		"success":                        {"echo $N", Exited, 0, nil, "0\n"},
		"a status":                       {"echo half >&2; printf half; exit 42", Exited, 42, nil, "half"},
		"a signal":                       {"kill -9 $$", Signaled, 0, syscall.SIGKILL, ""},
		"standard input is empty":        {"cat; echo $?", Exited, 0, nil, "0\n"},
		"no terminal":                    {"(: </dev/tty) 2>/dev/null || echo none", Exited, 0, nil, "none\n"},
		"a session of its own":           {"[ $(ps -o sid= -p $$) = $$ ] && echo own", Exited, 0, nil, "own\n"},
		"a closed standard output":       {"exec >&-; exit 3", Exited, 3, nil, ""},
		"one that is left behind":        {"sleep 1000 >/dev/null 2>&1 & exit 0", Exited, 0, nil, ""},
		"one that keeps the pipe open":   {"echo x; sleep 1000 & exit 0", Exited, 0, nil, "x\n"},
		"one that keeps it, and goes on": {"echo x; (while :; do sleep 0.01; done) & exit 5", Exited, 5, nil, "x\n"},
		"SIGPIPE is as it should be":     {"yes | head -n1; echo ${PIPESTATUS:-}", Exited, 0, nil, "y\n\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := shell(t, tt.script)
			r.limits.held = 200 * time.Millisecond
			e := all(t, r, 1)[0]
			if e.Err != nil || e.State != tt.state || e.ExitCode != tt.code || e.Signal != tt.signal || e.out != tt.out {
				t.Errorf("state %d, code %d, signal %v, %v: %q", e.State, e.ExitCode, e.Signal, e.Err, e.out)
			}
			if e.OK() != (tt.state == Exited && tt.code == 0) {
				t.Errorf("OK() is %v", e.OK())
			}
		})
	}
}

// TestASessionOfItsOwnIsNotFollowed: what holds the pipe cannot be killed, and is
// not waited for.
func TestASessionOfItsOwnIsNotFollowed(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	r := shell(t, `setsid sh -c 'echo $$ >`+pid+`.new; mv `+pid+`.new `+pid+`; exec sleep 1000' & while ! [ -e `+pid+` ]; do sleep 0.01; done; echo x`)
	r.limits.held = 100 * time.Millisecond
	if e := all(t, r, 1)[0]; e.out != "x\n" || !e.OK() {
		t.Errorf("%q %v", e.out, e.Err)
	}
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
		t.Errorf("it was ended: %v", err)
	}
}

// TestASessionOfItsOwnThatPrintsIsNotFollowed: it holds the pipe and never
// pauses for long.
func TestASessionOfItsOwnThatPrintsIsNotFollowed(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	r := shell(t, `setsid sh -c 'while ! [ -e `+gone+` ]; do echo y; sleep 0.01; done' & echo x`)
	r.limits.held = 200 * time.Millisecond
	timer := time.AfterFunc(20*time.Second, func() { _ = os.WriteFile(gone, nil, 0o600) })
	e := all(t, r, 1)[0]
	if !timer.Stop() {
		t.Error("the run waited for it")
	}
	if err := os.WriteFile(gone, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(e.out, "x\n") || !e.OK() {
		t.Errorf("%q %v", e.out, e.Err)
	}
}

func TestCannotStart(t *testing.T) {
	r := shell(t, "")
	r.Path = filepath.Join(t.TempDir(), "none")
	for _, e := range all(t, r, 3) {
		if e.State != NotStarted || e.Err == nil || e.Err.Error() != `cannot start "sh": no such file or directory` {
			t.Errorf("%v: %v", e.State, e.Err)
		}
	}
	cannot := errors.New("no credentials")
	r = shell(t, "echo $N")
	prepare := r.Prepare
	r.Prepare = func(ctx context.Context, i int) (Job, error) {
		if i == 1 {
			return Job{}, cannot
		}
		return prepare(ctx, i)
	}
	for i, e := range all(t, r, 3) {
		if i == 1 && (e.State != NotStarted || !errors.Is(e.Err, cannot)) || i != 1 && e.out != fmt.Sprintln(i) {
			t.Errorf("%d: %v %q: %v", i, e.State, e.out, e.Err)
		}
	}
}

func TestMaxFailures(t *testing.T) {
	r := shell(t, "exit $N")
	r.Concurrency, r.MaxFailures = 1, 3
	for i, e := range all(t, r, 10) {
		switch {
		case i <= 3 && (e.State != Exited || e.ExitCode != i):
			t.Errorf("%d: %v %d", i, e.State, e.ExitCode)
		case i > 3 && (e.State != NotStarted || !errors.Is(e.Err, ErrNotStarted) || e.Err.Error() != "not started: 3 have failed"):
			t.Errorf("%d: %v %v", i, e.State, e.Err)
		}
	}
}

// TestCancel ends commands that wait, that stop, and that do not listen.
func TestCancel(t *testing.T) {
	dir := t.TempDir()
	scripts := map[string]struct {
		script string
		signal syscall.Signal
	}{
		"listens":       {"touch " + dir + "/listens; exec sleep 1000", syscall.SIGINT},
		"does not":      {"trap '' INT TERM; touch '" + dir + "/does not'; while :; do sleep 1000; done", syscall.SIGKILL},
		"has stopped":   {"(while [ $(ps -o s= -p $$) != T ]; do :; done; touch '" + dir + "/has stopped') & kill -STOP $$; exit 1", syscall.SIGINT},
		"has a message": {"trap 'echo ended; trap - INT; kill -INT $$' INT; touch '" + dir + "/has a message'; while :; do sleep 0.01; done", syscall.SIGINT},
	}
	for name, tt := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := shell(t, tt.script)
			r.Concurrency = 1
			if tt.signal == syscall.SIGKILL {
				r.limits.ending = 300 * time.Millisecond
			}
			r.Signal = func(error) os.Signal { return os.Interrupt }
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				defer cancel()
				for t.Context().Err() == nil {
					if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
						return
					}
					time.Sleep(time.Millisecond)
				}
			}()
			for result := range r.Run(ctx, 2) {
				e := take(t, result)
				switch {
				case e.Index == 1 && (e.State != NotStarted || !errors.Is(e.Err, ErrNotStarted)):
					t.Errorf("the second: %v %v", e.State, e.Err)
				case e.Index == 0 && (e.State != Signaled || e.Signal != tt.signal):
					t.Errorf("the first: %v %v %v", e.State, e.Signal, e.Err)
				case e.Index == 0 && name == "has a message" && e.out != "ended\n":
					t.Errorf("it says %q", e.out)
				}
			}
		})
	}
}

// TestBreakEndsTheCommands: whoever wants no more results waits for no command.
func TestBreakEndsTheCommands(t *testing.T) {
	r := shell(t, "[ $N = 0 ] || exec sleep 1000")
	for result := range r.Run(t.Context(), 10) {
		result.Close()
		break
	}
	if len(r.running) > 0 {
		t.Errorf("%d commands are still running", len(r.running))
	}
}

func TestKill(t *testing.T) {
	r := shell(t, "trap '' TERM INT HUP; while :; do sleep 1000; done")
	var started sync.WaitGroup
	started.Add(4)
	r.Started = func(int) { started.Done() }
	go func() { started.Wait(); r.Kill() }()
	killed, not := 0, 0
	for result := range r.Run(t.Context(), 10) {
		result.Close()
		switch {
		case result.State == Signaled && result.Signal == syscall.SIGKILL:
			killed++
		case errors.Is(result.Err, ErrNotStarted):
			not++
		}
	}
	if killed != 4 || not != 6 {
		t.Errorf("%d were killed and %d not started, want 4 and 6", killed, not)
	}
}

func TestExpired(t *testing.T) {
	wait := filepath.Join(t.TempDir(), "wait")
	r := shell(t, "[ $N != 0 ] || while ! [ -e "+wait+" ]; do sleep 0.01; done")
	prepare := r.Prepare
	r.Prepare = func(ctx context.Context, i int) (Job, error) {
		job, err := prepare(ctx, i)
		job.Expires = time.Now().Add(time.Hour)
		if i == 0 {
			job.Expires = time.Now().Add(-time.Second)
		}
		return job, err
	}
	var told []int
	r.Expired = func(i int) {
		told = append(told, i)
		if err := os.WriteFile(wait, nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	all(t, r, 3)
	if !slices.Equal(told, []int{0}) {
		t.Errorf("told of %v", told)
	}
}

// TestNoRoom has a folder that takes nothing: what is lost is told, and nobody
// waits for ever.
func TestNoRoom(t *testing.T) {
	r := shell(t, "yes 0123456789 | head -c 300000; echo end >&2")
	r.TempDir = filepath.Join(t.TempDir(), "none")
	r.limits.memory = 128 << 10
	r.Concurrency = 1
	results := r.Run(t.Context(), 1)
	for result := range results {
		if result.Err == nil || result.State != Exited || result.ExitCode != 0 || result.OK() ||
			result.Err.Error() != "some of what the command printed is missing: no such file or directory" {
			t.Errorf("%v %v", result.State, result.Err)
		}
		e := take(t, result)
		want := strings.Repeat("0123456789\n", 300000/11+1)[:300000]
		if !strings.HasPrefix(want, e.out) || len(e.out) < 4<<10 || e.err != "end\n" {
			t.Errorf("%d bytes, standard error %q", len(e.out), e.err)
		}
	}
}

// TestWidth counts how many run at once.
func TestWidth(t *testing.T) {
	dir := t.TempDir()
	r := shell(t, ": >"+dir+"/$N; while [ $(ls "+dir+" | wc -l) -lt 4 ]; do sleep 0.01; done")
	var mu sync.Mutex
	now, most := 0, 0
	r.Started = func(int) {
		mu.Lock()
		defer mu.Unlock()
		now++
		most = max(most, now)
	}
	seen := 0
	for result := range r.Run(t.Context(), 20) {
		mu.Lock()
		now--
		mu.Unlock()
		result.Close()
		seen++
	}
	if most < 4 || most > 8 || seen != 20 { // a result may be read after its slot is free
		t.Errorf("%d at once, %d results", most, seen)
	}
}
