//go:build !windows

package cli

import (
	"context"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// WhenOutCloses calls do once when the reader of standard output has gone,
// which the next write might tell late. It watches until ctx ends.
func (c *Console) WhenOutCloses(ctx context.Context, do func()) {
	if info, err := c.stdout.Stat(); err != nil || info.Mode().IsRegular() || c.OutTerminal {
		return
	}
	const wait = 200 * time.Millisecond
	go func() {
		fds := []unix.PollFd{{Fd: int32(c.stdout.Fd())}} // errors are always looked for
		for ctx.Err() == nil {
			n, err := unix.Poll(fds, int(wait.Milliseconds()))
			switch {
			case n > 0 && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0:
				c.mu.Lock()
				if c.outError == nil {
					c.outError = syscall.EPIPE
				}
				c.mu.Unlock()
				do()
				return
			case n > 0, err != nil && err != unix.EINTR:
				return // it cannot be watched
			}
		}
	}()
}
