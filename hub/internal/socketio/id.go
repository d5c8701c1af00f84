package socketio

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// idBytes make an id of 20 characters.
const idBytes = 15

// newID returns the public id of a socket. It has nothing to do with the session's. It begins with no hyphen, which
// would make it a flag on a command line: `hub kick --socket ID`.
func newID() string {
	for {
		var random [idBytes]byte
		_, _ = rand.Read(random[:]) // never fails, see crypto/rand
		if id := base64.RawURLEncoding.EncodeToString(random[:]); id[0] != '-' {
			return id
		}
	}
}

// names makes names of clients: they are asked for once or twice in a client's life, and would be kept for all of it. A name
// is made of the session's id, which is secret, and says nothing of it to whoever has not the key. The zero value is not ready.
type names struct{ key [sha256.Size]byte }

func newNames() (n names) {
	_, _ = rand.Read(n.key[:]) // never fails
	return n
}

// of returns the name of the client whose session that is, always the same: as newID's it has 20 characters and begins with
// no hyphen.
func (n *names) of(session string) string {
	seed := append(append(make([]byte, 0, 2*sha256.Size), n.key[:]...), session...) // all of one length: nobody can go on from a sum
	for {
		sum := sha256.Sum256(seed)
		if name := base64.RawURLEncoding.EncodeToString(sum[:idBytes]); name[0] != '-' {
			return name
		}
		seed = append(seed[:sha256.Size], sum[:]...)
	}
}

// name names the connection for the application.
func (c *client) name() string { return c.server.names.of(c.session.ID()) }
