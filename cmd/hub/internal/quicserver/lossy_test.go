package quicserver

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/webtransport-go"
)

// lossySocket is a socket of a client whose network may go.
type lossySocket struct {
	net.PacketConn
	transport *quic.Transport
	cut       atomic.Bool
}

func lossy(t *testing.T) *lossySocket {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := &lossySocket{PacketConn: socket}
	s.transport = &quic.Transport{Conn: s}
	t.Cleanup(func() {
		_ = s.transport.Close()
		_ = socket.Close()
	})
	return s
}

// WriteTo implements net.PacketConn.
func (s *lossySocket) WriteTo(p []byte, to net.Addr) (int, error) {
	if s.cut.Load() {
		return len(p), nil
	}
	return s.PacketConn.WriteTo(p, to)
}

// dial opens a connection of QUIC.
func (s *lossySocket) dial(b *bench) (*quic.Conn, error) {
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	to, err := net.ResolveUDPAddr("udp", b.at)
	if err != nil {
		return nil, err
	}
	return s.transport.Dial(ctx, to, &tls.Config{RootCAs: b.pool, NextProtos: []string{"h3"}, ServerName: "localhost"}, quicConfig())
}

// over opens a session on a connection.
func (b *bench) over(conn *quic.Conn) *webtransport.Session {
	b.t.Helper()
	t := &webtransport.Transport{
		TLSClientConfig: &tls.Config{RootCAs: b.pool}, QUICConfig: quicConfig(),
		DialAddr: func(context.Context, string, *tls.Config, *quic.Config) (*quic.Conn, error) { return conn, nil },
	}
	b.t.Cleanup(func() { _ = t.Close() })
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	_, session, err := t.Dial(ctx, "https://"+b.at+"/", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return session
}
