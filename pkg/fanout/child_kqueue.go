//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package fanout

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func (c *child) session() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// waitExit returns when the command has ended, and leaves it to be reaped. That
// is kqueue's: waitid of macOS also returns for a process that has stopped
// (golang/go#19314). A process that has ended before is unknown to kqueue.
func (c *child) waitExit() {
	queue := newQueue()
	defer func() { _ = unix.Close(queue) }()
	change := make([]unix.Kevent_t, 1)
	unix.SetKevent(&change[0], c.pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	change[0].Fflags = unix.NOTE_EXIT
	event := make([]unix.Kevent_t, 1)
	for changes := change; ; changes = nil {
		n, err := unix.Kevent(queue, changes, event, nil)
		if n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// newQueue waits for a descriptor if there is none.
func newQueue() int {
	for {
		queue, err := unix.Kqueue()
		if err == nil {
			unix.CloseOnExec(queue)
			return queue
		}
		time.Sleep(startPause)
	}
}
