package relay

import "context"

// Peer is another hub.
type Peer struct {
	// ID is the hub's.
	ID string
	// Address is where its listener for other hubs is: host and port.
	Address string
	// Alive is false for a hub that was known and is gone.
	Alive bool
}

// Peers says where the other hubs are. Its methods may be called at the same time and must not block.
type Peers interface {
	// Locate finds the hub with a key (see Key). False: there is none.
	Locate(key string) (Peer, bool)
	// All are those that are alive.
	All() []Peer
}

// Finder may be implemented by Peers that can look for a hub that they have not heard of yet, such as one that has just started.
type Finder interface {
	Peers
	// Find is Locate, and may take as long as ctx allows.
	Find(ctx context.Context, key string) (Peer, bool)
}
