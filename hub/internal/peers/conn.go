package peers

import (
	"net"
	"sync/atomic"

	"github.com/siohub/siohub/hub/internal/rates"
)

// Conn is a connection that counts for its address until it is closed.
type Conn struct {
	*net.TCPConn
	remote net.Addr
	peers  *Peers
	from   rates.Network
	left   atomic.Bool
}

// RemoteAddr is that of the connection below, which may have it from a proxy.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// Socket is the connection itself.
func (c *Conn) Socket() *net.TCPConn { return c.TCPConn }

// Close implements net.Conn.
func (c *Conn) Close() error {
	if c.left.CompareAndSwap(false, true) {
		c.peers.Left(c.from)
	}
	return c.TCPConn.Close()
}

// Keep takes the count of a connection over from it: whoever calls it calls Peers.Left once the connection has ended.
// Unlimited: it does not count.
func Keep(conn net.Conn) rates.Network {
	if c, ok := conn.(*Conn); ok && c.left.CompareAndSwap(false, true) {
		return c.from
	}
	return rates.Unlimited
}
