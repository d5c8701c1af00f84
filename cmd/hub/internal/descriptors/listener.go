package descriptors

import (
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/siohub/siohub/internal/sampledlog"
)

// refusePause keeps a flood of connections that are closed at once from taking a processor.
const refusePause = 5 * time.Millisecond

// Options say what a listener does with connections beyond its bound.
type Options struct {
	// Name is the name of the listener in the log: its key, such as `listen`.
	Name string
	// Bound is the first descriptor that its connections do not get. Zero: no bound.
	Bound int
	// Limit is that of the process, for the warning.
	Limit int
	// Answer is what such a connection reads before it is closed. Empty: nothing.
	Answer string
	// Refused is told of each. Nil tells nobody.
	Refused func()
	// Logger takes the warnings. Required.
	Logger *slog.Logger
}

// Listener is a net.Listener that keeps descriptors back. The connections are those of the
// listener below.
type Listener struct {
	net.Listener
	options Options
	warn    *sampledlog.Line
	errors  *sampledlog.Line
}

// Listen puts a bound on a listener.
func Listen(below net.Listener, o Options) *Listener {
	return &Listener{Listener: below, options: o, warn: sampledlog.New(o.Logger, sampledlog.Second), errors: sampledlog.New(o.Logger, sampledlog.Second)}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				l.errors.Warn("a connection cannot be accepted", "listener", l.options.Name, "error", err, "descriptors", l.options.Limit)
			}
			return nil, err
		}
		n, ok := numberOf(conn)
		if !ok || l.options.Bound <= 0 || n < l.options.Bound {
			return conn, nil
		}
		l.refuse(conn)
	}
}

// refuse closes a connection that has come too many.
func (l *Listener) refuse(conn net.Conn) {
	if l.options.Refused != nil {
		l.options.Refused()
	}
	l.warn.Warn("connections are closed at once: too few file descriptors are left; raise the limit (ulimit -n, LimitNOFILE)",
		"listener", l.options.Name, "descriptors", l.options.Limit, "kept_back", l.options.Limit-l.options.Bound)
	if l.options.Answer != "" {
		// A new connection takes a few bytes at once.
		_ = conn.SetWriteDeadline(time.Now().Add(refusePause))
		_, _ = conn.Write([]byte(l.options.Answer))
	}
	_ = conn.Close()
	time.Sleep(refusePause)
}

// Full reports whether the next connection would be refused.
func (l *Listener) Full() bool {
	n, ok := lowestFree(l.Listener)
	return ok && l.options.Bound > 0 && n >= l.options.Bound
}
