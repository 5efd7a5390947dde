package fanout

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The roles of this binary in a supervised run: the variable SUPERVISED says
// which.
func init() {
	switch os.Getenv("SUPERVISED") {
	case "supervisor":
		if err := os.Setenv("SUPERVISED", "worker"); err != nil {
			panic(err)
		}
		exit, err := Supervise(context.Background(), os.Args, os.Environ(), [3]*os.File{os.Stdin, os.Stdout, os.Stderr},
			func(error) os.Signal { return nil })
		fmt.Fprintln(os.Stderr, "supervisor:", exit, err)
		if err != nil || exit.Signal != nil {
			os.Exit(1)
		}
		os.Exit(exit.Status)
	case "worker":
		os.Exit(superviseWork())
	}
}

// superviseWork runs one shell script, the last argument, and says its own number
// and when the script has started.
func superviseWork() int {
	bash, err := exec.LookPath("bash") // dash has job control at a terminal alone
	if err != nil {
		return 99
	}
	r := &Runner{
		Path: bash, Name: "bash", Args: []string{"-c", os.Args[len(os.Args)-1]}, Concurrency: 1,
		Prepare: func(context.Context, int) (Job, error) { return Job{Env: os.Environ()}, nil },
		Lines: func(_ int, s Stream, lines io.Reader) {
			_, _ = io.Copy([]*os.File{os.Stdout, os.Stderr}[s], lines)
		},
	}
	r.Supervisor = Connect(func(os.Signal) {}, func() { r.Kill() })
	fmt.Println(os.Getpid())
	for result := range r.Run(context.Background(), 1) {
		result.Close()
		return result.ExitCode
	}
	return 0
}

// supervised starts a supervised run and returns it, the worker's number, and the
// numbers that the script has printed.
func supervised(t *testing.T, script string, lines int) (cmd *exec.Cmd, worker int, printed []int) {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(self, "-test.run=^$", script)
	cmd.Env = append(os.Environ(), "SUPERVISED=supervisor")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(out)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	for range lines + 1 {
		if !scanner.Scan() {
			t.Fatal("it ends early")
		}
		n, err := strconv.Atoi(strings.TrimSpace(scanner.Text()))
		if err != nil {
			t.Fatal(err)
		}
		printed = append(printed, n)
	}
	return cmd, printed[0], printed[1:]
}

// family is a script with a child, a grandchild, one in the background with a
// process group of its own, and an orphan, which all ignore what can be ignored.
const family = `trap '' TERM INT HUP
set -m
sh -c 'echo $$; while :; do sleep 1000; done' &
sh -c 'sh -c "echo \$\$; while :; do sleep 1000; done" & :'
echo $$
while :; do sleep 1000; done`

func TestNothingOutlivesAKill(t *testing.T) {
	for _, who := range []string{"the supervisor", "the worker"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			cmd, worker, family := supervised(t, family, 3)
			victim := worker
			if who == "the supervisor" {
				victim = cmd.Process.Pid
			}
			if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil {
				t.Error("it ends with 0")
			}
			for _, pid := range append(family, worker) {
				gone(t, pid)
			}
		})
	}
}

// TestSweep: what a command has left behind in its session ends with the run, and
// what has a session of its own does not.
func TestSweep(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	cmd, _, pids := supervised(t, `set -m
sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &
setsid sh -c 'echo $$; : >`+mark+`; exec sleep 1000 >/dev/null 2>&1' &
while ! [ -e `+mark+` ]; do sleep 0.01; done; exit 7`, 2)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit status %d", code)
	}
	ended, running := 0, 0
	for _, pid := range pids {
		if p, ok := readProcess(pid); !ok || p.zombie {
			ended++
			continue
		}
		running++
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if ended != 1 || running != 1 {
		t.Errorf("%d have ended and %d are running", ended, running)
	}
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if p, ok := readProcess(pid); !ok || p.zombie {
			return
		}
	}
	t.Errorf("process %d is still running", pid)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}
