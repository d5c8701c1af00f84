package silent

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/internal/sampledlog"
)

// The kinds of connections without a request.
const (
	// Silent has sent nothing.
	Silent = "silent"
	// Header has sent a part of a request, or what cannot be one.
	Header = "header"
)

// warnEvery is the time from one warning to the next: some browsers open connections for later.
const warnEvery = 10 * time.Minute

// start is what moments are counted from: the wall clock may be set.
var start = time.Now()

// watch is what knows the connections of a server.
type watch struct {
	patience time.Duration
	count    func(kind string)
	log      *sampledlog.Line

	known sync.Map // of *asking, by net.Conn
}

// asking is a connection of net/http.
type asking struct {
	since atomic.Int64 // nanoseconds since start: it came, or its last request has ended
	asked atomic.Bool  // there was a request since then
	had   atomic.Bool  // there was one before
	begun atomic.Bool  // it has sent something since then
}

type askingKey struct{}

// Watch counts the connections of s that have sent no whole request for its ReadHeaderTimeout, and were closed. It takes
// ConnContext, ConnState and Handler of s, and is called before s starts; count is called at any time.
func Watch(s *http.Server, count func(kind string), logger *slog.Logger) {
	n := &watch{patience: s.ReadHeaderTimeout, count: count, log: sampledlog.New(logger.With("component", "http"), warnEvery)}
	s.ConnContext, s.ConnState = n.connected, n.changed
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, ok := r.Context().Value(askingKey{}).(*asking); ok {
			a.asked.Store(true)
		}
		next.ServeHTTP(w, r)
	})
}

func (n *watch) connected(ctx context.Context, conn net.Conn) context.Context {
	a := new(asking)
	a.since.Store(int64(time.Since(start)))
	n.known.Store(conn, a)
	return context.WithValue(ctx, askingKey{}, a)
}

func (n *watch) changed(conn net.Conn, state http.ConnState) {
	value, ok := n.known.Load(conn)
	if !ok {
		return
	}
	a := value.(*asking)
	switch state {
	case http.StateActive:
		a.begun.Store(true)
	case http.StateIdle:
		a.since.Store(int64(time.Since(start)))
		a.had.Store(true)
		a.begun.Store(false)
		a.asked.Store(false)
	case http.StateHijacked:
		n.known.Delete(conn)
	case http.StateClosed:
		n.known.Delete(conn)
		if kind := a.closed(n.patience); kind != "" {
			n.count(kind)
			n.log.Warn("connections are closed that send no whole request in time", "address", conn.RemoteAddr().String(),
				"what", kind, "option", "http.header_timeout")
		}
	}
}

// closed says what a connection has failed to send, for so long. Empty: nothing; between two requests it may be idle.
func (a *asking) closed(patience time.Duration) (kind string) {
	switch waited := time.Since(start) - time.Duration(a.since.Load()); {
	case a.asked.Load(), waited < patience:
		return ""
	case a.begun.Load():
		return Header
	case a.had.Load():
		return ""
	}
	return Silent
}
