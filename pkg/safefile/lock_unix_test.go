//go:build unix

package safefile

import "syscall"

var lockless = []error{syscall.ENOLCK, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EBADF, syscall.EINVAL, syscall.EROFS}
