package proxyheader

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/handover"
	"github.com/siohub/siohub/internal/sampledlog"
)

// patience is how long a header may take.
const patience = 5 * time.Second

// Options of a listener.
type Options struct {
	// Trusted says which peers may send a header. Required.
	Trusted func(netip.Addr) bool
	// Refused is told why a connection is closed: Unlisted, Missing, Malformed or Late. Nil tells nobody.
	Refused func(why string)
	// Logger takes the warnings. Required.
	Logger *slog.Logger
}

// listener is what Listen returns.
type listener struct {
	*handover.Listener
	options Options
	log     *sampledlog.Line

	mu      sync.Mutex            // guards the field below; a leaf
	reading map[net.Conn]struct{} // nil once closed
}

// Listen returns a listener whose connections have begun with a header. It belongs to the caller, with the one below.
func Listen(below net.Listener, o Options) net.Listener {
	l := &listener{options: o, log: sampledlog.New(o.Logger, sampledlog.Second), reading: make(map[net.Conn]struct{})}
	l.Listener = handover.Listen(below, handover.Config{Take: l.take, Ended: l.ended})
	return l
}

// ended closes the connections whose header is read.
func (l *listener) ended() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.reading {
		_ = conn.Close()
	}
	l.reading = nil
}

// take has the header of a connection read, or refuses it.
func (l *listener) take(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok || !l.trusted(tcp) {
		l.refuse(conn, Unlisted)
		return
	}
	l.mu.Lock()
	if l.reading != nil {
		l.reading[tcp] = struct{}{}
	}
	l.mu.Unlock()
	if !l.Go(func() { l.read(tcp) }) {
		_ = tcp.Close()
	}
}

func (l *listener) trusted(conn *net.TCPConn) bool {
	at, ok := conn.RemoteAddr().(*net.TCPAddr)
	return ok && l.options.Trusted(at.AddrPort().Addr())
}

// read reads a header and hands the connection to Accept.
func (l *listener) read(tcp *net.TCPConn) {
	_ = tcp.SetReadDeadline(time.Now().Add(patience))
	source, err := Parse(tcp)
	l.mu.Lock()
	delete(l.reading, tcp)
	over := l.reading == nil
	l.mu.Unlock()
	var timeout net.Error
	switch {
	case over:
		_ = tcp.Close()
		return
	case errors.As(err, &timeout) && timeout.Timeout():
		l.refuse(tcp, Late)
		return
	case errors.Is(err, errMissing):
		l.refuse(tcp, Missing)
		return
	case err != nil:
		l.refuse(tcp, Malformed)
		return
	}
	_ = tcp.SetReadDeadline(time.Time{})
	conn := &Conn{TCPConn: tcp, remote: source}
	if source == nil {
		conn.remote = tcp.RemoteAddr()
	}
	l.Hand(conn)
}

func (l *listener) refuse(conn net.Conn, why string) {
	_ = conn.Close()
	if l.options.Refused != nil {
		l.options.Refused(why)
	}
	l.log.Warn("a connection without a PROXY header of a trusted proxy is closed", "address", conn.RemoteAddr().String(), "why", why,
		"option", "http.trusted_proxies, http.proxy_protocol")
}
