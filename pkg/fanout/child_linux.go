package fanout

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

func (c *child) session() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, PidFD: &c.pidfd}
}

// waitExit returns when the command has ended, and leaves it to be reaped.
func (c *child) waitExit() {
	for {
		if err := unix.Waitid(unix.P_PID, c.pid, nil, unix.WEXITED|unix.WNOWAIT, nil); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
