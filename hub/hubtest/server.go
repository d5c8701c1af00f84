package hubtest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// host is the name that all requests carry.
const host = "hub.test"

// Server is a handler behind a listener.
type Server struct {
	// Path is the endpoint's path. Default "/engine.io/".
	Path string
	// Timeout is how long anything is waited for. Default 5 s; of virtual time inside a bubble.
	Timeout time.Duration

	t      testing.TB
	dial   func(context.Context) (net.Conn, error)
	client *http.Client
	http   *http.Server
}

// Serve serves a handler on in-memory pipes until the test ends. configure, which may be nil, is
// called with the http.Server before it starts.
func Serve(t testing.TB, h http.Handler, configure func(*http.Server)) *Server {
	t.Helper()
	l := newPipeListener()
	return start(t, h, configure, l, l.dial)
}

// ServeTCP is Serve on a loopback socket, for what pipes cannot show: kernel buffers, resets, writes
// that do not block.
func ServeTCP(t testing.TB, h http.Handler, configure func(*http.Server)) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("hubtest: %v", err)
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", l.Addr().String())
	}
	return start(t, h, configure, l, dial)
}

func start(t testing.TB, h http.Handler, configure func(*http.Server), l net.Listener, dial func(context.Context) (net.Conn, error)) *Server {
	s := &Server{Path: "/engine.io/", Timeout: 5 * time.Second, t: t, dial: dial, http: &http.Server{Handler: h}}
	if configure != nil {
		configure(s.http)
	}
	s.client = &http.Client{
		Transport: &http.Transport{
			DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("hubtest: serve: %v", err)
		}
	}()
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		_ = s.http.Close()
		<-done
	})
	return s
}

// Dial opens a bare connection to the server. It is closed when the test ends.
func (s *Server) Dial() net.Conn {
	s.t.Helper()
	c, err := s.dial(context.Background())
	if err != nil {
		s.t.Fatalf("hubtest: dial: %v", err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Client is the http.Client that reaches the server under any host name.
func (s *Server) Client() *http.Client { return s.client }

// URL is the endpoint with this query.
func (s *Server) URL(query string) string { return "http://" + host + s.Path + "?" + query }

// Answer is what came back for a request.
type Answer struct {
	// Status is the HTTP status.
	Status int
	// Body is the whole body.
	Body string
	// Header is the answer's header.
	Header http.Header
}

// Get makes a GET with this query: `EIO=4&transport=polling`.
func (s *Server) Get(query string) Answer {
	s.t.Helper()
	return s.Do(http.MethodGet, query, "", nil)
}

// Post makes a POST of this body.
func (s *Server) Post(query, body string) Answer {
	s.t.Helper()
	return s.Do(http.MethodPost, query, body, nil)
}

// Do makes a request. The header may be nil.
func (s *Server) Do(method, query, body string, header http.Header) Answer {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
	defer cancel()
	a, err := s.Try(ctx, method, query, body, header)
	if err != nil {
		s.t.Fatalf("hubtest: %s ?%s: %v", method, query, err)
	}
	return a
}

// Try is Do for any goroutine, and for requests that may fail or be broken off.
func (s *Server) Try(ctx context.Context, method, query, body string, header http.Header) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.URL(query), strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	for key, values := range header {
		r.Header[key] = values
	}
	if h := header.Get("Host"); h != "" {
		r.Host = h
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return Answer{answer.StatusCode, string(text), answer.Header}, err
}

// escape is url.QueryEscape.
func escape(s string) string { return url.QueryEscape(s) }

// pipeListener accepts net.Pipe connections.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	server, client := net.Pipe()
	select {
	case l.conns <- pipeConn{server}:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Accept implements net.Listener.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *pipeListener) Addr() net.Addr { return pipeAddress }

// pipeAddress is from the range that is kept for documentation.
var pipeAddress = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 49152}

// pipeConn gives a pipe the address of a remote host, as a browser would have.
type pipeConn struct{ net.Conn }

// RemoteAddr implements net.Conn.
func (pipeConn) RemoteAddr() net.Addr { return pipeAddress }

// DialContext opens a bare connection to the server, which the caller closes: for a proxy in front of it.
func (s *Server) DialContext(ctx context.Context) (net.Conn, error) { return s.dial(ctx) }
