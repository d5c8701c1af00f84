package quicserver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

func TestLink_CarriesBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		_, near, stream, link := b.session()
		data := bytes.Repeat([]byte("0123456789"), 100_000) // more than maxConnWindow
		for name, ends := range map[string][2]io.ReadWriter{"up": {stream, link}, "down": {link, stream}} {
			written := make(chan error, 1)
			go func() {
				_, err := ends[0].Write(data)
				written <- err
			}()
			got := make([]byte, len(data))
			if _, err := io.ReadFull(ends[1], got); err != nil || !bytes.Equal(got, data) || <-written != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		link.Close(1009, "too large")
		link.Close(1, "again")
		within(t, "the client's session goes on", near.Context().Done())
		var end *webtransport.SessionError
		// The stream may say no more than that the client has closed its connection upon that.
		if _, err := near.OpenStream(); !errors.As(err, &end) || end.ErrorCode != 1009 || end.Message != "too large" {
			t.Errorf("%v", err)
		}
		within(t, "the session goes on", link.Done())
	})
}

// All else is tested on a simulated network; this is one of the machine's.
func TestServer_ListensOnUDP(t *testing.T) {
	b := newBenchOn(t, loopback{}, nil)
	_, near, stream, link := b.session()
	if _, err := link.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(stream, got); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	link.Close(0, "")
	within(t, "the client's session goes on", near.Context().Done())
}

func TestLink_SaysHowTheBrowserLeft(t *testing.T) {
	for name, c := range map[string]struct {
		leave   func(*quic.Conn, *webtransport.Session, *webtransport.Stream)
		inOrder bool
	}{
		"session": {func(_ *quic.Conn, s *webtransport.Session, _ *webtransport.Stream) { _ = s.CloseWithError(0, "") }, true},
		"stream":  {func(_ *quic.Conn, _ *webtransport.Session, s *webtransport.Stream) { _ = s.Close() }, true},
		"connection": {func(c *quic.Conn, _ *webtransport.Session, _ *webtransport.Stream) {
			_ = c.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
		}, true},
		"reset":     {func(_ *quic.Conn, _ *webtransport.Session, s *webtransport.Stream) { s.CancelWrite(7) }, false},
		"complaint": {func(c *quic.Conn, _ *webtransport.Session, _ *webtransport.Stream) { _ = c.CloseWithError(0x102, "") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				conn, near, stream, link := b.session()
				c.leave(conn, near, stream)
				_ = link.SetReadDeadline(time.Now().Add(patience))
				if _, err := link.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) != c.inOrder {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

func TestLink_Deadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		_, _, _, link := b.session()
		_ = link.SetReadDeadline(time.Now())
		if _, err := link.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
		_ = link.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		sum := 0
		for { // nobody reads
			n, err := link.Write(make([]byte, 1<<20))
			if sum += n; err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) || sum == 0 {
					t.Errorf("%d bytes, %v", sum, err)
				}
				return
			}
		}
	})
}

// A network that has gone is noticed.
func TestServer_FindsOutWhoHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) { o.Idle = time.Second })
		socket := &lossySocket{PacketConn: b.network.socket(t)}
		near := b.over(socket)
		stream, err := near.OpenStream()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = stream.Write([]byte("0"))
		link := b.link()
		socket.cut.Store(true)
		_, _ = link.Read(make([]byte, 1))
		if _, err := link.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%v", err)
		}
		within(t, "the session goes on", link.Done())
	})
}

func TestServer_AnswersNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		transport := &http3.Transport{
			TLSClientConfig: &tls.Config{RootCAs: b.pool},
			Dial: func(ctx context.Context, _ string, t *tls.Config, q *quic.Config) (*quic.Conn, error) {
				return b.connect(ctx, t, q)
			},
		}
		defer transport.Close()
		res, err := (&http.Client{Transport: transport, Timeout: patience}).Get("https://localhost/socket.io/?EIO=4&transport=polling")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("status %d", res.StatusCode)
		}
	})
}

func TestServer_PassesARefusalOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) {
			o.Handler = func(w http.ResponseWriter, _ *http.Request, _ func(time.Duration) (*Link, error)) {
				w.WriteHeader(http.StatusForbidden)
			}
		})
		if _, status, _, err := b.dial(); err == nil || status != http.StatusForbidden {
			t.Errorf("%d, %v", status, err)
		}
	})
}

func TestServer_WantsAStreamInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) {
			o.Handler = func(_ http.ResponseWriter, _ *http.Request, accept func(time.Duration) (*Link, error)) {
				_, _ = accept(50 * time.Millisecond)
			}
		})
		conn, _, near, err := b.dial()
		if err != nil {
			t.Fatal(err)
		}
		var end *webtransport.SessionError
		if _, err := near.AcceptStream(t.Context()); !errors.As(err, &end) || end.ErrorCode != http.StatusRequestTimeout {
			t.Errorf("%v", err)
		}
		within(t, "the connection goes on", conn.Context().Done())
	})
}

