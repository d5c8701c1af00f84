package hub

// Watcher may be implemented by an Application that wants to know more than its own methods tell it. New looks
// once whether it is; an Application that is none pays nothing for it.
//
// The rule is that of Application: methods must not block, and those about a socket come in order with its other
// calls, between Connected and Disconnected. Those about rooms and users are ordered for one name alone. All of
// them tell of this hub only.
type Watcher interface {
	// RoomsChanged says that a socket has joined or left rooms; not at its acceptance, and not when it leaves.
	RoomsChanged(socket *Socket, change RoomsChange)
	// Upgraded says that the socket's browser has moved from polling to another transport. It is called for each socket
	// of the connection.
	Upgraded(socket *Socket)
	// RoomOccupied says that a room has its first member, RoomVacated that it has none any more. For one room
	// they alternate. A socket's own room is not told of, unless others join it.
	RoomOccupied(namespace, room string)
	RoomVacated(namespace, room string)
	// UserPresent says that a user has a first socket in a namespace, UserAbsent that it has none any more. For
	// one user and namespace they alternate.
	UserPresent(namespace, user string)
	UserAbsent(namespace, user string)
	// AttemptGone says that the browser of an attempt has left before the answer. Nobody answers it any more.
	AttemptGone(attempt *ConnectAttempt)
	// ConnectFailed says that a browser was refused: its handshake, or a namespace. Strangers can make it be
	// called as often as they like.
	ConnectFailed(failure ConnectFailure)
	// EventDropped says that an event was dropped by the socket's Policy. It is called as often as the browser
	// emits.
	EventDropped(socket *Socket, event string, reason DropReason)
}

// RoomsChange is what became of a socket's rooms, of several changes in sum when they come fast. The slices belong
// to the callee.
type RoomsChange struct {
	// Joined are the rooms that it is in now of those that it has joined or left since the last call, Left the others,
	// both sorted: a room that it has only passed through stands in Left.
	Joined, Left []string
	// Version is Socket.RoomsVersion after the change: more than the last one that was told.
	Version uint64
}

// ConnectFailure is a browser that was refused.
type ConnectFailure struct {
	// Why is RefusedHandshake, or why it was not let into a namespace.
	Why Refusal
	// Code is the Engine.IO error code, 0 to 5. It is -1 when there is none: for a namespace, and for a
	// handshake that was refused by HTTP status alone.
	Code int
	// Status is the HTTP status of the answer. Zero for a namespace.
	Status int
	// Message is what the browser was told. It may be empty.
	Message string
	// Namespace is what it wanted to join, valid UTF-8 and at most 256 bytes. Empty for a handshake.
	Namespace string
	// Origin is the Origin header and RemoteAddress the browser's address without its port, both valid UTF-8. Empty:
	// there was none.
	Origin, RemoteAddress string
}

// DropReason says why an event of a browser was dropped.
type DropReason string

// The reasons.
const (
	DropPolicyEvent DropReason = "policy_event" // Policy.Events does not have it
	DropPolicyRate  DropReason = "policy_rate"  // more events than Policy.EventsPerSecond
	DropPolicyBytes DropReason = "policy_bytes" // more bytes than Policy.BytesPerSecond
)
