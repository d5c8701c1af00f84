package relay

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"sync/atomic"
	"time"
)

// link is the way to another hub.
type link struct {
	// Set at construction.
	of        *links
	peer      Peer
	start     time.Time // of the times below
	proxy     *httputil.ReverseProxy
	transport atomic.Pointer[http.Transport]

	requests atomic.Int64 // that are being passed on
	reached  atomic.Int64 // when a connection was last made, in nanoseconds after start
	down     atomic.Int64 // until when nobody tries
}

// idleConnections is how many connections are kept that have no request: a burst of polls opens more, and they are closed.
const idleConnections = 256

func newLink(of *links, p Peer) *link {
	l := &link{of: of, peer: p, start: time.Now()}
	l.refresh()
	l.proxy = newProxy(l)
	return l
}

// refresh opens new connections for what follows. Those in use are closed by their idle timeout.
func (l *link) refresh() {
	t := &http.Transport{
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return l.connect(ctx) },
		DisableCompression:     true,
		MaxIdleConnsPerHost:    idleConnections,
		IdleConnTimeout:        idleTime,
		ResponseHeaderTimeout:  l.of.held + answerSlack,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: answerBytes,
		Protocols:              new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	if old := l.transport.Swap(t); old != nil {
		old.CloseIdleConnections()
	}
}

// close closes the connections that nobody uses.
func (l *link) close() { l.transport.Load().CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (l *link) RoundTrip(r *http.Request) (*http.Response, error) {
	return l.transport.Load().RoundTrip(r)
}

// isDown reports whether the hub has just not answered.
func (l *link) isDown() bool { return int64(time.Since(l.start)) < l.down.Load() }

// connect opens a connection that the other hub takes requests on.
func (l *link) connect(ctx context.Context) (net.Conn, error) {
	begun := int64(time.Since(l.start))
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, _, err := l.of.dialer.dial(ctx, l.peer, doPass)
	switch {
	case err == nil:
		l.reached.Store(int64(time.Since(l.start)))
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && l.reached.Load() < begun:
		l.down.Store(int64(time.Since(l.start) + downTime))
	}
	return conn, err
}
