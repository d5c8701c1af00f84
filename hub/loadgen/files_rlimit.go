//go:build linux || darwin

package loadgen

import (
	"fmt"
	"syscall"
)

// spareFiles is what a process has open beside its connections.
const spareFiles = 50

// enoughFiles checks whether the process may have as many connections as it needs.
// The Go runtime has already raised its limit as far as it may.
func enoughFiles(c Config) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil //nolint:nilerr // without the limit it shows when the connections are made
	}
	if need := c.files() + spareFiles; limit.Cur < uint64(need) {
		return fmt.Errorf("loadgen: %d connections over %s need %d open files, this process may have %d: raise the limit (ulimit -n) or take fewer",
			c.sessions(), c.Transport, need, limit.Cur)
	}
	return nil
}
