package socketio

import "sync"

// gate is a turn that one goroutine holds at a time. Its zero value is free.
//
// The holder carries out what others leave there. Nobody waits for it: what is left may be left by the
// holder itself, and runs when the holder lets go.
type gate struct {
	mu    sync.Mutex // guards the fields below
	held  bool
	queue []func()
}

// tryEnter takes the turn if it is free, and reports whether it did.
func (g *gate) tryEnter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held {
		return false
	}
	g.held = true
	return true
}

// leave carries out what was left and lets go.
func (g *gate) leave() {
	g.mu.Lock()
	if len(g.queue) == 0 {
		g.held = false
		g.mu.Unlock()
		return
	}
	g.mu.Unlock()
	g.drain()
}

// post runs f in the gate: now if it is free, else before its holder lets go.
func (g *gate) post(f func()) {
	g.leaveNote(f)
	g.attend()
}

// leaveNote leaves f without running anything. Whoever calls it calls attend later, without a lock that f
// might want.
func (g *gate) leaveNote(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, f)
}

// attend takes the gate if it is free and carries out what was left.
func (g *gate) attend() {
	g.mu.Lock()
	if g.held {
		g.mu.Unlock()
		return
	}
	g.held = true
	g.mu.Unlock()
	g.leave()
}

// captive is how much a holder carries out for others before it leaves the rest to a goroutine: whoever posts
// without end must not keep a poller.
const captive = 1024

// drain is leave once there is something to do.
func (g *gate) drain() {
	done := false
	// A panic ends one connection and not the gate: what else was left still runs.
	defer func() {
		if !done {
			g.leave()
		}
	}()
	for n := 0; ; n++ {
		if n == captive {
			done = true
			go g.leave() // ends when nothing is left
			return
		}
		g.mu.Lock()
		if len(g.queue) == 0 {
			g.queue = nil
			g.held = false
			done = true
			g.mu.Unlock()
			return
		}
		next := g.queue[0]
		g.queue[0] = nil
		g.queue = g.queue[1:]
		g.mu.Unlock()
		next()
	}
}
