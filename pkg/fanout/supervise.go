package fanout

import (
	"errors"
	"fmt"
	"os"
)

// Exit is how a worker ended.
type Exit struct {
	Status int
	Signal os.Signal // that ended it; nil: it exited with Status
}

// ErrNoSupervisor is that a program cannot supervise itself, and has to do the
// work in one process: nothing has started then.
var ErrNoSupervisor = errors.New("cannot supervise the commands")

func unsupervised(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrNoSupervisor, what, err)
}
