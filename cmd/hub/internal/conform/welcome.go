package conform

import (
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// next waits for the next stream that was let in, and its hello.
func (h *Hub) next() *Stream { return h.nextWithin(h.t.opts.Patience, "B1", "a stream with a hello") }

func (h *Hub) nextWithin(patience time.Duration, rule, want string) (st *Stream) {
	h.t.within(patience, rule, want, func() bool {
		for h.taken < len(h.streams) {
			one := h.streams[h.taken]
			switch {
			case one.refused:
			case one.hello == nil && !one.closed.IsZero(): // given up before it said anything
			case one.hello == nil:
				return false
			default:
				st = one
				h.taken++
				return true
			}
			h.taken++
		}
		return false
	})
	return st
}

// attach waits for the next stream, and welcomes it to a new attachment.
func (h *Hub) attach() *Attachment { return h.next().welcome() }

// welcome answers the hello of a new attachment. Changes are made before it is sent; more
// items stand in the same envelope.
func (st *Stream) welcome(changes ...func(*hubv1.Welcome)) *Attachment {
	return st.welcomeWith(nil, changes...)
}

func (st *Stream) welcomeWith(more func(a *Attachment) []*hubv1.Item, changes ...func(*hubv1.Welcome)) *Attachment {
	t := st.t
	t.mu.Lock()
	defer t.mu.Unlock()
	a := newAttachment(st.hub, st)
	w := st.newWelcome(a)
	for _, change := range changes {
		change(w)
	}
	st.att = a
	if st.hello.GetResume() == nil {
		a.applied = 1 // the hello's
		w.AckEnvelopeSeq = 1
	}
	items := []*hubv1.Item{{Kind: &hubv1.Item_Welcome{Welcome: w}}}
	if more != nil {
		items = append(items, more(a)...)
	}
	a.sayLocked(items...)
	for i, r := range st.requests {
		switch {
		case i > 0:
			a.apply(r, st)
		case st.hello.GetResume() == nil && len(r.GetActions()) > 1:
			a.applied = 0
			a.apply(&hubv1.AttachRequest{EnvelopeSeq: 1, Actions: r.GetActions()[1:]}, st)
		}
	}
	t.touch()
	return a
}

func (st *Stream) newWelcome(a *Attachment) *hubv1.Welcome {
	h := st.hub
	w := &hubv1.Welcome{
		HubId: h.ID, HubVersion: "conform", Window: st.hello.GetWindow(), CommandWindow: h.commandWindow, MaxEnvelopeBytes: 4 << 20,
		HeartbeatInterval: duration(h.heartbeat), Hubs: h.hubs, Attachment: a.id,
	}
	if w.Hubs == nil {
		w.Hubs = []*hubv1.HubInfo{{Id: h.ID}}
	}
	for _, s := range st.hello.GetSubscriptions() {
		w.Subscriptions = append(w.Subscriptions, &hubv1.SubscriptionResult{Effective: s})
	}
	return w
}

// resume takes an attachment up on its next stream: what had no receipt is sent again.
func (a *Attachment) resume(changes ...func(*hubv1.Welcome)) *Stream {
	st := a.hub.next()
	a.resumeOn(st, changes...)
	return st
}

func (a *Attachment) resumeOn(st *Stream, changes ...func(*hubv1.Welcome)) {
	t := a.t
	t.mu.Lock()
	r := st.hello.GetResume()
	t.mu.Unlock()
	t.check("R2", r != nil, "a hello with resume after a broken stream", "%s", t.seen())
	t.check("R2", string(r.GetAttachment()) == string(a.id) && r.GetHubId() == a.hub.ID,
		"the attachment and the hub of the welcome", "%x at %s", r.GetAttachment(), r.GetHubId())
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.GetAckEnvelopeSeq() > a.sent || r.GetAckEnvelopeSeq() < a.acked {
		t.violate("R2", "the number of the last envelope that was applied", "%d, when %d were sent and %d had a receipt", r.GetAckEnvelopeSeq(), a.sent, a.acked)
		return
	}
	again := a.kept
	a.kept, a.sent, a.acked = nil, r.GetAckEnvelopeSeq(), r.GetAckEnvelopeSeq()
	a.stream, a.hello, st.att = st, st.hello, a
	w := st.newWelcome(a)
	w.Resumed, w.AckEnvelopeSeq = true, a.applied
	for _, change := range changes {
		change(w)
	}
	a.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: w}})
	for _, envelope := range again {
		if envelope.GetEnvelopeSeq() > r.GetAckEnvelopeSeq() {
			a.sayLocked(envelope.GetItems()...)
		}
	}
	t.touch()
}

// cut breaks the connection of the attachment's stream, and waits until it has ended.
func (a *Attachment) cut() {
	a.hub.gate.cut()
	st := a.stream
	a.t.until("", "the end of the stream", func() bool { return !st.closed.IsZero() })
}

// stop ends the stream as a hub does: it says why, and is the end of the call.
func (st *Stream) stop(code codes.Code, reason string) {
	st.t.mu.Lock()
	defer st.t.mu.Unlock()
	if code == codes.OK {
		st.finish(nil)
		return
	}
	s := &hubv1.Status{Code: hubv1.Code(code), Reason: reason, Message: "conform says so"}
	item := &hubv1.Item{Kind: &hubv1.Item_Ended{Ended: &hubv1.Ended{Status: s}}}
	if st.att != nil {
		st.att.sayLocked(item)
	} else {
		st.raw(&hubv1.AttachResponse{Items: []*hubv1.Item{item}})
	}
	st.finish(statusError(code, s))
}

// statusError is the error of a call, with the contract's status as its detail.
func statusError(code codes.Code, s *hubv1.Status) error {
	answer := status.New(code, s.GetMessage())
	if detail, err := anypb.New(s); err == nil {
		p := answer.Proto()
		p.Details = append(p.Details, detail)
		answer = status.FromProto(p)
	}
	return answer.Err()
}
