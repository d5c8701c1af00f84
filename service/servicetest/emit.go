package servicetest

import (
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// aggregate counts the acknowledgements of one emit. Guarded by Hub.mu.
type aggregate struct {
	hub    *Hub
	each   bool
	open   map[*socket]bool // who has not answered
	total  *hubv1.AckTotal
	result *hubv1.Result
	answer func(*hubv1.Result)
	timer  *time.Timer
}

// emitLocked puts an event into the browsers' inboxes.
func emitLocked(h *Hub, emit *hubv1.Emit, sockets []*socket, result *hubv1.Result, answer func(*hubv1.Result)) {
	observeEmitLocked(h, emit, result)
	var acks *aggregate
	if ack := emit.GetAck(); ack != nil {
		acks = &aggregate{
			hub: h, each: ack.GetMode() == hubv1.AckMode_ACK_MODE_EACH, open: map[*socket]bool{},
			total: &hubv1.AckTotal{ExpectedCount: uint32(len(sockets))}, result: result, answer: answer,
		}
		for _, s := range sockets {
			acks.open[s] = true
		}
	}
	for _, s := range sockets {
		s.client.receiveLocked(&Message{
			Event: emit.GetEvent(), WantsAck: acks != nil, payload: newPayload(emit.GetPayload()),
			client: s.client, acks: acks,
		})
	}
	switch {
	case acks == nil:
		answer(result)
	case len(acks.open) == 0:
		acks.finishLocked()
	default:
		acks.timer = time.AfterFunc(emit.GetAck().GetTimeout().AsDuration(), acks.timeOut)
	}
}

// ackLocked takes one browser's acknowledgement, the first one counts.
func (a *aggregate) ackLocked(s *socket, payload *hubv1.Payload) {
	if !a.open[s] {
		return
	}
	delete(a.open, s)
	a.total.AckedCount++
	ack := &hubv1.BrowserAck{SocketId: s.id, Payload: payload}
	if a.each {
		a.answer(&hubv1.Result{More: true, Ack: &hubv1.Result_BrowserAck{BrowserAck: ack}})
	} else {
		a.total.Acks = append(a.total.Acks, ack)
	}
	a.finishLocked()
}

// leftLocked counts a browser that went away as one that answered.
func (a *aggregate) leftLocked(s *socket) {
	if a.open[s] {
		delete(a.open, s)
		a.total.DisconnectedCount++
		a.finishLocked()
	}
}

func (a *aggregate) timeOut() {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	a.total.TimedOutCount += uint32(len(a.open))
	clear(a.open)
	a.finishLocked()
}

// finishLocked gives the total once nobody is waited for.
func (a *aggregate) finishLocked() {
	if len(a.open) > 0 || a.result == nil {
		return
	}
	if a.timer != nil {
		a.timer.Stop()
	}
	result := a.result
	a.result = nil
	switch {
	case a.total.GetTimedOutCount() > 0:
		result.Status = &hubv1.Status{Code: hubv1.Code_CODE_DEADLINE_EXCEEDED, Reason: "ACK_TIMEOUT"}
	case a.total.GetDisconnectedCount() > 0:
		result.Status = &hubv1.Status{Code: hubv1.Code_CODE_CANCELLED, Reason: "SOCKET_GONE"}
	}
	result.Ack = &hubv1.Result_AckTotal{AckTotal: a.total}
	a.answer(result)
	a.hub.changedLocked()
}
