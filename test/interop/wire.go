package main

import (
	"io"
	"net"
	"sync"
)

// wire carries the connections of one client to a hub, and can be cut.
type wire struct {
	listener  net.Listener
	datagrams *datagrams // nil without TLS
	hub       string
	running   sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	broken bool
	ends   map[net.Conn]bool
}

// newWire makes a wire to a hub at host:port; one with TLS carries datagrams too, at a port of the same number.
func newWire(hub string, secure bool) (*wire, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{listener: listener, hub: hub, ends: map[net.Conn]bool{}}
	if secure {
		near, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(listener.Addr().(*net.TCPAddr).AddrPort()))
		if err != nil {
			listener.Close()
			return nil, err
		}
		w.datagrams = newDatagrams(near, hub)
	}
	w.running.Go(w.accept)
	return w, nil
}

// url is where a client connects.
func (w *wire) url() string {
	if w.datagrams != nil {
		return "https://" + w.listener.Addr().String()
	}
	return "http://" + w.listener.Addr().String()
}

// cut ends all connections, and every new one until mend.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = true
	for end := range w.ends {
		end.Close()
	}
	if w.datagrams != nil {
		w.datagrams.cut()
	}
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = false
}

// close cuts the wire for good, and waits until nothing runs any more.
func (w *wire) close() {
	w.listener.Close()
	w.cut()
	if w.datagrams != nil {
		w.datagrams.close()
	}
	w.running.Wait()
}

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.running.Go(func() { w.carry(near) })
	}
}

// carry copies both ways until either end is closed.
func (w *wire) carry(near net.Conn) {
	far, err := net.Dial("tcp", w.hub)
	if err != nil {
		near.Close()
		return
	}
	if w.enter(near, far) {
		w.running.Go(func() {
			_, _ = io.Copy(far, near) // its end is the end of both
			far.Close()
		})
		_, _ = io.Copy(near, far)
	}
	w.leave(near, far)
}

// enter reports whether the wire is whole; a cut ends what has entered.
func (w *wire) enter(ends ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken {
		return false
	}
	for _, end := range ends {
		w.ends[end] = true
	}
	return true
}

func (w *wire) leave(ends ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range ends {
		end.Close()
		delete(w.ends, end)
	}
}
