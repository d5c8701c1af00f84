package quicserver

import (
	"net"
	"testing"
	"time"

	"github.com/quic-go/quic-go/testutils/simnet"
)

// network is where server and clients have their sockets, which end with the test.
type network interface {
	socket(t *testing.T) net.PacketConn
}

// latency is how long a packet is on its way over a simulated network.
const latency = time.Millisecond

// simulated is a network in memory, for tests of synctest: its time is theirs.
type simulated struct {
	simnet.PerfectRouter
	sockets int
}

func (n *simulated) socket(t *testing.T) net.PacketConn {
	t.Helper()
	n.sockets++
	ends := &simnet.Simnet{Router: n}
	socket := ends.NewEndpoint(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: n.sockets}, simnet.NodeBiDiLinkSettings{Latency: latency})
	if err := ends.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = socket.Close()
		_ = ends.Close()
	})
	return socket
}

// loopback is that of the machine.
type loopback struct{}

func (loopback) socket(t *testing.T) net.PacketConn {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return socket
}
