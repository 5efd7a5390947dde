package fanout

import (
	"errors"
	"fmt"
	"os"
)

// Exit says how a worker ended.
type Exit struct {
	Status int
	Signal os.Signal // that ended it; nil: it exited with Status
}

// ErrNoSupervisor is returned where a program cannot supervise itself. Nothing
// has started then, and the program has to do the work in one process.
var ErrNoSupervisor = errors.New("cannot supervise the commands")

func unsupervised(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrNoSupervisor, what, err)
}
