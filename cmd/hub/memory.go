package main

import (
	"log/slog"
	"math"
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/siohub/siohub/cmd/hub/internal/config"
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
func warnOfMemory(c *config.Config, limit int64, logger *slog.Logger) {
	if held := c.Held(); limit > 0 && held > c.HeldDefault(limit) {
		logger.Warn("browsers and services may make the hub hold more than it has memory for: raise the memory limit (GOMEMLIMIT) or lower these options",
			"memory_limit", limit, "in_all", held, "limits.outbox_total_bytes", c.Limits.Outbox.TotalBytes,
			"limits.unfinished_bytes", c.Limits.Unfinished.Bytes, "limits.undecided_bytes", c.Limits.Undecided.Bytes,
			"parking.node_bytes", c.Parking.NodeBytes, "control.window.total_bytes", c.Control.Window.TotalBytes,
			"control.kept_bytes", c.Control.KeptBytes, "recovery.total_bytes", c.Recovery.TotalBytes)
	}
}
