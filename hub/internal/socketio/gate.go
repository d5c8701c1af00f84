package socketio

import (
	"sync"

	"github.com/siohub/siohub/hub/internal/engineio"
)

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
	// A note that panics ends its client (guarded). Should one do so yet, the gate and what else was left go on.
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

// post runs f in the client's gate: see gate.post.
func (c *client) post(f func()) { c.gate.post(c.guarded(f)) }

// guarded is f as a note: who carries it out is not to blame for a panic in it. It ends the client that it is about.
func (c *client) guarded(f func()) func() {
	return func() {
		defer func() {
			if v := recover(); v != nil {
				c.server.trace.panicked(v)
				c.session.Close(engineio.Close{Reason: engineio.ReasonTransportError, Detail: "internal error"})
			}
		}()
		f()
	}
}
