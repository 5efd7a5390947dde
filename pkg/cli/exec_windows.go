package cli

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"aws-sso-plugins/pkg/cli/harden"
)

// Exec runs a command as a child that has the console and the streams of this
// process, with the arguments after its name and the environment env, and ends
// with its exit status: an [ExitStatus] is returned. Ctrl-C reaches the child from
// the console, and is its business alone.
func (a *App) Exec(path string, words, env []string) error {
	a.endProgress()
	// Only a signal that somebody listens for does not end the process: the runtime
	// leaves an ignored one to the system, which does.
	signal.Ignore(endingSignals...)
	signal.Notify(make(chan os.Signal, 1), endingSignals...)
	redo := harden.Undo()
	cmd := exec.Cmd{Path: path, Args: words, Env: env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := cmd.Start()
	redo()
	if err != nil {
		return a.cannotRun(words[0], err)
	}
	err = cmd.Wait()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		return ExitStatus(ended.ExitCode())
	case err != nil:
		return a.cannotRun(words[0], err)
	}
	return nil
}
