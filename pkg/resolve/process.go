package resolve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

const (
	// processTimeout is how long a credential_process may run, as in the SDKs.
	processTimeout = time.Minute
	// processGrace is how long the children of a process that was ended may
	// hold its output open.
	processGrace = 500 * time.Millisecond
)

// runProcess runs a credential_process command. What it prints on standard
// output is secret, so nothing of it is ever told; the last line of its
// standard error is.
func runProcess(ctx context.Context, p *awsconfig.Profile) (aws.Credentials, error) {
	argv, err := processWords(p)
	if err != nil {
		return aws.Credentials{}, err
	}
	limited, cancel := context.WithTimeout(ctx, processTimeout)
	defer cancel()
	said := &lastLine{}
	builder := processcreds.NewCommandBuilderFunc(func(ctx context.Context) (*exec.Cmd, error) {
		// Without standard input: nobody is there to answer a question.
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // what it is for, and only with --allow-process
		cmd.Stderr, cmd.WaitDelay = said, processGrace
		return cmd, nil
	})
	got, err := processcreds.NewProviderCommand(builder, func(o *processcreds.Options) { o.Timeout = -1 }).Retrieve(limited)
	switch {
	case err == nil:
		return got, nil
	case ctx.Err() != nil:
		return aws.Credentials{}, wire.Fault(ctx.Err(), "the credential_process was stopped")
	case limited.Err() != nil:
		return aws.Credentials{}, fault.Newf(fault.Timeout, "the credential_process gave no answer within %s", processTimeout)
	}
	return aws.Credentials{}, processFault(err, said.text(), p.Get("credential_process"))
}

// processWords are the program and the arguments of a credential_process. The
// AWS CLI asks no shell, though the Go SDK does: what only a shell understands
// must not pass here.
func processWords(p *awsconfig.Profile) ([]string, error) {
	command := p.Get("credential_process")
	if runtime.GOOS == "windows" {
		return []string{"cmd.exe", "/C", command}, nil // whose rules for quotes are about those of the AWS CLI there
	}
	switch words, ok := awsconfig.ShellWords(command); {
	case !ok:
		return nil, invalid(p, "credential_process", "credential_process ends within a quote, or in a backslash")
	case len(words) == 0:
		return nil, invalid(p, "credential_process", "credential_process holds no command")
	default:
		return words, nil
	}
}

func processFault(err error, said, command string) error {
	f := fault.New(fault.Process, "the credential_process failed", "what it printed are no credentials")
	var (
		exit  *exec.ExitError
		start *exec.Error
		path  *fs.PathError
	)
	switch {
	case errors.As(err, &exit):
		f.Why = exit.ProcessState.String()
	case errors.As(err, &start):
		f.Why = fmt.Sprintf("cannot run %q: %s", start.Name, start.Err)
	case errors.As(err, &path):
		f.Why = fmt.Sprintf("cannot run %q: %s", path.Path, path.Err)
	}
	if said != "" {
		f.Why += ": " + said
	}
	if runtime.GOOS != "windows" && strings.ContainsAny(command, "~$|&;<>`") {
		f.Why += ": the AWS CLI runs it without a shell"
	}
	return f
}

// lastLine keeps the end of what is written.
type lastLine struct{ tail []byte }

const tailSize = 1 << 10

func (l *lastLine) Write(b []byte) (int, error) {
	l.tail = append(l.tail, b...)
	l.tail = l.tail[max(0, len(l.tail)-tailSize):]
	return len(b), nil
}

func (l *lastLine) text() string {
	lines := strings.Split(strings.TrimSpace(string(l.tail)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
