package controlplane

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/permit"
)

// The questions that calls, hellos and commands ask of their caller. Each is nil when
// it is permitted. They cost nothing where no permissions are configured.

// mayAttach asks for a stream of an instance of a group.
func (c *caller) mayAttach(group string) *fault {
	return refused(c.permissions().Attach(group))
}

// maySubscribe asks for one subscription, whose role is known and whose patterns are
// valid.
func (c *caller) maySubscribe(sub *hubv1.Subscription) *fault {
	set := c.permissions()
	if set == nil {
		return nil
	}
	role := permit.Handler
	if sub.GetRole() == hubv1.Role_ROLE_AUTHORIZER {
		role = permit.Authorizer
	}
	return refused(set.Subscribe(permit.Subscription{Role: role, Namespace: sub.GetNamespace(), Events: sub.GetEvents()}))
}

// mayCommand asks for a command. Own is the socket of the delivery that it belongs
// to; empty when it belongs to none.
func (c *caller) mayCommand(cmd *hubv1.Command, own string) *fault {
	set := c.permissions()
	if set == nil {
		return nil
	}
	question := permit.Command{OwnSocket: own}
	switch op := cmd.GetOp().(type) {
	case *hubv1.Command_Emit:
		question.Verb, question.Event = permit.Emit, op.Emit.GetEvent()
		question.Target = permitTarget(op.Emit.GetTarget())
	case *hubv1.Command_UpdateRooms:
		question.Verb, question.Target = permit.Rooms, permitTarget(op.UpdateRooms.GetTarget())
		question.Joins, question.Leaves = op.UpdateRooms.GetJoin(), op.UpdateRooms.GetLeave()
	case *hubv1.Command_Disconnect:
		question.Verb, question.Target = permit.Disconnect, permitTarget(op.Disconnect.GetTarget())
	case *hubv1.Command_SetData:
		question.Verb, question.Target = permit.Data, permitTarget(op.SetData.GetTarget())
	case nil:
		return nil // the hub refuses it for everybody
	default:
		// An op without a line above is not yet thought about: nobody with rules may.
		return refused(&permit.Refusal{Kind: "op", Value: opName(cmd)})
	}
	return refused(set.Do(&question))
}

// mayQuery asks for a query about the sockets of a target.
func (c *caller) mayQuery(verb permit.Verb, target *hubv1.Target) *fault {
	set := c.permissions()
	if set == nil {
		return nil
	}
	return refused(set.Do(&permit.Command{Verb: verb, Target: permitTarget(target)}))
}

// mayList asks for the rooms or users of a namespace whose names start with a prefix.
func (c *caller) mayList(verb permit.Verb, what permit.Listing, namespace, prefix string) *fault {
	set := c.permissions()
	if set == nil {
		return nil
	}
	return refused(set.Do(&permit.Command{
		Verb: verb, Target: permit.Target{Namespace: namespace}, Lists: what, Prefix: prefix,
	}))
}

func permitTarget(t *hubv1.Target) permit.Target {
	return permit.Target{
		Namespace: t.GetNamespace(), All: t.GetAll(), Rooms: t.GetRooms(), Users: t.GetUsers(), Sockets: t.GetSockets(),
	}
}

// refused is a refusal in the contract's words.
func refused(r *permit.Refusal) *fault {
	if r == nil {
		return nil
	}
	return &fault{code: hubv1.Code_CODE_PERMISSION_DENIED, reason: "NOT_PERMITTED", message: r.Error()}
}
