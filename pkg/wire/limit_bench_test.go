//go:build bench

package wire_test

import "time"

// replyTime limits how long one reply may take, whatever it holds.
const replyTime = 5 * time.Second
