package mesh

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// inbox takes what comes from the engine, and looks who is there.
type inbox struct {
	*common
	out        *sending
	responders *responders
	unheard    unheard
	begun      time.Time    // set by Open
	proof      atomic.Int64 // when the table was told last that the engine is there, in nanoseconds from begun

	mu       sync.Mutex // held while something that came is taken, and the host called; guards the fields below
	arrivals arrivals
	closed   bool // the host is called no more
}

// Receive takes a frame that came from the engine, with the address that it was sent to as far as that is known: what is for
// a room that nobody here is in is not decoded. The frame is not kept. It is safe for concurrent use, and works one at a time.
func (in *inbox) Receive(frame []byte, to Address) {
	if len(frame) > in.settings.MaxMessage+wire.HeaderSize {
		in.drop(cluster.DropTooLarge, "")
		return
	}
	h, body, err := wire.ReadHeader(frame)
	if err != nil {
		in.drop(reason(err), "")
		return
	}
	now := time.Now()
	in.proved(now)
	if h.Sender == in.id {
		in.own(&h, now)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return
	}
	in.arrivals.forgetLanes(in.unheard.take())
	from := h.Sender.String()
	s, drop, lost := in.arrivals.admit(&h, now)
	if drop != "" {
		in.drop(drop, from)
		return
	}
	if lost > 0 {
		in.missed(from, lost, h.Direct)
	}
	if in.Table.Heard(from, now) {
		in.changed()
	}
	if h.Kind.String() == "unknown" {
		in.drop(cluster.DropVersion, from)
		return
	}
	body, drop = in.arrivals.join(s, &h, body)
	if drop != "" {
		in.drop(drop, from)
		return
	}
	if body == nil || to.Room != "" && !in.concerns(to) {
		return
	}
	if err := in.take(s, &h, from, body, now); err != nil {
		in.drop(reason(err), from)
		return
	}
	in.trace.received(h.Kind.String(), len(frame))
}

func (in *inbox) concerns(to Address) (yes bool) {
	in.trace.guard(func() { yes = in.host.Concerns(to.Namespace, to.Room) })
	return yes
}

// own takes a frame with this hub's own id.
func (in *inbox) own(h *wire.Header, now time.Time) {
	switch {
	case h.Epoch != in.out.outbox.epoch:
		in.drop(cluster.DropForged, in.self.ID)
	case h.Kind == wire.Heartbeat:
		in.presence.cameBack(h.Sequence, now)
	}
}

// missed counts what is lost of another hub.
func (in *inbox) missed(from string, n int, direct bool) {
	in.trace.lost(n)
	in.lines.lost.Warn("cluster: messages of another hub have not arrived", "hub", from, "messages", n)
	if direct {
		in.Questions.Broken(from)
	}
}

