package peers

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/proxyheader"
	"github.com/siohub/siohub/hub/internal/rates"
	"github.com/siohub/siohub/internal/sampledlog"
)

// The keys under which limits are counted and logged.
const (
	keyRate = "rates.connections"
	keyOpen = "rates.open_connections"
)

// Options of Peers.
type Options struct {
	// Limits are those of each address: of new connections, and of open ones. A connection waits for its token for
	// Limits.Patience at most.
	Limits rates.Limits
	// Exempt says which addresses are not limited. Nil: none.
	Exempt func(netip.Addr) bool
	// Limited is told the key of a limit that a connection has met; Refused of those that were refused, after it. Nil
	// tells nobody.
	Limited func(key string)
	Refused func()
	// Logger takes the warnings. Required.
	Logger *slog.Logger
}

// Peers knows the addresses that have connections. All methods may be called at the same time.
type Peers struct {
	options   Options
	addresses *rates.Addresses

	late, tooFast, tooMany *sampledlog.Line
}

// New returns Peers that know nobody.
func New(o Options) *Peers {
	p := &Peers{options: o, addresses: rates.NewAddresses(o.Limits)}
	for _, line := range []**sampledlog.Line{&p.late, &p.tooFast, &p.tooMany} {
		*line = sampledlog.New(o.Logger, sampledlog.Second)
	}
	return p
}

// Left ends the count that Keep has taken over.
func (p *Peers) Left(from rates.Network) { p.addresses.Leave(from) }

// network is what a connection counts as, Unlimited for one that does not count.
func (p *Peers) network(conn net.Conn) (*net.TCPConn, rates.Network) {
	tcp, ok := conn.(*net.TCPConn)
	if proxied, is := conn.(*proxyheader.Conn); is {
		tcp, ok = proxied.Socket(), true
	}
	if !ok {
		return nil, rates.Unlimited
	}
	at, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return nil, rates.Unlimited
	}
	return tcp, p.networkOf(at.AddrPort().Addr())
}

// networkOf is what connections of an address count as.
func (p *Peers) networkOf(ip netip.Addr) rates.Network {
	if p.options.Exempt != nil && p.options.Exempt(ip) {
		return rates.Unlimited
	}
	return p.addresses.Network(ip)
}

// Enter counts a connection that comes by no listener, of QUIC, until leave is called: it is to be accepted after wait, or
// where that is false refused. Its address has to be verified: whoever can pretend to be another one could use up its rate.
func (p *Peers) Enter(address netip.Addr) (wait time.Duration, leave func(), ok bool) {
	from := p.networkOf(address)
	if wait, ok = p.enter(address.Unmap().WithZone("").String(), from); !ok {
		return wait, nil, false
	}
	return wait, sync.OnceFunc(func() { p.Left(from) }), true
}

// enter counts a connection, which may have to wait. False: it is to be refused, and to come again after wait.
func (p *Peers) enter(host string, from rates.Network) (wait time.Duration, ok bool) {
	verdict, wait := p.addresses.Enter(from)
	if verdict == rates.Allowed && wait == 0 {
		return 0, true
	}
	const help = "if this is a proxy: http.trusted_proxies"
	key := keyRate
	switch verdict {
	case rates.Allowed:
		p.late.Warn("connections are accepted later: too many in a second from one address", "address", host,
			"option", "rates.connections, rates.connection_burst", "help", help)
	case rates.TooFast:
		p.tooFast.Warn("connections are refused: far too many in a second from one address", "address", host,
			"option", "rates.connections, rates.connection_burst", "help", help)
	case rates.TooMany:
		key, wait = keyOpen, manyRetry
		p.tooMany.Warn("connections are refused: one address has too many open", "address", host, "option", keyOpen, "help", help)
	}
	if p.options.Limited != nil {
		p.options.Limited(key)
	}
	if verdict == rates.Allowed {
		return wait, true
	}
	if p.options.Refused != nil {
		p.options.Refused()
	}
	return wait, false
}

// manyRetry is what an address is told to wait that has too many connections open.
const manyRetry = 5 * time.Second
