package federation

import (
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// Answer implements cluster.Host.
func (h *host) Answer(q *cluster.Question, r cluster.Responder) {
	if q.Kind == cluster.Signalled {
		h.signalled(q, r)
		return
	}
	if q.Kind == cluster.Surrender {
		h.surrender(q, r)
		return
	}
	if err := h.checkQuestion(q); err != nil {
		h.refuse(kindQuestion, err)
		r.Answer(nothing(q))
		return
	}
	sockets := h.config.Sockets
	switch q.Kind {
	case cluster.Fetch, cluster.ListRooms, cluster.ListUsers:
		if !h.lists.add(q, r) {
			h.refuse(kindQuestion, errCrowded) // without an answer this hub is said to be missing
		}
	case cluster.Count:
		r.Answer(&cluster.Answer{Count: sockets.Count(q.Namespace, q.Target)})
	case cluster.Acks:
		h.answerAcks(q, r)
	case cluster.CarryOut:
		var batch engineio.Batch
		kind, o, err := h.carryOut(&batch, q.Command)
		batch.Flush()
		h.refuseIf(kind, err)
		r.Answer(&cluster.Answer{Outcome: &o})
	case cluster.ServerSideEmit:
		h.refuseIf(kindServerSide, h.serverSide(q.Namespace, q.Message, func(value []byte, attachments [][]byte) {
			r.Answer(&cluster.Answer{Value: value, Attachments: attachments})
		}))
	}
}

func (h *host) signalled(q *cluster.Question, r cluster.Responder) {
	if h.config.Peer == nil {
		r.Answer(&cluster.Answer{})
		return
	}
	h.refuseIf(kindSignal, h.config.Peer.Asked(q.Signal, r))
}

// checkQuestion looks at what is common to questions. What carries a command or a message is looked at with it.
func (h *host) checkQuestion(q *cluster.Question) error {
	switch q.Kind {
	case cluster.Fetch, cluster.Count:
		return h.config.Checks.Target(q.Namespace, q.Target)
	case cluster.ListRooms, cluster.ListUsers:
		return h.config.Checks.Target(q.Namespace, cluster.Target{All: true})
	case cluster.Acks:
		if q.Message == nil {
			return errIncomplete
		}
		if err := h.config.Checks.Target(q.Namespace, q.Target); err != nil {
			return err
		}
		return h.config.Checks.Message(q.Message)
	case cluster.CarryOut:
		if q.Command == nil || q.Command.Signal != nil {
			return errIncomplete
		}
		return nil
	case cluster.ServerSideEmit:
		if q.Message == nil {
			return errIncomplete
		}
		return nil
	}
	return errUnknown
}

// nothing is the last answer of a hub where nobody is.
func nothing(q *cluster.Question) *cluster.Answer {
	switch q.Kind {
	case cluster.Acks:
		return &cluster.Answer{Acks: &cluster.AckPart{Total: &cluster.AckTotal{}}}
	case cluster.CarryOut:
		return &cluster.Answer{Outcome: &cluster.Outcome{}}
	}
	return &cluster.Answer{}
}

// maxPatience bounds how long browsers owe an acknowledgement to somebody elsewhere, whatever he asks for: each of them owes a few
// only.
const maxPatience = 10 * time.Minute

// answerAcks emits, and tells of each acknowledgement as it comes.
func (h *host) answerAcks(q *cluster.Question, r cluster.Responder) {
	part := func(p *cluster.AckPart, more bool) { r.Answer(&cluster.Answer{Acks: p, More: more}) }
	o, _ := h.config.Sockets.EmitWithAck(nil, q.Namespace, q.Target, *q.Message, socketio.AckOptions{
		Timeout: min(max(q.Timeout, time.Millisecond), maxPatience),
		OnAck: func(a socketio.BrowserAck) {
			part(&cluster.AckPart{Ack: &cluster.Ack{Socket: a.SocketID, Args: a.Args, Attachments: a.Attachments}}, true)
		},
		OnDone: func(t socketio.AckTotal) {
			total := cluster.AckTotal(t)
			part(&cluster.AckPart{Total: &total}, false)
		},
	})
	expected := o.Queued
	part(&cluster.AckPart{Expected: &expected}, true) // nothing happens if all is over
}
