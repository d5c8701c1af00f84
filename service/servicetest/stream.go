package servicetest

import (
	"context"
	"io"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

const (
	heartbeatInterval = 5 * time.Second
	commandWindow     = 1024
	maxEnvelopeBytes  = 4 << 20
)

var errCut = status.Error(codes.Unavailable, "servicetest: cut")

// stream is the service's attachment. Guarded by Hub.mu.
type stream struct {
	hub         *Hub
	call        *call
	windowCount int
	windowBytes int
	greeted     bool
	spoke       time.Time       // when the hub last said something
	settled     map[uint64]bool // numbers that were given and settled
	commands    map[uint64]bool // without a final result
}

// open begins a streaming call.
func (h *Hub) open(ctx context.Context, method string) (grpc.ClientStream, error) {
	c := &call{ctx: ctx, hub: h}
	switch method {
	case hubv1.AttachService_Attach_FullMethodName:
		st := &stream{hub: h, call: c, settled: map[uint64]bool{}, commands: map[uint64]bool{}}
		c.take = func(m proto.Message) error { return st.envelopeLocked(m.(*hubv1.AttachRequest)) }
		c.gone = func() { st.loseLocked(io.EOF) }
		// The service gives up the stream by its context; what it held is free then.
		context.AfterFunc(ctx, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			st.loseLocked(status.FromContextError(ctx.Err()).Err())
		})
	case hubv1.ControlService_FetchSockets_FullMethodName:
		c.take = func(m proto.Message) error { return h.fetchLocked(c, m.(*hubv1.FetchSocketsRequest)) }
	case hubv1.ControlService_EmitWithAck_FullMethodName:
		c.take = func(m proto.Message) error { return h.eachAckLocked(c, m.(*hubv1.EmitWithAckRequest)) }
	default:
		return nil, status.Error(codes.Unimplemented, method)
	}
	return c, nil
}

// loseLocked ends the stream and takes its work back.
func (st *stream) loseLocked(err error) {
	st.call.endLocked(err)
	if st.hub.stream == st {
		st.hub.stream = nil
		st.hub.ledger.revokeLocked()
	}
}

func (st *stream) sayLocked(items ...*hubv1.Item) {
	st.spoke = time.Now()
	st.call.queue = append(st.call.queue, &hubv1.AttachResponse{Items: items})
	st.hub.changedLocked()
}

// envelopeLocked applies the actions in their order.
func (st *stream) envelopeLocked(envelope *hubv1.AttachRequest) error {
	for _, action := range envelope.GetActions() {
		if hello := action.GetHello(); (hello != nil) == st.greeted {
			st.loseLocked(status.Error(codes.FailedPrecondition, "the first action, and no other, is a hello"))
			return io.EOF
		}
		switch kind := action.GetKind().(type) {
		case *hubv1.Action_Hello:
			st.helloLocked(kind.Hello)
		case *hubv1.Action_Settlement:
			st.settleLocked(kind.Settlement)
		case *hubv1.Action_Command:
			st.commandLocked(kind.Command)
		case *hubv1.Action_Window:
			st.windowLocked(kind.Window)
			st.hub.ledger.pumpLocked()
		case *hubv1.Action_Heartbeat:
			st.sayLocked(heartbeat())
		default:
			st.sayLocked(noticeItem(hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION, invalid("BAD_ACTION", "")))
		}
	}
	if time.Since(st.spoke) >= heartbeatInterval {
		st.sayLocked(heartbeat()) // the service speaks so much that it sends none itself
	}
	return nil
}

func heartbeat() *hubv1.Item {
	return &hubv1.Item{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}
}

func (st *stream) windowLocked(w *hubv1.Window) {
	st.windowCount = int(w.GetDeliveries())
	if st.windowBytes = int(w.GetBytes()); st.windowBytes == 0 {
		st.windowBytes = maxEnvelopeBytes
	}
}

func (st *stream) helloLocked(hello *hubv1.Hello) {
	h := st.hub
	if h.stream != nil {
		h.stream.loseLocked(status.Error(codes.Aborted, "taken over"))
	}
	h.stream, st.greeted = st, true
	h.subscriptions = hello.GetSubscriptions()
	st.windowLocked(hello.GetWindow())
	welcome := &hubv1.Welcome{
		HubId: "servicetest", HubVersion: "test", Window: hello.GetWindow(), CommandWindow: commandWindow,
		MaxEnvelopeBytes: maxEnvelopeBytes, HeartbeatInterval: durationpb.New(heartbeatInterval),
	}
	for _, s := range hello.GetSubscriptions() {
		welcome.Subscriptions = append(welcome.Subscriptions, &hubv1.SubscriptionResult{Effective: s})
	}
	st.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: welcome}})
	h.introduceLocked()
	h.ledger.pumpLocked()
}

// introduceLocked tells a service that asked for it who is there, before all that
// waits for it.
func (h *Hub) introduceLocked() {
	waiting := h.ledger.pending
	h.ledger.pending = nil
	for _, s := range h.liveLocked() {
		sub := h.subscriptions.handler(s.namespace, "")
		again := slices.ContainsFunc(waiting, func(d *delivery) bool { return d.socket == s && d.body.GetConnected() != nil })
		if sub != nil && sub.GetIntroduction() == hubv1.Introduction_INTRODUCTION_ON_ATTACH && !again {
			h.connectedLocked(s, true)
		}
	}
	h.ledger.pending = append(h.ledger.pending, waiting...)
}

func (st *stream) sendDeliveryLocked(d *delivery) {
	d.attempt++
	d.seq = st.hub.nextLocked()
	body := proto.CloneOf(d.body)
	body.DeliverySeq, body.DedupeId, body.Attempt, body.Socket = d.seq, d.dedupeID, d.attempt, d.socket.proto()
	st.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: body}})
}
