package servicetest

import (
	"crypto/rand"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// attachment is the service at this hub, whichever stream it is on. Guarded by Hub.mu.
type attachment struct {
	id      []byte
	sent    uint64                  // number of the hub's last envelope
	kept    []*hubv1.AttachResponse // those without a receipt
	applied uint64                  // number of the service's last envelope

	window   *hubv1.Window
	commands map[uint64]bool // without a final result
	given    map[uint64]fate // what became of delivery numbers
	revoked  []uint64        // while there was no stream
	draining bool
	gap      uint64 // observations that were left out
}

// fate is what became of a delivery's number.
type fate int

const (
	inFlight fate = iota + 1
	settled
	revoked
)

func newAttachment(hello *hubv1.Hello) *attachment {
	a := &attachment{
		id: make([]byte, 16), applied: 1, commands: map[uint64]bool{}, given: map[uint64]fate{}, window: hello.GetWindow(),
	}
	if hello.GetResume() != nil {
		a.applied = 0 // the envelope of such a hello is not counted
	}
	rand.Read(a.id)
	return a
}

// sayLocked queues an envelope, and keeps it until its receipt comes.
func (h *Hub) sayLocked(items ...*hubv1.Item) {
	a := h.att
	if a == nil {
		return
	}
	a.sent++
	envelope := &hubv1.AttachResponse{EnvelopeSeq: a.sent, Items: items}
	a.kept = append(a.kept, envelope)
	if h.stream != nil {
		h.stream.writeLocked(envelope)
	}
}

// receivedLocked takes the service's receipt.
func (a *attachment) receivedLocked(number uint64) {
	for len(a.kept) > 0 && a.kept[0].GetEnvelopeSeq() <= number {
		a.kept = a.kept[1:]
	}
}

// welcomeLocked is the answer to a hello.
func welcomeLocked(h *Hub, hello *hubv1.Hello) *hubv1.Welcome {
	w := &hubv1.Welcome{
		HubId: h.id, HubVersion: "test", Window: hello.GetWindow(), CommandWindow: commandWindow,
		MaxEnvelopeBytes: maxEnvelopeBytes, HeartbeatInterval: durationpb.New(heartbeatInterval),
		Hubs: namesLocked(h), Attachment: h.att.id,
	}
	if h.recovery > 0 {
		w.Capabilities = []string{"recovery"}
	}
	for _, s := range hello.GetSubscriptions() {
		w.Subscriptions = append(w.Subscriptions, &hubv1.SubscriptionResult{Effective: s})
	}
	return w
}

// resumeLocked goes on with the attachment on another stream.
func (st *stream) resumeLocked(hello *hubv1.Hello) {
	h := st.hub
	a := h.att
	w := welcomeLocked(h, hello)
	w.Resumed, w.AckEnvelopeSeq, w.Revoked = true, a.applied, a.revoked
	a.revoked = nil
	a.receivedLocked(hello.GetResume().GetAckEnvelopeSeq())
	// What was not received is sent again, behind a welcome that takes the first number.
	a.sent = hello.GetResume().GetAckEnvelopeSeq()
	again := a.kept
	a.kept = nil
	h.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: w}})
	for _, envelope := range again {
		h.sayLocked(envelope.GetItems()...)
	}
	h.ledger.pumpLocked()
}

// beginLocked makes a new attachment: what the old one held comes again.
func (st *stream) beginLocked(hello *hubv1.Hello) {
	h := st.hub
	forgetLocked(h)
	h.att = newAttachment(hello)
	h.subscriptions = hello.GetSubscriptions()
	h.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: welcomeLocked(h, hello)}})
	introduceLocked(h, hello.GetAnew())
	h.ledger.pumpLocked()
}

// forgetLocked ends the attachment, if there is one: what it held is free.
func forgetLocked(h *Hub) {
	if h.att == nil {
		return
	}
	h.att = nil
	h.ledger.revokeLocked()
	for _, s := range h.sockets {
		s.toldData = 0
	}
}

// drainedLocked ends the stream of a service that wants to leave, once it may.
func drainedLocked(h *Hub) {
	a := h.att
	if a == nil || !a.draining || h.stream == nil || len(a.commands) > 0 || h.ledger.inFlightLocked() > 0 {
		return
	}
	h.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Ended{Ended: &hubv1.Ended{}}})
	h.stream.endLocked(nil)
	forgetLocked(h)
}
