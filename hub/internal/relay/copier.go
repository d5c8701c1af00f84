package relay

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// copier relays a WebSocket whose connections no poller watches.
type copier struct {
	of    *webSockets
	link  *link
	leave func() // of Config.Keep; nil: none

	here, there net.Conn // the browser's and the other hub's
	broken      atomic.Bool
}

// copy relays between two connections on goroutines of its own.
func (w *webSockets) copy(here, there net.Conn, l *link, leave func()) {
	c := &copier{of: w, link: l, leave: leave, here: here, there: there}
	if !w.add(c) {
		c.cut()
		w.dropped(leave)
		return
	}
	go c.run()
}

// run is one of the two goroutines. It ends when both connections have.
func (c *copier) run() {
	defer c.of.remove(c)
	if c.leave != nil {
		defer c.leave()
	}
	defer c.cut()
	var running sync.WaitGroup
	running.Go(func() { c.pass(c.there, c.here) })
	c.pass(c.here, c.there)
	running.Wait()
}

func (c *copier) peer() *link { return c.link }

// cut ends both connections.
func (c *copier) cut() {
	_ = c.here.Close()
	_ = c.there.Close()
}

// pass copies in one direction, until the source says no more or something breaks.
func (c *copier) pass(to, from net.Conn) {
	defer func() {
		if v := recover(); v != nil {
			c.of.trace.Panic(v)
			c.cut()
		}
	}()
	buffer := copyPool.Get().(*[]byte)
	defer copyPool.Put(buffer)
	for {
		n, err := from.Read(*buffer)
		if n > 0 {
			c.of.trace.Bytes(n)
			if to == c.here {
				_ = to.SetWriteDeadline(time.Now().Add(giveUpTime))
			}
			if _, err := to.Write((*buffer)[:n]); err != nil {
				c.reset()
				return
			}
		}
		if errors.Is(err, io.EOF) && closeWrite(to) {
			return
		}
		if err != nil {
			c.reset()
			return
		}
	}
}

// closeWrite tells a connection that nothing follows. False: it cannot be told.
func closeWrite(conn net.Conn) bool {
	half, ok := conn.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

// reset ends both connections with a reset, where they have TCP without TLS.
func (c *copier) reset() {
	if c.broken.Swap(true) {
		return
	}
	for _, conn := range []net.Conn{c.here, c.there} {
		if t, ok := conn.(interface{ SetLinger(sec int) error }); ok {
			_ = t.SetLinger(0)
		}
	}
	c.cut()
}
