//go:build !windows

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

var endingSignals = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

func ignoreBrokenPipe() { signal.Ignore(syscall.SIGPIPE) }
