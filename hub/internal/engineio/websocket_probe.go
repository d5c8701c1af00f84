package engineio

import (
	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// webSocketProbe is a WebSocket as a carrier.
type webSocketProbe struct{ *webSocket }

// expect implements carrier. It reads no byte further, so that what follows can
// be read by a poller.
func (w webSocketProbe) expect(t eiopacket.Type, data string) bool {
	is := func(packet eiopacket.Packet) bool {
		return packet.Type == t && !packet.Binary && (data == "" || string(packet.Data) == data)
	}
	s, c := w.session, &w.conn
	if !c.pollable() {
		// What is not this short packet is not waited for.
		w.gorilla.limit(readBuffer)
		defer w.gorilla.limit(s.server.config.MaxPayload)
		packet, buf, err := w.gorilla.next()
		if err != nil {
			return false
		}
		defer buffers.put(buf)
		return is(packet)
	}
	for {
		if c.in != nil {
			packet, found, err := w.next(c.in, false)
			if err != nil {
				return false
			}
			if found == wsframe.Complete {
				defer c.releaseEmpty()
				return is(packet)
			}
			if len(c.in.Bytes()) > readBuffer {
				return false
			}
			c.releaseEmpty()
		}
		if c.await() != nil {
			return false
		}
	}
}

// ahead implements carrier.
func (w webSocketProbe) ahead() bool { return w.conn.in != nil }

// carryLocked implements carrier.
func (w webSocketProbe) carryLocked(rest *pendingPayload) {
	w.session.transport = w.webSocket
	w.pending, w.conn.blocked = rest, rest != nil
	w.moveToPoller() // before anybody else can write
}
