package mesh

import (
	"context"
	"time"

	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// beat says that this hub is there, until ctx ends. It waits for nothing that the host or a long message may hold up.
func (s *sending) beat(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if n%int(heartbeatEvery/beatEvery) == 0 {
			s.present(wire.Heartbeat, Address{})
		}
		s.describe()
	}
}

// watch looks who is not there any more, until ctx ends.
func (in *inbox) watch(ctx context.Context) {
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
				in.Table.Forgive(pause, now)
			}
			last = now
			in.sweep(now)
		}
	}
}

// present sends a Hello, a Heartbeat or a Leave.
func (s *sending) present(kind wire.Kind, to Address) {
	frame, err := wire.EncodePresence(&wire.Presence{Control: s.self.Control, Peer: s.self.Peer, Described: s.presence.number()})
	if err != nil {
		return // Open has looked at the addresses
	}
	now := time.Now()
	number, err := s.send(kind, to, frame, true)
	if err == nil && kind == wire.Heartbeat && to.Hub == "" {
		s.presence.sent(number, now)
	}
}

// describe sends the description if it has changed, or somebody wants it.
func (s *sending) describe() {
	if number, description, due := s.presence.due(time.Now()); due {
		_, _ = s.send(wire.Description, Address{}, wire.EncodeDescription(number, description), false) // who misses it asks
	}
}

// sweep finds who is silent or lost.
func (in *inbox) sweep(now time.Time) {
	silent, lost := in.Table.Sweep(now)
	for _, id := range silent {
		in.Questions.Gone(id)
	}
	for _, id := range lost {
		in.gone(id)
	}
	in.responders.endWhere(func(r *responder) bool { return !now.Before(r.until) })
	in.mu.Lock()
	in.arrivals.sweep(now, in.settings.Expiry)
	if len(silent)+len(lost) > 0 && !in.closed {
		in.changed()
	}
	in.mu.Unlock()
}

// gone ends what was between this hub and another one.
func (in *inbox) gone(id string) {
	in.Questions.Gone(id)
	in.responders.endWhere(func(r *responder) bool { return r.question.hub == id })
}

// changed tells the host that Members have.
func (c *common) changed() {
	c.trace.members(c.Table.Len())
	c.trace.guard(c.host.MembersChanged)
}

// SetLag says how long the engine takes, where heartbeats do not come back: it has just answered. It is to be called once a
// second there, as it is known by that alone that the engine is there while no other hub says anything.
func (in *inbox) SetLag(lag time.Duration) {
	in.proved(time.Now())
	in.presence.took(lag)
}

// proved notes that something has come from the engine.
func (in *inbox) proved(now time.Time) {
	at := int64(now.Sub(in.begun))
	if last := in.proof.Load(); at-last > int64(beatEvery) && in.proof.CompareAndSwap(last, at) {
		in.Table.Proved(now)
	}
}
