package hub

import "time"

// Target picks sockets of one namespace: the union of sockets, rooms and users,
// each socket once, less the exceptions. A target that names nothing is an
// *ArgumentError, never everybody.
type Target struct {
	// Namespace has its leading slash. Required.
	Namespace string
	// Sockets are socket ids, Rooms room names, Users user ids.
	Sockets, Rooms, Users []string
	// All picks the whole namespace; Sockets, Rooms and Users are empty then.
	All bool
	// ExceptSockets, ExceptRooms and ExceptUsers are left out.
	ExceptSockets, ExceptRooms, ExceptUsers []string
}

// Message is a named emission.
type Message struct {
	// Event is the name: 1 to 128 bytes, none of the reserved ones.
	Event string
	// Args is a JSON array without the name. Empty means []. It is passed on byte
	// for byte and must not change until the call has returned.
	Args []byte
	// Attachments are the binary arguments; their placeholders stand in Args. They
	// must never change afterwards.
	Attachments [][]byte
}

// EmitOptions are the flags of an emission. The zero value is an ordinary one.
type EmitOptions struct {
	// Volatile drops the message for browsers that cannot take it now.
	Volatile bool
	// NoCompress never compresses the message.
	NoCompress bool
}

// AckOptions say how acknowledgements are collected.
type AckOptions struct {
	// Timeout is the time to wait for all of them. Required: more than zero.
	Timeout time.Duration
	// OnAck is called for each acknowledgement as it arrives, one call at a time.
	// Its bytes belong to the callee. Nil means that nobody looks.
	OnAck func(BrowserAck)
	// OnDone is called exactly once, after the last OnAck: when all receivers have
	// answered or left, or the time is over. It may run before EmitWithAck has
	// returned. It must not block.
	OnDone func(AckTotal)
}

// BrowserAck is one browser's acknowledgement.
type BrowserAck struct {
	// SocketID is the id of the socket that answered.
	SocketID string
	// Args is the JSON array as it arrived, Attachments its binary arguments.
	Args        []byte
	Attachments [][]byte
}

// AckTotal sums up: Expected = Acked + TimedOut + Disconnected.
type AckTotal struct {
	Expected, Acked, TimedOut, Disconnected int
}

// Outcome says what became of a command: Matched = Queued + Dropped.
type Outcome struct {
	// Matched counts the sockets that the target picked.
	Matched int
	// Queued counts those for which it was done.
	Queued int
	// Dropped counts those for which it was not: volatile and not ready, too slow,
	// gone meanwhile, or of another data version.
	Dropped int
}

// RoomInfo describes a room.
type RoomInfo struct {
	Name    string
	Sockets int
}
