package proxyheader

import "net"

// Conn is a connection whose header has been read.
type Conn struct {
	*net.TCPConn
	remote net.Addr
}

// RemoteAddr is the address in the header, that of the proxy where the header has none: it speaks for itself then.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// Socket is the connection itself, with nothing read that follows the header.
func (c *Conn) Socket() *net.TCPConn { return c.TCPConn }
