package resolve

import (
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"aws-sso-plugins/pkg/awsconfig"
)

// ErrMisusedProcess is in the error of a credential_process that cannot work as
// it is written: it asks, by whatever way, for the profile that it is to serve,
// or it is sso-creds with a command line or a config that makes no sense.
var ErrMisusedProcess = errors.New("a credential_process that cannot work as it is written")

// processVariable tells a credential_process which profiles it is run for, a
// line each: its own, and those of the processes that it runs in. Without it a
// command that comes back to its profile would start itself for ever.
const processVariable = "SSO_CREDENTIAL_PROCESS_OF"

// checkCircle returns an error of kind Config if this process is part of a
// profile's credential_process, and so must not run it.
func checkCircle(p *awsconfig.Profile) error {
	if !slices.Contains(profilesServed((&exec.Cmd{}).Environ()), p.Name) {
		return nil
	}
	f := invalid(p, "credential_process", "credential_process comes back to the profile %q that it is for", p.Name)
	f.Err = ErrMisusedProcess
	return f
}

// markProcess tells the command of a profile's credential_process what it is
// run for.
func markProcess(cmd *exec.Cmd, p *awsconfig.Profile) {
	environ := cmd.Environ()
	served := append(profilesServed(environ), p.Name)
	environ = append(environ, processVariable+"="+strings.Join(served, "\n"))
	cmd.Env = environ
}

// profilesServed returns the profiles whose credential_process the environment
// says that this process is part of.
func profilesServed(environ []string) []string {
	var served []string
	for _, pair := range environ {
		if list, ok := strings.CutPrefix(pair, processVariable+"="); ok && list != "" {
			served = strings.Split(list, "\n")
		}
	}
	return served
}

// isMisuse reports whether a command is sso-creds and says with its exit status
// that it was called in a way that makes no sense.
func isMisuse(program string, err error) bool {
	var exit *exec.ExitError
	name := strings.TrimSuffix(filepath.Base(program), ".exe")
	return name == "sso-creds" && errors.As(err, &exit) && exit.ExitCode() == 2
}
