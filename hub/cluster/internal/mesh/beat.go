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
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			m.sweep(time.Now())
		}
	}
}

// present sends a Hello, a Heartbeat or a Leave.
func (m *Mesh) present(kind wire.Kind, to Address) {
	m.mu.Lock()
	p := wire.Presence{Control: m.self.Control, Peer: m.self.Peer, Described: m.described}
	m.mu.Unlock()
	frame, err := wire.EncodePresence(&p)
	if err != nil {
		return // Open has looked at the addresses
	}
	now := time.Now()
	number, err := m.send(kind, to, frame, true)
	if err != nil || kind != wire.Heartbeat || to.Hub != "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.beats[number%uint64(len(m.beats))] = beat{number: number, at: now}
}

// cameBack takes a heartbeat of this hub's own.
func (m *Mesh) cameBack(number uint64, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := &m.beats[number%uint64(len(m.beats))]; b.number == number && number != 0 {
		m.lag = max(now.Sub(b.at), 1)
		b.number = 0
	}
}

// describe sends the description if it has changed, or somebody wants it.
func (m *Mesh) describe() {
	now := time.Now()
	m.mu.Lock()
	due := m.wanted && m.described > 0 && now.Sub(m.sentAt) >= describeEvery
	number, description := m.described, m.description
	if due {
		m.wanted, m.sentAt = false, now
	}
	m.mu.Unlock()
	if due {
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
