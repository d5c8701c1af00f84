package envelope

import (
	"google.golang.org/protobuf/encoding/protowire"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Fields as protobuf writes them: those that have their zero value are left out, a
// message that is there is not.

func appendVarint(b []byte, tag byte, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(append(b, tag), v)
}

func appendBytes[T string | []byte](b []byte, tag byte, v T) []byte {
	if len(v) == 0 {
		return b
	}
	return append(appendHead(b, tag, len(v)), v...)
}

// appendHead appends what stands before a message, or any bytes, of that size.
func appendHead(b []byte, tag byte, size int) []byte {
	return protowire.AppendVarint(append(b, tag), uint64(size))
}

func appendPayload(b []byte, tag byte, p *hubv1.Payload) []byte {
	if p == nil {
		return b
	}
	b = appendHead(b, tag, sizeInPayload(p))
	b = appendBytes(b, tagPayloadArgs, p.Args)
	for _, a := range p.Attachments {
		b = append(appendHead(b, tagPayloadAttachment, len(a)), a...)
	}
	return b
}

// sizeVarint, sizeField and sizePayload are what the field takes with its tag.

func sizeVarint(v uint64) int {
	if v == 0 {
		return 0
	}
	return 1 + protowire.SizeVarint(v)
}

func sizeField(size int) int {
	if size == 0 {
		return 0
	}
	return sizeBytes(size)
}

func sizePayload(p *hubv1.Payload) int {
	if p == nil {
		return 0
	}
	return sizeBytes(sizeInPayload(p))
}

// sizeBytes is what bytes of that size take with their head, also when there are
// none.
func sizeBytes(size int) int { return 1 + protowire.SizeBytes(size) }

func sizeInPayload(p *hubv1.Payload) int {
	n := sizeField(len(p.Args))
	for _, a := range p.Attachments {
		n += sizeBytes(len(a))
	}
	return n
}

// reader reads fields. After a field that is not there in full it is bad, and
// nothing more comes.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) more() bool { return len(r.b) > 0 }

// varint reads a number, or a tag.
func (r *reader) varint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, n := protowire.ConsumeVarint(r.b)
	if n < 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// bytes reads bytes, which are a part of what is read.
func (r *reader) bytes() []byte {
	n := r.varint()
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// message reads the bytes of a field that may come once: a second one would have to
// be merged.
func (r *reader) message(before []byte) []byte {
	if before != nil {
		r.b, r.bad = nil, true
		return nil
	}
	return r.bytes()
}