// drop counts what is not taken.
func (in *inbox) drop(why, from string) {
	in.trace.dropped(why)
	args := []any{"reason", why}
	if from != "" {
		args = append(args, "hub", from)
	}
	if why == cluster.DropTooLarge {
		args = append(args, "max_message", in.settings.MaxMessage)
	}
	in.lines.dropped.Warn("cluster: a message that came from the engine is not taken", args...)
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

// take does what a frame says. The caller holds mu.
func (in *inbox) take(s *sender, h *wire.Header, from string, body []byte, now time.Time) error {
	switch h.Kind {
	case wire.Hello, wire.Heartbeat, wire.Leave:
		return in.takePresence(s, h, from, body, now)
	case wire.Description:
		number, description, err := wire.DecodeDescription(body)
		if err != nil {
			return err
		}
		changed, ok := in.Table.Described(from, number, description)
		if !ok {
			return wire.ErrTooLarge
		}
		if changed {
			in.changed()
		}
	case wire.Wanted:
		in.presence.want()
	case wire.Command:
		c, err := wire.DecodeCommand(body)
		if err != nil {
			return err
		}
		if c.KeepOnly {
			return wire.ErrUnknown // is for a log alone
		}
		c.Origin = cluster.Origin{}
		in.trace.guard(func() { in.host.Apply(c) })
	case wire.Question:
		return in.takeQuestion(from, body, now)
	case wire.Answer:
		return in.takeAnswer(from, body)
	case wire.Stop:
		id, err := wire.DecodeStop(body)
		if err != nil {
			return err
		}
		in.responders.end(asked{hub: from, id: id})
	}
	return nil
}

func (in *inbox) takePresence(s *sender, h *wire.Header, from string, body []byte, now time.Time) error {
	if h.Kind == wire.Leave {
		s.left = true
		if in.Table.Left(from) {
			in.gone(from)
			in.changed()
		}
		return nil
	}
	p, err := wire.DecodePresence(body)
	if err != nil {
		return err
	}
	changed, renewed, want, ok := in.Table.Present(from, h.Epoch, &p, now)
	if !ok {
		in.drop(cluster.DropMembers, from)
		return nil
	}
	if renewed {
		in.gone(from)
	}
	if h.Kind == wire.Hello {
		in.Questions.Unheard(from)
		in.out.present(wire.Heartbeat, Address{Hub: from})
	}
	if want {
		// Who does not hear it is asked again, as its number stays another one.
		frame, _ := wire.EncodePresence(&wire.Presence{})
		_, _ = in.out.send(wire.Wanted, Address{Hub: from}, frame, false)
	}
	if changed {
		in.changed()
	}
	return nil
}

func (in *inbox) takeQuestion(from string, body []byte, now time.Time) error {
	id, q, err := wire.DecodeQuestion(body)
	if err != nil {
		if id != "" && errors.Is(err, wire.ErrUnknown) {
			in.refuse(from, id)
		}
		return err
	}
	until := q.Timeout
	if q.Kind == cluster.Acks {
		until += ackGrace
	}
	r := &responder{in: in, question: asked{hub: from, id: id}, size: len(body), until: now.Add(until)}
	if !in.responders.begin(r) {
		in.lines.full.Warn("cluster: too many questions of other hubs are open, another one is refused", "hub", from, "limit", maxQuestions)
		in.refuse(from, id)
		return nil
	}
	ok := false
	in.trace.guard(func() {
		in.host.Answer(q, r)
		ok = true
	})
	if !ok && in.responders.end(r.question) {
		in.refuse(from, id)
	}
	return nil
}

// refuse says that a question is not answered here, so that nobody waits.
func (in *inbox) refuse(hub, id string) {
	_, _ = in.out.send(wire.Answer, Address{Hub: hub}, wire.EncodeRefusal(id), false)
}

func (in *inbox) takeAnswer(from string, body []byte) error {
	id, a, err := wire.DecodeAnswer(body)
	if err != nil {
		return err
	}
	var taken bool
	if a == nil {
		taken = in.Questions.Refused(id, from)
	} else {
		taken = in.Questions.Answer(id, from, a)
	}
	if !taken {
		in.trace.dropped(cluster.DropUnasked) // late ones are ordinary: no line
	}
	return nil
}

// HeardForeign takes a sign of life of a server that is no hub. Like ForeignLeft it is not for use within Serialized.
func (in *inbox) HeardForeign(id string) {
	changed, ok := in.Table.Foreign(id, time.Now())
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case !ok:
		in.drop(cluster.DropMembers, "")
	case changed && !in.closed:
		in.changed()
	}
}

// ForeignLeft says that one has left.
func (in *inbox) ForeignLeft(id string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.Table.IsHub(id) && in.Table.Left(id) && !in.closed {
		in.gone(id)
		in.changed()
	}
}

// Serialized runs f in turn with Receive: what an engine has taken in another form goes to the host in it.
func (in *inbox) Serialized(f func(cluster.Host)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.closed {
		in.trace.guard(func() { f(in.host) })
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// DropForeign counts what an engine has not taken of what came in another form, and says so in the log.
func (in *inbox) DropForeign(why, from string) { in.drop(why, from) }
