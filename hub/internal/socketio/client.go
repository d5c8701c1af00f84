package socketio

import (
	"bytes"
	"errors"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// client is one session, with the namespaces it carries. It is the session's engineio.Handler.
type client struct {
	// set at construction
	server  *Server
	session *engineio.Session

	gate  gate
	reads reads

	// owned by the holder of the gate

	// incoming is what it sends, as far as it is read. Its form is set before the client has any socket or attempt.
	incoming
	// clock ends a client that joins nothing. Nil once it has joined.
	clock *clock
	// seats are the namespaces that are joined, asked for or just left. Invariant: one for each name,
	// at most Limits.Namespaces.
	seats seats
	// applicants are its CONNECTs that wait for room.
	applicants applicants
	// user is whose rates count. Read by anybody.
	user user
	// asked says that it has joined a namespace, or tried to.
	asked bool
	// over says that the client has ended; end tells why. Nil until then, as it weighs much.
	over bool
	end  *Disconnect
}

func newClient(s *Server, session *engineio.Session) *client {
	c := &client{server: s, session: session, incoming: incoming{form: s.parsers.first()}}
	s.lives.Add(1)
	c.gate.tryEnter() // it is free; the timer may be early
	defer c.gate.leave()
	c.clock = newClock(s.timeout, func() { c.post(c.joinedNothing) })
	if c.old() {
		c.form = formText
		_ = c.connect(siopacket.Packet{Type: siopacket.Connect, Own: true, Namespace: "/"}, nil) // nothing is joined yet
	}
	return c
}

// HandleMessage implements engineio.Handler. It never waits.
func (c *client) HandleMessage(data []byte, binary bool) {
	if !c.gate.tryEnter() {
		c.later(data, binary)
		return
	}
	defer c.gate.leave()
	c.read(data, binary)
}

// later leaves a message in the gate: whoever has it may take long, as an accept with thousands of emits does, and
// a poller does not wait. The client is not read further until then.
func (c *client) later(data []byte, binary bool) {
	data = bytes.Clone(data)
	c.reads.hold(c.session, HoldNone, HoldAll)
	c.post(func() {
		// Afterwards, so that what it leads to holds the client before the next message is read.
		defer c.reads.hold(c.session, HoldAll, HoldNone)
		c.read(data, binary)
	})
}

// read acts on a message. In the gate.
func (c *client) read(data []byte, binary bool) {
	if c.over {
		return
	}
	if err := c.receive(data, binary); err != nil {
		c.refuse(err)
	}
}

// HandleClose implements engineio.Handler.
func (c *client) HandleClose(closed engineio.Close) {
	end := Disconnect{Reason: string(closed.Reason), CloseCode: closed.Code, Detail: closed.Detail}
	if closed.Reason == engineio.ReasonServerShuttingDown {
		end.CloseCode = 0 // it was ours
	}
	c.post(func() { c.finish(end) })
}

// receive decodes one message and acts on it.
func (c *client) receive(data []byte, binary bool) error {
	if c.partial != nil {
		whole, err := c.attachment(c, data, binary)
		if whole == nil {
			return err
		}
		return c.dispatch(whole.packet, whole.attachments)
	}
	p, inline, err := c.parser(&c.server.parsers, binary).Decode(data, binary)
	if err != nil {
		return err
	}
	if c.old() {
		p = withoutQuery(p, c.server.limits.AuthBytes)
	}
	// The one copy: from here on the bytes are ours, and the application's after that. A CONNECT that is refused for
	// its size needs none.
	if !p.Own && (p.Type != siopacket.Connect || len(p.Payload) <= c.server.limits.AuthBytes) {
		p.Payload = bytes.Clone(p.Payload)
	}
	if p.Attachments > len(inline) {
		// Attachments are not kept for a stranger, who could never say what they are for.
		if c.seats.find(p.Namespace) == nil {
			return errState
		}
		return c.await(c, p)
	}
	if c.server.limits.EventBytes < sizeOf(p.Payload, inline) {
		return errEventBytes
	}
	return c.dispatch(p, inline)
}

// errState is a packet that does not fit the state of its namespace.
var errState = errors.New("packet does not fit the state of its namespace")

// dispatch acts on a packet that has come whole.
//
// Source: socket.io 4.8 client.ts, ondecoded; reference 2.2 (invalid states).
func (c *client) dispatch(p siopacket.Packet, attachments [][]byte) error {
	at := c.seats.find(p.Namespace)
	if p.Type == siopacket.Connect {
		return c.connect(p, at)
	}
	if p.Type == siopacket.ConnectError || at == nil {
		return errState
	}
	if at.attempt != nil {
		at.attempt.early.keep(at.attempt, p, attachments)
		return nil
	}
	s := at.socket
	if s == nil || !s.Connected() {
		return nil // it does not know yet that it had to leave
	}
	switch p.Type {
	case siopacket.Disconnect:
		c.leave(s)
	case siopacket.Ack:
		s.acknowledged(p, attachments)
	default:
		c.event(s, p, attachments)
	}
	return nil
}

// send queues one packet that belongs to no open socket, and writes it.
func (c *client) send(b *engineio.Batch, p siopacket.Packet) {
	_ = c.session.Send(b, c.encode(p, nil), false) // a failure closes the session
}

// encode makes the messages of a packet for this client alone.
func (c *client) encode(p siopacket.Packet, attachments [][]byte) []*engineio.Message {
	return encode(c.server.parsers.of(c.form), p, attachments, false)
}

// encode makes the messages of a packet, each in the form that every session can send.
func encode(parser siopacket.Parser, p siopacket.Packet, attachments [][]byte, shared bool) []*engineio.Message {
	const head = wsframe.Headroom
	buf := append(make([]byte, head, head+1+parser.Size(p, attachments)), '4')
	data, binary, separate := parser.Encode(buf, p, attachments)
	if binary {
		return engineio.NewMessage(data[1:], true, shared).Unit()
	}
	first := engineio.NewMessage(data, false, shared)
	if !separate {
		return first.Unit()
	}
	unit := make([]*engineio.Message, 0, 1+len(attachments))
	unit = append(unit, first)
	for _, attachment := range attachments {
		unit = append(unit, engineio.NewBinaryMessage(attachment, shared))
	}
	return unit
}
