package controlplane

import (
	"encoding/binary"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
)

// dedupeID is the identity of a delivery: the process, and the number of its first
// try.
func (s *Server) dedupeID(identity uint64) (id [16]byte) {
	copy(id[:8], s.dedupe[:])
	binary.BigEndian.PutUint64(id[8:], identity)
	return id
}

// durationOf is nil for zero.
func durationOf(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// timeOf is nil for the zero time.
func timeOf(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// handshakeOf is a handshake in the contract's words.
func handshakeOf(h *hub.Handshake) *hubv1.Handshake {
	if h == nil {
		return nil
	}
	m := &hubv1.Handshake{
		Url: h.URL(), RemoteAddress: h.RemoteAddress(), Origin: h.Origin(), Transport: h.Transport(),
		ProtocolVersion: uint32(h.ProtocolVersion()), Secure: h.Secure(), IssueTime: timeOf(h.IssueTime()),
	}
	lines := 0
	for range h.Lines() {
		lines++
	}
	// One allocation for all lines: a browser sends a dozen, and each connect has them twice.
	headers := make([]hubv1.Header, lines)
	m.Headers = make([]*hubv1.Header, 0, lines)
	for name, value := range h.Lines() {
		line := &headers[len(m.Headers)]
		line.Name, line.Value = name, value
		m.Headers = append(m.Headers, line)
	}
	for name, value := range h.Parameters() {
		m.Query = append(m.Query, &hubv1.QueryParameter{Name: name, Value: value})
	}
	return m
}

// roughSize is about the size of an item on the wire, never less than it by more
// than a little. It is exact where the item is not on the hot path.
func roughSize(item *hubv1.Item) int {
	switch kind := item.Kind.(type) {
	case *hubv1.Item_Delivery:
		body, ok := kind.Delivery.Body.(*hubv1.Delivery_Event)
		if !ok {
			break
		}
		size := deliveryBytes + len(body.Event.Name) + len(body.Event.Payload.Args) +
			len(kind.Delivery.Socket.GetNamespace()) + len(kind.Delivery.Socket.GetUser()) +
			len(kind.Delivery.Socket.GetData())
		for _, a := range body.Event.Payload.Attachments {
			size += len(a) + 8
		}
		return size
	case *hubv1.Item_Result:
		if kind.Result.Ack == nil && kind.Result.Status == nil {
			return 64
		}
	}
	return proto.Size(item)
}
