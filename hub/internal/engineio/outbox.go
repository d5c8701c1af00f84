package engineio

import "sync"

// entry is one packet that waits.
type entry struct {
	message    *Message
	noCompress bool
}

// outbox is what waits for a browser. It is bounded in packets and bytes; when it is full the browser
// is taken to be too slow, and the session is closed. Its fields are guarded by Session.mu, but for
// the permission that writing gives.
type outbox struct {
	entries *[]entry // from entryLists; nil when nothing waits
	bytes   int64    // of entries
	flying  int64    // bytes the on-demand writer is stuck with; they count against the limit
	// writing is the permission to write to the WebSocket: whoever set it is in Session.pump, alone.
	// It stays set for ever once the farewell is written or the connection is lost.
	writing bool
	// mute: the browser has gone, though not all that it sent is handed up. Nothing is queued any more.
	mute bool
}

// entryLists lends lists, so that an idle session has none and a busy one does not allocate.
var entryLists = sync.Pool{New: func() any {
	l := make([]entry, 0, 8)
	return &l
}}

// fits reports whether n packets may join. A unit of any number fits when nothing waits. Bytes are those
// that wait already, not the unit's own: a large message behind a small one tells nothing of the browser.
func (o *outbox) fits(n int, l *Limits) bool {
	if o.entries == nil && o.flying == 0 {
		return true
	}
	return o.len()+n <= l.OutboxPackets && o.bytes+o.flying < l.OutboxBytes
}

// half reports whether it is time to write, batch or not.
func (o *outbox) half(l *Limits) bool {
	return o.len() > l.OutboxPackets/2 || o.bytes > l.OutboxBytes/2
}

func (o *outbox) len() int {
	if o.entries == nil {
		return 0
	}
	return len(*o.entries)
}

// add puts one packet at the end.
func (o *outbox) add(m *Message, noCompress bool) {
	if o.entries == nil {
		o.entries = entryLists.Get().(*[]entry)
	}
	*o.entries = append(*o.entries, entry{m, noCompress})
	o.bytes += int64(m.len())
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
