package main

import (
	"math"
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryLimit is how many bytes the process is to stay below: GOMEMLIMIT, or else what its cgroup says,
// which the first call tells the collector. Zero means that there is no limit.
var memoryLimit = sync.OnceValue(func() int64 {
	limit, _ := memlimit.Set() // a system without cgroups is none with a limit
	if limit == math.MaxInt64 {
		return 0
	}
	return limit
})

// warnOfMemory says that browsers and services may make the hub hold more than it has memory for.
func (n *node) warnOfMemory(limit int64) {
	c := n.config
	if held := c.Held(); limit > 0 && held > c.HeldDefault(limit) {
		n.logger.Warn("browsers and services may make the hub hold more than it has memory for: raise the memory limit (GOMEMLIMIT) or lower these options",
			"memory_limit", limit, "in_all", held, "limits.outbox_total_bytes", c.Limits.Outbox.TotalBytes,
			"limits.unfinished_bytes", c.Limits.Unfinished.Bytes, "limits.undecided_bytes", c.Limits.Undecided.Bytes,
			"parking.node_bytes", c.Parking.NodeBytes, "control.window.total_bytes", c.Control.Window.TotalBytes,
			"control.kept_bytes", c.Control.KeptBytes, "recovery.total_bytes", c.Recovery.TotalBytes)
	}
}
