//go:build !windows

package cli

import (
	"os/exec"
	"syscall"

	"aws-sso-plugins/pkg/fault"
)

// homeVariable is where the home folder comes from.
const homeVariable = "HOME"

func ownProcessGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// notAProgram is the error of a file that the system cannot run.
const (
	notAProgram     = syscall.ENOEXEC
	notAProgramText = "it is no program of this system, and a script needs a first line such as #!/bin/sh"
)

// executableHint is the command that makes a file executable.
func executableHint(path string) string { return "run: chmod +x " + fault.Word(path) }

// brokenPipe are the errors of a write to a pipe that nobody reads any more.
var brokenPipe = []error{syscall.EPIPE}
