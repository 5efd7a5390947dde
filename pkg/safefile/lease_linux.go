package safefile

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// takeLease takes a read lease on a file that is open for reading (fcntl(2),
// F_SETLEASE): while it holds, whoever opens the file for writing waits, for
// /proc/sys/fs/lease-break-time at most. The error is errWriter if somebody has
// it open for writing already. leased is false where there are no leases: for a
// file of another user, and on some file systems.
//
// The kernel tells of a waiting writer by SIGIO, which the Go runtime ignores.
// It is a variable for tests.
var takeLease = func(f *os.File) (leased bool, err error) {
	if remote(f) {
		return false, nil
	}
	switch _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK); {
	case err == nil:
		return true, nil
	case errors.Is(err, syscall.EAGAIN):
		return false, errWriter
	default:
		return false, nil
	}
}

// takeExclusiveLease takes a write lease on a file: while it holds, whoever opens
// the file waits. It fails where anybody else has it open.
func takeExclusiveLease(f *os.File) bool {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK)
	return err == nil || !errors.Is(err, syscall.EAGAIN)
}

// leaseHolds reports whether nobody waits for the end of a lease.
func leaseHolds(f *os.File) bool {
	kind, err := unix.FcntlInt(f.Fd(), unix.F_GETLEASE, 0)
	return err == nil && kind == unix.F_RDLCK
}

func dropLease(f *os.File) { _, _ = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK) }

// remote reports whether a file is on a network file system: its leases say
// nothing about writers on other machines, and NFS and SMB deny them as if
// there always were one.
func remote(f *os.File) bool {
	var st unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &st) != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.AFS_SUPER_MAGIC, unix.V9FS_MAGIC:
		return true
	}
	return false
}
