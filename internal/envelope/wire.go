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

// appendSpan appends a Timestamp or a Duration.
func appendSpan(b []byte, tag byte, seconds int64, nanos int32) []byte {
	b = appendHead(b, tag, sizeSpan(seconds, nanos))
	b = appendVarint(b, tagTimeSeconds, uint64(seconds))
	return appendVarint(b, tagTimeNanos, uint64(nanos))
}

func sizeSpan(seconds int64, nanos int32) int {
	return sizeVarint(uint64(seconds)) + sizeVarint(uint64(nanos))
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
