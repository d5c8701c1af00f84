//go:build !linux

package relay

import "net"

// pair relays between two connections that pollers watch: here there are none.
func (w *webSockets) pair(_, _ net.Conn, _ *link, _ func()) bool { return false }
