//go:build bench

package cmd

import (
	"os"
	"syscall"
)

// maxRSS is the peak memory of an ended process in KiB.
func maxRSS(state *os.ProcessState) float64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(usage.Maxrss)
}
