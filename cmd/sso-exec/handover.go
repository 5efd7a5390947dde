package main

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/cli/harden"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/resolve"
)

// handover makes the environment of a command.
type handover struct {
	*command
	app    *cli.App
	config *awsconfig.Config

	noted sync.Map // by text
}

// environ is the environment that each command's is made from. Nobody changes it.
var environ = sync.OnceValue(func() []string { return slices.DeleteFunc(harden.Environ(), isWorkerVariable) })

// to returns whom the command acts as.
func (h *handover) to(t *resolve.Target) resolve.Handover {
	to := t.Handover()
	to.Region = cmp.Or(h.ClientRegion, to.Region)
	return to
}

// environment gets the credentials and returns the environment of the command.
func (h *handover) environment(ctx context.Context, t *resolve.Target) ([]string, aws.Credentials, error) {
	credentials, err := t.Credentials(ctx)
	t.Release()
	if err != nil {
		return nil, aws.Credentials{}, err
	}
	var env resolve.Environment
	if h.ProfileOnly {
		env = resolve.ProfileEnvironment(h.to(t), environ())
		credentials = aws.Credentials{}
	} else {
		env = resolve.RoleEnvironment(h.config, h.to(t), credentials, environ())
	}
	for _, note := range env.Notes {
		if _, told := h.noted.LoadOrStore(note, true); !told {
			h.app.Warn(fault.Newf(fault.Notice, "%s", note))
		}
	}
	return env.Apply(environ()), credentials, nil
}

// one runs the command in the place of this process. Whatever fails here is not
// the command's failure.
func (h *handover) one(ctx context.Context, path string, t *resolve.Target) error {
	env, _, err := h.environment(ctx, t)
	switch {
	case ctx.Err() != nil:
		return err // a signal or the deadline has its own status
	case fault.KindOf(err) == fault.Login:
		return cli.ExitStatus(cli.StatusNotRun) // it was told with the session
	case err != nil:
		h.app.Error(fault.Annotate(err, "%s", label(t)).WithHint("%s", fault.HintOf(err)))
		return cli.ExitStatus(cli.StatusNotRun)
	}
	return h.app.Exec(path, h.app.Words, env)
}

// label returns the name of the target in messages.
func label(t *resolve.Target) string {
	if t.Profile != "" {
		return t.Profile
	}
	return t.AccountID + "/" + t.RoleName
}
