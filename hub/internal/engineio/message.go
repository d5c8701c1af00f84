package engineio

import (
	"sync"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// Message is a message packet in its wire forms. It is immutable, may be queued on any number of
// sessions, and makes each form at most once.
type Message struct {
	data   []byte // text: with the packet type; binary: as it stands
	binary bool
	forms  *forms // nil for a message that one session sends
}

// forms are the wire forms of a message that many sessions send, each made when the first of them needs
// it.
type forms struct {
	frame prepared // for WebSocket

	base64Once sync.Once
	base64     []byte // a binary message in text form
}

// The packets of the server itself. farewell and pongReply are marks: the transports write what they
// stand for.
var (
	pingMessage  = packetMessage(eiopacket.Ping, "")
	probeMessage = packetMessage(eiopacket.Pong, eiopacket.Probe)
	noopMessage  = packetMessage(eiopacket.Noop, "")
	farewell     = packetMessage(eiopacket.Close, "")
	pongReply    = new(Message)
)

// packetMessage returns a shared packet of the server's own.
func packetMessage(t eiopacket.Type, data string) *Message {
	return NewTextMessage(append([]byte{byte(t)}, data...), true)
}

// NewTextMessage returns a text message. prefixed starts with the packet type '4' and is valid
// UTF-8; it is kept and must never change. shared says that many sessions will send it, so that its
// wire forms are worth keeping.
func NewTextMessage(prefixed []byte, shared bool) *Message {
	m := &Message{data: prefixed}
	if shared {
		m.forms = new(forms)
	}
	return m
}

// NewBinaryMessage returns a binary message, without a type byte. data is kept and must never
// change.
func NewBinaryMessage(data []byte, shared bool) *Message {
	m := NewTextMessage(data, shared)
	m.binary = true
	return m
}

// text is the form for polling, and for a browser that cannot take binary frames.
func (m *Message) text() []byte {
	if !m.binary {
		return m.data
	}
	f := m.forms
	if f == nil {
		return m.encodeBase64()
	}
	f.base64Once.Do(func() { f.base64 = m.encodeBase64() })
	return f.base64
}

func (m *Message) encodeBase64() []byte {
	return eiopacket.AppendBinary(make([]byte, 0, eiopacket.BinaryLen(len(m.data))), m.data)
}
