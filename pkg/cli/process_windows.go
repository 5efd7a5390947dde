package cli

import (
	"os/exec"
	"syscall"
)

// homeVariable is where the home folder comes from.
const homeVariable = "USERPROFILE"

func ownProcessGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
