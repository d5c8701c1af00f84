package chaos_test

import (
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// proxy stands between services and the hub, or two other parties, and cuts their TCP
// connections. All processes live on.
type proxy struct {
	listener net.Listener
	copies   sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	hub    string
	silent chan struct{} // closed when it speaks again; nil: it is not silent
	over   bool          // no connection is led on any more
	links  map[*link]struct{}
	halves []net.Conn // to the hub, which has not heard of their end yet
	cuts   int
}

// link is a connection through the proxy.
type link struct{ service, hub net.Conn }

// newProxy listens; the test's end closes all.
func newProxy(t *testing.T, hub string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, hub: hub, links: map[*link]struct{}{}}
	p.copies.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.silence(false)
		p.mu.Lock()
		p.over = true
		p.mu.Unlock()
		p.cut(wholly)
		p.copies.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// leadTo says where connections lead from now on. Empty: nowhere, they are refused.
func (p *proxy) leadTo(hub string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hub = hub
}

// silence begins or ends what a network that is cut does: nothing passes, and nobody is told. What was said meanwhile passes
// afterwards, if both are still there.
func (p *proxy) silence(begin bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case begin && p.silent == nil:
		p.silent = make(chan struct{})
	case !begin && p.silent != nil:
		close(p.silent)
		p.silent = nil
	}
}

// passing waits until the proxy is not silent, and returns where it leads.
func (p *proxy) passing() (hub string) {
	for {
		p.mu.Lock()
		silent, hub := p.silent, p.hub
		p.mu.Unlock()
		if silent == nil {
			return hub
		}
		<-silent
	}
}

func (p *proxy) accept() {
	for {
		service, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.copies.Go(func() { p.join(service) })
	}
}

// join leads a connection to the hub.
func (p *proxy) join(service net.Conn) {
	hub, err := net.Dial("tcp", p.passing())
	if err != nil {
		_ = service.Close()
		return
	}
	l := &link{service, hub}
	p.mu.Lock()
	over := p.over
	if !over {
		p.links[l] = struct{}{}
	}
	p.mu.Unlock()
	if over {
		_, _ = service.Close(), hub.Close()
		return
	}
	p.copies.Go(func() { p.pass(hub, service); p.ended(l) })
	p.pass(service, hub)
	p.ended(l)
}

// pass copies one way until an end closes.
func (p *proxy) pass(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.passing()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// ended passes on that one end of a connection has closed it, unless it was cut.
func (p *proxy) ended(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, whole := p.links[l]; whole {
		delete(p.links, l)
		_, _ = l.service.Close(), l.hub.Close()
	}
}

// manner is how a connection is cut.
type manner int

const (
	// wholly: both ends hear of it, by a reset.
	wholly manner = iota
	// politely: both ends read an end of file.
	politely
	// halfway: the service hears of it; the hub does not before the next cut, and has
	// to take the next stream for the old one's heir.
	halfway
	manners
)

// anyManner draws one.
func anyManner(random *rand.Rand) manner { return manner(random.IntN(int(manners))) }

// cut ends all connections at once. What is on its way is lost.
func (p *proxy) cut(how manner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, half := range p.halves {
		reset(half)
	}
	p.halves = nil
	for l := range p.links {
		delete(p.links, l)
		p.cuts++
		switch how {
		case politely:
			_ = l.service.Close()
			_ = l.hub.Close()
		case halfway:
			reset(l.service)
			p.halves = append(p.halves, l.hub)
		default:
			reset(l.service)
			reset(l.hub)
		}
	}
}

// count is how many connections were cut.
func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// reset closes a connection so that its other end reads an error, and loses what it has
// not read.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
