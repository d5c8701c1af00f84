package servicetest

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// settleLocked applies the service's answer to a delivery.
func (st *stream) settleLocked(s *hubv1.Settlement) {
	h := st.hub
	d := h.ledger.findLocked(s.GetDeliverySeq())
	if d == nil {
		st.refuseLocked(s, staleLocked(h.att, s.GetDeliverySeq(), hubv1.Code_CODE_ALREADY_EXISTS))
		return
	}
	h.att.given[d.seq] = settled
	if status := checkSettlement(d, s); status != nil {
		// It ends its delivery as a permanent nack does.
		st.refuseLocked(s, status)
		for _, c := range s.GetCommands() {
			answerLocked(h, c.GetCommandId(), &hubv1.Result{Status: &hubv1.Status{Code: hubv1.Code_CODE_CANCELLED, Reason: "SETTLEMENT_REFUSED"}})
		}
		h.ledger.doneLocked(d, &hubv1.Settlement{Outcome: &hubv1.Settlement_Nack{Nack: &hubv1.Nack{Status: status}}})
		return
	}
	switch {
	case s.GetNack().GetRetry():
		h.ledger.retryLocked(d, s)
	case d.body.GetConnectAttempt() != nil:
		st.decideLocked(d, s)
	case d.body.GetAuthExpiring() != nil:
		renewLocked(h, d, s)
	case s.GetDone().GetAckLater() && d.body.GetEvent().GetWantsAck():
		commandsLocked(h, s)
		h.later[string(d.dedupeID)] = d.settled
		d.socket.client.later = append(d.socket.client.later, string(d.dedupeID))
		d.settled = nil
		h.ledger.doneLocked(d, s)
	default:
		commandsLocked(h, s)
		h.ledger.doneLocked(d, s)
	}
}

// staleLocked is the status for a number that nothing in flight has.
func staleLocked(a *attachment, seq uint64, whenSettled hubv1.Code) *hubv1.Status {
	switch a.given[seq] {
	case settled:
		return &hubv1.Status{Code: whenSettled, Reason: "ALREADY_SETTLED"}
	case revoked:
		return &hubv1.Status{Code: hubv1.Code_CODE_ABORTED, Reason: "LEASE_LOST"}
	}
	return &hubv1.Status{Code: hubv1.Code_CODE_NOT_FOUND, Reason: "UNKNOWN_DELIVERY"}
}

// decideLocked lets a browser in, or does not. Commands of an accept run once the
// browser is in, and before the service hears of it.
func (st *stream) decideLocked(d *delivery, s *hubv1.Settlement) {
	h, accept := st.hub, s.GetAccept()
	observeDecisionLocked(h, d.socket, s)
	if d.socket.state == away {
		st.decideAwayLocked(d, s)
		return
	}
	if accept == nil {
		d.socket.state = gone
		commandsLocked(h, s)
		h.ledger.doneLocked(d, s)
		return
	}
	if d.socket.state != connecting {
		st.refuseLocked(s, &hubv1.Status{Code: hubv1.Code_CODE_CANCELLED, Reason: "SOCKET_GONE"})
		h.ledger.doneLocked(d, s)
		return
	}
	acceptLocked(h, d.socket, accept, func() { commandsLocked(h, s) })
	h.ledger.doneLocked(d, s)
}

// acceptLocked lets a browser in, in the order that the contract sets.
func acceptLocked(h *Hub, s *socket, accept *hubv1.Accept, commands func()) {
	joinLocked(h, s, accept)
	introducedLocked(h, s, commands)
}

// introducedLocked carries out the commands of an accept, and tells of the socket.
func introducedLocked(h *Hub, s *socket, commands func()) {
	commands()
	observeLocked(h, s, hubv1.Kind_KIND_CONNECTED, "", &hubv1.Observation{Body: &hubv1.Observation_Connected{
		Connected: &hubv1.Connected{ConnectTime: s.connectTime, Rooms: s.roomNames()},
	}})
	sub := h.subscriptions.of(s.namespace, hubv1.Kind_KIND_CONNECTED)
	if sub != nil && sub.GetIntroduction() != hubv1.Introduction_INTRODUCTION_ON_EVENT && !s.introduced {
		connectedLocked(h, s, &hubv1.Connected{})
	}
}

func commandsLocked(h *Hub, s *hubv1.Settlement) {
	for _, command := range s.GetCommands() {
		command.DeliverySeq = 0 // it runs with its settlement
		commandLocked(h, command)
	}
}

func (st *stream) refuseLocked(s *hubv1.Settlement, status *hubv1.Status) {
	st.hub.sayLocked(resultItem(&hubv1.Result{DeliverySeq: s.GetDeliverySeq(), Status: status}))
}

// checkSettlement says whether the outcome fits the delivery.
func checkSettlement(d *delivery, s *hubv1.Settlement) *hubv1.Status {
	decides := d.body.GetConnectAttempt() != nil || d.body.GetAuthExpiring() != nil
	fit := true
	switch outcome := s.GetOutcome().(type) {
	case nil:
		return invalid("NO_OUTCOME", "outcome")
	case *hubv1.Settlement_Done:
		fit = !decides
	case *hubv1.Settlement_Reply:
		fit = d.body.GetEvent() != nil || d.body.GetServiceCall() != nil
		if status := checkPayload(outcome.Reply.GetPayload(), "reply.payload"); status != nil {
			return status
		}
	case *hubv1.Settlement_Accept:
		fit = decides
		if status := checkAccept(d, outcome.Accept); status != nil {
			return status
		}
	case *hubv1.Settlement_Deny:
		fit = decides
	}
	if !fit {
		return &hubv1.Status{Code: hubv1.Code_CODE_FAILED_PRECONDITION, Reason: "OUTCOME_DOES_NOT_FIT"}
	}
	return nil
}

func resultItem(r *hubv1.Result) *hubv1.Item {
	return &hubv1.Item{Kind: &hubv1.Item_Result{Result: r}}
}

func noticeItem(kind hubv1.NoticeKind, status *hubv1.Status) *hubv1.Item {
	return &hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{Kind: kind, Status: status, Count: 1}}}
}