// A connection that asks for nothing is closed, and one whose session has ended.
func TestServer_KeepsNoConnectionWithoutASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var silent atomic.Int64
		b := newBench(t, func(o *Options) { o.Patience, o.Silent = 50*time.Millisecond, func() { silent.Add(1) } })
		conn, err := b.connect(t.Context(), &tls.Config{RootCAs: b.pool, NextProtos: []string{"h3"}}, quicConfig())
		if err != nil {
			t.Fatal(err)
		}
		within(t, "the connection goes on", conn.Context().Done())
		if silent.Load() != 1 {
			t.Errorf("%d were silent", silent.Load())
		}
		conn, _, _, link := b.session()
		select {
		case <-conn.Context().Done():
			t.Fatal("a connection with a session was closed")
		case <-time.After(100 * time.Millisecond): // longer than Patience
		}
		link.Close(0, "")
		within(t, "the connection goes on", conn.Context().Done())
		eventually(t, "connections are counted that have ended", func() bool { return b.count.Load() == 0 })
	})
}

// A session has one stream: there is no room for another one, and none for a second session beside it.
func TestServer_OneStreamOfOneSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		_, near, stream, link := b.session()
		if s, err := near.OpenStream(); err == nil {
			t.Errorf("a second stream: %d", s.StreamID())
		}
		for range 20 { // those in one direction are not read, and more than a few cannot be opened
			if s, err := near.OpenUniStream(); err == nil {
				_, _ = s.Write([]byte("hello"))
			}
		}
		for range 1000 {
			_ = near.SendDatagram([]byte("dropped"))
		}
		if _, err := stream.Write([]byte("still")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(link, got); err != nil || string(got) != "still" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestServer_LimitsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Int64
		b := newBench(t, func(o *Options) { o.Most, o.Full = 2, func() { full.Add(1) } })
		_, _, _, link := b.session()
		b.session()
		if _, _, _, err := b.dial(); err == nil {
			t.Fatal("a third connection")
		}
		if full.Load() == 0 { // once for each packet of a ClientHello
			t.Errorf("%d were refused", full.Load())
		}
		link.Close(0, "")
		eventually(t, "a connection is counted that has ended", func() bool { return b.count.Load() == 1 })
		b.session()
	})
}

func TestServer_CountsConnectionsOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int64
		b := newBench(t, func(o *Options) {
			o.Enter = func(at netip.Addr) (time.Duration, func(), bool) {
				if at != netip.MustParseAddr("127.0.0.1") {
					t.Errorf("address %v", at)
				}
				if open.Load() == 2 {
					return 0, nil, false
				}
				open.Add(1)
				return time.Millisecond, func() { open.Add(-1) }, true
			}
		})
		conn, _, _, _ := b.session()
		b.session()
		if _, _, _, err := b.dial(); err == nil {
			t.Fatal("a third connection")
		}
		_ = conn.CloseWithError(0, "")
		eventually(t, "an address has a connection that has ended", func() bool { return open.Load() == 1 })
		b.session()
	})
}

// While many handshakes are under way, who comes has to show its address first, and then counts before its handshake.
func TestServer_VerifiesAddressesUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		b := newBench(t, func(o *Options) {
			o.Enter = func(netip.Addr) (time.Duration, func(), bool) {
				asked.Add(1)
				return 0, nil, false
			}
		})
		b.shaking.Add(verifyFrom)
		defer b.shaking.Add(-verifyFrom)
		var refused *quic.TransportError
		if _, _, _, err := b.dial(); !errors.As(err, &refused) || refused.ErrorCode != quic.ConnectionRefused || asked.Load() == 0 {
			t.Errorf("%v, asked %d times", err, asked.Load())
		}
	})
}

// What a browser sends that is not read stays with it, but for what its window has room for.
func TestServer_BoundsWhatIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) { o.AheadBytes = 0 })
		_, _, stream, link := b.session()
		_ = stream.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		n, err := stream.Write(make([]byte, 4<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) || n > connWindow+4096 {
			t.Errorf("%d bytes were taken, %v", n, err)
		}
		got := make([]byte, n)
		if _, err := io.ReadFull(link, got); err != nil {
			t.Error(err)
		}
	})
}

func TestServer_WindowsGrowWhileThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		conn, _, stream, link := b.session()
		go func() { _, _ = stream.Write(make([]byte, 32<<20)) }()
		for got := int64(0); b.ahead.Load() == 0; {
			n, err := io.CopyN(io.Discard, link, 64<<10)
			if got += n; err != nil || got > 16<<20 {
				t.Fatalf("no window has grown, with %d bytes read: %v", got, err)
			}
		}
		_ = conn.CloseWithError(0, "")
		eventually(t, "what windows have grown by is counted for ever", func() bool { return b.ahead.Load() == 0 && b.count.Load() == 0 })
	})
}

func TestServer_ShutsDownWhenSessionsHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		_, _, _, link := b.session()
		ended := make(chan error, 1)
		go func() { ended <- b.Shutdown(t.Context()) }()
		synctest.Wait()
		if _, _, _, err := b.dial(); err == nil {
			t.Error("a connection was let in")
		}
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		link.Close(1001, "")
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestServer_CloseTellsWhoIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		conn, _, _, link := b.session()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := b.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		within(t, "the connection goes on", conn.Context().Done())
		within(t, "the session goes on", link.Done())
		var closed *quic.ApplicationError
		if err := context.Cause(conn.Context()); !errors.As(err, &closed) || !closed.Remote {
			t.Errorf("%v", err)
		}
	})
}
