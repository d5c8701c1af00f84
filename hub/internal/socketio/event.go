package socketio

import (
	"errors"
	"log/slog"
	"time"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// incoming is what a client sends, as far as it is read. Owned by the holder of the client's gate.
type incoming struct {
	// form is that of its packets.
	form form
	// partial is a packet whose attachments have not all come. Nil: none is awaited.
	partial *partial
}

// partialBytes is what a partial takes beside its bytes.
const partialBytes = 512

// partial is a packet whose attachments are on their way. What it holds is bounded by Limits.EventBytes, and with
// those of all others, and in time, by the session (Session.Unfinished).
type partial struct {
	packet      siopacket.Packet
	attachments [][]byte
	bytes       int64
	client      *client
}

// Full implements engineio.Room.
func (p *partial) Full() (option string) {
	if r := &p.client.server.rooms; r.Crowded() {
		if room := r.roomOf(p.client.session, p.packet.Type, p.packet.Namespace, p.packet.Name); room != nil {
			return room.Full()
		}
	}
	return ""
}

var (
	errAttachments = errors.New("text while attachments are awaited")
	errEventBytes  = siopacket.NewError("event is too large", "event_bytes")
)

// await keeps a packet of the client until its attachments have come.
func (in *incoming) await(c *client, p siopacket.Packet) error {
	in.partial = &partial{packet: p, bytes: int64(len(p.Payload)), client: c}
	c.session.Unfinished(in.partial.bytes+partialBytes, in.partial)
	return in.partial.check(c.server.limits.EventBytes)
}

func (p *partial) check(limit int64) error {
	if p.bytes > limit {
		return errEventBytes
	}
	return nil
}

// attachment takes the client's next attachment, and returns the packet when it is the last one.
//
// Spec: socket.io-protocol v5, binary attachments.
func (in *incoming) attachment(c *client, data []byte, binary bool) (*partial, error) {
	p := in.partial
	if !binary {
		return nil, errAttachments
	}
	p.bytes += int64(len(data))
	if err := p.check(c.server.limits.EventBytes); err != nil {
		return nil, err
	}
	p.attachments = append(p.attachments, append(make([]byte, 0, len(data)), data...))
	if len(p.attachments) < p.packet.Attachments {
		c.session.Unfinished(p.bytes+partialBytes, p)
		return nil, nil
	}
	in.partial = nil
	c.session.Unfinished(0, nil)
	return p, nil
}

// sizeOf is the size of an event or ack.
func sizeOf(payload []byte, attachments [][]byte) int64 {
	size := int64(len(payload))
	for _, attachment := range attachments {
		size += int64(len(attachment))
	}
	return size
}

// event hands an event to the application.
//
// Spec: socket.io-protocol v5, Sending and receiving data.
func (c *client) event(s *Socket, p siopacket.Packet, attachments [][]byte) {
	size := int(sizeOf(p.Payload, attachments))
	now := time.Now()
	if limits := s.policy.Load(); limits != nil {
		if reason := limits.refuses(p.Name, size, now); reason != "" {
			c.server.drop(s, p.Name, reason)
			return
		}
	}
	t := &c.server.trace
	t.eventReceived(s.namespace.name, size)
	if t.debugging() {
		t.debugSocket("event", s, slog.String("event", p.Name), slog.Int("bytes", size))
	}
	c.server.app.Event(s, Event{
		Name:        p.Name,
		Args:        p.Payload,
		Attachments: attachments,
		ID:          p.ID,
		ReceiveTime: now,
	})
}

// drop tells of an event that the socket's policy does not let in. Its browser hears nothing: a client that
// repeats takes any acknowledgement for success.
func (srv *Server) drop(s *Socket, name, reason string) {
	t := &srv.trace
	t.eventDropped(s, reason)
	if t.debugging() {
		t.debugSocket("event dropped", s, slog.String("event", name), slog.String("reason", reason))
	}
	if srv.watcher != nil {
		srv.watcher.EventDropped(s, name, reason)
	}
}
