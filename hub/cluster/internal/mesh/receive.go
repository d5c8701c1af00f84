package mesh

import (
	"errors"
	"slices"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// Receive takes a frame that came from the engine, with the address that it was sent to as far as that is known: what is for
// a room that nobody here is in is not decoded. The frame is not kept. It is safe for concurrent use, and works one at a time.
func (m *Mesh) Receive(frame []byte, to Address) {
	if len(frame) > m.settings.MaxMessage+wire.HeaderSize {
		m.drop(cluster.DropTooLarge, "")
		return
	}
	h, body, err := wire.ReadHeader(frame)
	if err != nil {
		m.drop(reason(err), "")
		return
	}
	now := time.Now()
	m.proved(now)
	if h.Sender == m.id {
		m.own(&h, now)
		return
	}
	m.receiving.Lock()
	defer m.receiving.Unlock()
	if m.closed {
		return
	}
	m.arrivals.forgetLanes(m.unheard.take())
	from := h.Sender.String()
	s, drop, lost := m.arrivals.admit(&h, now)
	if drop != "" {
		m.drop(drop, from)
		return
	}
	if lost > 0 {
		m.missed(from, lost, h.Direct)
	}
	if m.Table.Heard(from, now) {
		m.changed()
	}
	if h.Kind.String() == "unknown" {
		m.drop(cluster.DropVersion, from)
		return
	}
	body, drop = m.arrivals.join(s, &h, body)
	if drop != "" {
		m.drop(drop, from)
		return
	}
	if body == nil || to.Room != "" && !m.concerns(to) {
		return
	}
	if err := m.take(s, &h, from, body, now); err != nil {
		m.drop(reason(err), from)
		return
	}
	m.trace.received(h.Kind.String(), len(frame))
}

func (m *Mesh) concerns(to Address) (yes bool) {
	m.trace.guard(func() { yes = m.host.Concerns(to.Namespace, to.Room) })
	return yes
}

// own takes a frame with this hub's own id.
func (m *Mesh) own(h *wire.Header, now time.Time) {
	switch {
	case h.Epoch != m.outbox.epoch:
		m.drop(cluster.DropForged, m.self.ID)
	case h.Kind == wire.Heartbeat:
		m.presence.cameBack(h.Sequence, now)
	}
}

// missed counts what is lost of another hub.
func (m *Mesh) missed(from string, n int, direct bool) {
	m.trace.lost(n)
	m.lines.lost.Warn("cluster: messages of another hub have not arrived", "hub", from, "messages", n)
	if direct {
		m.Questions.Broken(from)
	}
}

// drop counts what is not taken.
func (m *Mesh) drop(why, from string) {
	m.trace.dropped(why)
	args := []any{"reason", why}
	if from != "" {
		args = append(args, "hub", from)
	}
	if why == cluster.DropTooLarge {
		args = append(args, "max_message", m.settings.MaxMessage)
	}
	m.lines.dropped.Warn("cluster: a message that came from the engine is not taken", args...)
}

// reason is that of an error of package wire.
func reason(err error) string {
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return cluster.DropTooLarge
	case errors.Is(err, wire.ErrUnknown):
		return cluster.DropVersion
	}
	return cluster.DropMalformed
}

// take does what a frame says. It has receiving.
func (m *Mesh) take(s *sender, h *wire.Header, from string, body []byte, now time.Time) error {
	switch h.Kind {
	case wire.Hello, wire.Heartbeat, wire.Leave:
		return m.takePresence(s, h, from, body, now)
	case wire.Description:
		number, description, err := wire.DecodeDescription(body)
		if err != nil {
			return err
		}
		changed, ok := m.Table.Described(from, number, description)
		if !ok {
			return wire.ErrTooLarge
		}
		if changed {
			m.changed()
		}
	case wire.Wanted:
		m.presence.want()
	case wire.Command:
		c, err := wire.DecodeCommand(body)
		if err != nil {
			return err
		}
		if c.KeepOnly {
			return wire.ErrUnknown // is for a log alone
		}
		c.Origin = cluster.Origin{}
		m.trace.guard(func() { m.host.Apply(c) })
	case wire.Question:
		return m.takeQuestion(from, body, now)
	case wire.Answer:
		return m.takeAnswer(from, body)
	case wire.Stop:
		id, err := wire.DecodeStop(body)
		if err != nil {
			return err
		}
		m.responders.end(asked{hub: from, id: id})
	}
	return nil
}

