package loadgen

import (
	"context"
	"strings"
)

// data is a JSON string of n bytes between its quotes.
func data(n int) string { return `"` + strings.Repeat("x", n) + `"` }

// idle does nothing but answer heartbeats.
type idle struct{}

func (idle) prepare(c *client, _ int) error {
	c.take = func(*client, []byte) {}
	return nil
}

func (idle) start(context.Context) {}

// echo keeps one echo under way on each connection. An ack starts the next, on the
// reader itself.
type echo struct {
	r       *run
	message []byte
	// began is when the echo of each connection was sent.
	began []stamp
}

func newEcho(r *run) *echo {
	return &echo{
		r: r, message: event(1, "echo", data(r.config.PayloadBytes)), began: make([]stamp, r.config.Connections),
	}
}

func (e *echo) prepare(c *client, i int) error {
	c.take = func(c *client, packet []byte) {
		if packet[0] == '3' {
			e.r.done(&e.began[i])
			e.send(c, i)
		}
	}
	return nil
}

// send starts an echo. An error shows in the reader.
func (e *echo) send(c *client, i int) {
	e.began[i].set()
	_ = c.send(e.message)
}

func (e *echo) start(context.Context) {
	for i, c := range e.r.clients {
		e.send(c, i)
	}
}
