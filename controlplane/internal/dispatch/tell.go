package dispatch

// Tell calls f with the sink of the instance that has the lane, if that is attached: a
// fact of the socket, after what was handed over of it. It is called with locks held: it
// must neither block nor call back.
func (l *Lane) Tell(f func(Sink)) {
	h := l.lock()
	defer h.mu.Unlock()
	if h.inst != nil && h.inst.sink != nil && l.intro != 0 {
		f(h.inst.sink)
	}
}

// Identity is the same for all tries of a delivery: the number of the first one. It may
// be called between Begin and the end of a settlement.
func (d *Delivery) Identity() uint64 { return d.identity }

// OwnerOf is the owner of a delivery that the process has unsettled; nil for any other
// number, and for a delivery without a socket.
func (a *Attachment) OwnerOf(seq uint64) Owner {
	i := a.inst
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.life != a.life {
		return nil
	}
	d, ok := i.ledger.Get(seq)
	if !ok {
		return nil
	}
	return d.lane.owner
}
