package envelope

import (
	"bytes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// decodePayload decodes a payload, whose bytes are parts of b.
func decodePayload(b []byte, to *hubv1.Payload) bool {
	r := reader{b: b}
	for r.more() {
		switch r.varint() {
		case uint64(tagPayloadArgs):
			to.Args = r.bytes()
		case uint64(tagPayloadAttachment):
			to.Attachments = append(to.Attachments, r.bytes())
		default:
			return false
		}
		if r.bad {
			return false
		}
	}
	return true
}

// own returns bytes that may be kept. What fills half of its envelope or more stays in
// it, for it keeps less than its own size of what it does not need; anything else is
// copied. An envelope of size 0 lies in a buffer that is used again.
func own(b []byte, envelope int) []byte {
	if b == nil || (envelope > 0 && len(b) >= envelope/2) {
		return b
	}
	return bytes.Clone(b)
}

// ownAttachments makes attachments such that may be kept.
func ownAttachments(p *hubv1.Payload, envelope int) {
	for i, a := range p.Attachments {
		p.Attachments[i] = own(a, envelope)
	}
}
