package fanout

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pipe returns the ends of a pipe. They block, as the one goroutine that reads
// them waits with poll(2): two more goroutines and the runtime's poller cost more
// than the start of a command.
func pipe() (read, write *os.File, err error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	return os.NewFile(uintptr(ends[0]), "|0"), os.NewFile(uintptr(ends[1]), "|1"), nil
}

// collect takes the output of a command, waits for its end and kills what it has
// left behind. It leaves the command to be reaped: until then its number is nobody
// else's.
func (r *Runner) collect(c *child, f *feed) (lost [2]error) {
	if c.pidfd < 0 || r.limits.concurrent { // before Linux 5.3
		for s, p := range c.pipes {
			c.pipes[s] = pollable(p)
		}
		return r.collectConcurrently(c, f)
	}
	defer func() { _ = unix.Close(c.pidfd) }()
	const exit = len(c.pipes)
	fds := []unix.PollFd{exit: {Fd: int32(c.pidfd), Events: unix.POLLIN}}
	for s, p := range c.pipes {
		fds[s] = unix.PollFd{Fd: int32(p.Fd()), Events: unix.POLLIN}
	}
	buffer := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buffer)
	var killed time.Time // when what the command left behind was
	for fds[Stdout].Fd >= 0 || fds[Stderr].Fd >= 0 {
		if f.last.Load() && time.Since(killed) >= r.limits.settling() {
			f.limitRest(c) // whoever still writes is not followed
		}
		timeout := -1
		switch held := r.limits.held - time.Since(c.ended); {
		case c.ended.IsZero():
		case f.last.Load():
			timeout = int(r.limits.settling().Milliseconds())
		default:
			timeout = int(max(held, 0).Milliseconds()) + 1
		}
		n, err := unix.Poll(fds, timeout)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case n == 0 && f.last.Load():
			return lost // who still holds them is not followed
		case !c.ended.IsZero() && time.Since(c.ended) >= r.limits.held && !f.last.Load():
			c.killGroup()
			killed = time.Now()
			f.last.Store(true)
		}
		for s, p := range c.pipes {
			if fds[s].Revents == 0 {
				continue
			}
			more, failed := f.read(Stream(s), p, buffer[:])
			if lost[s] == nil {
				lost[s] = failed
			}
			if !more {
				fds[s].Fd = -1
			}
		}
		if fds[exit].Revents != 0 {
			fds[exit].Fd = -1
			c.ended = time.Now()
		}
	}
	if c.ended.IsZero() {
		c.waitExit()
		c.ended = time.Now()
	}
	c.killGroup()
	return lost
}

// limitRest lets no more be read of each pipe than it holds now.
func (f *feed) limitRest(c *child) {
	for s, p := range c.pipes {
		if n, err := unix.IoctlGetInt(int(p.Fd()), unix.TIOCINQ); err == nil {
			f.rest[s] = min(f.rest[s], n)
		}
	}
}

// pollable returns a file of the same pipe whose Close ends a Read.
func pollable(f *os.File) *os.File {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return f
	}
	_ = f.Close()
	_ = unix.SetNonblock(fd, true)
	return os.NewFile(uintptr(fd), f.Name())
}
