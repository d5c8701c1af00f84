package envelope

import (
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// apartBytes is the size from which the bytes of a payload are handed to gRPC as they
// are. Below it a copy costs less than a buffer more.
const apartBytes = 8 << 10

// writer writes an envelope: most of it into one buffer, which is gRPC's, and large
// payloads apart.
type writer struct {
	b      []byte
	pooled *[]byte // b's array; nil when it is not from the pool
	apart  []apart
}

// apart is what stands in the envelope before the byte at of the buffer.
type apart struct {
	at   int
	data []byte
}

// newWriter has room for size bytes, those apart not counted.
func newWriter(size int) writer {
	if mem.IsBelowBufferPoolingThreshold(size) {
		return writer{b: make([]byte, 0, size)}
	}
	pooled := mem.DefaultBufferPool().Get(size)
	return writer{b: (*pooled)[:0], pooled: pooled}
}

// message writes what is not hot.
func (w *writer) message(m proto.Message) (err error) {
	w.b, err = proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(w.b, m)
	return err
}

// payload writes a payload.
func (w *writer) payload(tag byte, p *hubv1.Payload) {
	if p == nil {
		return
	}
	w.b = appendHead(w.b, tag, sizeInPayload(p))
	if len(p.Args) > 0 {
		w.bytes(tagPayloadArgs, p.Args)
	}
	for _, a := range p.Attachments {
		w.bytes(tagPayloadAttachment, a)
	}
}

// bytes writes bytes, here or apart.
func (w *writer) bytes(tag byte, v []byte) {
	w.b = appendHead(w.b, tag, len(v))
	if len(v) < apartBytes {
		w.b = append(w.b, v...)
		return
	}
	w.apart = append(w.apart, apart{len(w.b), v})
}

// sizeApart is how many bytes of a payload are written apart.
func sizeApart(p *hubv1.Payload) (n int) {
	if len(p.GetArgs()) >= apartBytes {
		n = len(p.Args)
	}
	for _, a := range p.GetAttachments() {
		if len(a) >= apartBytes {
			n += len(a)
		}
	}
	return n
}

// drop gives the buffer back.
func (w *writer) drop() {
	if w.pooled != nil {
		mem.DefaultBufferPool().Put(w.pooled)
	}
}

// finish returns the envelope.
func (w *writer) finish() mem.BufferSlice {
	buf := mem.Buffer(mem.SliceBuffer(w.b))
	if w.pooled != nil {
		*w.pooled = w.b
		buf = mem.NewBuffer(w.pooled, mem.DefaultBufferPool())
	}
	if len(w.apart) == 0 {
		return mem.BufferSlice{buf}
	}
	all, from := make(mem.BufferSlice, 0, 2*len(w.apart)+1), 0
	for _, a := range w.apart {
		all = append(all, buf.Slice(from, a.at), mem.SliceBuffer(a.data))
		from = a.at
	}
	if from < len(w.b) {
		all = append(all, buf.Slice(from, len(w.b)))
	}
	buf.Free() // its parts hold it
	return all
}
