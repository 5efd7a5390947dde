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
			return "", a.refuse(command, fault.Newf(fault.Usage, "%s is not executable", there).
				WithHint("%s", executableHint(there)))
		}
		return "", a.cannotRun(command, exec.ErrNotFound)
	}
	return "", a.cannotRun(command, err)
}

// cannotRun prints why a command cannot be run, and returns the exit status.
func (a *App) cannotRun(command string, err error) error {
	switch {
	case errors.Is(err, exec.ErrNotFound) && filepath.Base(command) == command:
		a.Error(fault.Newf(fault.Usage, "cannot run %s: there is no such command on the PATH", fault.Path(command)))
		return ExitStatus(statusNotFound)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		a.Error(fault.Newf(fault.Usage, "cannot run %s: no such file, or its interpreter is missing", fault.Path(command)))
		return ExitStatus(statusNotFound)
	case isFolder(command):
		return a.refuse(command, fault.Newf(fault.Usage, "it is a folder"))
	case errors.Is(err, fs.ErrPermission):
		return a.refuse(command, fault.Newf(fault.Usage, "it is not executable").WithHint("%s", executableHint(command)))
	case errors.Is(err, notAProgram):
		return a.refuse(command, fault.Newf(fault.Usage, "%s", notAProgramText))
	}
	return a.refuse(command, fault.Wrap(fault.Usage, fault.Cause(err), ""))
}

func (a *App) refuse(command string, why *fault.Error) error {
	a.Error(fault.New(fault.Usage, "cannot run "+fault.Path(command), why.Error()).WithHint("%s", why.Hint))
	return ExitStatus(statusNotExecutable)
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
