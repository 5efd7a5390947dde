//go:build !windows

package cli

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

var endingSignals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// writeToClosedPipeFails makes a write to a pipe without a reader an error,
// which Console notes, instead of the end of the process: files that are being
// written are finished first. The signal is not ignored but handled by nobody,
// since what is ignored stays so in every child.
func writeToClosedPipeFails() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// raise sends the signal to this process, which it ends. It returns if the
// signal is ignored, or if this is the first process of a container, which no
// signal ends.
func raise(sig os.Signal) {
	number, ok := sig.(syscall.Signal)
	if !ok || os.Getpid() == 1 {
		return
	}
	signal.Reset(sig)
	if syscall.Kill(os.Getpid(), number) == nil {
		time.Sleep(100 * time.Millisecond) // it is on its way
	}
}
