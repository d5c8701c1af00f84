package servicetest

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// settleLocked applies the service's answer to a delivery.
func (st *stream) settleLocked(s *hubv1.Settlement) {
	d := st.hub.ledger.findLocked(s.GetDeliverySeq())
	if d == nil {
		code, reason := hubv1.Code_CODE_NOT_FOUND, "UNKNOWN_DELIVERY"
		if st.settled[s.GetDeliverySeq()] {
			code, reason = hubv1.Code_CODE_ALREADY_EXISTS, "ALREADY_SETTLED"
		}
		st.refuseLocked(s, &hubv1.Status{Code: code, Reason: reason})
		return
	}
	if status := checkSettlement(d, s); status != nil {
		st.refuseLocked(s, status)
		return
	}
	st.settled[d.seq] = true
	if s.GetNack().GetRetry() {
		st.hub.ledger.retryLocked(d, s)
		return
	}
	if d.body.GetConnectAttempt() != nil {
		st.decideLocked(d, s)
		return
	}
	st.commandsLocked(s)
	st.hub.ledger.doneLocked(d, s)
}

// decideLocked lets a browser in, or does not. Commands of an accept run once the
// browser is in, and before the service hears of it.
func (st *stream) decideLocked(d *delivery, s *hubv1.Settlement) {
	accept := s.GetAccept()
	if accept == nil {
		d.socket.state = gone
		st.commandsLocked(s)
		st.hub.ledger.doneLocked(d, s)
		return
	}
	if d.socket.state != connecting {
		st.refuseLocked(s, &hubv1.Status{Code: hubv1.Code_CODE_CANCELLED, Reason: "SOCKET_GONE"})
		st.hub.ledger.doneLocked(d, s)
		return
	}
	st.hub.acceptLocked(d.socket, accept, func() { st.commandsLocked(s) })
	st.hub.ledger.doneLocked(d, s)
}

// acceptLocked lets a browser in, in the order that the contract sets.
func (h *Hub) acceptLocked(s *socket, accept *hubv1.Accept, commands func()) {
	h.joinLocked(s, accept)
	commands()
	sub := h.subscriptions.handler(s.namespace, "")
	if sub != nil && sub.GetIntroduction() != hubv1.Introduction_INTRODUCTION_ON_EVENT {
		h.connectedLocked(s, false)
	}
}

func (st *stream) commandsLocked(s *hubv1.Settlement) {
	for _, command := range s.GetCommands() {
		command.DeliverySeq = 0 // it runs with its settlement
		st.commandLocked(command)
	}
}

func (st *stream) refuseLocked(s *hubv1.Settlement, status *hubv1.Status) {
	st.sayLocked(resultItem(&hubv1.Result{DeliverySeq: s.GetDeliverySeq(), Status: status}))
}

// checkSettlement says whether the outcome fits the delivery.
func checkSettlement(d *delivery, s *hubv1.Settlement) *hubv1.Status {
	_, attempt := d.body.GetBody().(*hubv1.Delivery_ConnectAttempt)
	fits := true
	switch outcome := s.GetOutcome().(type) {
	case nil:
		return invalid("NO_OUTCOME", "outcome")
	case *hubv1.Settlement_Done:
		fits = !attempt
	case *hubv1.Settlement_Reply:
		fits = d.body.GetEvent() != nil
		if status := checkPayload(outcome.Reply.GetPayload(), "reply.payload"); status != nil {
			return status
		}
	case *hubv1.Settlement_Accept:
		fits = attempt
		if status := checkRooms(outcome.Accept.GetRooms(), "accept.rooms"); status != nil {
			return status
		}
	case *hubv1.Settlement_Deny:
		fits = attempt
	}
	if !fits {
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
