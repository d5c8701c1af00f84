package peers

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/hub/internal/rates"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// bench is a listener under test, and who has come in through it.
type bench struct {
	t     *testing.T
	l     net.Listener
	peers *Peers
	in    chan net.Conn
	met   chan struct{} // has a token once a limit has been met

	mu      sync.Mutex
	limited []string
	refused int
	log     bytes.Buffer
}

func (b *bench) Write(p []byte) (int, error) { // the log
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(p)
}

// listen listens and accepts.
func listen(t *testing.T, limits rates.Limits, exempt func(netip.Addr) bool) *bench {
	t.Helper()
	below, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, in: make(chan net.Conn, 1000), met: make(chan struct{}, 1)}
	limits.Most = 1000
	b.peers = New(Options{
		Limits: limits, Exempt: exempt, Logger: slog.New(slog.NewTextHandler(b, nil)),
		Limited: func(key string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.limited = append(b.limited, key)
			select {
			case b.met <- struct{}{}:
			default:
			}
		},
		Refused: func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.refused++
		},
	})
	b.l = b.peers.Listen(below)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := b.l.Accept()
			if err != nil {
				return
			}
			b.in <- conn
		}
	}()
	t.Cleanup(func() {
		_ = b.l.Close()
		<-ended
		close(b.in)
		for conn := range b.in {
			_ = conn.Close()
		}
	})
	return b
}

