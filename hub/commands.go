package hub

import (
	"sync"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// Emit sends an event to the sockets of a target. Each gets it after everything that was put into its
// queue before. With a batch it leaves at Flush, without (nil) at once. With a pattern as namespace the outcome
// is that of all its namespaces together.
//
// Errors: *ArgumentError, *LimitError, ErrShutdown. A target that nobody matches is no error.
func (h *Hub) Emit(b *Batch, t Target, m Message, o EmitOptions) (Outcome, error) {
	if t.All && isPattern(t.Namespace) {
		return h.emitToMany(b, t, m, o)
	}
	to, err := h.emission(t, m)
	if err != nil {
		return Outcome{}, err
	}
	message, elsewhere := m.adapted(o), !o.Local && h.federation.Elsewhere(t.Namespace, &to)
	is := socketio.Issue{Unshared: !elsewhere}
	out := outcome(h.sockets.EmitAs((*engineio.Batch)(b), t.Namespace, to, message, &is))
	switch {
	case elsewhere:
		out.MissingHubs = h.publishEmit(b, t.Namespace, to, message, is)
	case is.Unshared:
		h.federation.Share(t.Namespace, to, message, is.Place)
	}
	return out, nil
}

// EmitWithAck is Emit that asks each receiver for an acknowledgement. The expected ones are those in
// whose queue it was put. A browser that leaves has answered.
//
// Errors: as Emit; then neither OnAck nor OnDone is called. *LimitError too when every receiver owes
// too many acknowledgements.
func (h *Hub) EmitWithAck(b *Batch, t Target, m Message, o EmitOptions, a AckOptions) (Outcome, error) {
	to, err := h.emission(t, m)
	if err != nil {
		return Outcome{}, err
	}
	if a.Timeout <= 0 {
		return Outcome{}, wrong("ack.timeout", "BAD_TIMEOUT", "is required and more than zero")
	}
	message := m.adapted(o)
	if !o.Local && h.federation.Elsewhere(t.Namespace, &to) {
		return h.emitWithAckEverywhere(b, t.Namespace, to, message, a)
	}
	out, limited := h.sockets.EmitWithAck((*engineio.Batch)(b), t.Namespace, to, message, a.inner())
	if limited > 0 && out.Queued == 0 {
		return outcome(out), tooMuch("target", "pending_acks_per_socket",
			"each browser owes %d acknowledgements already", h.checks.limits.PendingAcksPerSocket)
	}
	return outcome(out), nil
}

// emitToMany emits to the namespaces of a pattern.
func (h *Hub) emitToMany(b *Batch, t Target, m Message, o EmitOptions) (Outcome, error) {
	prefix, err := checkPattern(t.Namespace)
	if err != nil {
		return Outcome{}, err
	}
	pattern := t.Namespace
	t.Namespace = "/"
	to, err := h.emission(t, m)
	if err != nil {
		return Outcome{}, err
	}
	message := m.adapted(o)
	out := outcome(h.sockets.EmitBelow((*engineio.Batch)(b), prefix, to, message, socketio.Issue{}))
	if !o.Local && h.federation != nil {
		out.MissingHubs = h.publishEmit(b, pattern, to, message, socketio.Issue{})
	}
	return out, nil
}

// publication is an emit for other hubs. It is used again: a cluster keeps none.
type publication struct {
	command cluster.Command
	message cluster.Message
}

var publications = sync.Pool{New: func() any { return new(publication) }}

// publishEmit tells the other hubs of an emit.
func (h *Hub) publishEmit(b *Batch, namespace string, to cluster.Target, m cluster.Message, is socketio.Issue) (missing []string) {
	p := publications.Get().(*publication)
	p.message = m
	p.command = cluster.Command{
		Namespace: namespace, Target: to, Message: &p.message, Origin: cluster.Origin{Number: is.Place.Own, After: is.Place.Of},
	}
	missing = h.federation.PublishGathered((*engineio.Batch)(b), &p.command)
	*p = publication{}
	publications.Put(p)
	return missing
}

// publish tells the other hubs of a command that is no emit and was carried out here.
func (h *Hub) publish(c *cluster.Command) (missing []string) {
	p := h.sockets.Number(c.Namespace)
	c.Origin = cluster.Origin{Number: p.Own, After: p.Of}
	return h.federation.Publish(c)
}

// without is an outcome that lacks what these hubs would have done.
func (o Outcome) without(missing []string) Outcome {
	o.MissingHubs = missing
	return o
}

func ackTotal(t socketio.AckTotal) AckTotal {
	return AckTotal{Expected: t.Expected, Acked: t.Acked, TimedOut: t.TimedOut, Disconnected: t.Disconnected}
}

// outcome is what became of a command, in the hub's words.
func outcome(o socketio.Outcome) Outcome {
	return Outcome{Matched: o.Matched, Queued: o.Queued, Dropped: o.Dropped, Stored: o.Stored}
}

func (h *Hub) emission(t Target, m Message) (cluster.Target, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return to, err
	}
	return to, h.checks.message(m)
}

