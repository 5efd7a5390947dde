//go:build unix

package harden

import (
	"runtime"
	"syscall"
)

// forbidCores lowers the soft limit of core dumps, which Undo can raise again.
// On Linux one byte also stops those that go to a program, as the kernel's
// core_pattern may say, and not to a file (core(5)); zero would not.
func forbidCores() (undo func()) {
	var was syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_CORE, &was) != nil {
		return func() {}
	}
	lower := was
	lower.Cur = 0
	if runtime.GOOS == "linux" && was.Max >= 1 {
		lower.Cur = 1
	}
	if syscall.Setrlimit(syscall.RLIMIT_CORE, &lower) != nil {
		return func() {}
	}
	return func() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &was) }
}
