package socketio

import (
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// BrowserAck is one browser's acknowledgement.
type BrowserAck struct {
	SocketID    string
	Args        []byte
	Attachments [][]byte
}

// AckTotal sums up: Expected = Acked + TimedOut + Disconnected.
type AckTotal struct {
	Expected, Acked, TimedOut, Disconnected int
}

// AckOptions say how acknowledgements are collected. OnAck and OnDone may be nil.
type AckOptions struct {
	Timeout time.Duration
	// OnAck is called for each, one call at a time; OnDone once, after them.
	OnAck  func(BrowserAck)
	OnDone func(AckTotal)
}

// ackGroup collects the acknowledgements of one emission. Each receiver's map of owed acks points to it.
// Expected are those in whose queue the event was put.
type ackGroup struct {
	// set at construction
	id        uint64
	namespace *namespace
	options   AckOptions

	// calls makes the callbacks come one at a time and in order.
	calls gate

	mu sync.Mutex // guards the fields below
	// sealed says that all receivers are known. sockets does not change any more.
	sealed bool
	// ended says that OnDone has been left in calls.
	ended   bool
	total   AckTotal
	sockets []*Socket
	timer   *time.Timer
}

// EmitWithAck is Emit that asks for acknowledgements. limited counts the sockets that owe too many; when
// there is nobody else neither callback is called.
//
// Spec: socket.io-protocol v5, Acknowledgement. Beyond the reference: a receiver that leaves has
// answered, so the end never waits for it.
func (s *Server) EmitWithAck(b *engineio.Batch, name string, t cluster.Target, m cluster.Message, a AckOptions) (o Outcome, limited int) {
	n := s.namespaces.lookup(name)
	if n == nil {
		if a.OnDone != nil {
			a.OnDone(AckTotal{})
		}
		return Outcome{}, 0
	}
	g := &ackGroup{id: n.nextAck.Add(1) - 1, namespace: n, options: a}
	o, limited = n.emitWithAck(b, t, m, g)
	s.trace.eventSent(name, m.Event, o)
	s.emitted(name, t, m)
	return o, limited
}

func (n *namespace) emitWithAck(b *engineio.Batch, t cluster.Target, m cluster.Message, g *ackGroup) (o Outcome, limited int) {
	members := pick(n.rooms, t)
	defer members.release()
	own := batches.orOwn(b)
	defer own.release()
	// Before the flush, so that the time begins when all are queued.
	defer func() {
		if o.Queued > 0 || limited == 0 {
			g.seal()
		}
	}()
	if len(members.list) == 0 {
		return o, 0
	}
	p := siopacket.Packet{Type: siopacket.Event, Namespace: n.name, ID: siopacket.NewID(g.id), Name: m.Event, Payload: m.Args}
	e := emission{parsers: &n.server.parsers, packet: p, attachments: m.Attachments, shared: len(members.list) > 1}
	f := flags{volatile: m.Volatile, noCompress: m.NoCompress}
	for _, member := range members.list {
		s := member.(*Socket)
		queued, full := g.send(s, own.Batch, e.unit(s.client.form), f)
		o.add(queued)
		if full {
			limited++
			n.server.trace.limitReached("pending_acks_per_socket")
		}
	}
	return o, limited
}

// send sends to one socket and notes what its browser owes from now on.
func (g *ackGroup) send(s *Socket, b *engineio.Batch, unit []*engineio.Message, f flags) (queued, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == nil && len(s.acks) >= s.client.server.limits.PendingAcks {
		return false, true
	}
	if !s.sendLocked(b, unit, f) {
		return false, false
	}
	if s.acks == nil {
		s.acks = make(map[uint64]*ackGroup, 1)
		s.client.reads.owe(s.client.session, 1)
	}
	s.acks[g.id] = g
	g.expect(s)
	return true, false
}

// take returns the group that waits for an id and forgets it; nil when nobody does.
func (s *Socket) take(id uint64) *ackGroup {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.acks[id]
	delete(s.acks, id)
	if s.acks != nil && len(s.acks) == 0 {
		s.acks = nil
		s.client.reads.owe(s.client.session, -1)
	}
	return g
}

// acknowledged acts on an ACK. One that nobody waits for, or not any more, is ignored.
func (s *Socket) acknowledged(p siopacket.Packet, attachments [][]byte) {
	var g *ackGroup
	if !p.ID.IsZero() {
		g = s.take(p.ID.Value())
	}
	s.client.server.trace.ackReceived(s.namespace.name, g != nil)
	if g != nil {
		g.acked(BrowserAck{SocketID: s.id, Args: p.Payload, Attachments: attachments})
	}
}

func (g *ackGroup) expect(s *Socket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total.Expected++
	g.sockets = append(g.sockets, s)
}

// seal says that all receivers are known: the time begins, unless all have answered.
func (g *ackGroup) seal() {
	g.change(func() {
		g.sealed = true
		if !g.completeLocked() {
			g.timer = time.AfterFunc(g.options.Timeout, g.namespace.server.trace.guarded(g.expire))
		}
	})
}

func (g *ackGroup) acked(ack BrowserAck) {
	g.change(func() {
		g.total.Acked++
		if g.options.OnAck != nil {
			g.note(func() { g.options.OnAck(ack) })
		}
	})
}

func (g *ackGroup) disconnected() {
	g.change(func() { g.total.Disconnected++ })
}

// expire runs when the time is over: nobody is waited for any more.
func (g *ackGroup) expire() {
	g.change(func() { g.total.TimedOut = g.total.Expected - g.total.Acked - g.total.Disconnected })
	for _, s := range g.sockets { // sealed, so it does not change
		s.take(g.id)
	}
}

// change is how anything comes to the group: one change of the counts, the end if it was the last, and
// then the callbacks, without the lock.
func (g *ackGroup) change(apply func()) {
	g.mu.Lock()
	if g.ended {
		g.mu.Unlock()
		return
	}
	apply()
	if g.sealed && g.completeLocked() {
		g.endLocked()
	}
	g.mu.Unlock()
	g.calls.attend()
}

// note leaves a callback for change to make.
func (g *ackGroup) note(call func()) { g.calls.leaveNote(g.namespace.server.trace.guarded(call)) }

func (g *ackGroup) completeLocked() bool {
	return g.total.Acked+g.total.TimedOut+g.total.Disconnected == g.total.Expected
}

func (g *ackGroup) endLocked() {
	g.ended = true
	if g.timer != nil {
		g.timer.Stop()
	}
	total := g.total
	g.note(func() {
		g.namespace.server.trace.acksDone(g.namespace.name, total)
		if g.options.OnDone != nil {
			g.options.OnDone(total)
		}
	})
}
