package hub

import (
	"time"

	"github.com/siohub/siohub/hub/internal/socketio"
)

// Target picks sockets of one namespace: the union of sockets, rooms and users, each socket once, less the
// exceptions. A target that names nothing is an *ArgumentError, never everybody.
type Target struct {
	// Namespace has its leading slash. Required. With All, an Emit takes a pattern too: `/org/*` is every
	// namespace below `/org/`, `/*` every one but `/`, and `*` all that have sockets here.
	Namespace string
	// Sockets are socket ids: exactly these sockets.
	Sockets []string
	// Rooms are room names. As in Socket.IO a socket's id is a room too: the socket is in it, and so is
	// whoever has joined it. Names that start with U+0001 are reserved.
	Rooms []string
	// Users are user ids. They have nothing to do with rooms.
	Users []string
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
	// Volatile drops the message for a browser that does not take it at once: nobody polls, or something
	// still waits to be written to it, be it in a batch that was not flushed yet.
	Volatile bool
	// Local emits to the sockets of this hub alone.
	Local bool
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
	// MissingHubs are the other servers that could not be asked, or did not say in time how it ended there, sorted: what they
	// have is missing in the sums.
	MissingHubs []string
}

// Outcome says what became of a command at this hub: Matched = Queued + Dropped. What the other hubs of a cluster do is
// in none of the counts.
type Outcome struct {
	// MissingHubs are the other servers that the command does not reach, sorted.
	MissingHubs []string
	// Matched counts the sockets that the target picked.
	Matched int
	// Queued counts those for which it was done.
	Queued int
	// Dropped counts those for which it was not: volatile and not ready, too slow,
	// gone meanwhile, or of another data version.
	Dropped int
	// Stored counts, beside Matched, the sessions that are away and that the target picks: an emission is kept for them
	// until they come back, and any other command was done. An emission that is volatile, or asks for
	// acknowledgements, is not kept.
	Stored int
	// DataVersion is the version of the socket's data after SetData, also after one that changed nothing,
	// when the target is one socket id alone and the socket is there. Zero otherwise.
	DataVersion uint64
}

// DisconnectOptions say how sockets are made to leave. The zero value sends each a DISCONNECT packet: reason
// `server namespace disconnect`; its client hears `io server disconnect` and does not come back by itself.
type DisconnectOptions struct {
	// CloseTransport ends the whole connection of each socket, with all its namespaces: all get the packet,
	// then the transport is closed.
	CloseTransport bool
	// MayReturn closes the transport, with all its namespaces, and sends no packet: reason `forced server close`;
	// its client hears `transport close` and comes back by itself. CloseTransport adds nothing to it.
	MayReturn bool
	// Forget ends the chance of the sockets' browsers to take their sessions up again (Recovery): those that may return
	// begin anew. Without MayReturn it ends in any case. Sockets that share a connection with one of them keep theirs.
	Forget bool
	// Local disconnects sockets of this hub alone.
	Local bool
	// Detail is told as Disconnect.Detail: at most 256 bytes of valid UTF-8.
	Detail string
}

func (o DisconnectOptions) eviction() socketio.Eviction {
	return socketio.Eviction{CloseTransport: o.CloseTransport, MayReturn: o.MayReturn, Forget: o.Forget, Detail: o.Detail}
}

// DataChange is what becomes of a socket's data.
type DataChange struct {
	// Data is JSON; empty removes the data. It must not change afterwards.
	Data []byte
	// Merge takes Data as a JSON merge patch (RFC 7396) of what is there. Numbers keep their digits; the
	// members of merged objects may change their order. Empty Data is then an *ArgumentError.
	Merge bool
	// ExpectedVersion leaves sockets alone whose data has another version. Nil: any.
	ExpectedVersion *uint64
}

// RoomInfo describes a room.
type RoomInfo struct {
	Name    string
	Sockets int
}

// UserInfo describes a user who has sockets in a namespace.
type UserInfo struct {
	User    string
	Sockets int
}
