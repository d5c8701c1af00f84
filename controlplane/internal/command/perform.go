package command

import (
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// perform carries out a command that was checked and has its only result at once.
func (x *Executor) perform(r Request) *hubv1.Result {
	var o hub.Outcome
	var err error
	var path string
	switch op := r.Command.GetOp().(type) {
	case *hubv1.Command_Emit:
		path = "emit"
		o, err = x.hub.Emit(r.Batch, targetOf(op.Emit.GetTarget()), messageOf(op.Emit), optionsOf(op.Emit))
		if err == nil && o.Matched == 0 && x.misses(r.Caller, op.Emit.GetTarget().GetNamespace()) {
			return failed(fault.At(fault.UnknownNamespace, "emit.target.namespace", "nobody knows this namespace"))
		}
		if err == nil {
			x.emitted(r, op.Emit, o)
		}
	case *hubv1.Command_UpdateRooms:
		path = "update_rooms"
		o, err = x.hub.UpdateRooms(targetOf(op.UpdateRooms.GetTarget()), op.UpdateRooms.GetJoin(), op.UpdateRooms.GetLeave())
	case *hubv1.Command_Disconnect:
		path = "disconnect"
		o, err = x.hub.Disconnect(r.Batch, targetOf(op.Disconnect.GetTarget()), hub.DisconnectOptions{CloseTransport: op.Disconnect.GetCloseTransport()})
	case *hubv1.Command_SetData:
		path = "set_data"
		o, err = x.hub.SetData(targetOf(op.SetData.GetTarget()), changeOf(op.SetData))
		if err == nil {
			r := resultOf(o, nil)
			r.DataVersion = o.DataVersion
			return r
		}
	case *hubv1.Command_Call:
		return x.calls.tell(r, op.Call)
	case *hubv1.Command_Revoke:
		return x.revocations.revoke(r, op.Revoke)
	case *hubv1.Command_Acknowledge:
		return x.open.acknowledge(r, op.Acknowledge)
	case *hubv1.Command_Count:
		return x.queries.countSockets(op.Count)
	case *hubv1.Command_CountUsers:
		return x.queries.countUsers(op.CountUsers)
	default:
		return failed(fault.Newf(fault.UnknownField, "the hub does not carry out %s", OpName(r.Command)))
	}
	return resultOf(o, fault.Of(err, path))
}

// misses reports whether an emit of a unary call went to a namespace that does not
// exist, which is most often a slip of the pen. On a stream it would be told by a
// notice each time, and services emit before browsers come.
func (x *Executor) misses(who *Caller, namespace string) bool {
	return !who.Stream && x.config.Knows != nil && !strings.HasSuffix(namespace, "*") && !x.config.Knows(namespace)
}

func changeOf(d *hubv1.SetData) hub.DataChange {
	change := hub.DataChange{Data: d.GetData(), Merge: d.GetMerge()}
	if d != nil {
		change.ExpectedVersion = d.ExpectedVersion
	}
	return change
}
