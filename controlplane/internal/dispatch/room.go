package dispatch

// Room says what leaves no room for more large events.
type Room uint8

// The answers.
const (
	// RoomFree: there is room.
	RoomFree Room = iota
	// RoomGroup: the group has twice GroupBytes.
	RoomGroup
	// RoomNode: the groups have NodeBytes, or twice that with what they have beyond GroupBytes.
	RoomNode
)

const (
	// overshoot is how many times GroupBytes and NodeBytes may be parked, with what browsers add beyond them, one event
	// each.
	overshoot = 2
	// modest is the part of NodeBytes that a group may always have parked, however much others have: so those that
	// settle nothing keep nobody from a group that does. Others leave it room for that.
	modest = 16
	// reserve is the part of NodeBytes that is for modest groups, of what may be parked in all.
	reserve = 4
)

// Crowded reports whether any Room may be full. Like all below it takes no lock.
func (n *Node) Crowded() bool {
	return n.all.Load() >= min(overshoot*n.config.GroupBytes, n.config.NodeBytes)
}

// Room is for an event of which the group is not known.
func (n *Node) Room() Room {
	if n.bytes.Full() || n.all.Load() >= n.most() {
		return RoomNode
	}
	return RoomFree
}

// most is how much may be parked in all before only modest groups may add to it.
func (n *Node) most() int64 { return overshoot*n.config.NodeBytes - n.config.NodeBytes/reserve }

// Room is for an event of the group. What is parked in all stays below twice NodeBytes with up to four modest groups, and
// grows by a sixteenth of NodeBytes with each more.
func (g *Group) Room() Room {
	used := g.bytes.Used()
	switch {
	case used >= overshoot*g.node.config.GroupBytes:
		return RoomGroup
	case used < g.node.config.NodeBytes/modest:
		return RoomFree
	}
	return g.node.Room()
}
