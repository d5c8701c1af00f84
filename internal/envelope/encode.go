package envelope

import (
	"google.golang.org/grpc/mem"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// encode encodes an envelope. Payloads of apartBytes and more are not copied.
func encode[T *hubv1.Item | *hubv1.Action](seq, ack uint64, entries []T) (mem.BufferSlice, error) {
	size := sizeVarint(seq) + sizeVarint(ack)
	var few [64]int
	sizes := few[:0]
	for _, e := range entries {
		n := sizeEntry(e)
		sizes = append(sizes, n)
		size += sizeBytes(n)
		if n >= apartBytes {
			size -= sizeApart(payloadOf(e))
		}
	}
	w := newWriter(size)
	w.b = appendVarint(w.b, tagEnvelopeSeq, seq)
	w.b = appendVarint(w.b, tagAckSeq, ack)
	for i, e := range entries {
		w.b = appendHead(w.b, tagEntry, sizes[i])
		if err := w.entry(e); err != nil {
			w.drop()
			return nil, err
		}
	}
	return w.finish(), nil
}

// The functions below know both kinds of entries.

func sizeEntry(e any) int {
	if i, ok := e.(*hubv1.Item); ok {
		return sizeItem(i)
	}
	return sizeAction(e.(*hubv1.Action))
}

// payloadOf returns the payload of an entry that is hot, or nil.
func payloadOf(e any) *hubv1.Payload {
	if i, ok := e.(*hubv1.Item); ok {
		_, event := eventOf(i)
		return event.GetPayload()
	}
	_, reply := outcomeOf(e.(*hubv1.Action))
	return reply.GetPayload()
}

func (w *writer) entry(e any) error {
	if i, ok := e.(*hubv1.Item); ok {
		return w.item(i)
	}
	return w.action(e.(*hubv1.Action))
}
