package loadgen

import (
	"context"
	"time"
)

// echo has one echo under way on each connection. In a closed loop an ack starts
// the next one, on the reader itself; at a fixed rate it gives the connection back
// for the next one that is due.
type echo struct {
	r *run
	// messages has one for each namespace.
	messages [][]byte
	// began is when the echo of each connection was sent or, at a fixed rate, due; zero
	// while there is none.
	began []stamp
	// idle are the connections without one, at a fixed rate.
	idle chan *client
}

func newEcho(r *run) *echo {
	return &echo{
		r: r, messages: make([][]byte, r.config.Namespaces), began: make([]stamp, r.config.Connections),
		idle: make(chan *client, r.config.Connections),
	}
}

func (e *echo) prepare(c *client) error {
	c.handle = func(kind byte, _ []byte) {
		began := &e.began[c.index]
		if kind != '3' || !began.isSet() {
			return
		}
		e.r.done(began)
		if e.r.config.closedLoop() {
			e.send(c, now())
			return
		}
		began.clear()
		e.idle <- c
	}
	return nil
}

// send starts an echo. An error shows in the reader.
func (e *echo) send(c *client, at time.Duration) {
	e.r.started.Add(1)
	e.began[c.index].set(at)
	_ = c.send(e.messages[c.namespace])
}

func (e *echo) start(ctx context.Context) {
	for i := range e.messages {
		name := namespace(i, e.r.config.Namespaces)
		e.messages[i] = e.r.clients[0].prepare(event(name, 1, "echo", data(e.r.config.PayloadBytes)))
	}
	if e.r.config.closedLoop() {
		for _, c := range e.r.clients {
			e.send(c, now())
		}
		return
	}
	for _, c := range e.r.clients {
		e.idle <- c
	}
	e.r.pace(ctx, func(due time.Duration) bool {
		for {
			select {
			case c := <-e.idle:
				if !c.ended.Load() {
					e.send(c, due)
					return true
				}
			case <-ctx.Done():
				return false
			}
		}
	})
}

func (e *echo) lost(c *client) { e.began[c.index].clear() }

func (e *echo) underWay(visit func(began *stamp, count int64)) {
	for i := range e.began {
		if e.began[i].isSet() {
			visit(&e.began[i], 1)
		}
	}
}
