//go:build !linux

package fanout

import (
	"context"
	"errors"
	"os"
)

// Supervise always fails: only Linux gives orphans to whoever asks for them.
func Supervise(context.Context, []string, []string, [3]*os.File, func(error) os.Signal) (Exit, error) {
	return Exit{}, unsupervised("this system", errors.ErrUnsupported)
}

// Supervisor is the worker's end of the connection to its supervisor.
type Supervisor struct{}

// Connect returns nil: there is no supervisor.
func Connect(func(os.Signal), func()) *Supervisor { return nil }

func (s *Supervisor) tell(int) {}
