package command

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// alone reports whether there are no other hubs.
func alone(h *hub.Hub) bool { return h == nil || h.Cluster().Alone() }

// takesTime reports whether a command has more than one result, or one that comes later: in a cluster also what counts, and
// what changes the data of one socket that is not here.
func (x *Executor) takesTime(c *hubv1.Command) bool {
	if takesTime(c) || alone(x.hub) {
		return takesTime(c)
	}
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Count, *hubv1.Command_CountUsers:
		return true
	case *hubv1.Command_SetData:
		t := op.SetData.GetTarget()
		one := len(t.GetSockets()) == 1 && len(t.GetRooms())+len(t.GetUsers()) == 0
		return one && !x.hub.Cluster().Holds(targetOf(t))
	}
	return false
}

// Crosses reports whether a command goes over the engine: to sockets, or to services, that may be at other hubs.
func (x *Executor) Crosses(c *hubv1.Command) bool {
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		return !op.Emit.GetLocal() && elsewhere(x.hub, op.Emit.GetTarget())
	case *hubv1.Command_UpdateRooms:
		return elsewhere(x.hub, op.UpdateRooms.GetTarget())
	case *hubv1.Command_Disconnect:
		return elsewhere(x.hub, op.Disconnect.GetTarget())
	case *hubv1.Command_SetData:
		return elsewhere(x.hub, op.SetData.GetTarget())
	case *hubv1.Command_Fetch:
		return elsewhere(x.hub, op.Fetch.GetTarget())
	case *hubv1.Command_Count:
		return elsewhere(x.hub, op.Count.GetTarget())
	case *hubv1.Command_Call, *hubv1.Command_Revoke, *hubv1.Command_ListRooms, *hubv1.Command_CountUsers, *hubv1.Command_ListUsers:
		return !x.hub.Cluster().Alone()
	}
	return false
}

// elsewhere reports whether there may be sockets of a target at other hubs.
func elsewhere(h *hub.Hub, t *hubv1.Target) bool {
	cluster := h.Cluster()
	return !cluster.Alone() && !cluster.Holds(targetOf(t))
}

// setDataElsewhere changes the data of a socket of another hub.
func (x *Executor) setDataElsewhere(op *hubv1.SetData, answers Answers) {
	err := x.hub.SetDataElsewhere(targetOf(op.GetTarget()), changeOf(op), func(o hub.Outcome, err error) {
		r := resultOf(o, fault.Of(err, "set_data"))
		r.DataVersion = o.DataVersion
		answers.Give(r)
	})
	if err != nil {
		answers.Give(failed(fault.Of(err, "set_data")))
	}
}
