package hostile

import (
	"bufio"
	"bytes"
	"net"
	"sync"
	"time"
)

// Probe is the life of one input: its connections and streams, its deadline, and everything
// that the server said to it.
type Probe struct {
	Target *Target
	Until  time.Time

	mu    sync.Mutex // guards the fields below
	ends  []func()
	heard bytes.Buffer
}

// heardLimit bounds what a probe keeps for the inspection of the server's words.
const heardLimit = 256 << 10

// NewProbe makes the client of one input, which has so long for it.
func NewProbe(t *Target, limit time.Duration) *Probe {
	return &Probe{Target: t, Until: time.Now().Add(limit)}
}

// Close ends all connections that the input left open.
func (p *Probe) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, end := range p.ends {
		end()
	}
}

// AtEnd calls the function when the input is over.
func (p *Probe) AtEnd(end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ends = append(p.ends, end)
}

// hear keeps what the server said.
func (p *Probe) hear(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if room := heardLimit - p.heard.Len(); room > 0 {
		p.heard.Write(b[:min(room, len(b))])
	}
}

// Wire is one TCP connection to the browser port. Its deadline is the probe's.
type Wire struct {
	net.Conn
	probe *Probe
	In    *bufio.Reader
}

// dial opens a connection, or panics with the error: the pool turns it into a
// failure of the input.
func (p *Probe) dial() *Wire {
	return p.DialTo(p.Target.Addr)
}

// DialTo connects to an address; it panics if that fails, which is the outcome of the input.
func (p *Probe) DialTo(addr string) *Wire {
	w, err := p.tryDial(addr)
	if err != nil {
		panic(err)
	}
	return w
}

func (p *Probe) tryDial(addr string) (*Wire, error) {
	d := net.Dialer{Deadline: p.Until}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(p.Until)
	p.AtEnd(func() { _ = c.Close() })
	w := &Wire{Conn: c, probe: p}
	w.In = bufio.NewReader(tee{w})
	return w, nil
}

// tee reads from the connection and lets the probe hear.
type tee struct{ w *Wire }

func (t tee) Read(b []byte) (int, error) {
	n, err := t.w.Conn.Read(b)
	t.w.probe.hear(b[:n])
	return n, err
}

// Say writes. An error is no outcome: a server that has heard enough closes
// while we still speak, and its answer is read next.
func (w *Wire) Say(b []byte) { _, _ = w.Conn.Write(b) }

// HangUp ends our direction.
func (w *Wire) HangUp() {
	if c, ok := w.Conn.(*net.TCPConn); ok {
		_ = c.CloseWrite()
	}
}

// Reset ends the connection with a TCP reset.
func (w *Wire) Reset() {
	if c, ok := w.Conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = w.Conn.Close()
}

// end waits for the server's end of the connection, whatever is said before.
func (w *Wire) end() Outcome {
	buf := make([]byte, 4096)
	for {
		if _, err := w.In.Read(buf); err != nil {
			if IsTimeout(err) {
				return Hang
			}
			return Dropped
		}
	}
}
