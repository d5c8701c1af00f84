package engineio

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/siohub/siohub/hub/internal/peers"
	"github.com/siohub/siohub/hub/internal/proxyheader"
	"github.com/siohub/siohub/hub/internal/rates"
)

// connectionPatience is how long a connection waits for its turn at most. Browsers wait longer.
const connectionPatience = 5 * time.Second

// Listener bounds the connections of each address: those beyond Rates.Connections are accepted later, and those that would
// have to wait for more than 5 s, or are more than Rates.OpenConnections, are answered with 429 and Retry-After and closed.
// Loopback, private addresses (but see Rates.PrivateAddresses) and trusted proxies are exempt, and so is whatever is not
// TCP. TLS goes on top of it. It belongs to the caller, with the one below.
func (s *Server) Listener(below net.Listener) net.Listener { return s.limits.peers.Listen(below) }

// TLSListener is Listener for one on which TLS goes: who is refused there is closed without an answer, and a WebSocket at rest
// is watched by a poller as one without TLS is.
func (s *Server) TLSListener(below net.Listener) net.Listener {
	return tlsListener{s.limits.peers.ListenTLS(below)}
}

// EnterPeer counts a connection of QUIC by its verified address, as Listener does others: it is to be accepted after wait, and
// leave called when it has ended. False: it is refused.
func (s *Server) EnterPeer(address netip.Addr) (wait time.Duration, leave func(), ok bool) {
	return s.limits.peers.Enter(address)
}

// ProxyListener returns a listener whose connections begin with a header of the PROXY protocol from one of Config.Proxies.
// Any other is closed. Listener and TLSListener go on top of it. It belongs to the caller, with the one below.
func (s *Server) ProxyListener(below net.Listener) net.Listener {
	return proxyheader.Listen(below, proxyheader.Options{Trusted: s.proxies.Has, Refused: s.trace.proxyHeaderRefused, Logger: s.log})
}

func newPeers(r Rates, s *Server) *peers.Peers {
	return peers.New(peers.Options{
		Limits: rates.Limits{
			PerSecond: float64(max(r.Connections, 0)), Burst: max(r.ConnectionBurst, 1), Patience: connectionPatience,
			Open: max(r.OpenConnections, 0), Most: knownAddresses, Private: r.PrivateAddresses,
		},
		Exempt:  s.proxies.Has,
		Limited: s.trace.limitReached,
		Refused: func() { s.trace.denied(http.StatusTooManyRequests) },
		Logger:  s.log,
	})
}
