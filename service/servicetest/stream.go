package servicetest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

const (
	heartbeatInterval = 5 * time.Second
	commandWindow     = 1024
	maxEnvelopeBytes  = 4 << 20
)

var errCut = status.Error(codes.Unavailable, "servicetest: cut")

// stream is one connection of the service. Guarded by Hub.mu.
type stream struct {
	hub     *Hub
	call    *call
	greeted bool
	spoke   time.Time // when the hub last said something
}

// newCall begins a streaming call.
func newCall(ctx context.Context, h *Hub, method string) (grpc.ClientStream, error) {
	if isCutOff(h) {
		return nil, errCut
	}
	c := &call{ctx: ctx, hub: h}
	switch method {
	case hubv1.AttachService_Attach_FullMethodName:
		st := &stream{hub: h, call: c}
		c.take = func(m proto.Message) error { return st.envelopeLocked(m.(*hubv1.AttachRequest)) }
		c.gone = func() {
			st.endLocked(nil)
			forgetLocked(h)
		}
		// The service gives up the stream by its context; it may come back.
		context.AfterFunc(ctx, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			st.endLocked(status.FromContextError(ctx.Err()).Err())
		})
	case hubv1.ControlService_FetchSockets_FullMethodName:
		c.take = func(m proto.Message) error { return fetchCallLocked(h, c, m.(*hubv1.FetchSocketsRequest)) }
	case hubv1.ControlService_EmitWithAck_FullMethodName:
		c.take = func(m proto.Message) error { return eachAckLocked(h, c, m.(*hubv1.EmitWithAckRequest)) }
	default:
		return nil, status.Error(codes.Unimplemented, method)
	}
	return c, nil
}

// endLocked ends the stream; nil is a clean end. The attachment stays.
func (st *stream) endLocked(err error) {
	if err == nil {
		err = io.EOF
	}
	st.call.endLocked(err)
	if st.hub.stream == st {
		st.hub.stream = nil
		st.hub.changedLocked()
	}
}

func (st *stream) writeLocked(envelope *hubv1.AttachResponse) {
	st.spoke = time.Now()
	numbered := proto.CloneOf(envelope)
	if st.hub.att != nil {
		numbered.AckEnvelopeSeq = st.hub.att.applied
	}
	st.call.queue = append(st.call.queue, numbered)
	st.hub.changedLocked()
}

// envelopeLocked checks the numbers of an envelope, and applies it.
func (st *stream) envelopeLocked(envelope *hubv1.AttachRequest) error {
	if !st.greeted {
		return st.helloLocked(envelope)
	}
	a := st.hub.att
	if st.hub.stream != st || a == nil {
		return io.EOF
	}
	if envelope.GetEnvelopeSeq() != a.applied+1 || envelope.GetAckEnvelopeSeq() > a.sent {
		st.endLocked(status.Error(codes.InvalidArgument, fmt.Sprintf(
			"envelope %d after %d, receipt for %d of %d", envelope.GetEnvelopeSeq(), a.applied, envelope.GetAckEnvelopeSeq(), a.sent)))
		return io.EOF
	}
	a.applied++
	a.receivedLocked(envelope.GetAckEnvelopeSeq())
	for _, action := range envelope.GetActions() {
		st.actionLocked(action)
	}
	if st.hub.stream == st && time.Since(st.spoke) >= heartbeatInterval {
		st.hub.sayLocked(heartbeat()) // the service speaks so much that it sends none itself
	}
	drainedLocked(st.hub)
	return nil
}

func (st *stream) actionLocked(action *hubv1.Action) {
	if st.hub.stream != st || st.hub.att == nil {
		return
	}
	switch kind := action.GetKind().(type) {
	case *hubv1.Action_Hello:
		st.endLocked(status.Error(codes.FailedPrecondition, "a second hello"))
	case *hubv1.Action_Settlement:
		st.settleLocked(kind.Settlement)
	case *hubv1.Action_Command:
		commandLocked(st.hub, kind.Command)
	case *hubv1.Action_Window:
		st.hub.att.window = kind.Window
		st.hub.ledger.pumpLocked()
	case *hubv1.Action_Heartbeat:
		st.hub.sayLocked(heartbeat())
	case *hubv1.Action_Drain:
		st.hub.att.draining = true
	default:
		st.hub.sayLocked(noticeItem(hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION, invalid("BAD_ACTION", "")))
	}
}

func (st *stream) helloLocked(envelope *hubv1.AttachRequest) error {
	var hello *hubv1.Hello
	if len(envelope.GetActions()) > 0 {
		hello = envelope.GetActions()[0].GetHello()
	}
	number := uint64(1)
	if hello.GetResume() != nil {
		number = 0
	}
	if hello == nil || envelope.GetEnvelopeSeq() != number || len(envelope.GetActions()) > 1 {
		st.endLocked(status.Error(codes.FailedPrecondition, "the first action is a hello, in envelope 1, or 0 to resume"))
		return io.EOF
	}
	h := st.hub
	if slices.Contains(hello.GetAttachedHubIds(), h.id) {
		st.endLocked(status.Error(codes.AlreadyExists, "this is "+h.id))
		return io.EOF
	}
	if h.stream != nil {
		h.stream.endLocked(status.Error(codes.Aborted, "taken over"))
	}
	h.stream, st.greeted = st, true
	h.anew = hello.GetAnew()
	h.streams++
	resume := hello.GetResume()
	if h.att != nil && resume != nil && resume.GetHubId() == h.id && string(resume.GetAttachment()) == string(h.att.id) {
		h.resumed++
		st.resumeLocked(hello)
	} else {
		st.beginLocked(hello)
	}
	return nil
}

func heartbeat() *hubv1.Item {
	return &hubv1.Item{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}
}
