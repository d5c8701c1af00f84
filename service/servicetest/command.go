package servicetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service/internal/argjson"
)

// commandLocked carries out a command of the stream and answers it.
func (st *stream) commandLocked(c *hubv1.Command) {
	id := c.GetCommandId()
	if id != 0 {
		if len(st.commands) >= commandWindow {
			st.answerLocked(id, &hubv1.Result{Status: &hubv1.Status{Code: hubv1.Code_CODE_RESOURCE_EXHAUSTED, Reason: "COMMAND_WINDOW"}})
			return
		}
		st.commands[id] = true
	}
	if seq := c.GetDeliverySeq(); seq != 0 && st.hub.ledger.findLocked(seq) == nil {
		st.answerLocked(id, &hubv1.Result{Status: &hubv1.Status{Code: hubv1.Code_CODE_ABORTED, Reason: "LEASE_LOST"}})
		return
	}
	st.hub.executeLocked(c, func(r *hubv1.Result) { st.answerLocked(id, r) })
}

// answerLocked gives a result to who asked for it. Without a command id only a
// failure is told, as a notice.
func (st *stream) answerLocked(id uint64, r *hubv1.Result) {
	if id == 0 {
		if r.GetStatus() != nil && r.GetAckTotal() == nil {
			st.sayLocked(noticeItem(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, r.GetStatus()))
		}
		return
	}
	r.CommandId = id
	if r.GetBrowserAck() == nil {
		delete(st.commands, id)
	}
	st.sayLocked(resultItem(r))
}

// executeLocked carries out a command. answer is called with each of its results,
// of an emit with acknowledgements later.
func (h *Hub) executeLocked(c *hubv1.Command, answer func(*hubv1.Result)) {
	key := c.GetIdempotencyKey()
	if first := h.results[key]; first != nil && key != "" {
		answer(&hubv1.Result{
			Status: first.GetStatus(), MatchedCount: first.GetMatchedCount(), QueuedCount: first.GetQueuedCount(),
			DroppedCount: first.GetDroppedCount(), Ack: first.GetAck(), Duplicate: true,
		})
		return
	}
	h.operateLocked(c, func(r *hubv1.Result) {
		if key != "" && r.GetBrowserAck() == nil {
			h.results[key] = r
		}
		answer(r)
	})
}

func (h *Hub) operateLocked(c *hubv1.Command, answer func(*hubv1.Result)) {
	sockets, status := h.pickLocked(targetOf(c))
	if status == nil {
		status = checkCommand(c)
	}
	if status != nil {
		answer(&hubv1.Result{Status: status})
		return
	}
	result := &hubv1.Result{MatchedCount: uint32(len(sockets)), QueuedCount: uint32(len(sockets))}
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		h.emitLocked(op.Emit, sockets, result, answer)
		return
	case *hubv1.Command_UpdateRooms:
		for _, s := range sockets {
			for _, room := range op.UpdateRooms.GetJoin() {
				s.rooms[room] = true
			}
			for _, room := range op.UpdateRooms.GetLeave() {
				delete(s.rooms, room)
			}
		}
	case *hubv1.Command_Disconnect:
		for _, s := range sockets {
			h.leaveLocked(s, "server namespace disconnect", 0)
		}
	case *hubv1.Command_SetData:
		setDataLocked(op.SetData, sockets, result)
	}
	answer(result)
}

func setDataLocked(op *hubv1.SetData, sockets []*socket, result *hubv1.Result) {
	for _, s := range sockets {
		if op.ExpectedVersion != nil && op.GetExpectedVersion() != s.version {
			result.QueuedCount--
			result.DroppedCount++
			continue
		}
		s.data = op.GetData()
		s.version++
	}
	if result.DroppedCount > 0 && len(op.GetTarget().GetSockets()) == 1 && result.MatchedCount == 1 {
		result.Status = &hubv1.Status{Code: hubv1.Code_CODE_FAILED_PRECONDITION, Reason: "DATA_VERSION"}
	}
}

func targetOf(c *hubv1.Command) *hubv1.Target {
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		return op.Emit.GetTarget()
	case *hubv1.Command_UpdateRooms:
		return op.UpdateRooms.GetTarget()
	case *hubv1.Command_Disconnect:
		return op.Disconnect.GetTarget()
	case *hubv1.Command_SetData:
		return op.SetData.GetTarget()
	}
	return nil
}

func checkCommand(c *hubv1.Command) *hubv1.Status {
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		if op.Emit.GetAck() != nil && op.Emit.GetAck().GetTimeout().AsDuration() <= 0 {
			return invalid("ACK_TIMEOUT", "emit.ack.timeout")
		}
		return checkPayload(op.Emit.GetPayload(), "emit.payload")
	case *hubv1.Command_UpdateRooms:
		if status := checkRooms(op.UpdateRooms.GetJoin(), "update_rooms.join"); status != nil {
			return status
		}
		return checkRooms(op.UpdateRooms.GetLeave(), "update_rooms.leave")
	case *hubv1.Command_SetData:
		if data := op.SetData.GetData(); len(data) > 0 && !json.Valid(data) {
			return invalid("DATA", "set_data.data")
		}
	case nil:
		return invalid("NO_OPERATION", "op")
	}
	return nil
}

func checkRooms(rooms []string, field string) *hubv1.Status {
	for i, room := range rooms {
		if room == "" || len(room) > 256 || strings.HasPrefix(room, "user:") {
			return invalid("ROOM_NAME", fmt.Sprintf("%s[%d]", field, i))
		}
	}
	return nil
}

// checkPayload wants a JSON array whose placeholders fit the attachments.
func checkPayload(p *hubv1.Payload, field string) *hubv1.Status {
	switch err := argjson.Check(p.GetArgs(), len(p.GetAttachments())); {
	case errors.Is(err, argjson.ErrPlaceholders):
		return invalid("BAD_PLACEHOLDERS", field+".attachments")
	case err != nil:
		return invalid("BAD_ARGS", field+".args")
	}
	return nil
}