// dial connects from an address of the loopback network.
func (b *bench) dial(from string) net.Conn {
	b.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	conn, err := d.Dial("tcp", b.l.Addr().String())
	if err != nil {
		b.t.Skipf("this system has no address %s: %v", from, err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// next is who comes in next.
func (b *bench) next() net.Conn {
	b.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case conn := <-b.in:
		return conn
	case <-timer.C:
		b.t.Fatal("nobody comes in")
		return nil
	}
}

// from is the address of whoever has come in.
func from(conn net.Conn) string {
	host, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	return host
}

// wantRefused reads the answer of a connection that is refused.
func (b *bench) wantRefused(conn net.Conn, key, retry string) {
	b.t.Helper()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") != retry {
		b.t.Fatalf("%v %+v", err, answer)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if text := b.log.String(); b.refused == 0 || b.limited[len(b.limited)-1] != key || !strings.Contains(text, "level=WARN") ||
		!strings.Contains(text, "address="+at(conn)) || !strings.Contains(text, key) || !strings.Contains(text, "http.trusted_proxies") {
		b.t.Errorf("refused %d, limits %v, log:\n%s", b.refused, b.limited, text)
	}
}

// at is the address of a client.
func at(conn net.Conn) string {
	host, _, _ := net.SplitHostPort(conn.LocalAddr().String())
	return host
}

// An address that opens connections too fast waits, one after the other, and nobody else does.
func TestListener_TooFastWaits(t *testing.T) {
	b := listen(t, rates.Limits{PerSecond: 4, Burst: 2, Patience: time.Second, Private: true}, nil)
	start := time.Now()
	for range 5 {
		b.dial("127.0.0.2")
	}
	b.dial("127.0.0.3")
	var came []string
	for range 6 {
		came = append(came, from(b.next()))
	}
	if took := time.Since(start); took < 600*time.Millisecond {
		t.Errorf("took %v", took)
	}
	if got := strings.Join(came, " "); got != "127.0.0.2 127.0.0.2 127.0.0.3 127.0.0.2 127.0.0.2 127.0.0.2" {
		t.Errorf("came: %s", got)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.limited) != 3 || b.refused != 0 || strings.Count(b.log.String(), "accepted later") != 1 {
		t.Errorf("limits %v, refused %d, log:\n%s", b.limited, b.refused, &b.log)
	}
}

func TestListener_FarTooFastIsRefused(t *testing.T) {
	b := listen(t, rates.Limits{PerSecond: 0.1, Burst: 2, Patience: time.Second, Private: true}, nil)
	b.dial("127.0.0.2")
	b.dial("127.0.0.2")
	b.wantRefused(b.dial("127.0.0.2"), "rates.connections", "10")
	b.dial("127.0.0.3")
	for range 3 {
		b.next()
	}
}

// A connection counts until it is closed, or until whoever has kept the count says so.
func TestListener_Open(t *testing.T) {
	b := listen(t, rates.Limits{Open: 2, Private: true}, nil)
	b.dial("127.0.0.2")
	b.dial("127.0.0.2")
	one, two := b.next(), b.next()
	refused := func() { b.wantRefused(b.dial("127.0.0.2"), "rates.open_connections", "5") }
	refused()
	b.dial("127.0.0.3")
	b.next()
	_ = one.Close()
	_ = one.Close()
	b.dial("127.0.0.2")
	b.next()
	refused()
	kept := Keep(two)
	if kept == rates.Unlimited || Keep(two) != rates.Unlimited {
		t.Error("kept twice, or not at all")
	}
	_ = two.Close()
	refused()
	b.peers.Left(kept)
	b.dial("127.0.0.2")
	b.next()
	refused()
}

func TestListener_Exempt(t *testing.T) {
	for name, b := range map[string]*bench{
		"loopback": listen(t, rates.Limits{PerSecond: 0.1, Burst: 1, Open: 1}, nil),
		"proxy": listen(t, rates.Limits{PerSecond: 0.1, Burst: 1, Open: 1, Private: true}, func(a netip.Addr) bool {
			return a == netip.MustParseAddr("127.0.0.2")
		}),
	} {
		for range 5 {
			b.dial("127.0.0.2")
			conn := b.next()
			if _, plain := conn.(*net.TCPConn); !plain || Keep(conn) != rates.Unlimited {
				t.Errorf("%s: a %T", name, conn)
			}
			defer conn.Close()
		}
	}
}

// Who waits is closed with the listener.
func TestListener_Close(t *testing.T) {
	b := listen(t, rates.Limits{PerSecond: 0.2, Burst: 1, Patience: time.Minute, Private: true}, nil)
	b.dial("127.0.0.2")
	late := b.dial("127.0.0.2")
	b.next()
	<-b.met
	_ = b.l.Close()
	if _, err := b.l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := late.Read(make([]byte, 1)); err == nil {
		t.Errorf("read: %v", err)
	}
}

// An address that opens connections without end does not keep others from coming in.
func TestListener_FloodDelaysNobody(t *testing.T) {
	b := listen(t, rates.Limits{PerSecond: 10, Burst: 10, Patience: 100 * time.Millisecond, Private: true}, nil)
	stop := make(chan struct{})
	var flood sync.WaitGroup
	defer flood.Wait()
	defer close(stop)
	for range 8 {
		flood.Go(func() {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.2")}}
			for {
				select {
				case <-stop:
					return
				default:
				}
				if conn, err := d.Dial("tcp", b.l.Addr().String()); err == nil {
					_, _ = io.Copy(io.Discard, conn)
					_ = conn.Close()
				}
			}
		})
	}
	go func() {
		for conn := range b.in {
			if strings.HasPrefix(from(conn), "127.0.1.") {
				_, _ = conn.Write([]byte("in"))
			}
			_ = conn.Close()
		}
	}()
	<-b.met
	for n := range 50 {
		conn := b.dial(fmt.Sprint("127.0.1.", n+1))
		if text, err := io.ReadAll(conn); string(text) != "in" {
			t.Fatalf("%q %v", text, err)
		}
	}
}

// Whoever accepts hears each time that there is nobody any more, also where only the listener below was closed.
func TestListener_BelowIsClosed(t *testing.T) {
	below, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := New(Options{Limits: rates.Limits{Most: 1}, Logger: slog.New(slog.DiscardHandler)}).Listen(below)
	t.Cleanup(func() { _ = l.Close() })
	_ = below.Close()
	for range 3 {
		failed := make(chan error, 1)
		go func() {
			_, err := l.Accept()
			failed <- err
		}()
		select {
		case err := <-failed:
			if !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Fatal("Accept hangs")
		}
	}
}
