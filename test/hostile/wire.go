package hostile

import (
	"bufio"
	"bytes"
	"net"
	"sync"
	"time"
)

// probe is the life of one input: its connections and streams, its deadline, and everything
// that the server said to it.
type probe struct {
	target *target
	until  time.Time

	mu    sync.Mutex // guards the fields below
	ends  []func()
	heard bytes.Buffer
}

// heardLimit bounds what a probe keeps for the inspection of the server's words.
const heardLimit = 256 << 10

func newProbe(t *target, limit time.Duration) *probe {
	return &probe{target: t, until: time.Now().Add(limit)}
}

// close ends all connections that the input left open.
func (p *probe) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, end := range p.ends {
		end()
	}
}

// atEnd calls the function when the input is over.
func (p *probe) atEnd(end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ends = append(p.ends, end)
}

// hear keeps what the server said.
func (p *probe) hear(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if room := heardLimit - p.heard.Len(); room > 0 {
		p.heard.Write(b[:min(room, len(b))])
	}
}

// wire is one TCP connection to the browser port. Its deadline is the probe's.
type wire struct {
	net.Conn
	probe *probe
	in    *bufio.Reader
}

// dial opens a connection, or panics with the error: the pool turns it into a
// failure of the input.
func (p *probe) dial() *wire {
	return p.dialTo(p.target.addr)
}

func (p *probe) dialTo(addr string) *wire {
	w, err := p.tryDial(addr)
	if err != nil {
		panic(err)
	}
	return w
}

func (p *probe) tryDial(addr string) (*wire, error) {
	d := net.Dialer{Deadline: p.until}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(p.until)
	p.atEnd(func() { _ = c.Close() })
	w := &wire{Conn: c, probe: p}
	w.in = bufio.NewReader(tee{w})
	return w, nil
}

// tee reads from the connection and lets the probe hear.
type tee struct{ w *wire }

func (t tee) Read(b []byte) (int, error) {
	n, err := t.w.Conn.Read(b)
	t.w.probe.hear(b[:n])
	return n, err
}

// say writes. An error is no outcome: a server that has heard enough closes
// while we still speak, and its answer is read next.
func (w *wire) say(b []byte) { _, _ = w.Conn.Write(b) }

// hangUp ends our direction.
func (w *wire) hangUp() {
	if c, ok := w.Conn.(*net.TCPConn); ok {
		_ = c.CloseWrite()
	}
}

// reset ends the connection with a TCP reset.
func (w *wire) reset() {
	if c, ok := w.Conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = w.Conn.Close()
}

// end waits for the server's end of the connection, whatever is said before.
func (w *wire) end() outcome {
	buf := make([]byte, 4096)
	for {
		if _, err := w.in.Read(buf); err != nil {
			if isTimeout(err) {
				return hang
			}
			return dropped
		}
	}
}
