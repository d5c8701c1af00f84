package dispatch

// Close forgets the group: what is parked is dropped, timers end. Instances should
// have been detached before.
func (g *Group) Close() {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	g.closed = true
	for _, i := range g.members {
		evacuation{inst: i, why: ReasonLeft}.finish()
	}
	g.countTakers()
	g.pool.reopen()
	g.pool.each(func(turns *list[*Lane]) {
		for n := turns.front; n != nil; n = turns.front {
			g.pool.forget(n.value)
		}
	})
}

// forget drops what a lane of a closed group has parked. A solo delivery stays: its
// owner cancels it, or takes it to another group.
func (h *holder) forget(l *Lane) {
	if l.solo != nil {
		h.dequeue(l)
		return
	}
	for q := l.queue.front; q != nil; q = l.queue.front {
		l.unpark(q.value)
		l.drop(q.value, Forgotten)
	}
	h.end(l)
}
