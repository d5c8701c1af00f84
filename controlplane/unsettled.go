package controlplane

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
)

const (
	// unsettledWarn is from which age on unsettled work is worth a warning: no browser
	// waits that long, and a service that takes longer is often stuck.
	unsettledWarn = 30 * time.Second
	// unsettledWarnEvery is the time from one warning about an instance to the next.
	unsettledWarnEvery = time.Minute
)

// unsettledWatch looks for work that a group does not settle. It belongs to the
// janitor.
type unsettledWatch struct {
	// warned is when an instance was last warned about; only those that still have old
	// work are in it.
	warned map[string]time.Time
}

// watchUnsettled tells the age of the oldest unsettled work, and warns about instances
// whose work is old.
func (u *unsettledWork) watchUnsettled(g *group, now time.Time) {
	var oldest time.Duration
	old := make(map[string]time.Time)
	for _, i := range g.Status().Instances {
		oldest = max(oldest, i.Oldest)
		if i.Oldest < unsettledWarn {
			continue
		}
		last, known := g.unsettled.warned[i.ID]
		if !known || now.Sub(last) >= unsettledWarnEvery {
			u.srv.warnUnsettled(g, &i)
			last = now
		}
		old[i.ID] = last
	}
	g.unsettled.warned = old
	u.srv.trace.oldestUnsettled(g.name, oldest)
}

func (u *unsettledWork) warnUnsettled(g *group, i *dispatch.InstanceStatus) {
	u.srv.log.Warn("a service does not settle its work", "group", g.name, "instance", i.ID,
		"oldest", i.Oldest.Round(time.Second), "deliveries", i.Held.Deliveries, "attempts", i.AttemptsHeld.Deliveries,
		"attached", i.Attached, "paused", i.Paused, "draining", i.Draining)
}
