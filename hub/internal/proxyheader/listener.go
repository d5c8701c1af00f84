package proxyheader

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

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
	net.Listener
	options Options
	log     *sampledlog.Line

	begin, end sync.Once
	next       chan accepted // unbuffered, so that nothing is left in it
	closed     chan struct{}
	running    sync.WaitGroup

	mu      sync.Mutex            // guards the field below; a leaf
	reading map[net.Conn]struct{} // nil once closed
}

// accepted is an answer of Accept.
type accepted struct {
	conn net.Conn
	err  error
}

// Listen returns a listener whose connections have begun with a header. It belongs to the caller, with the one below.
func Listen(below net.Listener, o Options) net.Listener {
	return &listener{
		Listener: below, options: o, log: sampledlog.New(o.Logger, sampledlog.Second),
		next: make(chan accepted), closed: make(chan struct{}), reading: make(map[net.Conn]struct{}),
	}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	l.begin.Do(func() { l.running.Go(l.run) })
	select {
	case a := <-l.next:
		return a.conn, a.err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Connections whose header is read are closed.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.stop()
	l.running.Wait()
	return err
}

func (l *listener) stop() {
	l.end.Do(func() {
		close(l.closed)
		l.mu.Lock()
		defer l.mu.Unlock()
		for conn := range l.reading {
			_ = conn.Close()
		}
		l.reading = nil
	})
}

// run accepts until the listener is closed, or the one below is: no Accept waits any more then.
func (l *listener) run() {
	defer l.stop()
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			if !l.hand(accepted{err: err}) || errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		tcp, ok := conn.(*net.TCPConn)
		if !ok || !l.trusted(tcp) {
			l.refuse(conn, Unlisted)
			continue
		}
		l.mu.Lock()
		if l.reading == nil {
			_ = conn.Close()
		} else {
			l.reading[tcp] = struct{}{}
			l.running.Go(func() { l.read(tcp) })
		}
		l.mu.Unlock()
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
	if !l.hand(accepted{conn: conn}) {
		_ = conn.Close()
	}
}

// hand waits for an Accept. False: there will be none.
func (l *listener) hand(a accepted) bool {
	select {
	case l.next <- a:
		return true
	case <-l.closed:
		return false
	}
}

func (l *listener) refuse(conn net.Conn, why string) {
	_ = conn.Close()
	if l.options.Refused != nil {
		l.options.Refused(why)
	}
	l.log.Warn("a connection without a PROXY header of a trusted proxy is closed", "address", conn.RemoteAddr().String(), "why", why,
		"option", "http.trusted_proxies, http.proxy_protocol")
}
