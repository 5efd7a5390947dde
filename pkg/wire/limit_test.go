//go:build !bench

package wire_test

import "time"

// replyTime limits how long one reply may take, which only `make bench` holds: a
// busy machine stops a process for seconds.
const replyTime = time.Hour
