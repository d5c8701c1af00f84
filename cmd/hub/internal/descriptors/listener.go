package descriptors

import (
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/siohub/siohub/internal/sampledlog"
)

// answerTimeout is for the answer to a connection that is refused, which the kernel takes at once.
const answerTimeout = time.Millisecond

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
		if l.options.Bound <= 0 || l.hasRoom(conn) {
			return conn, nil
		}
		l.refuse(conn)
	}
}

// refuse closes a connection that has come too many. There is no pause: those that came before a descriptor was free
// stand before the one that could have it.
func (l *Listener) refuse(conn net.Conn) {
	if l.options.Refused != nil {
		l.options.Refused()
	}
	l.warn.Warn("connections are closed at once: too few file descriptors are left; raise the limit (ulimit -n, LimitNOFILE)",
		"listener", l.options.Name, "descriptors", l.options.Limit, "kept_back", l.options.Limit-l.options.Bound)
	if l.options.Answer != "" {
		_ = conn.SetWriteDeadline(time.Now().Add(answerTimeout))
		_, _ = conn.Write([]byte(l.options.Answer))
	}
	_ = conn.Close()
}

// hasRoom reports whether a connection is below the bound, and will be: there is one more descriptor for the duplicate that takes
// its place when a poller is to watch it.
func (l *Listener) hasRoom(conn net.Conn) bool {
	n, ok := numberOf(conn)
	if !ok {
		return true
	}
	next, _ := lowestFree(l.Listener, 1)
	return max(n, next) < l.options.Bound
}

// Full reports whether the next connection would be refused.
func (l *Listener) Full() bool {
	n, ok := lowestFree(l.Listener, 2)
	return ok && l.options.Bound > 0 && n >= l.options.Bound
}
