package controlplane

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/trace"
)

const (
	// unsettledWarn is from which age on unsettled work is worth a warning: no browser
	// waits that long, and a service that takes longer is often stuck.
	unsettledWarn = 30 * time.Second
	// heldLong is how long a browser is held to be counted, and warned of.
	heldLong = time.Minute
	// backlogWarnEvery is the time from one warning about an instance, or about held
	// browsers, to the next.
	backlogWarnEvery = time.Minute
)

// backlogWatch looks for work that a group does not settle. It belongs to the janitor.
type backlogWatch struct {
	// warned is when an instance was last warned about; only those that still have old
	// work are in it.
	warned map[string]time.Time
	// held is when held browsers were last warned about.
	held time.Time
	// unisolated is when the last warning of that was.
	unisolated time.Time
	// spent is when the last warning of control.window.total_bytes was.
	spent time.Time
}

// backlogs watches what services do not keep up with.
type backlogs struct {
	telling *telling
	node    *dispatch.Node
}

// watchBacklog tells what a group does not keep up with, and warns of what is old.
func (b *backlogs) watchBacklog(g *group, now time.Time) {
	var backlog trace.Backlog
	old := make(map[string]time.Time)
	attached := 0
	for _, i := range g.Status().Instances {
		if i.Attached {
			attached++
		}
		backlog.OldestUnsettled = max(backlog.OldestUnsettled, i.Oldest)
		if i.Oldest < unsettledWarn {
			continue
		}
		last, known := g.backlog.warned[i.ID]
		if !known || now.Sub(last) >= backlogWarnEvery {
			b.warnUnsettled(g, &i)
			last = now
		}
		old[i.ID] = last
	}
	g.backlog.warned = old
	long := heldLong
	if attached == 0 {
		long = 1<<63 - 1 // that nobody is there is told of otherwise
	}
	backlog.HeldSockets, backlog.HeldLong = g.Held(now, long)
	if backlog.HeldLong > 0 && now.Sub(g.backlog.held) >= backlogWarnEvery {
		g.backlog.held = now
		b.warnHeld(g, &backlog, attached)
	}
	if backlog.Unisolated = g.TakeUnisolated(); backlog.Unisolated > 0 && now.Sub(g.backlog.unisolated) >= backlogWarnEvery {
		g.backlog.unisolated = now
		b.telling.log.Warn("a service takes other work again, though a delivery that was lost with its instances is not settled alone",
			"group", g.name, "deliveries", backlog.Unisolated, "option", "Subscription.settle_timeout",
			"help", "see why handlers end with their process, or settle nothing for a minute")
	}
	if b.node.Spent() && now.Sub(g.backlog.spent) >= backlogWarnEvery {
		g.backlog.spent = now
		b.telling.log.Warn("services get less work: they have as much unsettled as all of them together may have",
			"group", g.name, "option", "control.window.total_bytes")
	}
	b.telling.trace.Backlog(g.name, backlog)
}

func (b *backlogs) warnUnsettled(g *group, i *dispatch.InstanceStatus) {
	b.telling.log.Warn("a service does not settle its work", "group", g.name, "instance", i.ID,
		"oldest", i.Oldest.Round(time.Second), "deliveries", i.Held.Deliveries, "attempts", i.AttemptsHeld.Deliveries,
		"attached", i.Attached, "paused", i.Paused, "draining", i.Draining)
}

func (b *backlogs) warnHeld(g *group, backlog *trace.Backlog, attached int) {
	b.telling.log.Warn("browsers are not read: as much waits for their service as may", "group", g.name,
		"sockets", backlog.HeldSockets, "instances", attached, "option", "parking.socket_events, parking.socket_bytes, parking.group_bytes",
		"help", "more instances, or a larger window of theirs; Subscription.overflow says what else may happen to events")
}
