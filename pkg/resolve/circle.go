package resolve

import (
	"errors"
	"os/exec"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
)

// ErrProcessCircle is in the error of a credential_process that asks, by
// whatever way, for the profile that it is to serve.
var ErrProcessCircle = errors.New("a credential_process that comes back to its profile")

// processVariable tells a credential_process which profiles it is run for, a
// line each: its own, and those of the processes that it runs in. Without it a
// command that comes back to its profile would start itself for ever.
const processVariable = "SSO_CREDENTIAL_PROCESS_OF"

// markProcess tells the command of a profile's credential_process what it is
// run for. The error is one of kind Config if this process is part of it.
func markProcess(cmd *exec.Cmd, p *awsconfig.Profile) error {
	environ := cmd.Environ()
	var running []string
	for _, pair := range environ {
		if list, ok := strings.CutPrefix(pair, processVariable+"="); ok && list != "" {
			running = strings.Split(list, "\n")
		}
	}
	if slices.Contains(running, p.Name) {
		f := invalid(p, "credential_process", "credential_process comes back to the profile %q that it is for", p.Name)
		f.Err = ErrProcessCircle
		return f
	}
	cmd.Env = append(environ, processVariable+"="+strings.Join(append(running, p.Name), "\n"))
	return nil
}
