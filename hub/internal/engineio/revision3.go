package engineio

import (
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// revision3 reports whether the session's browser speaks revision 3 of the protocol.
func revision3(s *Session) bool { return s.Handshake().Revision3() }

// openAlone answers a handshake over polling with the open packet alone: clients of revision 3 need not look for
// another packet behind it.
func openAlone(s *Session, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	t := s.transport.(*polling) // nobody knows the session yet
	p := &poll{ready: make(chan struct{})}
	t.poll = p
	t.answerLocked()
	s.mu.Unlock()
	s.begin()
	t.finish(w, r, p)
}

// openPause is how long a WebSocket of revision 3 has to get used to being open before its open packet comes. Some
// clients lose what they read together with the answer to their handshake; in revision 4 they hear of the session's life
// by its pings as well, here they would wait for ever.
const openPause = 20 * time.Millisecond

// answerAlone sends the answer to the handshake ahead of the open packet.
func (w *webSocket) answerAlone() {
	if w.writeSync(nil) == nil { // else the open packet finds out
		time.Sleep(openPause)
	}
}

// heard acts on a browser's ping or pong. False means that the session takes no more. The ping of a browser of revision 3
// is answered with the same data.
//
// Spec: engine.io-protocol v4, Heartbeat; v3, ping.
func (h *heartbeat) heard(s *Session, p eiopacket.Packet) bool {
	pings := revision3(s)
	if pings != (p.Type == eiopacket.Ping) {
		s.end(Close{Reason: ReasonTransportError, Detail: "invalid heartbeat direction"}, endNow)
		return false
	}
	if !pings {
		h.pong(s)
		return true
	}
	h.pinged(s)
	pong := pongMessage
	if string(p.Data) == eiopacket.Probe {
		pong = probeMessage
	}
	// Like any message, so that it is bounded: nobody waits for a ping before the next one.
	_ = s.Send(nil, pong.Unit(), true) // a failure closes the session
	return true
}

// endSilent ends the session of a browser that has not answered a ping, or has sent none where that is its part.
func endSilent(s *Session) {
	detail := "no pong in time"
	if revision3(s) {
		detail = "no ping in time"
	}
	s.end(Close{Reason: ReasonPingTimeout, Detail: detail}, endNow)
}

// keepAlive is what shows whether the browser is there: a ping or, to one that pings by itself, what it throws away.
func keepAlive(s *Session) *Message {
	if revision3(s) {
		return noopMessage
	}
	return pingMessage
}

// forms3 are the wire forms of a binary message in revision 3, each made when it is needed.
type forms3 struct {
	text, frame once
}

// text3 is the message in text form of revision 3.
func (m *Message) text3() []byte {
	if !m.binary {
		return m.data()
	}
	encode := func() []byte {
		return eiopacket.AppendBase64V3(make([]byte, 0, eiopacket.Base64LenV3(m.len())), m.data())
	}
	if f := m.shareable(); f != nil {
		return f.revision3.text.get(encode)
	}
	return encode()
}

// binary3 is a binary message in binary form of revision 3.
func (m *Message) binary3() []byte {
	encode := func() []byte { return eiopacket.AppendBinary3(make([]byte, 0, m.len()+1), m.data()) }
	if f := m.shareable(); f != nil {
		return f.revision3.frame.get(encode)
	}
	return encode()
}

// frameOf is a binary message as the session's WebSocket has it. asItIs: as in every other one's, which it mostly is.
func frameOf(s *Session, m *Message) (opcode byte, data []byte, asItIs bool) {
	h := s.Handshake()
	old := h.Revision3()
	switch {
	case h.Base64() && old:
		return wsframe.OpcodeText, m.text3(), false
	case h.Base64():
		return wsframe.OpcodeText, m.text(), false
	case old:
		return wsframe.OpcodeBinary, m.binary3(), false
	}
	return wsframe.OpcodeBinary, m.data(), true
}

// decode3 reads the packet in a message of a WebSocket of revision 3. Text is valid UTF-8.
func decode3(binary bool, data []byte) (eiopacket.Packet, error) {
	if binary {
		return eiopacket.DecodeBinary3(data)
	}
	return eiopacket.Decode3(data)
}
