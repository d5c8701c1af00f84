package engineio

import "sync"

// entry is one packet that waits.
type entry struct {
	message    *Message
	noCompress bool
}

// outbox is what waits for a browser. It is bounded in bytes, of which the server's own packets have none. Whether the
// browser is too slow is judged by time, see slowSessions. Its fields are guarded by Session.mu, but for
// the permission that writing gives.
type outbox struct {
	entries *[]entry // from entryLists; nil when nothing waits
	bytes   int64    // of entries, as cost has it
	// inFlight is what the on-demand writer is blocked with, or a poll is being answered with; it counts as well.
	inFlight int64
	queued   int64 // what has ever been in bytes
	// writing is the permission to write to the WebSocket or WebTransport: whoever set it is in the writer's run, alone.
	// It stays set for ever once the last packet is written or the connection is lost.
	writing bool
	// peerClosed: see Session.peerClosed. Nothing is queued any more.
	peerClosed bool
}

// entryLists lends lists, so that an idle session has none and a busy one does not allocate.
var entryLists = sync.Pool{New: func() any {
	l := make([]entry, 0, 8)
	return &l
}}

const (
	// packetCost is what a packet counts beside its bytes: small ones weigh more than these.
	packetCost = 64
	// writeChunk is how much is taken from the outbox at a time to be written, but by a poll, for what is taken is
	// copied, though a broadcast shares it.
	writeChunk = 256 << 10
	// batchPackets and batchBytes are what a batch collects for a session before it is written to.
	batchPackets = 512
	batchBytes   = 256 << 10
)

// Cost is what a message counts, see Session.Holds.
func (m *Message) Cost() int64 { return m.cost() }

// cost is what a message counts in an outbox.
func (m *Message) cost() int64 { return int64(m.len()) + packetCost }

// waiting is what waits for the browser, but for the server's own packets.
func (o *outbox) waiting() int64 { return o.bytes + o.inFlight }

// full reports whether no more may join. A unit of any size may when it is not: a large message behind a small one does not
// mean that the browser is slow.
func (o *outbox) full(l *Limits) bool { return o.waiting() >= l.OutboxBytes }

// flushDue reports whether it is time to write, batch or not.
func (o *outbox) flushDue() bool { return o.len() > batchPackets || o.bytes > batchBytes }

func (o *outbox) len() int {
	if o.entries == nil {
		return 0
	}
	return len(*o.entries)
}

// queue puts a message at the end.
func (o *outbox) queue(m *Message, noCompress bool) {
	o.add(m, noCompress)
	o.bytes += m.cost()
	o.queued += m.cost()
}

// add puts a packet of the server's own at the end, whatever the outbox holds: there is at most one ping for each
// interval and one pong at a time.
func (o *outbox) add(m *Message, noCompress bool) {
	if o.entries == nil {
		o.entries = entryLists.Get().(*[]entry)
	}
	*o.entries = append(*o.entries, entry{m, noCompress})
}

// takeSome takes the first entries, writeChunk bytes of them or one that is larger, or everything.
func (o *outbox) takeSome() (*[]entry, int64) {
	if o.bytes <= writeChunk {
		return o.take()
	}
	n, bytes := 0, int64(0)
	for _, e := range *o.entries {
		if n > 0 && bytes+e.cost() > writeChunk {
			break
		}
		n++
		bytes += e.cost()
	}
	if n == len(*o.entries) {
		return o.take()
	}
	list := entryLists.Get().(*[]entry)
	*list = append(*list, (*o.entries)[:n]...)
	rest := copy(*o.entries, (*o.entries)[n:])
	clear((*o.entries)[rest:])
	*o.entries = (*o.entries)[:rest]
	o.bytes -= bytes
	return list, bytes
}

// cost is what an entry counts.
func (e entry) cost() int64 {
	switch e.message {
	case pingMessage, noopMessage, closeMessage, pongReply:
		return 0
	}
	return e.message.cost()
}

// take empties the outbox. Nil means that nothing waits; the list goes back by releaseEntries.
func (o *outbox) take() (*[]entry, int64) {
	list, bytes := o.entries, o.bytes
	o.entries, o.bytes = nil, 0
	return list, bytes
}

// drop throws everything away.
func (o *outbox) drop() {
	if list, _ := o.take(); list != nil {
		releaseEntries(list)
	}
}

// releaseEntries gives a list back, without its messages.
func releaseEntries(list *[]entry) {
	clear(*list)
	if *list = (*list)[:0]; cap(*list) <= 256 {
		entryLists.Put(list)
	}
}
