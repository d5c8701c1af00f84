package quicserver

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/webtransport-go"
)

// lossySocket is a socket of a client whose network may go.
type lossySocket struct {
	net.PacketConn
	cut atomic.Bool
}

// WriteTo implements net.PacketConn.
func (s *lossySocket) WriteTo(p []byte, to net.Addr) (int, error) {
	if s.cut.Load() {
		return len(p), nil
	}
	return s.PacketConn.WriteTo(p, to)
}

// over opens a session from a socket.
func (b *bench) over(socket net.PacketConn) *webtransport.Session {
	b.t.Helper()
	t := &webtransport.Transport{
		TLSClientConfig: &tls.Config{RootCAs: b.pool}, QUICConfig: quicConfig(),
		DialAddr: func(ctx context.Context, _ string, t *tls.Config, q *quic.Config) (*quic.Conn, error) {
			return b.connectBy(ctx, socket, t, q)
		},
	}
	b.t.Cleanup(func() { _ = t.Close() })
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	_, session, err := t.Dial(ctx, "https://localhost/", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return session
}
