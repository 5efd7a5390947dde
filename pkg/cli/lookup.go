package cli

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"aws-sso-plugins/pkg/fault"
)

// The exit statuses of a program that runs a command, as env(1) and timeout(1)
// have them.
const (
	StatusNotRun        = 125 // the program itself failed, and the command did not run
	statusNotExecutable = 126 // the command cannot be run
	statusNotFound      = 127 // there is no such command
)

// Lookup returns the path of a command, from the PATH unless it has a slash. If
// the command cannot be run, Lookup prints why, and the error is the
// [ExitStatus].
func (a *App) Lookup(command string) (string, error) {
	path, err := exec.LookPath(command)
	switch {
	case err == nil, errors.Is(err, exec.ErrDot): // the PATH says so
		return path, nil
	case filepath.Base(command) == command && command != "":
		if there := onPath(command); there != "" {
			a.Error(fault.Newf(fault.Usage, "cannot run %s: %s is not executable", fault.Path(command), there).
				WithHint("%s", executableHint(there)))
			return "", ExitStatus(statusNotExecutable)
		}
		return "", a.cannotRun(command, exec.ErrNotFound)
	}
	return "", a.cannotRun(command, err)
}

// cannotRun prints why a command cannot be run, and returns the exit status.
func (a *App) cannotRun(command string, err error) error {
	a.Error(CannotRun(command, err))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
		return ExitStatus(statusNotFound)
	}
	return ExitStatus(statusNotExecutable)
}

// CannotRun returns the fault, of kind Usage, of a command that the system does
// not run because of err.
func CannotRun(command string, err error) *fault.Error {
	f := fault.Wrap(fault.Usage, fault.Cause(err), "cannot run %s", fault.Path(command))
	switch {
	case errors.Is(err, exec.ErrNotFound) && filepath.Base(command) == command:
		f.Why = "there is no such command on the PATH"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		f.Why = "no such file, or its interpreter is missing"
	case isFolder(command):
		f.Why = "it is a folder"
	case errors.Is(err, fs.ErrPermission):
		f.Why, f.Hint = "it is not executable", executableHint(command)
	case errors.Is(err, notAProgram):
		f.Why = notAProgramText
	}
	return f
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// onPath returns the first file of the name on the PATH, which is not executable;
// empty: there is none.
func onPath(name string) string {
	if runtime.GOOS == "windows" {
		return ""
	}
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() { //nolint:gosec // a path that the user chose
			return path
		}
	}
	return ""
}
