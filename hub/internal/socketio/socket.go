package socketio

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Socket is one client in one namespace. Its methods may be called at the same time.
type Socket struct {
	// set at construction
	client    *client
	namespace *namespace
	id        string
	user      string
	connected int64 // Unix time in nanoseconds
	// recovery is its session. Nil while recovery is off, and for one that came and left at once.
	recovery *recovery.Session

	tag atomic.Value // the application's; set once
	// policy is what its browser may emit. Nil: anything.
	policy atomic.Pointer[policy]

	// told says that the application has heard of it and not yet of its end. Owned by the holder of the
	// client's gate.
	told bool
	// recovered says that it was there before. Set at construction.
	recovered bool

	mu sync.Mutex // guards the fields below
	// end tells why it left. Nil while it is open: it is set once.
	end        *Disconnect
	data       socketData
	membership membership
	// acks are the acknowledgements that its browser owes, by id. Nil: none. Invariant: at most
	// Limits.PendingAcks.
	acks map[uint64]*ackGroup
}

// ID is the public id.
func (s *Socket) ID() string { return s.id }

// Namespace is its namespace.
func (s *Socket) Namespace() string { return s.namespace.name }

// User is the user id, empty when there is none.
func (s *Socket) User() string { return s.user }

// Handshake is the request that opened the session.
func (s *Socket) Handshake() *request.Handshake { return s.client.session.Handshake() }

// ClientID names the client: the same for all its sockets, and never the session's id.
func (s *Socket) ClientID() string { return s.client.name() }

// ConnectTime is when it joined.
func (s *Socket) ConnectTime() time.Time { return time.Unix(0, s.connected) }

// Recovered reports whether its browser took up a session that was there before.
func (s *Socket) Recovered() bool { return s.recovered }

// Transport is the transport in use.
func (s *Socket) Transport() string { return s.client.session.TransportName() }

// Rooms are the rooms it is in, its own not, sorted.
func (s *Socket) Rooms() []string {
	rooms := s.namespace.rooms.Rooms(s)
	slices.Sort(rooms)
	return rooms
}

// RoomsVersion counts the changes of its rooms since it was accepted.
func (s *Socket) RoomsVersion() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.membership.version
}

// RoomsAndVersion is Rooms and RoomsVersion at one moment; for a socket that has left, at the last one.
func (s *Socket) RoomsAndVersion() ([]string, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		return s.end.Rooms, s.membership.version
	}
	return s.Rooms(), s.membership.version
}

// Tag is what SetTag kept.
func (s *Socket) Tag() any { return s.tag.Load() }

// SetTag keeps a value of the application's.
func (s *Socket) SetTag(tag any) {
	if tag != nil {
		s.tag.Store(tag)
	}
}

// Connected reports whether it has not left.
func (s *Socket) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end == nil
}

// Data is its data and their version.
func (s *Socket) Data() ([]byte, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data.get()
}

// flags are how a message is sent.
type flags struct {
	volatile, noCompress bool
}

// send queues messages if the socket is open. Whether it is and the appending are one step, so nothing
// can follow its DISCONNECT.
func (s *Socket) send(b *engineio.Batch, unit []*engineio.Message, f flags) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sendLocked(b, unit, f)
}

func (s *Socket) sendLocked(b *engineio.Batch, unit []*engineio.Message, f flags) bool {
	if s.end != nil || f.volatile && !s.client.session.Writable() {
		return false
	}
	return s.client.session.Send(b, unit, f.noCompress) == nil
}

// Reply sends the acknowledgement of an event. The caller sees to it that there is only one.
//
// Spec: socket.io-protocol v5, Acknowledgement.
func (s *Socket) Reply(b *engineio.Batch, id siopacket.ID, args []byte, attachments [][]byte) error {
	p := siopacket.Packet{Type: siopacket.Ack, Namespace: s.namespace.name, ID: id, Payload: args}
	unit := s.client.encode(p, attachments)
	own := batches.orOwn(b)
	defer own.release()
	if !s.send(own.Batch, unit, flags{}) {
		return ErrGone
	}
	return nil
}

// close ends the socket, once: it takes no more, leaves its rooms, and what it owed has been answered. It
// tells whether this was the call that did; who did calls left, in the gate.
func (s *Socket) close(end Disconnect) bool { return s.closeWith(end, func() {}) }

// closeWith closes and, in the same step, sends a last word.
func (s *Socket) closeWith(end Disconnect, last func()) bool {
	r := s.namespace.recovering
	r.lock()
	s.mu.Lock()
	if s.end != nil {
		s.mu.Unlock()
		r.unlock()
		return false
	}
	last()
	s.end = &end
	acks := s.acks
	s.acks = nil
	if acks != nil {
		s.client.reads.owe(s.client.session, -1)
	}
	end.Rooms = s.namespace.rooms.Remove(s)
	slices.Sort(end.Rooms)
	s.mu.Unlock()

	stays := r.parting(s, &end, end.Rooms)
	if !stays {
		s.client.server.namespaces.release(s.namespace)
	}
	s.client.server.notes.tell()
	for _, group := range acks {
		group.disconnected()
	}
	return true
}

// ending is why it left.
func (s *Socket) ending() Disconnect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.end
}
