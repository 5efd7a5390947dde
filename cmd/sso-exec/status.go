package main

import (
	"errors"
	"syscall"

	"aws-sso-plugins/pkg/cli"
	"aws-sso-plugins/pkg/fanout"
	"aws-sso-plugins/pkg/fault"
	"aws-sso-plugins/pkg/resolve"
)

// The statuses of a command, beside those of credentials.
const (
	exited     resolve.Status = "exit"
	signaled   resolve.Status = "signal"
	notStarted resolve.Status = "not-started"
)

// statuses are all that a row can have, in the order of a summary.
var statuses = []cli.Value{
	{Text: string(resolve.OK), Help: "the command exited with 0"},
	{Text: string(exited), Help: "the command exited with another status"},
	{Text: string(signaled), Help: "a signal ended the command"},
	{Text: string(notStarted), Help: "the command could not be started, or the run ended before it could start"},
	{Text: string(resolve.LoginRequired), Help: "no valid token, or the session ended meanwhile; run sso-login"},
	{Text: string(resolve.AccessDenied), Help: "the portal says that there is no such assignment"},
	{Text: string(resolve.STSDenied), Help: "STS refused the credentials, or the role"},
	{Text: string(resolve.InvalidConfig), Help: "there is no such profile, or its keys make no sense"},
	{Text: string(resolve.MFARequired), Help: "a role that needs an MFA code"},
	{Text: string(resolve.Skipped), Help: "no credentials of its own, or a credential_process without --allow-process"},
	{Text: string(resolve.Throttled), Help: "AWS asked for fewer calls to the end"},
	{Text: string(resolve.Timeout), Help: "no answer in time"},
	{Text: string(resolve.Unreachable), Help: "no connection"},
	{Text: string(resolve.Failed), Help: "anything else: a fault of the service, or output that could not be kept"},
}

// statusValues returns the words that --status takes.
func statusValues() []cli.Value {
	return append([]cli.Value{{Text: resolve.FailedWord, Help: "all but ok"}}, statuses...)
}

// parseStatuses reads the list of --status; nil is all.
func parseStatuses(list string) (resolve.StatusSet, error) {
	known := make([]resolve.Status, len(statuses))
	for i, v := range statuses {
		known[i] = resolve.Status(v.Text)
	}
	return resolve.ParseStatuses(list, known, func(s resolve.Status) bool { return s != resolve.OK })
}

// unresolved is an error of credentials, and not of the command.
type unresolved struct{ error }

func (u unresolved) Unwrap() error { return u.error }

// statusOf returns the status of a result, and its reason; "" for ok.
func statusOf(r fanout.Result) (resolve.Status, string) {
	var credentials unresolved
	switch {
	case r.State == fanout.NotStarted && errors.As(r.Err, &credentials) && fault.KindOf(r.Err) != fault.Canceled:
		return resolve.StatusOf(credentials.error), r.Err.Error()
	case r.State == fanout.NotStarted && fault.KindOf(r.Err) == fault.Canceled:
		var known *fault.Error
		if errors.As(r.Err, &known) && errors.Is(r.Err, fanout.ErrNotStarted) {
			return notStarted, r.Err.Error()
		}
		return notStarted, "not started: " + fanout.ErrNotStarted.Error()
	case r.State == fanout.NotStarted:
		return notStarted, r.Err.Error()
	case r.State == fanout.Signaled:
		return signaled, withLoss("signal: "+r.Signal.String(), r.Err)
	case r.ExitCode != 0:
		return exited, withLoss(exitReason(r.ExitCode), r.Err)
	case r.Err != nil:
		return resolve.Failed, r.Err.Error()
	}
	return resolve.OK, ""
}

// withLoss returns a reason that also says which output is missing.
func withLoss(reason string, lost error) string {
	if lost == nil {
		return reason
	}
	return reason + ", and " + lost.Error()
}

func exitReason(code int) string { return cli.ExitStatus(code).Error() }

// exitCode returns the exit status of the command, or 128 and the number of the
// signal that ended it, as a shell does; nil: it did not run.
func exitCode(r fanout.Result) *int {
	code := r.ExitCode
	switch r.State {
	case fanout.NotStarted:
		return nil
	case fanout.Signaled:
		number, _ := r.Signal.(syscall.Signal)
		code = 128 + int(number)
	}
	return &code
}
