package redis

import (
	"strconv"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// streamWriter says what this hub has to say in streams: it numbers it there, and hands it to the appender in this order.
type streamWriter struct {
	names streamNames
	self  *identity
	out   *appender

	mu       sync.Mutex        // guards the field below
	sequence map[string]uint64 // the last number in each stream
}

// append numbers a message and hands it to the appender.
func (w *streamWriter) append(m *nodewire.Message) error {
	// Version 0.2 takes each sender for a server that answers, so that there is but one name here.
	notForHubs := m.UID == w.self.askID || m.Kind >= nodewire.InitialHeartbeat
	m.UID = w.self.id
	w.mu.Lock()
	defer w.mu.Unlock()
	name := w.names.of(m.Namespace)
	if m.Kind < nodewire.FetchSockets && !notForHubs {
		m.Sequence = w.numberLocked(name)
	}
	entry := nodewire.EntryOf(m)
	entry.Hub = notForHubs
	if m.Origin.Number > 0 {
		entry.Number = strconv.FormatUint(m.Origin.Number, 10)
	}
	if m.Origin.After != (cluster.Position{}) {
		entry.After = idOf(m.Origin.After)
	}
	return w.out.put(name, entry)
}

// command appends one that Node has no words for. Node passes over an entry without a namespace.
func (w *streamWriter) command(c *cluster.Command) error {
	frame, err := wire.EncodeCommand(c)
	if err != nil {
		return cluster.ErrTooLarge
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	name := w.names.of(c.Namespace)
	e := nodewire.Entry{UID: w.self.id, Type: strconv.FormatUint(w.numberLocked(name), 10), Data: string(frame[wire.HeaderSize:]), Hub: true}
	return w.out.put(name, e)
}

// numberLocked is the next number of this hub in a stream.
func (w *streamWriter) numberLocked(stream string) uint64 {
	if w.sequence[stream] == 0 {
		w.sequence[stream] = uint64(time.Now().UnixMicro()) // beyond that of a former life
	}
	w.sequence[stream]++
	return w.sequence[stream]
}
