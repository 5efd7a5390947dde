package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"aws-sso-plugins/pkg/fault"
)

// The exit statuses, the same for every binary.
const (
	StatusOK         = 0   // all is well
	StatusPartial    = 1   // part of the work failed, or there was none
	StatusUsage      = 2   // wrong usage, or a config that AWS could not read; nothing was done
	StatusLogin      = 3   // a login is needed, was refused or timed out
	StatusFailed     = 4   // nothing could be done
	statusBrokenPipe = 141 // the reader of stdout went away
)

type statusText struct {
	status int
	text   string
}

func (s statusText) number() string { return strconv.Itoa(s.status) }

// statusTexts are the exit statuses as the help and the man page list them.
var statusTexts = [...]statusText{
	{StatusOK, "all is well"},
	{StatusPartial, "part of the work failed, or there was nothing to work on"},
	{StatusUsage, "wrong usage, or a config that AWS could not read; nothing was done"},
	{StatusLogin, "a login is needed, was refused or timed out"},
	{StatusFailed, "the service, the network or a file failed; nothing was done"},
	{130, "stopped by Ctrl-C (143 by SIGTERM, 129 by SIGHUP, 141 by a closed pipe)"},
}

// statuses returns the exit statuses of a program, in order.
func (p Program) statuses() []Value {
	var values []Value
	for _, s := range statusTexts {
		if s.status > StatusFailed {
			values = append(values, p.Statuses...)
		}
		values = append(values, Value{s.number(), s.text})
	}
	return values
}

// ExitStatus is an error that ends a run with this status. Its reason was
// printed already.
type ExitStatus int

// Error returns text for logs. It is never shown.
func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// StatusOf returns the exit status of an error.
func StatusOf(err error) int {
	var status ExitStatus
	switch {
	case err == nil:
		return StatusOK
	case errors.As(err, &status):
		return int(status)
	}
	switch fault.KindOf(err) {
	case fault.Usage, fault.Config:
		return StatusUsage
	case fault.Login:
		return StatusLogin
	case fault.Nothing, fault.Conflict, fault.Identity:
		return StatusPartial
	case fault.Notice:
		return StatusOK
	default:
		return StatusFailed
	}
}

// Worst returns the exit status of several pieces of work: the status that all
// have, else StatusPartial.
func Worst(statuses ...int) int {
	if len(statuses) == 0 {
		return StatusOK
	}
	for _, s := range statuses[1:] {
		if s != statuses[0] {
			return StatusPartial
		}
	}
	return statuses[0]
}

// IsBrokenPipe reports whether a write failed because its reader has gone.
func IsBrokenPipe(err error) bool {
	return errors.Is(err, fs.ErrClosed) || slices.ContainsFunc(brokenPipe, func(broken error) bool { return errors.Is(err, broken) })
}
