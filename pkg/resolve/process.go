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
	"aws-sso-plugins/pkg/tokencache"
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
	markProcess(cmd, profile)
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
	credentials, err := parseProcessOutput(printed.content.Bytes())
	if err != nil {
		return aws.Credentials{}, processFault(err, said.text(), profile.Get("credential_process"))
	}
	return credentials, nil
}

var (
	errNoCredentials = errors.New("what it printed are no credentials")
	errNoTime        = errors.New("its Expiration is no time with a zone, such as 2026-01-02T15:04:05Z")
	errExpired       = errors.New("its Expiration has passed")
)

// parseProcessOutput reads what a credential_process prints
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html).
func parseProcessOutput(text []byte) (aws.Credentials, error) {
	var out struct {
		Version                                               int
		AccessKeyID, SecretAccessKey, SessionToken, AccountID string
		Expiration                                            any
	}
	// Its names are matched without regard to case: AccessKeyId, AccountId.
	if err := json.Unmarshal(text, &out); err != nil || out.Version != 1 || out.AccessKeyID == "" || out.SecretAccessKey == "" {
		return aws.Credentials{}, errNoCredentials
	}
	c := aws.Credentials{
		AccessKeyID: out.AccessKeyID, SecretAccessKey: out.SecretAccessKey, SessionToken: out.SessionToken,
		AccountID: out.AccountID, Source: "credential_process",
	}
	if out.Expiration != nil {
		text, _ := out.Expiration.(string)
		c.CanExpire, c.Expires = true, tokencache.ParseTime(text)
	}
	switch {
	case c.CanExpire && c.Expires.IsZero():
		return c, errNoTime
	case c.Expired():
		return c, errExpired
	case !wire.Carries(c.AccessKeyID, c.SecretAccessKey, c.SessionToken):
		return c, errNoCredentials
	}
	return c, nil
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

// processWords returns the program and the arguments of a credential_process. The
// AWS CLI asks no shell, though the Go SDK does: what only a shell understands
// must not pass here.
func processWords(p *awsconfig.Profile) ([]string, error) {
	command := p.Get("credential_process")
	split, flaw := awsconfig.ShellWords, "credential_process ends within a quote, or in a backslash"
	if runtime.GOOS == "windows" {
		split, flaw = windowsWords, "credential_process ends within a quote"
	}
	switch words, ok := split(command); {
	case !ok:
		return nil, invalid(p, "credential_process", "%s", flaw)
	case len(words) == 0:
		return nil, invalid(p, "credential_process", "credential_process holds no command")
	default:
		return words, nil
	}
}

func processFault(err error, said, command string) *fault.Error {
	f := fault.New(fault.Process, "the credential_process failed", fault.Reason(err))
	var (
		exit  *exec.ExitError
		start *exec.Error
		path  *fs.PathError
	)
	switch {
	case errors.As(err, &exit):
		f.Why = exit.ProcessState.String()
	case errors.As(err, &start):
		f.Why = fmt.Sprintf("cannot run %s: %s", fault.Path(start.Name), fault.Reason(err))
	case errors.As(err, &path):
		f.Why = fmt.Sprintf("cannot run %s: %s", fault.Path(path.Path), fault.Reason(err))
	}
	if said != "" {
		f.Why += ": " + said
	}
	special := "~$|&;<>`"
	if runtime.GOOS == "windows" {
		special = "%|&<>^"
	}
	if strings.ContainsAny(command, special) {
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
