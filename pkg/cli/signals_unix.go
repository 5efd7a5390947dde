//go:build !windows

package cli

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var endingSignals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// signalsToHear returns the signals that ask this run to end. Under nohup a
// hang-up does not: to listen for it would undo that it is ignored. SIGINT is
// listened for also where it is ignored, as a shell lets a job of a script do, so
// that kill -INT asks the job to end.
func signalsToHear() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	}
	return endingSignals
}

// failingWithoutReader returns a standard stream to which a write is an error
// when it is a pipe that nobody reads, which Console notes, instead of the end of
// the process: files that are being written are finished first. Go ends it at a
// write to descriptors 1 and 2 alone, so the stream is written to by another. To
// handle SIGPIPE would start a thread, to ignore it would last in every child.
func failingWithoutReader(stream *os.File) *os.File {
	fd, err := unix.FcntlInt(stream.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
		return stream
	}
	return os.NewFile(uintptr(fd), stream.Name())
}

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
