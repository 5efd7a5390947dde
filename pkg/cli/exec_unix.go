//go:build !windows

package cli

import (
	"os/signal"
	"syscall"

	"aws-sso-plugins/pkg/cli/harden"
)

// Exec replaces this process with a command, with the arguments after its name
// and the environment env. It returns only on failure: it prints the reason,
// and the error is the [ExitStatus]. The command inherits nothing from this
// process: signals, limits and GODEBUG are as they were at the start, and files
// are closed.
func (a *App) Exec(path string, words, env []string) error {
	a.endProgress()
	redo := harden.Undo()
	defer redo()
	signal.Reset(append(endingSignals, syscall.SIGPIPE)...)
	return a.cannotRun(words[0], syscall.Exec(path, words, env)) //nolint:gosec // what it is for
}
