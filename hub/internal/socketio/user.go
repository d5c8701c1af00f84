package socketio

// User implements engineio.UserHandler: the user of the first socket that has one, of those that are joined. A
// client that is several users in several namespaces counts as one of them.
func (c *client) User() string {
	if user := c.user.Load(); user != nil {
		return *user
	}
	return ""
}

// userJoined notes the user of a socket. In the gate.
func (c *client) userJoined(s *Socket) {
	if s.user != "" {
		c.user.CompareAndSwap(nil, &s.user)
	}
}

// userLeft lets another socket's user count, if it was that of the one that has left. In the gate.
func (c *client) userLeft(s *Socket) {
	if c.user.Load() != &s.user {
		return
	}
	c.user.Store(nil)
	for _, at := range c.seats {
		if at.socket != nil && at.socket.Connected() {
			c.userJoined(at.socket)
		}
	}
}
