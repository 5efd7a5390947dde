package cli

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// homeVariable is where the home folder comes from.
const homeVariable = "USERPROFILE"

func ownProcessGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// notAProgram is the error of a file that the system cannot run. The system's
// own text has a placeholder in it.
const (
	notAProgram     = windows.ERROR_BAD_EXE_FORMAT
	notAProgramText = "it is no program of this system"
)

// executableHint is empty: what a file is called makes it executable.
func executableHint(string) string { return "" }

// brokenPipe are the errors of a write to a pipe that nobody reads any more.
var brokenPipe = []error{syscall.EPIPE, windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA}
