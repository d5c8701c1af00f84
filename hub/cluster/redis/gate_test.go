package redis

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
)

// gate is a way to Redis on which commands can be held up, and one be spoiled.
type gate struct {
	address string
	running sync.WaitGroup

	mu    sync.Mutex // held while nothing passes; guards the fields below
	to    string
	conns []net.Conn
	spoil int // XADD commands that are to pass until one is spoiled; below zero: none is to be any more
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{address: l.Addr().String(), to: to, spoil: -1}
	g.running.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			g.mu.Lock()
			to := g.to
			g.mu.Unlock()
			server, err := net.Dial("tcp", to)
			if err != nil {
				from.Close()
				continue
			}
			g.mu.Lock()
			g.conns = append(g.conns, from, server)
			g.mu.Unlock()
			g.running.Go(func() { g.pass(from, server) })
			g.running.Go(func() { g.answer(server, from) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		g.turn("")
		g.running.Wait()
	})
	return g
}

// turn ends what goes through, and leads elsewhere from now on.
func (g *gate) turn(to string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.to = to
	for _, c := range g.conns {
		c.Close()
	}
	g.conns = nil
}

// pass hands on what a client says.
func (g *gate) pass(from, server net.Conn) {
	defer server.Close()
	in := bufio.NewReader(from)
	var out []byte
	for {
		b, err := in.ReadByte()
		if err != nil {
			return
		}
		out = append(out, b)
		if len(out) >= 4 && strings.EqualFold(string(out[len(out)-4:]), "xadd") && g.spoils() {
			out[len(out)-1] = 'x' // no command has this name
		}
		if in.Buffered() > 0 {
			continue
		}
		g.mu.Lock()
		g.mu.Unlock() //nolint:staticcheck // it waits
		if _, err := server.Write(out); err != nil {
			return
		}
		out = out[:0]
	}
}

// answer hands on what Redis says.
func (g *gate) answer(server, to net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		g.mu.Lock()
		g.mu.Unlock() //nolint:staticcheck // it waits
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (g *gate) spoils() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.spoil < 0 {
		return false
	}
	g.spoil--
	return g.spoil < 0
}

// held runs f while nothing passes; behind it everything does, but an XADD is spoiled after n others.
func (g *gate) held(n int, f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
	g.spoil = n
}

// spoiled reports whether that has happened.
func (g *gate) spoiled() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.spoil < 0
}
