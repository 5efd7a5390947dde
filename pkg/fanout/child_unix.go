//go:build !windows

package fanout

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// child is a command that was started.
type child struct {
	pid            int
	pidfd          int         // of Linux; negative: there is none
	pipes          [2]*os.File // the ends that are read, by Stream
	started, ended time.Time
}

// start starts a program as the leader of a session, so that it has no terminal
// to wait for, and its number names its process group.
func (c *child) start(path string, argv, env []string, in *os.File, write [2]*os.File) (err error) {
	c.pid, _, err = syscall.StartProcess(path, argv, &syscall.ProcAttr{ //nolint:gosec // the command that the user named
		Env:   env,
		Files: []uintptr{in.Fd(), write[Stdout].Fd(), write[Stderr].Fd()},
		Sys:   c.session(),
	})
	return err
}

// number returns the id of the process, which is also that of its group and its
// session.
func (c *child) number() int { return c.pid }

// ask asks the process group to end: with SIGTERM if sig is nil. A stopped one
// gets no signal until it continues.
func (c *child) ask(sig os.Signal) {
	number, ok := sig.(syscall.Signal)
	if !ok {
		number = syscall.SIGTERM
	}
	_ = syscall.Kill(-c.pid, number)
	_ = syscall.Kill(-c.pid, syscall.SIGCONT)
}

func (c *child) killGroup() { _ = syscall.Kill(-c.pid, syscall.SIGKILL) }

// reap takes the status of a command that has ended.
func (c *child) reap() (State, int, os.Signal, error) {
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(c.pid, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return NotStarted, 0, nil, os.NewSyscallError("wait4", err)
		case status.Signaled():
			return Signaled, 0, status.Signal(), nil
		}
		return Exited, status.ExitStatus(), nil, nil
	}
}

// scarce reports whether an error says that there are too many of something now:
// descriptors, processes, memory.
func scarce(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// tooManyFiles reports whether an error says that this process has as many files
// open as it may.
func tooManyFiles(err error) bool { return errors.Is(err, syscall.EMFILE) }

// descriptors returns how many files this process may have open.
func descriptors() (int, bool) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, false
	}
	return int(min(limit.Cur, 1<<20)), true
}
