package command

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
)

// OpName names a command in metrics.
func OpName(c *hubv1.Command) string {
	switch c.GetOp().(type) {
	case *hubv1.Command_Emit:
		return "emit"
	case *hubv1.Command_UpdateRooms:
		return "update_rooms"
	case *hubv1.Command_Disconnect:
		return "disconnect"
	case *hubv1.Command_SetData:
		return "set_data"
	case *hubv1.Command_Call:
		return "call"
	case *hubv1.Command_Revoke:
		return "revoke"
	case *hubv1.Command_Acknowledge:
		return "acknowledge"
	case *hubv1.Command_Fetch:
		return "fetch"
	case *hubv1.Command_Count:
		return "count"
	case *hubv1.Command_ListRooms:
		return "list_rooms"
	case *hubv1.Command_CountUsers:
		return "count_users"
	case *hubv1.Command_ListUsers:
		return "list_users"
	}
	return "none"
}

// takesTime reports whether a command has more than one result, or one that comes
// later, also at a hub that is alone.
func takesTime(c *hubv1.Command) bool {
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		return op.Emit.GetAck() != nil
	case *hubv1.Command_Call:
		return op.Call.GetTimeout().AsDuration() != 0
	}
	return isPaged(c)
}

// isPaged reports whether the results of a query come in pages.
func isPaged(c *hubv1.Command) bool {
	switch c.GetOp().(type) {
	case *hubv1.Command_Fetch, *hubv1.Command_ListRooms, *hubv1.Command_ListUsers:
		return true
	}
	return false
}

// isQuery reports whether a command changes nothing.
func isQuery(c *hubv1.Command) bool {
	switch c.GetOp().(type) {
	case *hubv1.Command_Count, *hubv1.Command_CountUsers:
		return true
	}
	return isPaged(c)
}

// wantsID reports whether a command makes no sense without its results.
func wantsID(c *hubv1.Command) bool { return takesTime(c) || isQuery(c) }

// TargetOf is whom a command is for. Nil when it names nobody.
func TargetOf(c *hubv1.Command) *hubv1.Target {
	if check := checkOf(c); check != nil {
		return check.Target
	}
	return nil
}

// targetOf is a target in the hub's words. An absent one is empty, which the hub
// refuses.
func targetOf(t *hubv1.Target) hub.Target {
	return hub.Target{
		Namespace: t.GetNamespace(), Sockets: t.GetSockets(), Rooms: t.GetRooms(), Users: t.GetUsers(), All: t.GetAll(),
		ExceptSockets: t.GetExceptSockets(), ExceptRooms: t.GetExceptRooms(), ExceptUsers: t.GetExceptUsers(),
	}
}

func messageOf(e *hubv1.Emit) hub.Message {
	return hub.Message{
		Event: e.GetEvent(), Args: e.GetPayload().GetArgs(), Attachments: e.GetPayload().GetAttachments(),
	}
}

func optionsOf(e *hubv1.Emit) hub.EmitOptions {
	return hub.EmitOptions{Volatile: e.GetVolatile(), NoCompress: e.GetNoCompress(), Local: e.GetLocal()}
}
