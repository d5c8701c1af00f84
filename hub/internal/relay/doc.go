// Package relay lets browsers meet any hub of a cluster: a request for a session of another hub is passed on to it, so that
// whatever balances load needs no sticky sessions.
//
// A session id names its hub by a key (key.go). Relay is the hub that a browser has met: it asks Peers where the hub of that
// key is, which is the only place that an address comes from, and passes the request on over its link to that hub. Receiver is
// the hub that has the session: it lets in hubs that prove themselves, and gives what they pass on to the handler for browsers, as
// if the browser had come itself:
//
//	browser ─► engineio ─► Relay.Serve ─► Transport, or pair ═► Receiver ─► hub.ServeHTTP
//	                       (the first hub)                      (the one that has the session)
//
// A request makes one hop at most: what a Receiver gives to its handler is marked with engineio.PassedOn.
//
// # What travels
//
// Connections between hubs are of HTTP/1.1, under TLS or not. Each begins with a proof that goes both ways (hello.go), and is
// trusted from then on: requests on it need none, and what was recorded of one is of no use on another. Each request has
// one header of its own, Hub-Browser (browser.go), which says where the browser is and whether it came by TLS; everything else
// is as the browser sent it, but for the headers by which proxies speak. One that a browser sends itself is replaced.
//
// Polling goes by httputil.ReverseProxy (polling.go). A WebSocket has a connection of its own to the other hub: its handshake
// is passed on (websocket.go), and then bytes are, in both directions and without a look at them, by a pair, which is among
// webSockets until it ends.
//
// # A pair
//
// On Linux two descriptors are watched by package netpoll, and the pair (pair_linux.go) has no goroutine and no buffer at rest.
// What one end brings is written to the other without blocking. What that does not take is kept, a chunk at most, and the first end
// is not read until it is gone: so the kernels of both hold back whoever sends. An end that says no more (FIN) makes
// the other one be told so, when what came before has left; one that breaks (RST) makes the other one be reset. Elsewhere, and
// where one of the two connections has TLS or is no socket, two goroutines copy (copier.go).
//
// While the other hub does not read, its browser's FIN waits behind what the browser has sent, and so is noticed later than if
// the browser had come to it; a reset is not.
//
// # Who is gone
//
// A hub that is not Alive, that cannot be reached within connectTime, or that is not who it should be has no sessions: the answer is the one
// for an unknown session, at once. After a hub did not answer to connect in time nobody tries it for a short while (link).
// WebSockets whose hub is gone are cut (webSockets.sweep).
//
// # Goroutines
//
// Requests have net/http's. A handshake of a WebSocket has the request's. The pollers of netpoll, GOMAXPROCS of them, run from the first
// pair on until Close. A copier has two until its connections have ended. sweep is a timer's, while there are any WebSockets.
//
// # Locks
//
// Receiver.mu, Static.mu, Table.mu and webSockets.mu are leaves, but that Table.mu is held while its list is asked for. links.mu
// comes before what Peers.Locate locks. pair.mu is held across writes that do not block, and comes before them, webSockets.mu and
// the locks of netpoll.
//
// # Bounds
//
// Requests that are being passed on to one hub (Config.Requests) and WebSockets to all hubs (Config.WebSockets): beyond them 503. What pairs
// hold that has not been taken: a chunk for each direction, of chunkBytes, and of smallChunk once all hold restBytes together. Headers of an answer to a
// WebSocket's handshake: answerBytes. Times: see the constants of relay.go. A connection that does not prove itself within
// helloTime is closed.
package relay