func (m *Mesh) takePresence(s *sender, h *wire.Header, from string, body []byte, now time.Time) error {
	if h.Kind == wire.Leave {
		s.left = true
		if m.Table.Left(from) {
			m.gone(from)
			m.changed()
		}
		return nil
	}
	p, err := wire.DecodePresence(body)
	if err != nil {
		return err
	}
	changed, renewed, want, ok := m.Table.Present(from, h.Epoch, &p, now)
	if !ok {
		m.drop(cluster.DropMembers, from)
		return nil
	}
	if renewed {
		m.gone(from)
	}
	if h.Kind == wire.Hello {
		m.Questions.Unheard(from)
		m.present(wire.Heartbeat, Address{Hub: from})
	}
	if want {
		// Who does not hear it is asked again, as its number stays another one.
		frame, _ := wire.EncodePresence(&wire.Presence{})
		_, _ = m.send(wire.Wanted, Address{Hub: from}, frame, false)
	}
	if changed {
		m.changed()
	}
	return nil
}

func (m *Mesh) takeQuestion(from string, body []byte, now time.Time) error {
	id, q, err := wire.DecodeQuestion(body)
	if err != nil {
		if id != "" && errors.Is(err, wire.ErrUnknown) {
			m.refuse(from, id)
		}
		return err
	}
	until := q.Timeout
	if q.Kind == cluster.Acks {
		until += ackGrace
	}
	r := &responder{mesh: m, question: asked{hub: from, id: id}, size: len(body), until: now.Add(until)}
	if !m.responders.begin(r) {
		m.lines.full.Warn("cluster: too many questions of other hubs are open, another one is refused", "hub", from, "limit", maxQuestions)
		m.refuse(from, id)
		return nil
	}
	ok := false
	m.trace.guard(func() {
		m.host.Answer(q, r)
		ok = true
	})
	if !ok && m.responders.end(r.question) {
		m.refuse(from, id)
	}
	return nil
}

// refuse says that a question is not answered here, so that nobody waits.
func (m *Mesh) refuse(hub, id string) {
	_, _ = m.send(wire.Answer, Address{Hub: hub}, wire.EncodeRefusal(id), false)
}

func (m *Mesh) takeAnswer(from string, body []byte) error {
	id, a, err := wire.DecodeAnswer(body)
	if err != nil {
		return err
	}
	var taken bool
	if a == nil {
		taken = m.Questions.Refused(id, from)
	} else {
		taken = m.Questions.Answer(id, from, a)
	}
	if !taken {
		m.trace.dropped(cluster.DropUnasked) // late ones are ordinary: no line
	}
	return nil
}

// HeardForeign takes a sign of life of a server that is no hub. Like ForeignLeft it is not for use within Serialized.
func (m *Mesh) HeardForeign(id string) {
	changed, ok := m.Table.Foreign(id, time.Now())
	m.receiving.Lock()
	defer m.receiving.Unlock()
	switch {
	case !ok:
		m.drop(cluster.DropMembers, "")
	case changed && !m.closed:
		m.changed()
	}
}

// ForeignLeft says that one has left.
func (m *Mesh) ForeignLeft(id string) {
	m.receiving.Lock()
	defer m.receiving.Unlock()
	if !m.Table.IsHub(id) && m.Table.Left(id) && !m.closed {
		m.gone(id)
		m.changed()
	}
}

// Serialized runs f in turn with Receive: what an engine has taken in another form goes to the host in it.
func (m *Mesh) Serialized(f func(cluster.Host)) {
	m.receiving.Lock()
	defer m.receiving.Unlock()
	if !m.closed {
		m.trace.guard(func() { f(m.host) })
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// DropForeign counts what an engine has not taken of what came in another form, and says so in the log.
func (m *Mesh) DropForeign(why, from string) { m.drop(why, from) }
