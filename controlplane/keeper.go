package controlplane

import (
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

var (
	_ hub.Keeper  = (*Server)(nil)
	_ hub.Decider = (*Server)(nil)
)

// keeping says what room there is for what browsers send: it is the server's hub.Keeper.
type keeping struct {
	node     *dispatch.Node
	register *register
}

// Crowded implements hub.Keeper: each browser may add one event to what is parked, and together they must not add without
// end.
func (k *keeping) Crowded() bool { return k.node.Crowded() }

// Room implements hub.Keeper: the group that handles an event, or of one whose name is not known all that may. So
// whoever says something to a group that has room does not wait for others.
func (k *keeping) Room(namespace, event string) hub.Room {
	if namespace == "" {
		return (*anyGroup)(k.node)
	}
	v := k.register.table.Load().View(namespace)
	if event != "" {
		if c := v.Handler(event); c != nil {
			return (*oneGroup)(c.Group.Group)
		}
		return nil // nobody handles it, and it is not kept
	}
	var some someGroups
	for _, c := range v.Handlers() {
		some = append(some, c.Group.Group)
	}
	return some
}

// oneGroup is the room of a group.
type oneGroup dispatch.Group

// Full implements hub.Room.
func (g *oneGroup) Full() (option string) { return roomOptions[(*dispatch.Group)(g).Room()] }

// someGroups is the room of whichever of them it may be.
type someGroups []*dispatch.Group

// Full implements hub.Room.
func (some someGroups) Full() (option string) {
	for _, g := range some {
		if option := roomOptions[g.Room()]; option != "" {
			return option
		}
	}
	return ""
}

// anyGroup is the room of an event of which nothing is known.
type anyGroup dispatch.Node

// Full implements hub.Room.
func (n *anyGroup) Full() (option string) { return roomOptions[(*dispatch.Node)(n).Room()] }

var roomOptions = [...]string{
	dispatch.RoomGroup: "parking.group_bytes", dispatch.RoomNode: "parking.node_bytes",
}
