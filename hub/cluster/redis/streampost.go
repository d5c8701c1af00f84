package redis

import (
	"strconv"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// post appends to the stream: who is away reads it later. Version 0.3, which publishes some of it elsewhere, reads all kinds
// there.
func (s *streams) post(m *nodewire.Message) error {
	return s.append(m)
}

// postToHubs appends to the stream too, so that it stays in order. Node passes over an entry without a namespace.
func (s *streams) postToHubs(c *cluster.Command) error {
	frame, err := wire.EncodeCommand(c)
	if err != nil {
		return cluster.ErrTooLarge
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.streamOf(c.Namespace)
	e := nodewire.Entry{UID: s.engine.id, Type: strconv.FormatUint(s.numberLocked(name), 10), Data: string(frame[wire.HeaderSize:]), Hub: true}
	return s.out.put(name, e)
}

// numberLocked is the next number of this hub in a stream.
func (s *streams) numberLocked(stream string) uint64 {
	if s.sequence[stream] == 0 {
		s.sequence[stream] = uint64(time.Now().UnixMicro()) // beyond that of a former life
	}
	s.sequence[stream]++
	return s.sequence[stream]
}

// append numbers a message and hands it to the appender.
func (s *streams) append(m *nodewire.Message) error {
	// Version 0.2 takes each sender for a server that answers, so that there is but one name here.
	notForHubs := m.UID == s.engine.askID || m.Kind >= nodewire.InitialHeartbeat
	m.UID = s.engine.id
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.streamOf(m.Namespace)
	if m.Kind < nodewire.FetchSockets && !notForHubs {
		m.Sequence = s.numberLocked(name)
	}
	entry := nodewire.EntryOf(m)
	entry.Hub = notForHubs
	if m.Origin.Number > 0 {
		entry.Number = strconv.FormatUint(m.Origin.Number, 10)
	}
	if m.Origin.After != (cluster.Position{}) {
		entry.After = idOf(m.Origin.After)
	}
	return s.out.put(name, entry)
}
