package quicserver

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

// connection is one of QUIC, from the first packet of its handshake on.
type connection struct {
	server *Server
	shaken func() // its handshake is over; may be called more than once

	wait    time.Duration // before it is served; set with entered
	entered bool          // it counts for its address

	// Set by serve.
	conn  *quic.Conn
	timer *time.Timer // closes it while it has no session
	asked atomic.Bool // there was a request

	ends sync.WaitGroup // of Links, begun while it is not over

	mu    sync.Mutex // guards the fields below; a leaf
	grown int64      // what its window has grown by
	left  bool       // it counts no more
	over  bool       // it is served no more
}

type connectionKey struct{}

var (
	errFull    = errors.New("quicserver: too many connections")
	errRefused = errors.New("quicserver: too many connections of an address")
	errClosing = errors.New("quicserver: closing")
	errPanic   = errors.New("quicserver: internal error")
)

// arrives lets a connection begin its handshake, or not. ctx ends with the connection.
func (s *Server) arrives(ctx context.Context, info *quic.ClientInfo) (_ context.Context, err error) {
	defer func() {
		if v := recover(); v != nil { // quic-go would not
			s.panicked(v)
			err = errPanic
		}
	}()
	if s.closing.Err() != nil {
		return nil, errClosing
	}
	if n := s.count.Add(1); n > int64(s.options.Most) {
		s.count.Add(-1)
		if s.options.Full != nil {
			s.options.Full()
		}
		s.full.Warn("connections for WebTransport are refused: there are as many as allowed", "option", "http.webtransport_connections")
		return nil, errFull
	}
	s.shaking.Add(1)
	c := &connection{server: s, shaken: sync.OnceFunc(func() { s.shaking.Add(-1) })}
	context.AfterFunc(ctx, c.gone)
	if info.AddrVerified && !c.enter(ctx, info.RemoteAddr) {
		return nil, errRefused
	}
	return context.WithValue(ctx, connectionKey{}, c), nil
}

// gone ends what a connection counts for.
func (c *connection) gone() {
	c.shaken()
	c.server.count.Add(-1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = true // quic-go may be about to ask for more
	c.server.ahead.Add(-c.grown)
}

// grow takes so much for its window, if there is room.
func (c *connection) grow(n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left {
		return false
	}
	if s := c.server; s.ahead.Add(n) > s.options.AheadBytes {
		s.ahead.Add(-n)
		return false
	}
	c.grown += n
	return true
}

// enter counts it for its address until ctx ends. False: it is refused.
func (c *connection) enter(ctx context.Context, address net.Addr) (ok bool) {
	c.entered = true
	at, is := address.(*net.UDPAddr)
	if !is || c.server.options.Enter == nil {
		return true
	}
	var leave func()
	ip, _ := netip.AddrFromSlice(at.IP)
	if c.wait, leave, ok = c.server.options.Enter(ip.Unmap()); ok {
		context.AfterFunc(ctx, leave)
	}
	return ok
}

// mayGrow is asked by quic-go before the window of a connection grows. It may call nothing of that.
func mayGrow(conn *quic.Conn, delta uint64) bool {
	c, ok := conn.Context().Value(connectionKey{}).(*connection)
	return ok && c.grow(int64(delta))
}

// serve serves a connection whose handshake is over, and so its address is verified, until it ends.
func (c *connection) serve(conn *quic.Conn) {
	c.shaken()
	c.conn = conn
	defer c.finish()
	defer c.guard()
	if !c.entered && !c.enter(conn.Context(), conn.RemoteAddr()) {
		_ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeExcessiveLoad), errRefused.Error())
		return
	}
	if c.wait > 0 {
		select {
		case <-time.After(c.wait):
		case <-conn.Context().Done():
			return
		}
	}
	c.timer = time.AfterFunc(c.server.options.Patience, c.expire)
	defer c.timer.Stop()
	if err := c.server.sockets.ServeQUICConn(conn); err != nil {
		c.server.options.Logger.Debug("a connection of QUIC was not served", "err", err)
	}
}

// start runs f on a goroutine for which serve waits. A connection that is over has taken everything with it that there was
// to end.
func (c *connection) start(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.ends.Go(func() {
		defer c.guard()
		f()
	})
}

// finish waits for what was started.
func (c *connection) finish() {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.ends.Wait()
}

// guard is to be deferred: a panic ends the connection alone in whose goroutine it occurs.
func (c *connection) guard() {
	if v := recover(); v != nil {
		c.server.panicked(v)
		_ = c.conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeInternalError), "")
	}
}

// expire closes a connection that is of no use any more, or yet.
func (c *connection) expire() {
	defer c.guard()
	if !c.asked.Load() && c.server.options.Silent != nil {
		c.server.options.Silent()
	}
	_ = c.conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
}

// accept begins the session of a connection: webtransport-go sees to it that there is one at a time.
func (c *connection) accept(w http.ResponseWriter, r *http.Request, patience time.Duration) (*Link, error) {
	session, err := c.server.sockets.Upgrade(w, r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return nil, err
	}
	c.timer.Reset(patience + linger)
	ctx, cancel := context.WithTimeout(session.Context(), patience)
	defer cancel()
	defer context.AfterFunc(c.server.closing, cancel)()
	stream, err := session.AcceptStream(ctx)
	if err != nil {
		_ = session.CloseWithError(webtransport.SessionErrorCode(http.StatusRequestTimeout), "no stream in time")
		c.timer.Reset(linger)
		return nil, err
	}
	c.timer.Stop()
	context.AfterFunc(session.Context(), func() { c.timer.Reset(linger) })
	return &Link{connection: c, session: session, stream: stream, connect: w.(http3.HTTPStreamer).HTTPStream()}, nil
}
