package conform

import (
	"crypto/rand"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Attachment is what a hub knows of a program, over the streams that take it up. Its
// fields are guarded by t.mu. Whatever a program does is held against the rules here,
// in every case.
type Attachment struct {
	t      *T
	hub    *Hub
	id     []byte
	stream *Stream
	hello  *hubv1.Hello

	applied, sent uint64 // envelopes: of the program, and of this hub
	acked         uint64 // of this hub, as the program says
	kept          []*hubv1.AttachResponse
	noReceipts    bool // tells the program 0 as what was applied
	told          uint64

	given   map[uint64]*Given
	asked   []*Asked
	open    map[uint64]*Asked // by command_id
	order   int               // of actions
	drained bool              // the program has asked to leave
	stays   bool              // the hub does not end a stream that is drained
	control *Browser
	fetched map[string]int // the log, for count2
}

// Given is a delivery.
type Given struct {
	*hubv1.Delivery
	att      *Attachment
	settled  []*hubv1.Settlement
	order    int    // of its settlement
	revoked  uint64 // number of the envelope with its revocation
	answered time.Time
}

// Asked is a command.
type Asked struct {
	*hubv1.Command
	att   *Attachment
	order int
	done  bool
}

func newAttachment(h *Hub, st *Stream) *Attachment {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return &Attachment{t: h.t, hub: h, id: id, stream: st, hello: st.hello, given: map[uint64]*Given{}, open: map[uint64]*Asked{}}
}

// apply takes an envelope. It needs t.mu.
func (a *Attachment) apply(r *hubv1.AttachRequest, st *Stream) {
	if r.GetEnvelopeSeq() != a.applied+1 {
		a.t.violate("R1", "envelopes numbered 1, 2, 3, …", "#%d after #%d", r.GetEnvelopeSeq(), a.applied)
	}
	if ack := r.GetAckEnvelopeSeq(); ack != 0 {
		if ack > a.sent || ack < a.acked {
			a.t.violate("R1", "a receipt for what was sent, never going back", "ack_envelope_seq %d after %d, when %d were sent", ack, a.acked, a.sent)
		}
		a.acked = ack
		for len(a.kept) > 0 && a.kept[0].GetEnvelopeSeq() <= ack {
			a.kept = a.kept[1:]
		}
	}
	a.applied = r.GetEnvelopeSeq()
	for _, action := range r.GetActions() {
		a.order++
		switch kind := action.GetKind().(type) {
		case *hubv1.Action_Settlement:
			a.settle(kind.Settlement, r.GetAckEnvelopeSeq())
		case *hubv1.Action_Command:
			a.command(kind.Command)
		case *hubv1.Action_Drain:
			a.drained = true
		}
	}
	a.leave(st)
}

// leave ends the stream of a program that drains and has nothing left. It needs t.mu.
func (a *Attachment) leave(st *Stream) {
	if !a.drained || a.stays || len(a.open) > 0 {
		return
	}
	for _, g := range a.given {
		if len(g.settled) == 0 && g.revoked == 0 {
			return
		}
	}
	st.finish(nil)
}

// settle holds a settlement against its delivery. It needs t.mu.
func (a *Attachment) settle(s *hubv1.Settlement, ack uint64) {
	g := a.given[s.GetDeliverySeq()]
	switch {
	case g == nil:
		a.t.violate("D1", "a settlement of a delivery of this attachment", "one of %d", s.GetDeliverySeq())
		return
	case len(g.settled) > 0:
		a.t.violate("D1", "one settlement for each delivery", "a second one: %s", short(s))
	case g.revoked != 0 && ack >= g.revoked:
		a.t.violate("V2", "no settlement of a delivery that was revoked", "%s", short(s))
	case !fits(g.Delivery, s):
		a.t.violate("D6", "an outcome that fits the delivery", "%s of %s", short(s), short(g.Delivery))
	}
	a.t.payload(s.GetReply().GetPayload(), "a reply")
	for _, c := range s.GetCommands() {
		a.order++
		a.command(c)
	}
	a.order++
	g.settled, g.order, g.answered = append(g.settled, s), a.order, time.Now()
}

// command holds a command against the others. It needs t.mu.
func (a *Attachment) command(c *hubv1.Command) {
	asked := &Asked{Command: c, att: a, order: a.order}
	a.asked = append(a.asked, asked)
	a.t.payload(c.GetEmit().GetPayload(), "an emit")
	if seq := c.GetDeliverySeq(); seq != 0 {
		g := a.given[seq]
		if g == nil {
			a.t.violate("C3", "the delivery_seq of a delivery of this stream", "%d", seq)
		}
	}
	if id := c.GetCommandId(); id != 0 {
		if a.open[id] != nil {
			a.t.violate("C1", "a command_id that is not in use", "%d twice", id)
		}
		a.open[id] = asked
		if len(a.open) > int(a.hub.commandWindow) {
			a.t.violate("C4", "at most command_window open commands", "%d with a window of %d", len(a.open), a.hub.commandWindow)
		}
	}
	if results := a.hub.resultsFor(asked); len(results) > 0 {
		asked.replyLocked(results...)
	}
}

// reply gives results to a command; the last one without `more` ends it.
func (q *Asked) reply(results ...*hubv1.Result) {
	q.att.t.mu.Lock()
	defer q.att.t.mu.Unlock()
	q.replyLocked(results...)
}

func (q *Asked) replyLocked(results ...*hubv1.Result) {
	if q.att == nil || q.GetCommandId() == 0 {
		return
	}
	for _, r := range results {
		r.CommandId = q.GetCommandId()
		if !r.GetMore() {
			q.done = true
			delete(q.att.open, q.GetCommandId())
		}
		q.att.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Result{Result: r}})
	}
	if st := q.att.stream; st != nil {
		q.att.leave(st)
	}
}

// say sends items in one envelope.
func (a *Attachment) say(items ...*hubv1.Item) {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	a.sayLocked(items...)
}

func (a *Attachment) sayLocked(items ...*hubv1.Item) {
	envelope := a.envelope(items...)
	if a.stream != nil && a.stream.closed.IsZero() {
		a.stream.raw(envelope)
	}
}

// envelope makes the next one; one that is not sent is lost on its way. It needs t.mu.
func (a *Attachment) envelope(items ...*hubv1.Item) *hubv1.AttachResponse {
	a.sent++
	if !a.noReceipts {
		a.told = a.applied
	}
	envelope := &hubv1.AttachResponse{EnvelopeSeq: a.sent, AckEnvelopeSeq: a.told, Items: items}
	a.kept = append(a.kept, envelope)
	return envelope
}

// payload holds a payload against the rules. It needs mu.
func (t *T) payload(p *hubv1.Payload, of string) {
	if len(p.GetArgs()) == 0 {
		if len(p.GetAttachments()) > 0 {
			t.violate("P3", "as many placeholders as attachments", "%s without arguments has %d attachments", of, len(p.GetAttachments()))
		}
		return
	}
	args, err := decode(p.GetArgs())
	if _, list := args.([]any); err != nil || !list || !validText(p.GetArgs()) {
		t.violate("P4", "arguments that are a JSON array in UTF-8", "%s: %.80q (%v)", of, p.GetArgs(), err)
		return
	}
	// Without attachments what looks like a placeholder is a value like any other.
	if n := placeholders(args); len(p.GetAttachments()) > 0 && n != len(p.GetAttachments()) {
		t.violate("P3", "as many placeholders as attachments", "%s has %d and %d", of, n, len(p.GetAttachments()))
	}
}

// duration is for the contract.
func duration(d time.Duration) *durationpb.Duration { return durationpb.New(d) }
