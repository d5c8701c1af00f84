package hub

import (
	"slices"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// ackSum gathers the acknowledgements of an emission to several hubs. This hub's come from the sockets here, the others' from
// the cluster.
type ackSum struct {
	options AckOptions // set at construction

	mu    sync.Mutex // guards the fields below; held while an acknowledgement is given: they come one at a time
	total AckTotal
	// open is how many of the two have not ended.
	open int
}

// emitWithAckEverywhere is EmitWithAck beyond this hub.
func (h *Hub) emitWithAckEverywhere(b *Batch, namespace string, to cluster.Target, m cluster.Message, a AckOptions) (Outcome, error) {
	sum := &ackSum{options: a, open: 2}
	out, limited := h.sockets.EmitWithAck((*engineio.Batch)(b), namespace, to, m, socketio.AckOptions{
		Timeout: a.Timeout,
		OnAck:   func(ack socketio.BrowserAck) { sum.acked(BrowserAck(ack)) },
		OnDone:  func(t socketio.AckTotal) { sum.ended(ackTotal(t)) },
	})
	if limited > 0 && out.Queued == 0 {
		sum.ended(AckTotal{}) // nobody here is waited for: OnDone does not come
	}
	m.Args = slices.Clone(m.Args)
	others := &othersAcks{sum: sum, seen: make(map[string]*AckTotal)}
	h.federation.Ask(&cluster.Question{Kind: cluster.Acks, Namespace: namespace, Target: to, Message: &m, Timeout: a.Timeout}, cluster.Asking{
		Answer: others.answer, Done: others.done,
	})
	return outcome(out), nil
}

func (s *ackSum) acked(ack BrowserAck) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.OnAck != nil && s.open > 0 {
		s.options.OnAck(ack)
	}
}

func (s *ackSum) ended(t AckTotal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total.Expected += t.Expected
	s.total.Acked += t.Acked
	s.total.TimedOut += t.TimedOut
	s.total.Disconnected += t.Disconnected
	s.total.MissingHubs = append(s.total.MissingHubs, t.MissingHubs...)
	if s.open--; s.open == 0 && s.options.OnDone != nil {
		s.options.OnDone(s.total)
	}
}

// othersAcks gathers what the other servers say. Its methods are called one at a time.
type othersAcks struct {
	sum *ackSum
	// seen is what has come of each server: what it says at its end, or what came until then.
	seen map[string]*AckTotal
}

func (o *othersAcks) answer(a *cluster.Answer) {
	part := a.Acks
	if part == nil {
		return
	}
	of := o.seen[a.From]
	if of == nil {
		of = &AckTotal{}
		o.seen[a.From] = of
	}
	switch {
	case part.Ack != nil:
		of.Acked++
		o.sum.acked(BrowserAck{SocketID: part.Ack.Socket, Args: part.Ack.Args, Attachments: part.Ack.Attachments})
	case part.Expected != nil:
		of.Expected = max(of.Expected, *part.Expected)
	case part.Total != nil:
		t := *part.Total
		*of = AckTotal{Expected: t.Expected, Acked: t.Acked, TimedOut: t.TimedOut, Disconnected: t.Disconnected}
	}
}

func (o *othersAcks) done(missing []string) {
	all := AckTotal{MissingHubs: missing}
	for _, of := range o.seen {
		of.Expected = max(of.Expected, of.Acked)
		all.Expected += of.Expected
		all.Acked += of.Acked
		all.Disconnected += of.Disconnected
		// Who said how many it asks, and not how it ended, has not been heard of in time.
		all.TimedOut += of.Expected - of.Acked - of.Disconnected
	}
	o.sum.ended(all)
}
