package chaos_test

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// proxy stands between services and the hub, and cuts their TCP connections. Both
// processes live on.
type proxy struct {
	listener net.Listener
	hub      string
	copies   sync.WaitGroup

	mu     sync.Mutex // guards the fields below
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
		p.cut(wholly)
		p.cut(wholly) // what came meanwhile
		p.copies.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		service, err := p.listener.Accept()
		if err != nil {
			return
		}
		hub, err := net.Dial("tcp", p.hub)
		if err != nil {
			_ = service.Close()
			continue
		}
		l := &link{service, hub}
		p.mu.Lock()
		p.links[l] = struct{}{}
		p.mu.Unlock()
		p.copies.Go(func() { _, _ = io.Copy(hub, service); p.ended(l) })
		p.copies.Go(func() { _, _ = io.Copy(service, hub); p.ended(l) })
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
