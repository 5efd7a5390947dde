//go:build !linux

package safefile

// holder is the process that holds the lock on a file; here nobody tells.
func holder(string) int { return 0 }
