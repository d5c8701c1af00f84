package engineio

import (
	"sync"
	"sync/atomic"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// Message is a message packet in its wire forms. It is immutable, may be queued on any number of
// sessions, and makes each form at most once.
type Message struct {
	// framed is the message, after head bytes of frame header. A head of 0 means that there was no space for
	// one; then it is written when it is needed.
	framed []byte
	forms  atomic.Pointer[forms] // nil until one is needed, and always for a message that one session sends
	unit   [1]*Message           // itself
	head   uint8
	binary bool
	shared bool // many sessions send it, so that its forms are worth keeping
}

// forms are the rarer wire forms of a message that many sessions send, each made when the first of them
// needs it.
type forms struct {
	compressed compressedForms // for WebSockets that have agreed on permessage-deflate
	base64     once            // a binary message in text form

	revision3 forms3
}

// once is a wire form that is made once.
type once struct {
	sync.Once
	bytes []byte
}

func (o *once) get(encode func() []byte) []byte {
	o.Do(func() { o.bytes = encode() })
	return o.bytes
}

// The packets of the server itself. closeMessage and pongReply are marks: the transports write what they
// stand for.
var (
	pingMessage  = packetMessage(eiopacket.Ping, "")
	pongMessage  = packetMessage(eiopacket.Pong, "")
	probeMessage = packetMessage(eiopacket.Pong, eiopacket.Probe)
	noopMessage  = packetMessage(eiopacket.Noop, "")
	closeMessage = packetMessage(eiopacket.Close, "")
	pongReply    = new(Message)
)

// packetMessage returns a shared packet of the server's own.
func packetMessage(t eiopacket.Type, data string) *Message {
	return NewMessage(append(append(make([]byte, wsframe.Headroom), byte(t)), data...), false, true)
}

// NewMessage returns the message that stands in buf after wsframe.Headroom bytes that are free: text, which starts
// with the packet type '4' and is valid UTF-8, or binary, without a type byte. buf is kept and must never
// change. shared says that many sessions will send it.
func NewMessage(buf []byte, binary, shared bool) *Message {
	payload := len(buf) - wsframe.Headroom
	head := wsframe.HeaderLen(payload)
	m := &Message{framed: buf[wsframe.Headroom-head:], head: uint8(head), binary: binary, shared: shared}
	wsframe.PutHeader(m.framed, m.opcode(), payload)
	m.unit[0] = m
	return m
}

// NewTextMessage is NewMessage for a text that has no space in front.
func NewTextMessage(prefixed []byte, shared bool) *Message {
	m := &Message{framed: prefixed, shared: shared}
	m.unit[0] = m
	return m
}

// NewBinaryMessage is NewMessage for bytes that have no space in front.
func NewBinaryMessage(data []byte, shared bool) *Message {
	m := NewTextMessage(data, shared)
	m.binary = true
	return m
}

// Unit is the message as all that is to be sent, see Session.Send. It must not be changed.
func (m *Message) Unit() []*Message { return m.unit[:] }

// data is text with the packet type, or binary as it stands.
func (m *Message) data() []byte { return m.framed[m.head:] }

func (m *Message) len() int { return len(m.framed) - int(m.head) }

// opcode is that of its frame.
func (m *Message) opcode() byte {
	if m.binary {
		return wsframe.OpcodeBinary
	}
	return wsframe.OpcodeText
}

// shareable are the forms of a shared message. Nil for one that is not.
func (m *Message) shareable() *forms {
	if !m.shared {
		return nil
	}
	if f := m.forms.Load(); f != nil {
		return f
	}
	m.forms.CompareAndSwap(nil, new(forms))
	return m.forms.Load()
}

// text is the form for polling, and for a browser that cannot take binary frames.
func (m *Message) text() []byte {
	if !m.binary {
		return m.data()
	}
	f := m.shareable()
	if f == nil {
		return m.encodeBase64()
	}
	return f.base64.get(m.encodeBase64)
}

func (m *Message) encodeBase64() []byte {
	return eiopacket.AppendBinary(make([]byte, 0, eiopacket.BinaryLen(m.len())), m.data())
}
