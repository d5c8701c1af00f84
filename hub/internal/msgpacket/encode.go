package msgpacket

import (
	"sync"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Encode implements siopacket.Parser. Payload that is not JSON becomes nil, which a client refuses as it does JSON
// that is none.
func (m *Parser) Encode(buf []byte, p siopacket.Packet, attachments [][]byte) (message []byte, binary, separate bool) {
	w := writers.Get().(*writer)
	w.out = buf
	w.packet(p, attachments)
	message = w.out
	w.release()
	return message, true, false
}

// Size implements siopacket.Parser. Texts and containers take about as much as in JSON, numbers up to nine bytes.
func (m *Parser) Size(p siopacket.Packet, attachments [][]byte) int {
	const heads = len("\x84\xa4type\x02\xa2id\xa3nsp\xa4data") + 9 + 2*5
	n := heads + len(p.Namespace) + len(p.Name) + len(p.Payload)
	for _, attachment := range attachments {
		n += 5 + len(attachment)
	}
	return n
}

// writer writes one packet at a time. It is the siopacket.Visitor that writes the payload.
type writer struct {
	encoder *msgpack.Encoder // over the writer itself
	out     []byte

	sizes       sizes
	next        int // of sizes.list
	attachments [][]byte
	// hidden counts the open containers of a placeholder that was written as binary.
	hidden int
	// event is the name that goes in front of the arguments. It is written with the first container.
	event string
	named bool
}

var writers = sync.Pool{New: func() any {
	w := new(writer)
	w.encoder = msgpack.NewEncoder(w)
	return w
}}

// release gives the writer back.
func (w *writer) release() {
	const most = 16 << 10 // longer lists are not worth keeping
	list := w.sizes.list[:0]
	if cap(list) > most {
		list = nil
	}
	*w = writer{encoder: w.encoder, sizes: sizes{list: list, open: w.sizes.open[:0]}}
	writers.Put(w)
}

// Write implements io.Writer for the encoder. It never fails, so that the encoder never does.
func (w *writer) Write(b []byte) (int, error) {
	w.out = append(w.out, b...)
	return len(b), nil
}

// WriteByte implements io.ByteWriter for the encoder.
func (w *writer) WriteByte(b byte) error {
	w.out = append(w.out, b)
	return nil
}

// packet writes the map. The members stand as the reference has them for an event.
//
// Source: socket.io 4.8, socket.ts (emit, ack, packet).
func (w *writer) packet(p siopacket.Packet, attachments [][]byte) {
	payload := p.Payload
	if len(payload) == 0 && (p.Type == siopacket.Event || p.Type == siopacket.Ack) {
		payload = emptyArray
	}
	members := 2
	if len(payload) > 0 {
		members++
	}
	if !p.ID.IsZero() {
		members++
	}
	_ = w.encoder.EncodeMapLen(members)
	_ = w.encoder.EncodeString("type")
	_ = w.encoder.EncodeUint(uint64(p.Type))
	if len(payload) > 0 {
		_ = w.encoder.EncodeString("data")
		w.event, w.named = p.Name, p.Type == siopacket.Event
		w.payload(payload, attachments)
	}
	if !p.ID.IsZero() {
		_ = w.encoder.EncodeString("id")
		_ = w.encoder.EncodeUint(p.ID.Value())
	}
	_ = w.encoder.EncodeString("nsp")
	_ = w.encoder.EncodeString(p.Namespace)
}

var emptyArray = []byte("[]")

// payload writes JSON.
func (w *writer) payload(data []byte, attachments [][]byte) {
	w.attachments, w.sizes.attachments = attachments, len(attachments)
	if siopacket.Walk(data, siopacket.MaxDepth, &w.sizes) != nil {
		_ = w.encoder.EncodeNil()
		return
	}
	_ = siopacket.Walk(data, siopacket.MaxDepth, w) // as well-formed as it was
}
