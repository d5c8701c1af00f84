package relay

import (
	"sync"
	"time"
)

// links are the ways to other hubs.
type links struct {
	// Set at construction.
	dialer Dialer
	peers  Peers
	held   time.Duration // Config.Held

	mu     sync.Mutex // guards the fields below
	byID   map[string]*link
	closed bool
}

func newLinks(c *Config) *links {
	return &links{dialer: c.Dialer, peers: c.Peers, held: c.Held, byID: make(map[string]*link)}
}

// to returns the one to a hub. Nil: they are closed.
func (ls *links) to(p Peer) *link {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed {
		return nil
	}
	l := ls.byID[p.ID]
	if l != nil && l.peer.Address == p.Address {
		return l
	}
	for id, old := range ls.byID { // a hub that is started again has another id
		if now, ok := ls.peers.Locate(Key(id)); id == p.ID || !ok || !now.Alive {
			delete(ls.byID, id)
			old.close()
		}
	}
	l = newLink(ls, p)
	ls.byID[p.ID] = l
	return l
}

// refresh makes what follows use the secrets and certificates of this moment.
func (ls *links) refresh() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.byID {
		l.refresh()
	}
}

// requests is how many are being passed on, but for those of WebSockets.
func (ls *links) requests() (n int) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.byID {
		n += int(l.requests.Load())
	}
	return n
}

// busy reports whether requests are being passed on to a hub.
func (ls *links) busy(p Peer) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.byID[p.ID]
	return l != nil && l.requests.Load() > 0
}

// close refuses new ones, and closes the connections that nobody uses.
func (ls *links) close() {
	ls.mu.Lock()
	all := ls.byID
	ls.byID, ls.closed = make(map[string]*link), true
	ls.mu.Unlock()
	for _, l := range all {
		l.close()
	}
}
