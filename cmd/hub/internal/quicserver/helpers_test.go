package quicserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/webtransport-go"
	"go.uber.org/goleak"

	"github.com/siohub/siohub/internal/certstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

// bench is a server under test with what has come.
type bench struct {
	*Server
	t        *testing.T
	network  network
	pool     *x509.CertPool
	at       net.Addr
	links    chan *Link
	failures chan error // of accept
	served   chan error // of Serve
}

// newBench starts a server on a network that is simulated, whose links come by a channel. The test is one of synctest: nothing comes too late
// because the machine is busy.
func newBench(t *testing.T, change func(*Options)) *bench {
	t.Helper()
	return newBenchOn(t, &simulated{}, change)
}

func newBenchOn(t *testing.T, n network, change func(*Options)) *bench {
	t.Helper()
	authority := certstest.NewAuthority(t)
	b := &bench{t: t, network: n, pool: authority.Pool(), links: make(chan *Link, 100), failures: make(chan error, 100), served: make(chan error, 1)}
	o := Options{
		TLS:  &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}, Certificates: []tls.Certificate{*authority.Server(t).TLS(t)}},
		Most: 100, HeaderBytes: 16 << 10, Patience: patience, Idle: patience, AheadBytes: 64 << 20, Logger: slog.New(slog.DiscardHandler),
		Handler: func(_ http.ResponseWriter, _ *http.Request, accept func(time.Duration) (*Link, error)) {
			if link, err := accept(patience); err != nil {
				b.failures <- err
			} else {
				b.links <- link
			}
		},
	}
	if change != nil {
		change(&o)
	}
	b.Server = New(o)
	socket := n.socket(t)
	b.at = socket.LocalAddr()
	if err := b.Listen(socket); err != nil {
		t.Fatal(err)
	}
	go func() { b.served <- b.Serve() }()
	t.Cleanup(func() {
		_ = b.Close()
		if err := <-b.served; err != http.ErrServerClosed {
			t.Errorf("served: %v", err)
		}
	})
	return b
}

// quicConfig is that of a client.
func quicConfig() *quic.Config {
	return &quic.Config{EnableDatagrams: true, EnableStreamResetPartialDelivery: true}
}

// connect opens a connection of QUIC from a socket of its own. Both end with the test.
func (b *bench) connect(ctx context.Context, t *tls.Config, q *quic.Config) (*quic.Conn, error) {
	b.t.Helper()
	return b.connectBy(ctx, b.network.socket(b.t), t, q)
}

func (b *bench) connectBy(ctx context.Context, socket net.PacketConn, t *tls.Config, q *quic.Config) (*quic.Conn, error) {
	b.t.Helper()
	transport := &quic.Transport{Conn: socket}
	b.t.Cleanup(func() { _ = transport.Close() })
	t = t.Clone()
	t.ServerName = "localhost"
	conn, err := transport.Dial(ctx, b.at, t, q)
	if err == nil {
		b.t.Cleanup(func() { _ = conn.CloseWithError(0, "") })
	}
	return conn, err
}

// dial asks for a session. The connection is the client's own and ends with the test.
func (b *bench) dial() (conn *quic.Conn, status int, session *webtransport.Session, err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	t := &webtransport.Transport{
		TLSClientConfig: &tls.Config{RootCAs: b.pool}, QUICConfig: quicConfig(),
		DialAddr: func(ctx context.Context, _ string, t *tls.Config, q *quic.Config) (*quic.Conn, error) {
			var err error
			conn, err = b.connect(ctx, t, q)
			return conn, err
		},
	}
	b.t.Cleanup(func() { _ = t.Close() })
	res, session, err := t.Dial(ctx, "https://localhost/", nil)
	if res != nil {
		status = res.StatusCode
	}
	return conn, status, session, err
}

// session opens a session with its stream, and returns both ends.
func (b *bench) session() (conn *quic.Conn, near *webtransport.Session, stream *webtransport.Stream, link *Link) {
	b.t.Helper()
	conn, _, near, err := b.dial()
	if err != nil {
		b.t.Fatal(err)
	}
	if stream, err = near.OpenStream(); err != nil {
		b.t.Fatal(err)
	}
	if _, err = stream.Write([]byte("0")); err != nil {
		b.t.Fatal(err)
	}
	link = b.link()
	var first [1]byte
	if n, err := link.Read(first[:]); n != 1 || err != nil {
		b.t.Fatal(n, err)
	}
	return conn, near, stream, link
}

// link is the next one that was accepted.
func (b *bench) link() *Link {
	b.t.Helper()
	select {
	case l := <-b.links:
		return l
	case err := <-b.failures:
		b.t.Fatal(err)
	case <-time.After(patience):
		b.t.Fatal("no link")
	}
	return nil
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, late := time.NewTicker(time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal(what)
		}
	}
}

// within fails if a channel is not closed.
func within(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatal(what)
	}
}
