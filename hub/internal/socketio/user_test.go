package socketio

import "testing"

// The rates of a user count for a client while it has a socket of theirs: the first one's, then another's.
func TestUser_OfTheClient(t *testing.T) {
	s := play(t, Config{})
	users := map[string]string{"/": "", "/a": "ann", "/b": "bob"}
	s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{User: users[a.Namespace()]}) }
	b := s.join("/")
	is := func(want string) {
		t.Helper()
		c := s.socket("/").client
		eventually(t, "the user is "+want, func() bool { return c.User() == want })
	}
	is("")
	s.enter(b, "/a")
	is("ann")
	s.enter(b, "/b")
	is("ann")
	b.Send("41/a,")
	is("bob")
	s.heard("disconnected /a client namespace disconnect")
	s.enter(b, "/a")
	is("bob")
	s.server.Disconnect(nil, "/b", everybody, Eviction{})
	is("ann")
	b.Send("41/a,")
	is("")
}
