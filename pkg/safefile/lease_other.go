//go:build unix && !linux

package safefile

import "os"

// There are no leases on this system: nothing tells who has a file open.

func takeLease(*os.File) (leased bool, err error) { return false, nil }

func takeExclusiveLease(*os.File) bool { return true }

func leaseHolds(*os.File) bool { return true }

func dropLease(*os.File) {}
