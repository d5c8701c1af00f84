package main

import (
	"crypto/rand"
	"slices"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

type (
	request  = hubv1.AttachRequest
	response = hubv1.AttachResponse
)

// upFaults are wrong in what they send.
var upFaults = map[string]fault{
	"no-heartbeats":    {up: func(w *wire, r *request) { w.drop = onlyHeartbeat(r) }},
	"no-receipts":      {up: func(_ *wire, r *request) { r.AckEnvelopeSeq = 0 }},
	"receipts-ahead":   {up: func(_ *wire, r *request) { r.AckEnvelopeSeq++ }},
	"no-numbers":       {up: func(_ *wire, r *request) { r.EnvelopeSeq = 0 }},
	"number-twice":     {up: func(_ *wire, r *request) { r.EnvelopeSeq = min(r.EnvelopeSeq, 2) }},
	"settles-twice":    {up: everySettlement(func(*hubv1.Settlement) {}, 2)},
	"settles-never":    {up: everySettlement(func(*hubv1.Settlement) {}, 0)},
	"retries-all":      {up: everyNack(func(n *hubv1.Nack) { n.Retry = true })},
	"retries-none":     {up: everyNack(func(n *hubv1.Nack) { n.Retry = false })},
	"no-delay":         {up: everyNack(func(n *hubv1.Nack) { n.RetryDelay = nil })},
	"never-elsewhere":  {up: everyNack(func(n *hubv1.Nack) { n.Elsewhere = false })},
	"nacks-by-no-code": {up: everyNack(func(n *hubv1.Nack) { n.Status = nil })},
	"fails-open": {up: everySettlement(func(s *hubv1.Settlement) {
		if s.GetNack() != nil {
			s.Outcome = &hubv1.Settlement_Accept{Accept: &hubv1.Accept{}}
		}
	}, 1)},
	"forgets-users": {up: everySettlement(func(s *hubv1.Settlement) {
		if a := s.GetAccept(); a != nil {
			a.User = ""
		}
	}, 1)},
	"forgets-deny-data": {up: everySettlement(func(s *hubv1.Settlement) {
		if d := s.GetDeny(); d != nil {
			d.Data = nil
		}
	}, 1)},
	"renews-rooms": {up: everySettlement(func(s *hubv1.Settlement) {
		if a := s.GetAccept(); a.GetExpireTime() != nil {
			a.Rooms = []string{"again"}
		}
	}, 1)},
	"never-acks-later": {up: everySettlement(func(s *hubv1.Settlement) {
		if d := s.GetDone(); d != nil {
			s.Outcome = &hubv1.Settlement_Done{Done: &hubv1.Done{}}
		}
	}, 1)},
	"mangles-text": {up: everySettlement(func(s *hubv1.Settlement) {
		if p := s.GetReply().GetPayload(); p != nil {
			s.Outcome = &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: &hubv1.Payload{Args: ascii(p.GetArgs()), Attachments: p.GetAttachments()}}}
		}
	}, 1)},
	"loses-attachments": {up: everySettlement(func(s *hubv1.Settlement) {
		if p := s.GetReply().GetPayload(); len(p.GetAttachments()) > 0 {
			s.Outcome = &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: &hubv1.Payload{Args: p.GetArgs()}}}
		}
	}, 1)},
	"answers-first": {up: answersFirst},
	"unfenced":      {up: everyCommand(func(_ *wire, c *hubv1.Command) { c.DeliverySeq = 0 })},
	"fences-all":    {up: everyCommand(func(w *wire, c *hubv1.Command) { c.DeliverySeq = w.lastDelivery() })},
	"one-id":        {up: everyCommand(func(_ *wire, c *hubv1.Command) { c.CommandId = min(c.CommandId, 1) })},
	"loses-keys":    {up: everyCommand(func(_ *wire, c *hubv1.Command) { c.IdempotencyKey = "" })},
	"no-resume": {up: everyHello(func(r *request, h *hubv1.Hello) {
		if h.Resume != nil {
			h.Resume, r.EnvelopeSeq = nil, 1
		}
	})},
	"counts-resume": {up: everyHello(func(r *request, _ *hubv1.Hello) { r.EnvelopeSeq = 1 })},
	"new-name":      {up: everyHello(func(_ *request, h *hubv1.Hello) { h.InstanceId = rand.Text() })},
	"names-no-hubs": {up: everyHello(func(_ *request, h *hubv1.Hello) { h.AttachedHubIds = nil })},
	"never-anew":    {up: everyHello(func(_ *request, h *hubv1.Hello) { h.Anew = false })},
	"no-ids":        {up: everyHello(func(_ *request, h *hubv1.Hello) { eachSubscription(h, func(s *hubv1.Subscription) { s.Id = 0 }) })},
	"no-introductions": {up: everyHello(func(_ *request, h *hubv1.Hello) {
		eachSubscription(h, func(s *hubv1.Subscription) { s.Introduction = 0 })
	})},
	"sends-no-more": {up: sendsNoMore},
	"no-drain": {up: func(_ *wire, r *request) {
		r.Actions = slices.DeleteFunc(slices.Clone(r.GetActions()), func(a *hubv1.Action) bool { return a.GetDrain() != nil })
	}},
}

