package socketio

import "sync/atomic"

// user is the user of the first socket of a client that has one, of those that are joined. A client that is several
// users in several namespaces counts as one of them. The zero value is nobody. It may be read at any time; joined and
// left belong to the holder of the client's gate.
type user struct{ of atomic.Pointer[string] }

// User implements engineio.UserHandler.
func (c *client) User() string {
	if name := c.user.of.Load(); name != nil {
		return *name
	}
	return ""
}

// joined notes the user of a socket.
func (u *user) joined(s *Socket) {
	if s.user != "" {
		u.of.CompareAndSwap(nil, &s.user)
	}
}

// left lets the user of another socket count, if it was that of the one that has left.
func (u *user) left(s *Socket, others seats) {
	if u.of.Load() != &s.user {
		return
	}
	u.of.Store(nil)
	for _, at := range others {
		if at.socket != nil && at.socket.Connected() {
			u.joined(at.socket)
		}
	}
}
