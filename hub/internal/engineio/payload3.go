package engineio

import (
	"net/http"
	"sync/atomic"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/request"
)

// dialect is what is known of a browser of revision 3 by what it posts. The parser of Socket.IO clients 1 misreads texts
// that are not ASCII in ordinary text payloads. Where it can, it posts binary payloads alone, and reads them; where it
// cannot (b64), it encodes text twice. Later ones post binary payloads where there is something binary in them.
type dialect uint32

const (
	dialectUnknown dialect = iota
	dialectText            // it has posted a text payload
	dialectBinary          // it has posted texts in a binary payload
	dialectTwice           // it has posted a text payload that was encoded twice
)

// appendPayload appends packets to a polling answer as the session's browser reads them, and says of what type it is.
//
// Spec: engine.io-protocol v4, HTTP long-polling, Packet encoding.
func (t *polling) appendPayload(body *[]byte, batch []entry) (contentType []string) {
	s := t.session
	if revision3(s) {
		return appendPayload3(s, t.spoken.known(), body, batch)
	}
	for i, e := range batch {
		if i > 0 {
			*body = append(*body, eiopacket.Separator)
		}
		text := e.message.text()
		*body = append(*body, text...)
		s.server.trace.sent(len(text))
	}
	return typeText
}

// appendPayload3 does so in revision 3.
//
// Spec: engine.io-protocol v3, Payload, JSONP.
func appendPayload3(s *Session, reads dialect, body *[]byte, batch []entry) (contentType []string) {
	for _, e := range batch {
		s.server.trace.sent(e.message.len())
	}
	h := s.Handshake()
	index, jsonp := h.JSONP()
	if !jsonp && !h.Base64() && wantsBinary(reads, batch) {
		for _, e := range batch {
			if m := e.message; m.binary {
				*body = eiopacket.AppendMessage3(*body, m.data())
			} else {
				*body = eiopacket.AppendString3(*body, m.data())
			}
		}
		return typeOctets
	}
	text := body
	if jsonp {
		text = buffers.get()
		defer buffers.put(text)
	}
	add := eiopacket.AppendText3
	if reads == dialectTwice {
		add = eiopacket.AppendTwice3
	}
	for _, e := range batch {
		*text = add(*text, e.message.text3())
	}
	if !jsonp {
		return typeText
	}
	*body = eiopacket.AppendJSONP(*body, eiopacket.JSONPIndex(index), *text)
	return typeScript
}

// wantsBinary reports whether packets are better sent as a binary payload.
func wantsBinary(reads dialect, batch []entry) bool {
	for _, e := range batch {
		if e.message.binary || reads != dialectText && !ascii(e.message.data()) {
			return true
		}
	}
	return false
}

func ascii(text []byte) bool {
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// payload3 reads the body of a POST of revision 3, the whole of it: it returns a binary payload, which may be in
// scratch, and how many packets it has.
func (p *post) payload3(r *http.Request, body []byte, scratch *[]byte) (payload []byte, packets int, err error) {
	s, browser := p.polling.session, &p.polling.spoken
	most := s.server.config.Limits.PacketsPerPayload
	if isOctets(r.Header["Content-Type"]) {
		packets, strings, err := eiopacket.Check3(body, most)
		if err == nil && strings {
			browser.learn(dialectBinary)
		}
		return body, packets, err
	}
	if _, jsonp := s.Handshake().JSONP(); jsonp {
		field, ok := request.FormField(body, "d")
		if !ok {
			return nil, 0, errForm
		}
		body = eiopacket.UnescapeJSONP(field)
	}
	if !eiopacket.Repair(body) {
		return nil, 0, errNotUTF8
	}
	if browser.encodedTwice(body, s.Handshake().Base64()) {
		if once, ok := eiopacket.Once(body); ok {
			*scratch, packets, err = eiopacket.BinaryOnce3(*scratch, once, most)
			return *scratch, packets, err
		}
	}
	*scratch, packets, err = eiopacket.Binary3(*scratch, body, most)
	return *scratch, packets, err
}

// spoken is the dialect of a browser that polls. It is safe for concurrent use.
type spoken struct{ dialect atomic.Uint32 }

// known is what is known of it.
func (b *spoken) known() dialect { return dialect(b.dialect.Load()) }

// learn notes what a payload shows. The first word counts.
func (b *spoken) learn(d dialect) { b.dialect.CompareAndSwap(uint32(dialectUnknown), uint32(d)) }

// encodedTwice reports whether the browser encodes text twice. The first payload decides in which that can be seen.
func (b *spoken) encodedTwice(payload []byte, base64 bool) bool {
	if b.known() == dialectUnknown {
		switch {
		case !base64:
			b.learn(dialectText)
		case !ascii(payload):
			d := dialectText
			if _, twice := eiopacket.Once(payload); twice {
				d = dialectTwice
			}
			b.learn(d)
		}
	}
	return b.known() == dialectTwice
}
