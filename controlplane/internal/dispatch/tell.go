package dispatch

// Tell calls f with the sink of the instance that has the lane: a fact of the socket, after
// what was handed over of it. While the instance is suspended it goes to the sink that it had, which
// bounds what waits, and takes it to the next stream of the same process.
// It comes to nothing where no instance was told of the socket, or none has it: whoever gets it is
// introduced first. It is called with locks held: it must neither block nor call back.
func (l *Lane) Tell(f func(Sink)) {
	h := l.lock()
	defer h.mu.Unlock()
	h.tell(l, f)
}

// tell is Tell with the mutex held.
func (h *holder) tell(l *Lane, f func(Sink)) {
	if i := h.inst; i != nil && l.intro != 0 && i.factSink != nil {
		f(i.factSink)
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
