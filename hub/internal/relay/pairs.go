package relay

import "time"

// sweepEvery is how often it is looked at whether the hubs of pairs are still there.
const sweepEvery = 5 * time.Second

// add counts a WebSocket that is relayed. False: the relay is closed.
func (r *Relay) add(p relayed) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.pairs[p] = struct{}{}
	if r.sweeper == nil {
		r.sweeper = time.AfterFunc(sweepEvery, r.sweep)
	}
	r.trace.WebSockets(1)
	return true
}

// dropped is the end of a WebSocket that is not relayed, as the relay is closed.
func (r *Relay) dropped(leave func()) {
	r.webSockets.Add(-1)
	if leave != nil {
		leave()
	}
}

// remove takes one back that has ended.
func (r *Relay) remove(p relayed) {
	r.webSockets.Add(-1)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pairs, p)
	r.trace.WebSockets(-1)
	if r.closed && len(r.pairs) == 0 {
		close(r.gone)
	}
}

// sweep cuts pairs whose hub is gone: nothing else would tell of one that lost its power.
func (r *Relay) sweep() {
	lost := make(map[*link]bool)
	for _, p := range r.all() {
		l := p.peer()
		gone, known := lost[l]
		if !known {
			now, ok := r.config.Peers.Locate(Key(l.peer.ID))
			gone = !ok || !now.Alive
			lost[l] = gone
		}
		if gone {
			p.cut()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pairs) == 0 || r.closed {
		r.sweeper = nil
		return
	}
	r.sweeper.Reset(sweepEvery)
}
