//go:build !linux

package fanout

import (
	"context"
	"os"

	"aws-sso-plugins/pkg/fault"
)

// CanSupervise reports whether this system has what [Supervise] needs: Linux has.
const CanSupervise = false

// Supervise always fails here, see [CanSupervise].
func Supervise(context.Context, []string, []string, [3]*os.File, func(error) os.Signal) (int, error) {
	return 0, fault.Newf(fault.Unknown, "this system cannot supervise the commands")
}

// Supervisor is the worker's end of the connection to its supervisor.
type Supervisor struct{}

// Connect returns nil here, see [CanSupervise].
func Connect(func(os.Signal), func()) *Supervisor { return nil }

func (s *Supervisor) tell(int) {}
