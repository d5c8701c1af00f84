//go:build !linux

package relay

import "net"

// start relays between the connection of a browser and one to the hub that has its session.
func (r *Relay) start(here, there net.Conn, l *link) {
	var leave func()
	if r.config.Keep != nil {
		leave = r.config.Keep(here)
	}
	r.copy(here, there, l, leave)
}
