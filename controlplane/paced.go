package controlplane

import (
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"

	"github.com/siohub/siohub/controlplane/internal/calls"
	"github.com/siohub/siohub/controlplane/internal/turns"
)

// Credentials are credentials for the server of GRPC that do what others do. Of connections with them the hub knows what it
// costs gRPC to read them, and reads those more slowly that take all they can while others suffer; of all others it counts
// only what it does itself. They are safe for concurrent use as those below are.
func (s *Server) Credentials(below credentials.TransportCredentials) credentials.TransportCredentials {
	return pacedCredentials{below, s.turns}
}

type pacedCredentials struct {
	credentials.TransportCredentials
	turns *turns.Turns
}

// ServerHandshake implements credentials.TransportCredentials.
func (c pacedCredentials) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		return conn, info, err
	}
	paced := &pacedConn{Conn: conn, link: c.turns.Link(calls.Peer + conn.RemoteAddr().String())}
	if ready, ok := conn.(readyReader); ok {
		return &pacedReadyConn{paced, ready}, info, nil
	}
	return paced, info, nil
}

// Clone implements credentials.TransportCredentials.
func (c pacedCredentials) Clone() credentials.TransportCredentials {
	return pacedCredentials{c.TransportCredentials.Clone(), c.turns}
}

// pacedConn is a connection of services.
type pacedConn struct {
	net.Conn
	link *turns.Link
	once sync.Once
}

// Read implements net.Conn.
func (c *pacedConn) Read(p []byte) (int, error) {
	c.link.Before()
	n, err := c.Conn.Read(p)
	c.link.After()
	return n, err
}

// Close implements net.Conn.
func (c *pacedConn) Close() error {
	c.once.Do(c.link.Close)
	return c.Conn.Close()
}

// readyReader is a connection that holds no buffer while nothing comes. gRPC looks for it.
type readyReader interface {
	ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error)
}

// pacedReadyConn is one whose connection below is such a reader.
type pacedReadyConn struct {
	*pacedConn
	ready readyReader
}

// ReadOnReady implements readyReader.
func (c *pacedReadyConn) ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error) {
	c.link.Before()
	b, n, err := c.ready.ReadOnReady(size, pool)
	c.link.After()
	return b, n, err
}
