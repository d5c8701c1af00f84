package mesh

import (
	"context"
	"time"

	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// beat says that this hub is there, until ctx ends. It waits for nothing that the host or a long message may hold up.
func (m *Mesh) beat(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if n%int(heartbeatEvery/beatEvery) == 0 {
			m.present(wire.Heartbeat, Address{})
		}
		m.describe()
	}
}

// watch looks who is not there any more, until ctx ends.
func (m *Mesh) watch(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := time.Now()
			if pause := now.Sub(last) - beatEvery; pause > heartbeatEvery { // silentAfter allows for shorter ones
				m.Table.Forgive(pause, now)
			}
			last = now
			m.sweep(now)
		}
	}
}

// present sends a Hello, a Heartbeat or a Leave.
func (m *Mesh) present(kind wire.Kind, to Address) {
	frame, err := wire.EncodePresence(&wire.Presence{Control: m.self.Control, Peer: m.self.Peer, Described: m.presence.number()})
	if err != nil {
		return // Open has looked at the addresses
	}
	now := time.Now()
	number, err := m.send(kind, to, frame, true)
	if err == nil && kind == wire.Heartbeat && to.Hub == "" {
		m.presence.sent(number, now)
	}
}

// describe sends the description if it has changed, or somebody wants it.
func (m *Mesh) describe() {
	if number, description, due := m.presence.due(time.Now()); due {
		_, _ = m.send(wire.Description, Address{}, wire.EncodeDescription(number, description), false) // who misses it asks
	}
}

// sweep finds who is silent or lost.
func (m *Mesh) sweep(now time.Time) {
	silent, lost := m.Table.Sweep(now)
	for _, id := range silent {
		m.Questions.Gone(id)
	}
	for _, id := range lost {
		m.gone(id)
	}
	m.responders.endWhere(func(r *responder) bool { return !now.Before(r.until) })
	m.receiving.Lock()
	m.arrivals.sweep(now, m.settings.Expiry)
	if len(silent)+len(lost) > 0 && !m.closed {
		m.changed()
	}
	m.receiving.Unlock()
}

// gone ends what was between this hub and another one.
func (m *Mesh) gone(id string) {
	m.Questions.Gone(id)
	m.responders.endWhere(func(r *responder) bool { return r.question.hub == id })
}

// changed tells the host that Members have.
func (m *Mesh) changed() {
	m.trace.members(m.Table.Len())
	m.trace.guard(m.host.MembersChanged)
}