func (m Message) adapted(o EmitOptions) cluster.Message {
	return cluster.Message{
		Event: m.Event, Args: m.Args, Attachments: m.Attachments,
		Volatile: o.Volatile, NoCompress: o.NoCompress,
	}
}

func (a AckOptions) inner() socketio.AckOptions {
	inner := socketio.AckOptions{Timeout: a.Timeout}
	if a.OnAck != nil {
		inner.OnAck = func(ack socketio.BrowserAck) { a.OnAck(BrowserAck(ack)) }
	}
	if a.OnDone != nil {
		inner.OnDone = func(total socketio.AckTotal) { a.OnDone(ackTotal(total)) }
	}
	return inner
}

// UpdateRooms makes the sockets of a target join rooms, then leave rooms. Names that start
// with U+0001 are reserved. A socket's own room can neither be joined nor left by it. A socket that would be in too many rooms is left alone and counted as dropped;
// so is the session of a browser that is away, which is not counted.
//
// Errors: *ArgumentError, ErrShutdown; *LimitError when every socket, and every session that is away, would be in too
// many rooms.
func (h *Hub) UpdateRooms(t Target, join, leave []string) (Outcome, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return Outcome{}, err
	}
	if err := h.checks.rooms("join", join); err != nil {
		return Outcome{}, err
	}
	if err := h.checks.rooms("leave", leave); err != nil {
		return Outcome{}, err
	}
	elsewhere := h.federation.Elsewhere(t.Namespace, &to)
	out, limited := h.sockets.UpdateRooms(t.Namespace, to, join, leave)
	if elsewhere {
		missing := h.publish(&cluster.Command{Namespace: t.Namespace, Target: to, Join: join, Leave: leave})
		return outcome(out).without(missing), nil
	}
	if limited > 0 && out.Queued+out.Stored == 0 {
		return outcome(out), tooMuch("join", "rooms_per_socket",
			"a socket would be in more than %d rooms", h.checks.limits.RoomsPerSocket)
	}
	return outcome(out), nil
}

// Disconnect makes the sockets of a target leave their namespace.
//
// Errors: *ArgumentError, ErrShutdown.
func (h *Hub) Disconnect(b *Batch, t Target, o DisconnectOptions) (Outcome, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return Outcome{}, err
	}
	if err := checkDetail(o.Detail); err != nil {
		return Outcome{}, err
	}
	elsewhere := !o.Local && h.federation.Elsewhere(t.Namespace, &to)
	out := outcome(h.sockets.Disconnect((*engineio.Batch)(b), t.Namespace, to, o.eviction()))
	if elsewhere {
		eviction := cluster.Disconnect(o.eviction())
		out.MissingHubs = h.publish(&cluster.Command{Namespace: t.Namespace, Target: to, Disconnect: &eviction})
	}
	return out, nil
}
