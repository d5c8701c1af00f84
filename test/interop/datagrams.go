package main

import (
	"net"
	"net/netip"
	"sync"
)

// datagrams carries what one client and a hub send each other by UDP, for WebTransport.
type datagrams struct {
	near    *net.UDPConn
	hub     string
	running sync.WaitGroup

	mu sync.Mutex // guards the fields below
	// far has a socket for each address that the client sends from; nil for one that was cut off.
	far    map[netip.AddrPort]net.Conn
	closed bool
}

// newDatagrams makes a way to a hub at host:port that begins at near.
func newDatagrams(near *net.UDPConn, hub string) *datagrams {
	d := &datagrams{near: near, hub: hub, far: map[netip.AddrPort]net.Conn{}}
	d.running.Go(d.carry)
	return d
}

// cut loses whatever is sent from or to the addresses that the client has used until now, for good: QUIC goes on after a
// pause as if there had been none. What it sends from another address arrives.
func (d *datagrams) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for address, far := range d.far {
		if far != nil {
			far.Close()
		}
		d.far[address] = nil
	}
}

func (d *datagrams) close() {
	_ = d.near.Close() // ends carry
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.cut()
	d.running.Wait()
}

func (d *datagrams) carry() {
	buffer := make([]byte, 1<<16)
	for {
		count, address, err := d.near.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		if far := d.to(address); far != nil {
			_, _ = far.Write(buffer[:count]) // a datagram may be lost
		}
	}
}

// to is the socket for what comes from an address.
func (d *datagrams) to(address netip.AddrPort) net.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	if far, known := d.far[address]; known {
		return far
	}
	if d.closed {
		return nil
	}
	far, err := net.Dial("udp", d.hub)
	if err != nil {
		return nil
	}
	d.far[address] = far
	d.running.Go(func() { d.back(far, address) })
	return far
}

// back carries what the hub answers.
func (d *datagrams) back(far net.Conn, address netip.AddrPort) {
	buffer := make([]byte, 1<<16)
	for {
		count, err := far.Read(buffer)
		if err != nil {
			return
		}
		_, _ = d.near.WriteToUDPAddrPort(buffer[:count], address) // a datagram may be lost
	}
}
