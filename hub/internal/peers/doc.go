// Package peers bounds the connections of each address at the moment when they are accepted: how many are new in a second,
// and how many are open. An IPv6 network of 64 bits counts as one address.
//
//	kernel ─► accept ─┬─ exempt, or within the rate ──────────────► server
//	                  ├─ above the rate ─► waits for its token ───► server
//	                  └─ more than may wait, or may be open ─► 429 and closed
//
// Peers is what is known of addresses. Peers.Listen wraps a listener, whose connections then count: a Conn until it is
// closed, or until Keep takes the count over from one whose descriptor goes elsewhere. Peers.Enter counts a connection of QUIC, which
// no listener has.
//
// What it is not: a limit of sessions or handshakes, which may come through a proxy, whose address is exempt here.
//
// # Goroutines and locks
//
// A listener has one goroutine, from the first Accept until it is closed. It waits for nobody's sake: a connection that
// has to wait does so with a timer, so that no address delays another one. The lock of those that wait is a leaf.
package peers
