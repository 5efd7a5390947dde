package safefile

import (
	"context"
	"time"
)

// grace is how long a rename or removal is tried while another program has
// the file open. Only Windows minds: virus scanners and search indexers open
// whatever was just written.
const grace = 2 * time.Second

// retryWhileOpen does something to a file until nobody has it open.
func retryWhileOpen(ctx context.Context, do func() error) error {
	return retryWhile(ctx, do, isHeldOpen)
}

func retryWhile(ctx context.Context, do func() error, again func(error) bool) error {
	for start, wait := time.Now(), firstPoll; ; wait = min(2*wait, longerPoll) {
		err := do()
		if err == nil || !again(err) || time.Since(start) >= grace || pause(ctx, wait) != nil {
			return err
		}
	}
}
