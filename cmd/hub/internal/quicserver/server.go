package quicserver

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"github.com/siohub/siohub/internal/sampledlog"
)

const (
	// streamWindow and connWindow are what a peer may send ahead of being read, on a stream and in all; while that is read
	// fast they grow up to maxStreamWindow and maxConnWindow.
	streamWindow, maxStreamWindow = 64 << 10, 512 << 10
	connWindow, maxConnWindow     = 96 << 10, 768 << 10
	// maxStreams are those that a peer may have open in both directions: the request and its stream. maxUniStreams has
	// room for the three of HTTP/3 and for what browsers try servers with.
	maxStreams, maxUniStreams = 2, 8
	// handshakeTime is how long a peer in its handshake may be silent; all of it may take twice that.
	handshakeTime = 5 * time.Second
	// verifyFrom is the number of handshakes from which on addresses are verified before anything else.
	verifyFrom = 64
	// keepAlive is how often a connection is used at least, so that it does not end while its session is silent: browsers
	// give up after 30 s.
	keepAlive = 20 * time.Second
	// linger is how long a peer has to close its connection after its session has ended.
	linger = time.Second
)

// Options of a Server.
type Options struct {
	// TLS is the configuration of a listener for HTTPS; its protocols are replaced. Required.
	TLS *tls.Config
	// Handler answers requests for WebTransport sessions. It returns once the session is in other hands. accept answers
	// with 200 and waits for the session's first bidirectional stream, for so long at most. Required.
	Handler func(w http.ResponseWriter, r *http.Request, accept func(patience time.Duration) (*Link, error))
	// Enter counts a connection by its address, which is verified: it is to be accepted after wait, and leave called when it has
	// ended. False: it is refused. Nil counts nobody.
	Enter func(address netip.Addr) (wait time.Duration, leave func(), ok bool)
	// Most is how many connections there may be. Full is told of those beyond it.
	Most int
	Full func()
	// HeaderBytes is the limit of a request's headers.
	HeaderBytes int
	// Patience is how long a connection may be without a session. Silent is told of those that were closed for that.
	Patience time.Duration
	Silent   func()
	// Idle is how long a peer may be silent before its connection is lost.
	Idle time.Duration
	// AheadBytes is how much connections together may send ahead of being read, beyond connWindow of each.
	AheadBytes int64
	// Panicked is told of each panic, with its value. The connection in whose goroutine it occurred has been closed. Nil tells nobody.
	Panicked func(any)
	// Logger takes the log. Required.
	Logger *slog.Logger
}

// Server serves WebTransport on a UDP socket. Its methods may be called at the same time.
type Server struct {
	// Set by New.
	options Options
	sockets webtransport.Server
	closing context.Context // no session begins any more
	close   context.CancelFunc
	full    *sampledlog.Line

	// Set by Listen.
	transport *quic.Transport
	listener  *quic.Listener

	count, shaking atomic.Int64 // connections, and those of them in their handshake
	ahead          atomic.Int64 // what windows have grown by
	running        sync.WaitGroup
}

// New returns a server that does not listen yet.
func New(o Options) *Server {
	s := &Server{options: o, full: sampledlog.New(o.Logger, sampledlog.Second)}
	s.closing, s.close = context.WithCancel(context.Background())
	s.sockets = webtransport.Server{
		H3: &http3.Server{Handler: http.HandlerFunc(s.serveHTTP), MaxHeaderBytes: o.HeaderBytes, Logger: o.Logger},
		// Whose pages may come in is the handler's to say.
		CheckOrigin: func(*http.Request) bool { return true },
	}
	return s
}

// Listen takes the socket, which belongs to the server from now on.
func (s *Server) Listen(socket net.PacketConn) error {
	var key quic.StatelessResetKey
	_, _ = rand.Read(key[:]) // crypto/rand does not fail
	// quic-go would tell the standard logger that the system allows small buffers alone.
	_ = os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	s.transport = &quic.Transport{
		Conn: socket, ConnContext: s.arrives, StatelessResetKey: &key,
		VerifySourceAddress: func(net.Addr) bool { return s.shaking.Load() >= verifyFrom },
	}
	var err error
	s.listener, err = s.transport.Listen(http3.ConfigureTLSConfig(s.options.TLS), &quic.Config{
		HandshakeIdleTimeout: handshakeTime, MaxIdleTimeout: s.options.Idle, KeepAlivePeriod: keepAlive,
		InitialStreamReceiveWindow: streamWindow, MaxStreamReceiveWindow: maxStreamWindow,
		InitialConnectionReceiveWindow: connWindow, MaxConnectionReceiveWindow: maxConnWindow,
		AllowConnectionWindowIncrease: mayGrow,
		MaxIncomingStreams:            maxStreams, MaxIncomingUniStreams: maxUniStreams,
		// Without these two there is no WebTransport.
		EnableDatagrams: true, EnableStreamResetPartialDelivery: true,
	})
	return err
}

// Serve takes connections until the server is shut down, and then returns http.ErrServerClosed.
func (s *Server) Serve() error {
	for {
		conn, err := s.listener.Accept(s.closing)
		if s.closing.Err() != nil {
			if err == nil {
				_ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
			}
			return http.ErrServerClosed
		}
		if err != nil {
			return err
		}
		c := conn.Context().Value(connectionKey{}).(*connection)
		s.running.Go(func() { c.serve(conn) })
	}
}

// panicked counts a panic and logs where it came from.
func (s *Server) panicked(v any) {
	if s.options.Panicked != nil {
		s.options.Panicked(v)
	}
	s.options.Logger.Error("panic", "value", v, "stack", string(debug.Stack()))
}

// serveHTTP answers a request.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect || r.Proto != "webtransport" && r.Proto != "webtransport-h3" {
		w.WriteHeader(http.StatusMisdirectedRequest)
		return
	}
	c := r.Context().Value(connectionKey{}).(*connection)
	c.asked.Store(true)
	s.options.Handler(w, r, func(patience time.Duration) (*Link, error) { return c.accept(w, r, patience) })
}

// Shutdown lets no connection and no session begin any more, and returns when those that there are have ended, or with the
// cause of ctx. Close has to follow.
func (s *Server) Shutdown(ctx context.Context) error {
	s.close()
	if s.listener != nil {
		_ = s.listener.Close()
	}
	ended := make(chan struct{})
	go func() { // ends with the connections, which Close sees to
		defer close(ended)
		s.running.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close ends all connections and closes the socket.
func (s *Server) Close() error {
	s.close()
	err := s.sockets.Close() // tells the peers
	if s.transport == nil {
		return err
	}
	if s.listener != nil {
		err = errors.Join(err, s.listener.Close())
	}
	err = errors.Join(err, s.transport.Close())
	s.running.Wait()
	return errors.Join(err, s.transport.Conn.Close())
}
