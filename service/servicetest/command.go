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
func commandLocked(h *Hub, c *hubv1.Command) {
	id, a := c.GetCommandId(), h.att
	if id != 0 {
		if len(a.commands) >= commandWindow {
			answerLocked(h, id, &hubv1.Result{Status: &hubv1.Status{Code: hubv1.Code_CODE_RESOURCE_EXHAUSTED, Reason: "COMMAND_WINDOW"}})
			return
		}
		a.commands[id] = true
	}
	if seq := c.GetDeliverySeq(); seq != 0 && h.ledger.findLocked(seq) == nil && a.given[seq] != settled {
		answerLocked(h, id, &hubv1.Result{Status: staleLocked(a, seq, hubv1.Code_CODE_UNSPECIFIED)})
		return
	}
	executeLocked(h, c, func(r *hubv1.Result) {
		if h.att == a { // results of a former attachment are nobody's
			answerLocked(h, id, r)
		}
	})
}

// answerLocked gives a result to who asked for it. Without a command id only a
// failure is told, as a notice.
func answerLocked(h *Hub, id uint64, r *hubv1.Result) {
	if id == 0 {
		if r.GetStatus() != nil && r.GetAckTotal() == nil {
			h.sayLocked(noticeItem(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, r.GetStatus()))
		}
		return
	}
	r.CommandId = id
	if !r.GetMore() {
		delete(h.att.commands, id)
	}
	h.sayLocked(resultItem(r))
	if !r.GetMore() {
		drainedLocked(h)
	}
}

// executeLocked carries out a command. answer is called with each of its results,
// of an emit with acknowledgements later.
func executeLocked(h *Hub, c *hubv1.Command, answer func(*hubv1.Result)) {
	key := c.GetIdempotencyKey()
	if first := h.results[key]; first != nil && key != "" {
		answer(&hubv1.Result{
			Status: first.GetStatus(), MatchedCount: first.GetMatchedCount(), QueuedCount: first.GetQueuedCount(),
			DroppedCount: first.GetDroppedCount(), DataVersion: first.GetDataVersion(), Ack: first.GetAck(), Duplicate: true,
		})
		return
	}
	operateLocked(h, c, func(r *hubv1.Result) {
		if key != "" && !r.GetMore() {
			h.results[key] = r
		}
		answer(r)
	})
}

func operateLocked(h *Hub, c *hubv1.Command, answer func(*hubv1.Result)) {
	if aloneLocked(h, c, answer) {
		return
	}
	sockets, status := pickLocked(h, targetOf(c))
	if status == nil {
		status = checkCommand(c)
	}
	if status != nil {
		answer(&hubv1.Result{Status: status})
		return
	}
	result := &hubv1.Result{
		MatchedCount: uint32(len(sockets)), QueuedCount: uint32(len(sockets)), StoredCount: storeLocked(h, c),
	}
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		emitLocked(h, op.Emit, sockets, result, answer)
		return
	case *hubv1.Command_UpdateRooms:
		for _, s := range sockets {
			moveLocked(h, s, op.UpdateRooms.GetJoin(), op.UpdateRooms.GetLeave())
		}
	case *hubv1.Command_Disconnect:
		for _, s := range sockets {
			leaveLocked(h, s, "server namespace disconnect", 0, "")
		}
	case *hubv1.Command_SetData:
		setDataLocked(op.SetData, sockets, result)
	case *hubv1.Command_Fetch:
		pagesLocked(h, sockets, op.Fetch.GetIncludeHandshake(), answer)
		return
	case *hubv1.Command_Count:
		result = &hubv1.Result{Count: uint32(len(sockets))}
	}
	answer(result)
}

// aloneLocked carries out a command without a target. It reports whether c was one.
func aloneLocked(h *Hub, c *hubv1.Command, answer func(*hubv1.Result)) bool {
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Call:
		callLocked(h, op.Call, answer)
	case *hubv1.Command_Revoke:
		answer(revokeAuthLocked(h, op.Revoke))
	case *hubv1.Command_Acknowledge:
		answer(acknowledgeLocked(h, op.Acknowledge))
	case *hubv1.Command_ListRooms:
		answer(&hubv1.Result{Rooms: roomsLocked(h, op.ListRooms.GetNamespace(), op.ListRooms.GetPrefix())})
	case *hubv1.Command_CountUsers:
		answer(&hubv1.Result{Count: uint32(len(usersLocked(h, op.CountUsers.GetNamespace(), "")))})
	case *hubv1.Command_ListUsers:
		answer(&hubv1.Result{Users: usersLocked(h, op.ListUsers.GetNamespace(), op.ListUsers.GetPrefix())})
	default:
		return false
	}
	return true
}

// pagesLocked answers a fetch in pages of two, so that who reads them has to add up.
func pagesLocked(h *Hub, sockets []*socket, handshake bool, answer func(*hubv1.Result)) {
	page := &hubv1.Result{}
	for _, s := range sockets {
		if len(page.Sockets) == 2 {
			page.More = true
			answer(page)
			page = &hubv1.Result{}
		}
		page.Sockets = append(page.Sockets, s.info(handshake))
	}
	answer(page)
}

// acknowledgeLocked gives an acknowledgement that was left open.
func acknowledgeLocked(h *Hub, op *hubv1.Acknowledge) *hubv1.Result {
	if status := checkPayload(op.GetPayload(), "acknowledge.payload"); status != nil {
		return &hubv1.Result{Status: status}
	}
	settled, ok := h.later[string(op.GetDedupeId())]
	if !ok {
		return &hubv1.Result{Status: &hubv1.Status{Code: hubv1.Code_CODE_NOT_FOUND, Reason: "NO_SUCH_ACK"}}
	}
	delete(h.later, string(op.GetDedupeId()))
	settled(&hubv1.Settlement{Outcome: &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: op.GetPayload()}}})
	h.changedLocked()
	return &hubv1.Result{MatchedCount: 1, QueuedCount: 1}
}

func setDataLocked(op *hubv1.SetData, sockets []*socket, result *hubv1.Result) {
	one := len(op.GetTarget().GetSockets()) == 1 && result.MatchedCount == 1
	for _, s := range sockets {
		if op.ExpectedVersion != nil && op.GetExpectedVersion() != s.version {
			result.QueuedCount--
			result.DroppedCount++
		} else {
			s.change(op)
		}
		if one {
			result.DataVersion = s.version
		}
	}
	if result.DroppedCount > 0 && one {
		result.Status = &hubv1.Status{Code: hubv1.Code_CODE_FAILED_PRECONDITION, Reason: "DATA_VERSION"}
	}
}

// merged is a JSON merge patch (RFC 7396).
func merged(data, patch []byte) []byte {
	var have, change any
	_ = json.Unmarshal(data, &have)
	if json.Unmarshal(patch, &change) != nil {
		return data
	}
	text, err := json.Marshal(mergeValue(have, change))
	if err != nil {
		return data
	}
	return text
}

func mergeValue(have, change any) any {
	members, ok := change.(map[string]any)
	if !ok {
		return change
	}
	object, ok := have.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, value := range members {
		if value == nil {
			delete(object, name)
			continue
		}
		object[name] = mergeValue(object[name], value)
	}
	return object
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
	case *hubv1.Command_Fetch:
		return op.Fetch.GetTarget()
	case *hubv1.Command_Count:
		return op.Count.GetTarget()
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
		if room == "" || len(room) > 256 || strings.HasPrefix(room, "\x01") {
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
