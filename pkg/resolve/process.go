package resolve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"aws-sso-plugins/pkg/awsconfig"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/wire"
)

const (
	// processGrace is how long the children of a process that was ended may
	// hold its output open.
	processGrace = 500 * time.Millisecond
	// maxProcessOutput is far above what credentials take.
	maxProcessOutput = 1 << 20
)

// runProcess runs a credential_process command, for as long as an attempt at
// AWS may take. What it prints on standard output is secret, so nothing of it is
// ever told; the last line of its standard error is.
func (p *Plan) runProcess(ctx context.Context, profile *awsconfig.Profile) (aws.Credentials, error) {
	argv, err := processWords(profile)
	if err != nil {
		return aws.Credentials{}, err
	}
	timeout := p.resolver.Wire.Timeout()
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	printed, said := &boundedOutput{full: cancel}, &lastLine{}
	// Without standard input: nobody is there to answer a question.
	cmd := exec.CommandContext(limited, argv[0], argv[1:]...) //nolint:gosec // what it is for, and only with --allow-process
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = printed, said, processGrace
	if err := markProcess(cmd, profile); err != nil {
		return aws.Credentials{}, err
	}
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return aws.Credentials{}, wire.Fault(ctx.Err(), "the credential_process was stopped")
	case printed.overflowed:
		return aws.Credentials{}, fault.New(fault.Process, "the credential_process failed", "it printed more than 1 MiB")
	case limited.Err() != nil:
		return aws.Credentials{}, fault.Newf(fault.Timeout, "the credential_process gave no answer within %s", timeout)
	}
	// A child that lives on may hold the output open; it is complete as far as
	// the command is.
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		f := processFault(err, said.text(), profile.Get("credential_process"))
		if isMisuse(argv[0], err) {
			f.Err = ErrMisusedProcess
		}
		return aws.Credentials{}, f
	}
	credentials, ok := parseProcessOutput(printed.content.Bytes())
	if !ok {
		return aws.Credentials{}, processFault(nil, said.text(), profile.Get("credential_process"))
	}
	return credentials, nil
}

// parseProcessOutput reads what a credential_process prints
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html).
func parseProcessOutput(text []byte) (c aws.Credentials, ok bool) {
	var out struct {
		Version                                               int
		AccessKeyID, SecretAccessKey, SessionToken, AccountID string
		Expiration                                            *time.Time
	}
	// Its names are matched without regard to case: AccessKeyId, AccountId.
	if err := json.Unmarshal(text, &out); err != nil || out.Version != 1 || out.AccessKeyID == "" || out.SecretAccessKey == "" {
		return c, false
	}
	c = aws.Credentials{
		AccessKeyID: out.AccessKeyID, SecretAccessKey: out.SecretAccessKey, SessionToken: out.SessionToken,
		AccountID: out.AccountID, Source: "credential_process",
	}
	if out.Expiration != nil {
		c.CanExpire, c.Expires = true, *out.Expiration
	}
	return c, !c.Expired() && wire.Carries(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
}

// boundedOutput keeps what is written up to a bound, and then calls full.
type boundedOutput struct {
	content    bytes.Buffer
	full       func()
	overflowed bool
}

func (b *boundedOutput) Write(p []byte) (int, error) {
	if b.content.Len()+len(p) > maxProcessOutput {
		b.overflowed = true
		b.full()
		return 0, io.ErrShortBuffer
	}
	return b.content.Write(p)
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

func processFault(err error, said, command string) *fault.Error {
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
