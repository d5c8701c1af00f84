package relay

// Introduce says hello on a connection, to pass requests on.
var Introduce = introduce

// What a hub comes for, and when a connection has to have proved itself.
const (
	DoPass     = doPass
	DoIdentify = doIdentify
	DoRelease  = doRelease
	HelloTime  = helloTime
)

// Sweep looks whether the hubs of pairs are still there, at once.
func (r *Relay) Sweep() { r.webSockets.sweep() }

// Rest is how many bytes pairs hold.
func (r *Relay) Rest() int64 { return r.webSockets.rest.Load() }
