package hub

import (
	"time"

	"github.com/siohub/siohub/hub/internal/socketio"
)

// Socket is one browser in one namespace. Its methods are safe for concurrent use, also after it
// has left.
type Socket socketio.Socket

func (s *Socket) inner() *socketio.Socket { return (*socketio.Socket)(s) }

// ID is the public id: 20 characters, also the name of the socket's own room. Of a Socket.IO client 1 or 2 it is that of
// its session, with the namespace in front where that is not "/": see Protocol.AllowEIO3.
func (s *Socket) ID() string { return s.inner().ID() }

// Namespace has its leading slash.
func (s *Socket) Namespace() string { return s.inner().Namespace() }

// User is the user id that came with Accept. Empty when none did.
func (s *Socket) User() string { return s.inner().User() }

// Data is the socket's data as JSON and its version: 0 before the first set, then growing by 1 with each.
// The bytes must not be changed.
func (s *Socket) Data() ([]byte, uint64) { return s.inner().Data() }

// Rooms are the rooms the socket is in, without its own, sorted.
func (s *Socket) Rooms() []string { return s.inner().Rooms() }

// RoomsVersion counts the changes of Rooms: 0 as it was accepted, then growing by 1 with each call that changed
// them.
func (s *Socket) RoomsVersion() uint64 { return s.inner().RoomsVersion() }

// RoomsAndVersion is Rooms and RoomsVersion at one moment; for a socket that has left, at the last one. The slice must
// not be changed.
func (s *Socket) RoomsAndVersion() ([]string, uint64) { return s.inner().RoomsAndVersion() }

// ClientID names the browser's connection: 20 random characters, the same for all its namespaces. It is no
// secret, and nobody can come in with it.
func (s *Socket) ClientID() string { return s.inner().ClientID() }

// Handshake is the request that opened the browser's session.
func (s *Socket) Handshake() *Handshake { return (*Handshake)(s.inner().Handshake()) }

// Recovered reports whether its browser came back and took up the session that it had: id, rooms and data are as before.
func (s *Socket) Recovered() bool { return s.inner().Recovered() }

// ConnectTime is when the namespace was joined.
func (s *Socket) ConnectTime() time.Time { return s.inner().ConnectTime() }

// Transport is `polling`, `websocket` or `webtransport`: the one in use at this moment.
func (s *Socket) Transport() string { return s.inner().Transport() }

// Connected reports whether the socket has not left yet.
func (s *Socket) Connected() bool { return s.inner().Connected() }

// SetTag keeps a value of the application's with the socket. It may be called once, inside
// Application.Connected or Acceptance.Then.
func (s *Socket) SetTag(tag any) { s.inner().SetTag(tag) }

// Tag is what SetTag kept. Nil before. Inside Event and Disconnected it is always there.
func (s *Socket) Tag() any { return s.inner().Tag() }
