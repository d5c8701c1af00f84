package engineio

import (
	"net/http"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/request"
)

// dialect is what is known of a browser of revision 3 by what it posts. The parser of Socket.IO clients 1 posts binary
// payloads alone, and misreads texts that are not ASCII unless it is sent binary payloads. Later ones post binary
// payloads where there is something binary in them.
type dialect uint8

const (
	dialectUnknown dialect = iota
	dialectText            // it has posted a text payload
	dialectBinary          // it has posted texts in a binary payload
)

// appendPayload appends packets to a polling answer as the session's browser reads them, and says of what type it is.
//
// Spec: engine.io-protocol v4, HTTP long-polling, Packet encoding.
func appendPayload(s *Session, body *[]byte, batch []entry) (contentType []string) {
	if revision3(s) {
		return appendPayload3(s, body, batch)
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
func appendPayload3(s *Session, body *[]byte, batch []entry) (contentType []string) {
	for _, e := range batch {
		s.server.trace.sent(e.message.len())
	}
	h := s.Handshake()
	index, jsonp := h.JSONP()
	if !jsonp && !h.Base64() && s.wantsBinary(batch) {
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
	for _, e := range batch {
		*text = eiopacket.AppendText3(*text, e.message.text3())
	}
	if !jsonp {
		return typeText
	}
	*body = eiopacket.AppendJSONP(*body, eiopacket.JSONPIndex(index), *text)
	return typeScript
}

// wantsBinary reports whether packets are better sent as a binary payload.
func (s *Session) wantsBinary(batch []entry) bool {
	s.mu.Lock()
	reads := s.dialect
	s.mu.Unlock()
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
func (s *Session) payload3(r *http.Request, body []byte, scratch *[]byte) (payload []byte, packets int, err error) {
	most := s.server.config.Limits.PacketsPerPayload
	if isOctets(r.Header["Content-Type"]) {
		packets, strings, err := eiopacket.Check3(body, most)
		if err == nil && strings {
			s.speaks(dialectBinary)
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
	*scratch, packets, err = eiopacket.Binary3(*scratch, body, most)
	if err == nil {
		s.speaks(dialectText)
	}
	return *scratch, packets, err
}

// speaks notes what is known of the browser. The first word counts.
func (s *Session) speaks(d dialect) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dialect == dialectUnknown {
		s.dialect = d
	}
}
