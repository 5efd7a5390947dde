//go:build !windows

package cli

import (
	"os/exec"
	"syscall"
)

// homeVariable is where the home folder comes from.
const homeVariable = "HOME"

func ownProcessGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
