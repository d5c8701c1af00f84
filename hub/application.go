package hub

import "time"

// Application is the program behind the hub: it decides who gets in and answers
// what browsers say. The control plane is one; a Go program may be another and
// embed the hub without gRPC.
//
// Methods never block: on Linux a few goroutines read for all browsers, and one
// that waits keeps every browser of its share waiting. The calls for one socket come
// one at a time, in the order Connected, Event…, Disconnected; calls for different
// sockets come at the same time from several goroutines. Answers are given later, on
// the objects themselves, from any goroutine, also from inside the call.
type Application interface {
	// Knows reports whether the namespace exists. A browser that asks for one
	// that does not exist is refused with `Invalid namespace`.
	Knows(namespace string) bool
	// Connect asks for a decision. The attempt has to be answered exactly once,
	// sooner or later: the hub sets no time limit, and the browser's connect timeout
	// stands still.
	Connect(attempt *ConnectAttempt)
	// Connected says that the socket has joined. It runs after the CONNECT packet
	// was queued and before the socket's first event.
	Connected(socket *Socket)
	// Event hands over what the browser emitted. The event and its bytes belong to
	// the application from now on.
	Event(event *Event)
	// Disconnected says that the socket has left. It comes exactly once for each
	// Connected.
	Disconnected(socket *Socket, disconnect Disconnect)
}

// Keeper may be implemented by an Application that keeps events which it cannot handle at once. New looks once
// whether it is. Its methods may be called at the same time and must not block.
type Keeper interface {
	// Crowded reports whether any Room may be full. It is asked with each read, and Room only while it is so.
	Crowded() bool
	// Room returns where events of that name are kept. While it is full, messages of more than 8 KiB that have begun are
	// not read on, for each of them might have to be kept; within a second after it they are. A POST waits for 25 s
	// at most, and is answered with 503 then. The name is empty when it is not known yet, and so may the namespace be,
	// as it is for every packet of the msgpack parser. Nil means that there is room.
	Room(namespace, event string) Room
}

// Room is where a Keeper keeps events. It must not block.
type Room interface {
	// Full says by the key of which option no more of them should be kept, "" while there is room.
	Full() (option string)
}

// Decider may be implemented by an Application that leaves decisions about connect attempts to others. New looks once
// whether it is. Its method may be called at the same time and must not block.
type Decider interface {
	// DecidedBy names who decides about a namespace. Those of one name share Limits.Undecided: while none of their
	// attempts is decided, those of another name still are. Of who does not say it all namespaces count for themselves.
	DecidedBy(namespace string) string
}

// Disconnect tells why a socket left.
type Disconnect struct {
	// Reason is one of Socket.IO's server-side reasons, see the Reason constants.
	Reason Reason
	// CloseCode is the WebSocket close code that the browser's side caused: 1001
	// for a closed tab, 1006 for a connection that broke. Zero means that there was
	// no WebSocket, or that it goes on without this socket.
	CloseCode int
	// Detail is a text for people, or what DisconnectOptions.Detail said. It may be
	// empty.
	Detail string
	// Rooms are the rooms the socket was in, without its own, sorted.
	Rooms []string
	// RecoverableUntil is until when the browser may come back as if it had never been away: Connected then says
	// Recovered for the same id. It may be less when what is kept reaches its bound. Zero: it may not.
	RecoverableUntil time.Time
}

// Reason is a disconnect reason in the reference server's words.
type Reason string

// The reasons of socket.io 4.8, server side. A socket leaves by ReasonServerNamespaceDisconnect when the
// application disconnects it, and by ReasonForcedServerClose when its connection was closed with
// DisconnectOptions.MayReturn, for an invalid state, or because nothing was joined in time.
const (
	ReasonTransportClose            Reason = "transport close"
	ReasonTransportError            Reason = "transport error"
	ReasonPingTimeout               Reason = "ping timeout"
	ReasonParseError                Reason = "parse error"
	ReasonForcedClose               Reason = "forced close"
	ReasonForcedServerClose         Reason = "forced server close"
	ReasonServerShuttingDown        Reason = "server shutting down"
	ReasonClientNamespaceDisconnect Reason = "client namespace disconnect"
	ReasonServerNamespaceDisconnect Reason = "server namespace disconnect"
)