func onlyHeartbeat(r *request) bool {
	return len(r.GetActions()) == 0 || len(r.GetActions()) == 1 && r.GetActions()[0].GetHeartbeat() != nil
}

// everySettlement changes a copy of each settlement, and sends it some times.
func everySettlement(change func(*hubv1.Settlement), times int) func(*wire, *request) {
	return func(_ *wire, r *request) {
		var actions []*hubv1.Action
		for _, a := range r.GetActions() {
			if s := a.GetSettlement(); s != nil {
				changed := &hubv1.Settlement{DeliverySeq: s.GetDeliverySeq(), Outcome: s.GetOutcome(), Commands: s.GetCommands()}
				change(changed)
				for range times {
					actions = append(actions, &hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: changed}})
				}
				continue
			}
			actions = append(actions, a)
		}
		r.Actions = actions
	}
}

func everyNack(change func(*hubv1.Nack)) func(*wire, *request) {
	return everySettlement(func(s *hubv1.Settlement) {
		if n := s.GetNack(); n != nil {
			changed := &hubv1.Nack{Status: n.GetStatus(), Retry: n.GetRetry(), RetryDelay: n.GetRetryDelay(), Elsewhere: n.GetElsewhere()}
			change(changed)
			s.Outcome = &hubv1.Settlement_Nack{Nack: changed}
		}
	}, 1)
}

func everyCommand(change func(*wire, *hubv1.Command)) func(*wire, *request) {
	return func(w *wire, r *request) {
		for _, a := range r.GetActions() {
			if c := a.GetCommand(); c != nil {
				change(w, c)
			}
		}
	}
}

func everyHello(change func(*request, *hubv1.Hello)) func(*wire, *request) {
	return func(_ *wire, r *request) {
		for _, a := range r.GetActions() {
			if h := a.GetHello(); h != nil {
				change(r, h)
			}
		}
	}
}

func eachSubscription(h *hubv1.Hello, change func(*hubv1.Subscription)) {
	for _, s := range h.GetSubscriptions() {
		change(s)
	}
}

// answersFirst keeps commands back until a settlement has left.
func answersFirst(w *wire, r *request) {
	var actions []*hubv1.Action
	settled := false
	for _, a := range r.GetActions() {
		if a.GetCommand() != nil && a.GetCommand().GetCommandId() == 0 {
			w.kept = append(w.kept, a)
			continue
		}
		settled = settled || a.GetSettlement() != nil
		actions = append(actions, a)
	}
	if settled {
		actions, w.kept = append(actions, w.kept...), nil
	}
	r.Actions = actions
}

// sendsNoMore leaves out what has to be sent again after a resume.
func sendsNoMore(w *wire, r *request) {
	if w.number > 0 && w.envelopes == 2 {
		r.Actions = nil
	}
}

// ascii is a text in which a kit was careless.
func ascii(text []byte) []byte {
	out := slices.Clone(text)
	for i, b := range out {
		if b >= 0x80 {
			out[i] = '?'
		}
	}
	return out
}
