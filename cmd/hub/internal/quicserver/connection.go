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
	grown   atomic.Int64  // what its window has grown by

	// Set by serve.
	conn  *quic.Conn
	timer *time.Timer // closes it while it has no session
	asked atomic.Bool // there was a request
}

type connectionKey struct{}

var (
	errFull    = errors.New("quicserver: too many connections")
	errRefused = errors.New("quicserver: too many connections of an address")
	errClosing = errors.New("quicserver: closing")
)

// arrives lets a connection begin its handshake, or not. ctx ends with the connection.
func (s *Server) arrives(ctx context.Context, info *quic.ClientInfo) (context.Context, error) {
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
	c.server.ahead.Add(-c.grown.Load())
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
func (s *Server) mayGrow(conn *quic.Conn, delta uint64) bool {
	c, ok := conn.Context().Value(connectionKey{}).(*connection)
	if !ok {
		return false
	}
	if n := int64(delta); s.ahead.Add(n) > s.options.AheadBytes {
		s.ahead.Add(-n)
		return false
	}
	c.grown.Add(int64(delta))
	return true
}

// serve serves a connection whose handshake is over, and so its address is verified, until it ends.
func (c *connection) serve(conn *quic.Conn) {
	c.shaken()
	c.conn = conn
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

// expire closes a connection that is of no use any more, or yet.
func (c *connection) expire() {
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
	return &Link{session: session, stream: stream, connect: w.(http3.HTTPStreamer).HTTPStream()}, nil
}
